package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/mask"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// maskKeyFile holds the key of the tags that stand for masked numbers, 32 bytes.
// Who has it and a tag has the number; without it tags that were written down
// find nothing any more.
const maskKeyFile = "mask.key"

// openMask reads the key of the tags, and makes it in a folder that is open for
// writing.
func openMask(dir string, readOnly bool) (*mask.Tagger, error) {
	name := filepath.Join(dir, maskKeyFile)
	b, err := os.ReadFile(name)
	switch {
	case err == nil && len(b) == 32:
		return mask.NewTagger(b), nil
	case err == nil:
		return nil, fmt.Errorf("%s has %d bytes, not 32", maskKeyFile, len(b))
	case !errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("read %s: %w", maskKeyFile, err)
	case readOnly:
		return nil, nil
	}
	b = make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	if err := fsx.WriteFileAtomic(name, b, 0o600); err != nil {
		return nil, fmt.Errorf("write %s: %w", maskKeyFile, err)
	}
	return mask.NewTagger(b), nil
}

// Mask is a text as it may be shown: stars and a tag for each number that may be
// an Individual Number.
func (e *Engine) Mask(s string) string { return e.tags.Text(s) }

// Reveal takes the tags in a text that was shown back.
func (e *Engine) Reveal(s string) string { return e.tags.Reveal(s) }

// masked is a record as it may be shown.
func (v *View) masked(r *record.Record) record.Record {
	c := *r
	t := v.e.tags
	if n := int(r.ShareRoot); n > 0 && n <= len(r.Path) {
		c.ShareRoot = uint32(len(t.Text(r.Path[:n])))
	}
	for _, s := range [...]*string{&c.Server, &c.Channel, &c.Source, &c.User, &c.SID, &c.ClientIP, &c.ClientName, &c.Path, &c.NewPath, &c.Share, &c.Process} {
		*s = t.Text(*s)
	}
	for i, p := range r.Detail {
		key, value := t.Text(p.Key), t.Text(p.Value)
		if key == p.Key && value == p.Value {
			continue
		}
		if &c.Detail[0] == &r.Detail[0] {
			c.Detail = slices.Clone(r.Detail)
		}
		c.Detail[i] = record.Pair{Key: key, Value: value}
	}
	return c
}

// maskedEvents masks the texts of events.
func (v *View) maskedEvents(l []*event.Event) []*event.Event {
	t := v.e.tags
	if v.plain {
		return l
	}
	out := make([]*event.Event, len(l))
	for i, e := range l {
		c := e.Clone()
		for _, s := range [...]*string{&c.Provider, &c.Channel, &c.Computer, &c.UserID} {
			*s = t.Text(*s)
		}
		for k, x := range c.Values {
			if s := x.Text(); t.Text(s) != s && !numeric(x) {
				c.Values[k] = event.String(t.Text(s))
			}
		}
		out[i] = c
	}
	return out
}

// numeric reports whether a value is a number of its own kind, and no text that
// somebody chose.
func numeric(v event.Value) bool {
	_, ok := v.Number()
	return ok && v.Kind != event.KindString
}

// maskedFacets masks the names in counts, in place.
func (v *View) maskedFacets(f *query.Facets) {
	t := v.e.tags
	if v.plain {
		return
	}
	v.maskedTaken(f.Taken)
	for i := range f.People {
		p := &f.People[i]
		p.User, p.SID = t.Text(p.User), t.Text(p.SID)
		for k := range p.Clients {
			p.Clients[k] = t.Text(p.Clients[k])
		}
	}
	for _, l := range [...][]query.Count{f.Clients, f.Servers, f.Folders, f.Paths} {
		for i := range l {
			l[i].Value = t.Text(l[i].Value)
		}
	}
	for i := range f.Files {
		f.Files[i].Path = t.Text(f.Files[i].Path)
	}
}

// maskedTaken masks what orders of terms say.
func (v *View) maskedTaken(l []query.Taken) {
	if v.plain {
		return
	}
	t := v.e.tags
	for i := range l {
		x := &l[i]
		x.Server, x.By, x.ProposedBy, x.Ground = t.Text(x.Server), t.Text(x.By), t.Text(x.ProposedBy), t.Text(x.Ground)
	}
}

// TakenBy is Engine.TakenBy of a record as it is, for a record that the view gave.
func (v *View) TakenBy(ctx context.Context, id record.ID) *query.Taken {
	r, err := v.record(ctx, v.revealedID(id))
	if err != nil {
		return nil
	}
	x := v.e.TakenBy(r)
	if x == nil {
		return nil
	}
	l := []query.Taken{*x}
	if v.sight.Narrow() {
		l[0].Records = 0
	}
	v.maskedTaken(l)
	return &l[0]
}

// revealed is a query with the tags of its texts taken back.
func (v *View) revealed(q query.Query) query.Query {
	t := v.e.tags
	texts := func(l []string) []string {
		for i, s := range l {
			if r := t.Reveal(s); r != s {
				l = slices.Clone(l)
				for k := i; k < len(l); k++ {
					l[k] = t.Reveal(l[k])
				}
				break
			}
		}
		return l
	}
	for _, l := range [...]*[]string{
		&q.Users, &q.Words, &q.Paths, &q.Files, &q.Folders, &q.Clients, &q.Servers, &q.Processes, &q.Rules,
		&q.Not.Users, &q.Not.Paths, &q.Not.Files, &q.Not.Folders, &q.Not.Clients, &q.Not.Servers, &q.Not.Processes, &q.Not.Rules,
	} {
		*l = texts(*l)
	}
	q.Lives = slices.Clone(q.Lives)
	for i := range q.Lives {
		q.Lives[i].Path, q.Lives[i].Server = t.Reveal(q.Lives[i].Path), t.Reveal(q.Lives[i].Server)
	}
	return q
}

// revealedID is a record id with its tags taken back.
func (v *View) revealedID(id record.ID) record.ID {
	id.Server, id.Channel = v.e.tags.Reveal(id.Server), v.e.tags.Reveal(id.Channel)
	return id
}

// maskedStatus masks the names of a status, in place.
func (v *View) maskedStatus(s *Status) {
	t := v.e.tags
	s.Servers, s.Imports = slices.Clone(s.Servers), slices.Clone(s.Imports)
	for i := range s.Servers {
		s.Servers[i].Name = t.Text(s.Servers[i].Name)
	}
	for i := range s.Imports {
		m := &s.Imports[i]
		for _, p := range [...]*string{&m.Name, &m.Path, &m.Importer, &m.Error} {
			*p = t.Text(*p)
		}
	}
	if s.Running != nil {
		s.Running.File = t.Text(s.Running.File)
	}
}

// maskedHits masks completions, in place.
func (v *View) maskedHits(l []store.PathHit) []store.PathHit {
	t := v.e.tags
	for i := range l {
		h := &l[i]
		h.Server, h.Path, h.UNC = t.Text(h.Server), t.Text(h.Path), t.Text(h.UNC)
	}
	return l
}
