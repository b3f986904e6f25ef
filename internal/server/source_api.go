package server

import (
	"context"
	"errors"
	"slices"

	"github.com/akashi-audit/akashi/internal/api"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// apiSource shows an engine to the API: what the pages see, in its types.
type apiSource struct{ source }

var _ api.Source = apiSource{}

// Mask masks a text.
func (s apiSource) Mask(text string) string { return s.e.Mask(text) }

// missing makes errors of the engine those of the API.
func missing(err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errors.Join(api.ErrNotFound, err)
	case errors.Is(err, engine.ErrNarrow), errors.Is(err, care.ErrRestricted):
		return errors.Join(api.ErrRestricted, err)
	}
	return err
}

// Record is one record.
func (s apiSource) Record(ctx context.Context, id record.ID) (*record.Record, error) {
	r, err := s.source.Record(ctx, id)
	return r, missing(err)
}

// Raw is the events behind a record.
func (s apiSource) Raw(ctx context.Context, id record.ID) ([]*event.Event, int, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil {
		return nil, 0, err
	}
	l, hidden, err := v.Raw(ctx, id)
	return l, hidden, missing(err)
}

// Unmasked is a record with its numbers.
func (s apiSource) Unmasked(ctx context.Context, id record.ID) (*record.Record, []*event.Event, error) {
	r, l, err := s.source.Unmasked(ctx, id)
	return r, l, missing(err)
}

// Complete finds paths for what is typed.
func (s apiSource) Complete(ctx context.Context, typed string, limit int) ([]api.Path, error) {
	l, err := paths{s.e, s.gate}.Complete(ctx, typed, limit)
	out := make([]api.Path, len(l))
	for i, h := range l {
		out[i] = api.Path{Server: h.Server, Path: api.Text(h.Path), UNC: api.Text(h.UNC), Folder: h.Folder, Count: h.N, Last: api.Time(h.Last)}
	}
	return out, err
}

// Follow is the life of a file.
func (s apiSource) Follow(ctx context.Context, server, path string, at int64) ([]query.Life, error) {
	return paths{s.e, s.gate}.Follow(ctx, server, path, at)
}

// Status is what there is.
func (s apiSource) Status(ctx context.Context) (*api.Status, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil {
		return nil, err
	}
	st, err := v.Status(ctx)
	if err != nil {
		return nil, err
	}
	out := &api.Status{
		Zone: st.Zone, Demo: st.Demo, Records: st.Records, RawEvents: st.RawEvents, Imports: len(st.Imports), Damage: len(st.Damage), Importing: st.Running != nil,
	}
	for _, x := range slices.DeleteFunc(slices.Clone(st.Servers), func(x store.ServerInfo) bool { return x.Name == record.OwnServer }) {
		out.Servers = append(out.Servers, api.Server{Name: x.Name, Records: x.Records, RawEvents: x.Events, First: api.Time(x.First), Last: api.Time(x.Last)})
	}
	return out, nil
}

// Coverage is what is missing of a server's logs.
func (s apiSource) Coverage(ctx context.Context, server string) (any, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil {
		return nil, err
	}
	st, err := v.Status(ctx)
	if err != nil {
		return nil, err
	}
	name := ""
	for _, x := range st.Servers {
		if query.SameServer(server, x.Name) && (name == "" || x.Name == server) {
			name = x.Name
		}
	}
	if name == "" {
		return nil, api.ErrNotFound
	}
	return searched(ctx, s.gate, func(ctx context.Context) (any, error) {
		r, err := v.Coverage(ctx, name)
		if err != nil {
			return nil, missing(err)
		}
		return r, nil
	})
}
