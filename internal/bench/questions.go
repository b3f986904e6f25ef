package bench

import (
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// variants is how often each question is asked, each time with other values:
// 0 cold, 1 to 5 warm, 6 before them to warm up.
const (
	variants = 7
	warmRuns = 5
	warmUp   = 6
)

// question is one query of the bake-off.
type question struct {
	id, what string
	query    func(s *samples, v int) query.Query
	page     bool // records, newest first; else facets
	rows     func(*query.Facets) [][]any
}

// samples gives the values to ask for.
type samples struct {
	gen  *simulate.Bulk
	from int64 // first midnight, Unix ns
	to   int64 // midnight behind the last day
}

func newSamples(gens []*simulate.Bulk) samples {
	g := gens[0]
	return samples{gen: g, from: g.Start().UnixNano(), to: g.Start().AddDate(0, 0, g.Days()).UnixNano()}
}

// before is a beginning that leaves nothing out and is another for each
// variant.
func (s *samples) before(v int) int64 { return s.from - int64(v+1)*int64(time.Second) }

// lots is more entries than any list of the simulation has.
const lots = 10_000

func questions() []question {
	person := func(s *samples, v int) query.Query {
		return query.Query{Users: []string{s.gen.User(50 + v)}, Limit: 100}
	}
	people := func(q query.Query) query.Query {
		q.Lists, q.Top = query.ListPeople, lots
		return q
	}
	facets := func(q query.Query) query.Query {
		q.Lists, q.Top = query.ListOps|query.ListDays|query.ListPaths, topPaths
		return q
	}
	common := func(s *samples, v int) query.Query {
		return query.Query{Words: []string{s.gen.CommonWord(v % 5)}, From: s.before(v), Limit: 100}
	}
	return []question{
		{id: "a1", what: "newest 100 of a person", page: true, query: person},
		{id: "a2", what: "newest 100 of a person: write, delete, rename, path with a common word", page: true, query: func(s *samples, v int) query.Query {
			q := person(s, v)
			q.Ops, q.Words = []record.Op{record.OpWrite, record.OpDelete, record.OpRename}, []string{s.gen.CommonWord(0)}
			return q
		}},
		{id: "a3", what: "a person by operation, day and path", rows: personRows, query: func(s *samples, v int) query.Query { return facets(person(s, v)) }},
		{id: "a3h", what: "the busiest person by operation, day and path", rows: personRows, query: func(s *samples, v int) query.Query {
			return facets(query.Query{Users: []string{s.gen.User(0)}, From: s.before(v)})
		}},
		{id: "a4", what: "newest 100 of a client in the last 7 days", page: true, query: func(s *samples, v int) query.Query {
			return query.Query{Clients: []string{s.gen.Client(50 + v)}, From: s.to - 7*int64(24*time.Hour), Limit: 100}
		}},
		{id: "b1", what: "a file that everybody uses, by person", rows: peopleRows, query: func(s *samples, v int) query.Query {
			return people(query.Query{Files: []string{s.gen.Hot(v)}})
		}},
		{id: "b1r", what: "a file that hardly anybody uses, by person", rows: peopleRows, query: func(s *samples, v int) query.Query {
			return people(query.Query{Files: []string{s.gen.RareFile(v)}})
		}},
		{id: "b2", what: "a folder, by person", rows: peopleRows, query: func(s *samples, v int) query.Query {
			return people(query.Query{Folders: []string{s.gen.YearFolder(v, 2022)}})
		}},
		{id: "b3", what: "a rare word, by person", rows: peopleRows, query: func(s *samples, v int) query.Query {
			return people(query.Query{Words: []string{s.gen.RareWord(v)}})
		}},
		{id: "b4", what: "a common word, by person", rows: peopleRows, query: func(s *samples, v int) query.Query { return people(common(s, v)) }},
		{id: "c1", what: "all days by operation and result", rows: dayRows, query: func(s *samples, v int) query.Query {
			return query.Query{From: s.before(v), Lists: query.ListDays | query.ListResults}
		}},
		{id: "c2", what: "the ten people with most refusals", rows: tenPeople, query: func(s *samples, v int) query.Query {
			return query.Query{Results: []record.Result{record.Denied}, From: s.before(v), Lists: query.ListPeople, Top: 10}
		}},
		{id: "b2n", what: "newest 100 of a folder", page: true, query: func(s *samples, v int) query.Query {
			return query.Query{Folders: []string{s.gen.YearFolder(v+7, 2022)}, Limit: 100}
		}},
		{id: "b3n", what: "newest 100 of a rare word", page: true, query: func(s *samples, v int) query.Query {
			return query.Query{Words: []string{s.gen.RareWord(v + 7)}, Limit: 100}
		}},
		{id: "b4n", what: "newest 100 of a common word", page: true, query: common},
	}
}
