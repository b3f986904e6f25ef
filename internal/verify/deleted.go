package verify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/seal"
)

// byErasure is the ground of entries about parts that were written again: nothing of a
// day is deleted by them.
const byErasure = "erasure"

// ordered is an entry of deletion in which an object is named.
type ordered struct {
	leaf int64
	seal.Entry
}

// who says in words whose order it was.
func (o *ordered) who() string { return orderOf(&o.Entry) }

func orderOf(e *seal.Entry) string {
	s := e.By
	if e.Ground != "" {
		s += ": " + e.Ground
	}
	return s
}

// removedPart is the subject of an entry of deletion.
type removedPart struct {
	Server  string   `json:"server"`
	Day     string   `json:"day"`
	Part    int      `json:"part"`
	Object  string   `json:"object"`
	Objects []string `json:"objects"`
}

// deletedObjects are the objects that entries of deletion name.
func deletedObjects(entries []seal.Entry) map[string]ordered {
	out := make(map[string]ordered)
	for i, e := range entries {
		var p removedPart
		if e.Kind != seal.KindArchiveDeletion || json.Unmarshal([]byte(e.Subject), &p) != nil {
			continue
		}
		for _, n := range p.Objects {
			out[n] = ordered{int64(i), e}
		}
	}
	return out
}

// deletions says which archived days retention deleted, and on whose order: by server
// and order, with the first day and the last.
func (r *Report) deletions(entries []seal.Entry, file string) {
	type order struct{ server, who string }
	days := make(map[order][]string)
	var orders []order
	for i, e := range entries {
		var p removedPart
		if e.Kind != seal.KindArchiveDeletion || e.Ground == byErasure || int64(i) >= r.Sealed || json.Unmarshal([]byte(e.Subject), &p) != nil || p.Day == "" {
			continue
		}
		o := order{p.Server, orderOf(&e)}
		if days[o] == nil {
			orders = append(orders, o)
		}
		days[o] = append(days[o], p.Day)
	}
	for _, o := range orders {
		l := days[o]
		slices.Sort(l)
		l = slices.Compact(l)
		period := l[0]
		if last := l[len(l)-1]; last != period {
			period += " – " + last
		}
		r.add(Finding{State: Note, What: "days_deleted", File: file, Server: o.server, Period: period, Part: fmt.Sprintf("%d", len(l)), Detail: o.who})
	}
}

// onePerson tells of terms of retention that nobody but their proposer approved, by the
// name that was given or by the account of the machine's operating system.
func (r *Report) onePerson(entries []seal.Entry, file string) {
	proposed := make(map[string]string) // by whom, by term
	for i := range entries {
		e := &entries[i]
		switch e.Kind {
		case seal.KindRetentionProposed:
			proposed[e.Subject] = e.By
		case seal.KindRetention:
			by, ok := proposed[e.Subject]
			if ok && strings.EqualFold(by, e.By) || strings.Contains(e.Ground, " (by one account at the machine: ") {
				r.add(Finding{State: Note, What: "one_person", File: file, Part: leafName(int64(i)), Detail: e.Subject + ", " + orderOf(e)})
			}
		}
	}
}

// takenRecords is what is read of the subject of an entry of class_removal.
type takenRecords struct {
	Servers    []string `json:"servers"`
	Class      string   `json:"class"`
	FirstDay   string   `json:"first_day"`
	LastDay    string   `json:"last_day"`
	ProposedBy string   `json:"proposed_by"`
	Records    int64    `json:"records"`
	Superseded int64    `json:"superseded"`
}

// classRemovals says which records of classes terms took out of the store, and on whose
// order: by server, class and order, with the first day and the last.
func (r *Report) classRemovals(entries []seal.Entry, file string) {
	type order struct{ server, class, who string }
	type sum struct {
		first, last string
		n           int64
	}
	sums := make(map[order]*sum)
	var orders []order
	for i, e := range entries {
		var x takenRecords
		if e.Kind != seal.KindClassRemoval || int64(i) >= r.Sealed || json.Unmarshal([]byte(e.Subject), &x) != nil || len(x.Servers) != 1 {
			continue
		}
		o := order{x.Servers[0], x.Class, orderOf(&e)}
		if x.ProposedBy != "" {
			o.who += " (" + x.ProposedBy + ")"
		}
		s := sums[o]
		if s == nil {
			s = &sum{first: x.FirstDay, last: x.LastDay}
			sums[o] = s
			orders = append(orders, o)
		}
		s.first, s.last, s.n = min(s.first, x.FirstDay), max(s.last, x.LastDay), s.n+x.Records+x.Superseded
	}
	for _, o := range orders {
		s := sums[o]
		r.add(Finding{State: Note, What: "records_taken", File: file, Server: o.server, Period: s.first + " – " + s.last, Part: fmt.Sprintf("%s %d", o.class, s.n), Detail: o.who})
	}
}

// deleted tells of a file that an entry of deletion names, and reports whether one does.
func (f *folder) deleted(name string) bool {
	o, ok := f.ordered[strings.TrimPrefix(name, "archive/")]
	if !ok {
		return false
	}
	state := Note
	if o.leaf >= f.r.Sealed {
		state = Unsealed
	}
	f.r.add(Finding{State: state, What: "file_deleted", File: name, Detail: o.who()})
	return true
}
