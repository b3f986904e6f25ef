package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// View is what of a data folder lies within an extent: whatever a person is shown
// comes through one. What lies outside does not exist for it: it is neither shown
// nor counted nor suggested, and its ids are those of no record. What may be an
// Individual Number is masked in all that it gives (package mask); the tags behind
// the stars are understood in what it is asked. It is safe for concurrent use.
type View struct {
	e      *Engine
	extent query.Extent
	sight  *query.Sight // nil = everything
	plain  bool         // nothing is masked
}

// Within makes the view of an extent.
func (e *Engine) Within(x query.Extent) *View {
	v := &View{e: e, extent: x}
	if !x.All() {
		v.sight = query.NewSight(x)
	}
	return v
}

// All reports whether the view is of everything.
func (v *View) All() bool { return v.sight == nil }

// Key tells the views of different extents apart.
func (v *View) Key() string { return v.extent.Key() }

// Plain is the view with all numbers, for what masks by itself or is unmasked for
// a ground.
func (v *View) Plain() *View {
	c := *v
	c.plain = true
	return &c
}

// Restrict gives the query that finds of q what lies within the view, with masked
// numbers put back. Whoever asks the Engine itself for somebody asks this, and
// shows of each record what Shown gives.
func (v *View) Restrict(q query.Query) query.Query {
	q = v.revealed(q)
	q.Within = v.extent
	return q
}

// Server reports whether records of a server can lie within.
func (v *View) Server(name string) bool { return v.sight.Server(v.e.tags.Reveal(name)) }

// Search is Engine.Search.
func (v *View) Search(ctx context.Context, q query.Query) (*query.Page, error) {
	p, err := v.e.Search(ctx, v.Restrict(q))
	if err != nil {
		return nil, err
	}
	for i := range p.Records {
		p.Records[i] = v.Shown(&p.Records[i])
	}
	v.maskedTaken(p.Taken)
	return p, nil
}

// Facets is Engine.Facets.
func (v *View) Facets(ctx context.Context, q query.Query) (*query.Facets, error) {
	f, err := v.e.Facets(ctx, v.Restrict(q))
	if err != nil {
		return nil, err
	}
	v.maskedFacets(f)
	return f, nil
}

// Record is Engine.Record; of a record that holds and lies outside, the newest
// earlier version within takes the place.
func (v *View) Record(ctx context.Context, id record.ID) (*record.Record, error) {
	r, err := v.record(ctx, v.revealedID(id))
	if err != nil {
		return nil, err
	}
	c := v.Shown(r)
	return &c, nil
}

// record is the record as it is.
func (v *View) record(ctx context.Context, id record.ID) (*record.Record, error) {
	if !v.sight.Server(id.Server) {
		return nil, fmt.Errorf("%w: %s", store.ErrNotFound, id)
	}
	r, err := v.e.Record(ctx, id)
	if err != nil || v.All() || v.sight.Sees(r) {
		return r, err
	}
	l, err := v.versions(ctx, id)
	if err == nil && len(l) == 0 {
		err = fmt.Errorf("%w: %s", store.ErrNotFound, id)
	}
	if err != nil {
		return nil, err
	}
	return &l[0], nil
}

// Versions is Engine.Versions.
func (v *View) Versions(ctx context.Context, id record.ID) ([]record.Record, error) {
	l, err := v.versions(ctx, v.revealedID(id))
	for i := range l {
		l[i] = v.Shown(&l[i])
	}
	return l, err
}

func (v *View) versions(ctx context.Context, id record.ID) ([]record.Record, error) {
	if !v.sight.Server(id.Server) {
		return nil, nil
	}
	l, err := v.e.Versions(ctx, id)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(l, func(r record.Record) bool { return !v.sight.Sees(&r) }), nil
}

// Raw is Engine.Raw. Events that name something outside the view are left out and
// counted. Events whose block is damaged are left out with an error beside the
// others.
func (v *View) Raw(ctx context.Context, id record.ID) (l []*event.Event, hidden int, err error) {
	l, hidden, err = v.raw(ctx, v.revealedID(id))
	return v.maskedEvents(l), hidden, err
}

func (v *View) raw(ctx context.Context, id record.ID) (l []*event.Event, hidden int, err error) {
	r, err := v.record(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	l, err = v.e.Raw(ctx, id)
	if !v.sight.Narrow() {
		return l, 0, err
	}
	n := len(l)
	l = slices.DeleteFunc(l, func(e *event.Event) bool { return !v.seesEvent(r, e) })
	return l, n - len(l), err
}

// Unmasked is a record within the view and the events behind it, with all numbers.
// Whoever asks has the right, has said why, and it is noted.
func (v *View) Unmasked(ctx context.Context, id record.ID) (*record.Record, []*event.Event, error) {
	id = v.revealedID(id)
	r, err := v.record(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	l, _, err := v.raw(ctx, id)
	c := v.within(r)
	return &c, l, err
}

// Complete is Engine.Complete.
func (v *View) Complete(ctx context.Context, typed string, limit int) ([]store.PathHit, error) {
	l, err := v.e.Complete(ctx, v.e.tags.Reveal(typed), limit, v.extent)
	return v.maskedHits(l), err
}

// Follow is Engine.Follow.
func (v *View) Follow(ctx context.Context, server, path string, at int64) ([]query.Life, error) {
	t := v.e.tags
	story, err := v.e.st.Follow(ctx, t.Reveal(server), t.Reveal(path), at, v.extent)
	if err != nil {
		return nil, err
	}
	for i := range story.Lives {
		l := &story.Lives[i]
		l.Path, l.Server = t.Text(l.Path), t.Text(l.Server)
	}
	return story.Lives, nil
}

// ErrNarrow refuses what is about all of a server to those who see some folders.
var ErrNarrow = errors.New("not for a view of some folders")

// Coverage is Engine.Coverage of a server within the view. It is about all of the
// server's logs: a view of some folders has none.
func (v *View) Coverage(ctx context.Context, server string) (*coverage.Report, error) {
	server = v.e.tags.Reveal(server)
	if !v.sight.Server(server) {
		return nil, fmt.Errorf("%w: server %s", store.ErrNotFound, server)
	}
	if v.sight.Narrow() {
		return nil, ErrNarrow
	}
	return v.e.Coverage(ctx, server)
}

// Shown is a record that lies within the view as it may be shown.
func (v *View) Shown(r *record.Record) record.Record {
	c := v.within(r)
	if v.plain {
		return c
	}
	return v.masked(&c)
}

// within is a record without details that name something outside the view.
func (v *View) within(r *record.Record) record.Record {
	c := *r
	if v.sight.Narrow() {
		c.Detail = slices.DeleteFunc(slices.Clone(r.Detail), func(p record.Pair) bool { return !v.seesText(r, p.Value) })
	}
	return c
}

// places are the fields of raw events that name a file by itself or below a share.
var places = [...]string{"FileName", "LinkName", "NewName", "RelativeTargetName", "TargetName", "PathName", "RelativePath"}

// spoken are parts of names of fields whose backslash parts a domain from an
// account, and of those that name programs: a record shows these as well.
var spoken = [...]string{"User", "Account", "Member", "Domain", "ProcessName", "CallerProcess", "Package"}

// seesEvent reports whether an event behind a record names nothing outside the
// view. What cannot be told does not pass.
func (v *View) seesEvent(r *record.Record, e *event.Event) bool {
	base := rootOf(r)
	if s, ok := e.Lookup("ShareLocalPath"); ok && s.Text() != "" {
		base = plainPath(s.Text())
	}
	for i, name := range e.Schema.Names {
		if i >= len(e.Values) {
			break
		}
		s := e.Values[i].Text()
		if slices.Contains(places[:], name) && s != "" && s != "-" && !rooted(s) {
			if base == "" || !v.seesPath(r, strings.TrimRight(base, `\`)+`\`+s) {
				return false
			}
			continue
		}
		if !strings.Contains(s, `\`) || slices.ContainsFunc(spoken[:], func(w string) bool { return strings.Contains(name, w) }) {
			continue
		}
		if !v.seesText(r, s) || !rooted(s) {
			return false
		}
	}
	return true
}

// rooted reports whether a text begins as an absolute path does.
func rooted(s string) bool {
	s = plainPath(s)
	return strings.HasPrefix(s, `\\`) || strings.HasPrefix(s, `\Device\`) || len(s) >= 2 && s[1] == ':'
}

// plainPath is a path without the prefixes of the object manager.
func plainPath(s string) string {
	s = strings.ReplaceAll(s, "/", `\`)
	for _, p := range [...]string{`\??\UNC\`, `\\?\UNC\`} {
		if rest, ok := strings.CutPrefix(s, p); ok {
			return `\\` + rest
		}
	}
	for _, p := range [...]string{`\??\`, `\\?\`, `\\.\`, `\GLOBAL??\`, `\DosDevices\`} {
		if rest, ok := strings.CutPrefix(s, p); ok {
			return rest
		}
	}
	return s
}

// rootOf is the local folder of a record's share, "" when it is not known.
func rootOf(r *record.Record) string {
	if n := int(r.ShareRoot); n > 0 && n <= len(r.Path) {
		return r.Path[:n]
	}
	return ""
}

// seesText reports whether a text names no path outside the view: it holds none,
// or is one within or above the folders of the view.
func (v *View) seesText(r *record.Record, s string) bool {
	t := strings.ReplaceAll(s, "/", `\`)
	named := strings.Contains(t, `\\`) || strings.Contains(t, `\Device\`) || strings.Contains(t, `\??\`) || strings.Contains(t, `:\`) || strings.HasPrefix(t, `\`)
	return !named || v.seesPath(r, s)
}

// seesPath reports whether an absolute path, in any of its forms, lies within the
// folders of the view or above one.
func (v *View) seesPath(r *record.Record, s string) bool {
	p := plainPath(s)
	root := rootOf(r)
	if rest, ok := strings.CutPrefix(p, `\Device\`); ok { // on the volume of the record's path
		_, rest, _ = strings.Cut(rest, `\`)
		if len(r.Path) < 2 || r.Path[1] != ':' {
			return false
		}
		p = r.Path[:2] + `\` + rest
	}
	if strings.Contains(p[min(2, len(p)):], ":\\") || strings.Contains(p[min(2, len(p)):], `\\`) { // more than one
		return false
	}
	if v.sight.Path(p, r.Share, root) || v.sight.Above(p) {
		return true
	}
	if local, share, rest := query.SplitUNC(p); share != "" {
		_, name, _ := strings.Cut(strings.TrimPrefix(share, `\\`), `\`)
		_, own, _ := strings.Cut(strings.TrimPrefix(r.Share, `\\`), `\`)
		return root != "" && query.SameName(name, own) && (v.sight.Path(root+rest, r.Share, root) || v.sight.Above(root+rest)) || v.sight.Above(local)
	}
	return root != "" && query.SameName(p, strings.TrimRight(root, `\`)) // the folder of the record's own share
}
