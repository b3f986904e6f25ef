package bench

import (
	"encoding/json"
	"strconv"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// topPaths is how many paths the questions about a person list.
const topPaths = 20

// Answer is one question with its values and what the store said: what another
// engine is compared with.
type Answer struct {
	ID      string  `json:"id"`
	Variant int     `json:"variant"`
	Values  Values  `json:"values"`
	Total   uint64  `json:"total"` // records that were counted; of a page 0
	More    int     `json:"more"`  // people beyond Rows
	Rows    [][]any `json:"rows"`
}

// Values are the conditions of a question. Numbers beyond 2^53 are text.
type Values struct {
	User   string   `json:"user,omitempty"`
	Ops    []string `json:"ops,omitempty"`
	Word   string   `json:"word,omitempty"`
	File   string   `json:"file,omitempty"`
	Folder string   `json:"folder,omitempty"`
	Client string   `json:"client,omitempty"`
	Result string   `json:"result,omitempty"`
	From   string   `json:"from,omitempty"` // Unix ns
}

func valuesOf(q *query.Query) Values {
	one := func(l []string) string {
		if len(l) == 0 {
			return ""
		}
		return l[0]
	}
	v := Values{User: one(q.Users), Word: one(q.Words), File: one(q.Files), Folder: one(q.Folders), Client: one(q.Clients)}
	for _, o := range q.Ops {
		v.Ops = append(v.Ops, o.String())
	}
	if len(q.Results) > 0 {
		v.Result = q.Results[0].String()
	}
	if q.From != 0 {
		v.From = ns(q.From)
	}
	return v
}

func ns(t int64) string { return strconv.FormatInt(t, 10) }

// personRows: operations, days and the most used paths.
func personRows(f *query.Facets) (l [][]any) {
	for _, c := range f.Ops {
		l = append(l, []any{"op", c.Value, c.N})
	}
	for _, d := range f.Days {
		if d.N > 0 {
			l = append(l, []any{"day", d.Day, d.N})
		}
	}
	for _, c := range f.Paths[:min(len(f.Paths), topPaths)] {
		l = append(l, []any{"path", c.Value, c.N})
	}
	return l
}

func peopleRows(f *query.Facets) (l [][]any) {
	for i := range f.People {
		p := &f.People[i]
		l = append(l, []any{p.User, p.N, ns(p.First), ns(p.Last)})
	}
	return l
}

func tenPeople(f *query.Facets) [][]any {
	l := peopleRows(f)
	return l[:min(len(l), 10)]
}

// dayRows: each operation of each day, the refusals and failures of each day,
// and the results.
func dayRows(f *query.Facets) (l [][]any) {
	for _, d := range f.Days {
		for _, o := range record.Ops() {
			if n := d.Ops[o]; n > 0 {
				l = append(l, []any{"op", d.Day, o.String(), n})
			}
		}
		if d.Denied > 0 {
			l = append(l, []any{"denied", d.Day, "", d.Denied})
		}
	}
	for _, c := range f.Results {
		l = append(l, []any{"result", "", c.Value, c.N})
	}
	return l
}

// recordRow is every field of a record, in the order of archive's columns
// without the time of arrival.
func recordRow(r *record.Record) []any {
	detail := make(map[string]string, len(r.Detail))
	for _, p := range r.Detail {
		detail[p.Key] = p.Value
	}
	d, err := json.Marshal(detail)
	if err != nil { // not of texts
		d = nil
	}
	raw := make([]string, len(r.RawIDs))
	for i, id := range r.RawIDs {
		raw[i] = strconv.FormatUint(id, 10)
	}
	return []any{
		r.Server, r.Channel, r.Generation, strconv.FormatUint(r.FirstID, 10), r.Ordinal, ns(r.Time), ns(r.EndTime), r.Source,
		r.User, r.SID, r.ClientIP, r.ClientName, strconv.FormatUint(r.Session, 10), r.Op.String(), r.Path, r.NewPath, r.Share, r.ShareRoot,
		r.Object.String(), r.Result.String(), r.Process, r.Count, r.Confidence.String(), r.Rule, r.Class.String(), string(d), raw, r.RulesVersion,
	}
}
