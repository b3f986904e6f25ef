package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// scopeCounts keeps what was counted within folders, by extent.
type scopeCounts struct {
	mu sync.Mutex // guards by
	by map[string]*scopeCount
}

// scopeCount is what lies within the folders of one extent.
type scopeCount struct {
	mu      sync.Mutex // held while it is counted
	records int64      // of the data folder when it was counted
	counted time.Time
	took    time.Duration
	servers []store.ServerInfo
}

// maxScopes bounds the extents of which counts are kept.
const maxScopes = 256

// restFactor: counts that are out of date are made anew after so many times what
// they took.
const restFactor = 10

// Status is Engine.Status: of a part of the folder only its servers and counts of
// what lies within. What an import brought and what is damaged is not known by
// server, so it is told only to those who see everything.
func (v *View) Status(ctx context.Context) (*Status, error) {
	st, err := v.e.Status(ctx)
	if err != nil {
		return nil, err
	}
	if v.All() {
		v.maskedStatus(st)
		return st, nil
	}
	out := &Status{Zone: st.Zone, Language: st.Language, Demo: st.Demo}
	if out.Servers, err = v.servers(ctx, st); err != nil {
		return nil, err
	}
	for _, s := range out.Servers {
		out.Records += s.Records
		out.RawEvents += s.Events
		out.Superseded += s.Superseded
		if slices.Contains(st.Outdated, s.Name) {
			out.Outdated = append(out.Outdated, s.Name)
		}
	}
	v.maskedStatus(out)
	return out, nil
}

// servers lists the servers within the view.
func (v *View) servers(ctx context.Context, st *Status) ([]store.ServerInfo, error) {
	in := slices.DeleteFunc(slices.Clone(st.Servers), func(s store.ServerInfo) bool { return !v.sight.Server(s.Name) })
	if !v.sight.Narrow() {
		return in, nil
	}
	c := v.e.scopes.of(v.Key())
	c.mu.Lock()
	defer c.mu.Unlock()
	now := v.e.deps.now()
	if !c.counted.IsZero() && (c.records == st.Records || now.Sub(c.counted) < restFactor*c.took) {
		return c.servers, nil
	}
	begin := time.Now()
	var l []store.ServerInfo
	for _, s := range in {
		if s.Name == record.OwnServer {
			continue
		}
		q := v.Restrict(query.Query{Servers: []string{s.Name}, Classes: query.AllClasses(), Lists: query.ListServers})
		q.HeldOnly = true
		f, err := v.e.Facets(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, n := range f.Servers { // a host part may name several
			if n.Value == s.Name && n.N > 0 {
				l = append(l, store.ServerInfo{Name: s.Name, Records: int64(n.N), First: f.First, Last: f.Last})
			}
		}
	}
	c.records, c.counted, c.took, c.servers = st.Records, now, time.Since(begin), l
	return l, nil
}

// of is the counts of an extent.
func (s *scopeCounts) of(key string) *scopeCount {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil || len(s.by) > maxScopes {
		s.by = make(map[string]*scopeCount)
	}
	c := s.by[key]
	if c == nil {
		c = &scopeCount{}
		s.by[key] = c
	}
	return c
}
