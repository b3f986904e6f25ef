package query

import "slices"

// Reached says which days (2026-11-22) of an answer the store does not hold any more,
// and where they were found. Lists are ascending. A day can be in several: servers
// differ.
type Reached struct {
	// Archived lists the days that were read in the archive.
	Archived []string
	// Restored lists the days that were answered from what is restored of the archive.
	Restored []string
	// Stale lists those of Archived of which something is restored that is out of date
	// or damaged, so that it could not be used.
	Stale []string
	// Unread lists archived days of which something cannot be read now, so that
	// records may be missing.
	Unread []string
	// Taken lists the orders of terms that took records out which would be among what is
	// found; an answer of Query.Removed has none.
	Taken []Taken
}

// Taken is an order of a term that took the records of a class of a server out of every
// answer. Whether the archive has them still is a question of its own term.
type Taken struct {
	Class          string `json:"class"` // background, logon or system
	Server         string `json:"server"`
	First          string `json:"first"`   // day, 2026-01-01
	Last           string `json:"last"`    // day, included
	Records        int64  `json:"records"` // that went; 0 = not told
	Months         int    `json:"months"`  // the term
	Year           bool   `json:"year"`
	ProposedBy     string `json:"proposed_by"`
	By             string `json:"by"` // who confirmed the term
	Ground         string `json:"ground"`
	Time           int64  `json:"-"`               // of the order, Unix ns
	OutsideArchive bool   `json:"outside_archive"` // they went without being archived
}

// Note adds a day. quick says that it was restored, stale that what is restored of it
// could not be used.
func (r *Reached) Note(day string, quick, stale bool) {
	add := func(l *[]string) {
		if !slices.Contains(*l, day) {
			*l = append(*l, day)
		}
	}
	if quick {
		add(&r.Restored)
		return
	}
	add(&r.Archived)
	if stale {
		add(&r.Stale)
	}
}

// Sort puts the lists in order.
func (r *Reached) Sort() {
	for _, l := range [...][]string{r.Archived, r.Restored, r.Stale, r.Unread} {
		slices.Sort(l)
	}
}

// Add adds the days of another page of the same answer.
func (r *Reached) Add(o *Reached) {
	for _, l := range [...]struct {
		to   *[]string
		from []string
	}{{&r.Archived, o.Archived}, {&r.Restored, o.Restored}, {&r.Stale, o.Stale}, {&r.Unread, o.Unread}} {
		for _, d := range l.from {
			if !slices.Contains(*l.to, d) {
				*l.to = append(*l.to, d)
			}
		}
	}
	for _, t := range o.Taken {
		if !slices.Contains(r.Taken, t) {
			r.Taken = append(r.Taken, t)
		}
	}
}
