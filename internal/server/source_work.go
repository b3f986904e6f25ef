package server

import (
	"context"
	"net/url"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/api"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/web"
)

// apiJobs is the jobs for the API.
type apiJobs struct {
	*job.Runner
	zone *time.Location
}

var _ api.Jobs = apiJobs{}

// Export starts what the page of exports would start.
func (s apiJobs) Export(ctx context.Context, v *account.Visitor, o api.Order) (*job.Job, error) {
	what, text := job.Word{Text: o.Case}, job.Word{Text: o.Text}
	if o.Kind == "export" {
		what = job.Word{Key: "web.export.format." + string(o.Format)}
	}
	if o.Text == "" {
		text = job.Word{Key: "web.export.all"}
	}
	x := web.ExportRequest{
		Query: o.Query, Text: o.Text, Format: o.Format, Entity: o.Entity, Lang: o.Lang, Zone: s.zone.String(), Unmask: o.Unmask, Ground: o.Ground, Case: o.Case,
	}
	return s.Submit(ctx, v, job.Request{Kind: o.Kind, Params: x, Words: []job.Word{what, {Text: " – "}, text}, Need: o.Need})
}

// keeping is what the folder keeps, for the API: what the pages show, in its types.
type keeping struct {
	data  *dataSource
	saved savedSearches
	zone  *time.Location
}

var _ api.Keeping = keeping{}

// mask is a text that a person wrote, without numbers.
func (k keeping) mask(s string) api.Text { return api.Text(k.data.e.Mask(s)) }

// Kept is the servers and days.
func (k keeping) Kept(ctx context.Context) (*api.Kept, error) {
	o, err := k.data.Overview(ctx)
	if err != nil {
		return nil, missing(err)
	}
	out := &api.Kept{
		Records: o.Records, RawEvents: o.Events, StoreBytes: o.StoreBytes, ArchiveParts: o.ArchiveParts, ArchiveDays: o.ArchiveDays, ArchiveBytes: o.ArchiveBytes,
		Damage: o.Damage, Sealed: api.Time(o.Checked),
	}
	for i := range o.Servers {
		s := &o.Servers[i]
		x := api.KeptServer{Name: s.Name, Records: s.Records, RawEvents: s.Events, Bytes: s.Bytes, Archived: s.Archived, Gaps: s.Gaps}
		for _, d := range s.Days {
			x.Days = append(x.Days, api.KeptDay{
				Day: d.Day, State: d.State, Records: d.Records, RawEvents: d.Events, Bytes: d.Bytes, Gaps: d.Gaps, ArchiveParts: d.Parts, ArchiveBytes: d.Archive,
				Copies: d.Copies, Late: d.Late,
			})
		}
		if n := len(s.Days); n > 0 {
			x.First, x.Last = s.Days[0].Day, s.Days[n-1].Day
		}
		out.Servers = append(out.Servers, x)
	}
	return out, nil
}

// Holds is the legal holds.
func (k keeping) Holds(ctx context.Context) ([]api.Hold, bool, error) {
	l, damaged, err := k.data.Holds(ctx)
	if err != nil {
		return nil, false, missing(err)
	}
	var out []api.Hold
	for _, h := range l {
		x := api.Hold{
			Case: h.Case, Servers: append([]string{}, h.Servers...), Query: k.mask(h.Query), From: api.Time(h.From), To: api.Time(h.To), By: h.By, Ground: k.mask(h.Ground), Time: api.Time(h.Time),
		}
		if r := h.Released; r != nil {
			x.Released = &api.Released{By: r.By, Ground: k.mask(r.Ground), Time: api.Time(r.Time)}
		}
		out = append(out, x)
	}
	return out, damaged, nil
}

// Saved is the searches that the visitor keeps or that others share.
func (k keeping) Saved(ctx context.Context) ([]api.Saved, error) {
	l, err := k.saved.List(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	var out []api.Saved
	for _, s := range l {
		if x, err := k.one(s); err == nil { // else no page wrote it
			out = append(out, *x)
		}
	}
	return out, nil
}

// one is a search that is kept.
func (k keeping) one(s web.SavedSearch) (*api.Saved, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, err
	}
	text := web.SearchText(u, k.zone, time.Now())
	return &api.Saved{ID: s.ID, Name: k.mask(s.Name), Owner: s.Owner, Shared: s.Shared, Page: u.Path, Query: k.mask(text), Made: s.Made.UTC()}, nil
}
