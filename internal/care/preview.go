package care

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// The bounds of a preview.
const (
	PreviewDays    = 30              // how far back it looks
	previewRecords = 200_000         // most records that it reads
	PreviewTime    = 3 * time.Second // and the longest that it takes
	previewPage    = 1000
	previewEntries = 10_000
)

// Preview is what a change would make background, of the newest records of people.
type Preview struct {
	N, Read uint64
	Cut     bool // there are more records than were read
	Entries []PreviewEntry
}

// PreviewEntry is an entry of the lists and how many records it names.
type PreviewEntry struct {
	Text string
	N    uint64
}

// PreviewOf counts the records since from (Unix ns) that b names, newest first. What it
// looks through is what search lets the asker see.
func PreviewOf(ctx context.Context, search func(context.Context, query.Query) (*query.Page, error), b Background, from int64) (*Preview, error) {
	if b.Len() > previewEntries {
		return nil, wrong("accounts", "web.data.bad_form")
	}
	within, cancel := context.WithTimeout(ctx, PreviewTime)
	defer cancel()
	m := newNamer(b)
	p := &Preview{Entries: make([]PreviewEntry, len(m.entries))}
	for i, e := range m.entries {
		p.Entries[i].Text = e
	}
	q := query.Query{From: from, Limit: previewPage}
	for {
		page, err := search(within, q)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			p.Cut = true
			return p, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range page.Records {
			p.Read++
			if hits := m.hits(&page.Records[i]); len(hits) > 0 {
				p.N++
				for _, h := range hits {
					p.Entries[h].N++
				}
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return p, nil
		}
		if p.Read >= previewRecords {
			p.Cut = true
			return p, nil
		}
	}
}

// namer finds the entries that name a record.
type namer struct {
	entries  []string
	users    map[string]int // DOMAIN\name, name or SID, in lower case
	prefixes map[netip.Prefix]int
	programs map[string]int // names of files in lower case
	starts   map[string]int // their beginnings
}

func newNamer(b Background) *namer {
	m := &namer{users: map[string]int{}, prefixes: map[netip.Prefix]int{}, programs: map[string]int{}, starts: map[string]int{}}
	add := func(s string) int { m.entries = append(m.entries, s); return len(m.entries) - 1 }
	for _, s := range b.Accounts {
		m.users[strings.ToLower(s)] = add(s)
	}
	for _, s := range b.Addresses {
		if a, err := netip.ParseAddr(s); err == nil {
			m.prefixes[netip.PrefixFrom(a.Unmap().WithZone(""), a.Unmap().BitLen())] = add(s)
		} else if p, err := netip.ParsePrefix(s); err == nil {
			m.prefixes[p.Masked()] = add(s)
		}
	}
	for _, s := range b.Processes {
		if start, ok := strings.CutSuffix(strings.ToLower(s), "*"); ok {
			m.starts[start] = add(s)
		} else {
			m.programs[strings.ToLower(s)] = add(s)
		}
	}
	return m
}

// hits are the entries that name the record.
func (m *namer) hits(r *record.Record) []int {
	var l []int
	put := func(i int, ok bool) {
		if ok && !slices.Contains(l, i) {
			l = append(l, i)
		}
	}
	user := strings.ToLower(r.User)
	for _, name := range []string{user, user[strings.LastIndexByte(user, '\\')+1:], strings.ToLower(r.SID)} {
		i, ok := m.users[name]
		put(i, ok && name != "")
	}
	if a, err := netip.ParseAddr(r.ClientIP); err == nil {
		for p, i := range m.prefixes {
			put(i, p.Contains(a.Unmap().WithZone("")))
		}
	}
	if r.Process != "" {
		name := strings.ToLower(r.Process[strings.LastIndexAny(r.Process, `\/`)+1:])
		i, ok := m.programs[name]
		put(i, ok)
		for start, i := range m.starts {
			put(i, strings.HasPrefix(name, start))
		}
	}
	return l
}
