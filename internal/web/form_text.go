package web

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// fields is base with what the fields of the form say added to it.
func (f *form) fields(base query.Query) query.Query {
	q := base
	both := func(field, more []string) []string { return slices.Concat(field, more) }
	q.Users, q.Clients, q.Servers = both(f.Users, base.Users), both(f.Clients, base.Clients), both(f.Servers, base.Servers)
	files, folders := one(f.File), one(f.Folder)
	if len(f.Also) > 0 { // a folder's condition finds a file of that name too
		files, folders = nil, slices.Concat(files, folders, f.Also)
	}
	q.Words, q.Files, q.Folders = both(one(f.Path), base.Words), both(files, base.Files), both(folders, base.Folders)
	q.Ops, q.Results = slices.Concat(f.Ops, base.Ops), slices.Concat(f.Results, base.Results)
	q.From, q.To = max(f.from, base.From), f.to
	if f.from == 0 || base.From == 0 {
		q.From = f.from + base.From
	}
	if base.To != 0 && (q.To == 0 || base.To < q.To) {
		q.To = base.To
	}
	q.HideNetworkLogons, q.Superseded = !f.Network, f.Superseded
	return q
}

// read adds the conditions of a text: to the fields where they can show it, the
// others to Rest. What cannot be read is kept in Wrong.
func (f *form) read(text string) {
	at := query.Clock{Now: f.now.Truncate(time.Second), Zone: f.zone}
	base := f.fields(query.Query{})
	q, err := query.ParseOnto(base, text, at)
	if err != nil {
		f.Problems = append(f.Problems, "web.problem.text")
		errors.As(err, &f.Wrong)
		return
	}
	f.Path, f.File, f.Folder, f.Also, f.Users, f.Clients, f.Servers, f.Ops, f.Results = "", "", "", nil, nil, nil, nil, nil, nil
	f.take(q)
	if q.From == base.From && q.To == base.To {
		return // the text says nothing of the time
	}
	f.Period, f.From, f.To, f.from, f.to, f.Rest.From, f.Rest.To = "", "", "", 0, 0, 0, 0
	f.takePeriod(q, moves(text, at))
}

// take spreads everything but the period over the fields and Rest.
func (f *form) take(q query.Query) {
	r := q
	r.From, r.To, r.Limit, r.HideNetworkLogons, r.Superseded = 0, 0, 0, false, false
	f.Users, r.Users = fitting(q.Users)
	f.Clients, r.Clients = fitting(q.Clients)
	f.Servers, r.Servers = fitting(q.Servers)
	f.Ops, r.Ops = slices.Compact(slices.Sorted(slices.Values(q.Ops))), nil
	f.Results, r.Results = slices.Compact(slices.Sorted(slices.Values(q.Results))), nil
	f.Network, f.Superseded = !q.HideNetworkLogons, q.Superseded
	switch { // one field for all three
	case len(q.Words) > 0 && fits(q.Words[0]):
		f.Path, r.Words = q.Words[0], q.Words[1:]
	case len(q.Files) == 1 && fits(q.Files[0]):
		f.File, r.Files = q.Files[0], nil
	case len(q.Folders) > 0 && len(q.Folders) <= maxAlso && !slices.ContainsFunc(q.Folders, func(s string) bool { return !fits(s) }):
		f.also(q.Folders)
		r.Folders = nil
	}
	r.Classes = slices.Compact(slices.Sorted(slices.Values(q.Classes)))
	if all := append(f.classes(), record.ClassBackground); len(q.Classes) > 0 && sameSet(q.Classes, all) {
		f.Noise, r.Classes = true, nil
	} else if sameSet(q.Classes, f.classes()) {
		r.Classes = nil
	}
	f.Rest = r
}

// fits reports whether a text field gives the value back as it is.
func fits(s string) bool { return s != "" && clean(s) == s && s == record.Visible(s) }

// fitting parts values that a field of several values can show from others.
func fitting(l []string) (fit, rest []string) {
	for _, s := range l {
		switch {
		case !fits(s) || strings.ContainsAny(s, ",、"):
			rest = append(rest, s)
		case !slices.Contains(fit, s):
			fit = append(fit, s)
		}
	}
	return fit, rest
}

func sameSet(a, b []record.Class) bool {
	in := func(l []record.Class) func(record.Class) bool {
		return func(c record.Class) bool { return !slices.Contains(l, c) }
	}
	return !slices.ContainsFunc(a, in(b)) && !slices.ContainsFunc(b, in(a))
}

// moves reports whether the beginning goes with the clock, as last:30d does: it
// differs when the same text is read two days later.
func moves(text string, at query.Clock) bool {
	a, err1 := query.Parse(text, at)
	b, err2 := query.Parse(text, query.Clock{Now: at.Now.AddDate(0, 0, 2), Zone: at.Zone})
	return err1 == nil && err2 == nil && a.From != b.From
}

// takePeriod shows the period in its fields: as a preset when it goes with the
// clock and is one, else as it would be typed; what cannot be typed is left to
// Rest.
func (f *form) takePeriod(q query.Query, moves bool) {
	if moves && q.To == 0 {
		for _, p := range []string{"today", "7d", "30d"} {
			c := form{Period: p}
			if c.period(f.zone, f.now); c.from == q.From {
				f.Period, f.from = p, c.from
				return
			}
		}
	}
	show := func(ns int64, end bool) (string, int64, int64) {
		if ns == 0 {
			return "", 0, 0
		}
		bound := query.Query{From: ns}
		if end {
			bound = query.Query{To: ns}
		}
		_, s, _ := strings.Cut(bound.Text(f.zone), ":")
		if got, ok := parseMoment(s, f.zone, end); ok && got == ns {
			return s, ns, 0
		}
		return "", 0, ns
	}
	f.From, f.from, f.Rest.From = show(q.From, false)
	f.To, f.to, f.Rest.To = show(q.To, true)
	if f.From != "" || f.To != "" {
		f.Period = "custom"
	}
}

// RestText is the text of what no field shows, as it stands in the URL.
func (f *form) RestText() string {
	if f.Wrong != nil {
		return f.Wrong.Text
	}
	return f.Rest.Text(f.zone)
}

// Text is the whole form in the text language; a text that cannot be read stands
// as it was typed.
func (f *form) Text() string {
	if f.Wrong != nil {
		return record.Visible(f.Wrong.Text)
	}
	q := f.query()
	q.Limit, q.Cursor, q.HideNetworkLogons = 0, "", false
	if q.Classes = slices.Sorted(slices.Values(q.Classes)); len(f.Rest.Classes) == 0 && !f.Noise {
		q.Classes = nil
	}
	last := map[string]string{"today": "last:1d", "7d": "last:7d", "30d": "last:30d"}[f.Period]
	if last != "" {
		q.From, q.To = f.Rest.From, f.Rest.To
	}
	text := q.Terms(f.zone)
	if last != "" {
		text = append(text, last)
	}
	if f.Network {
		text = append(text, query.KeyLogons.String()+":shown")
	}
	return strings.Join(text, " ")
}

// without is Rest without one of its terms.
func (f *form) without(term int) query.Query {
	l := f.Rest.Terms(f.zone)
	q, err := query.Parse(strings.Join(slices.Delete(l, term, term+1), " "), query.Clock{Zone: f.zone})
	if err != nil {
		return f.Rest // cannot be: what is printed can be read
	}
	return q
}
