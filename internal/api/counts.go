package api

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// counted is query.Facets as clients get it.
type counted struct {
	Total      uint64         `json:"total"`
	First      Time           `json:"first"`
	Last       Time           `json:"last"`
	People     []person       `json:"people"`
	PeopleMore int            `json:"people_more"`
	Ops        []value        `json:"ops"`
	Results    []value        `json:"results"`
	Clients    []value        `json:"clients"`
	Servers    []value        `json:"servers"`
	Folders    []value        `json:"folders"`
	Paths      []value        `json:"paths"`
	PathsMore  int            `json:"paths_more"`
	Files      []file         `json:"files"`
	FilesMore  int            `json:"files_more"`
	Days       []day          `json:"days"`
	Hours      *[7][24]uint64 `json:"hours"`    // by weekday, Sunday first, and hour; null = not asked for
	Archived   []string       `json:"archived"` // days that were counted in the archive
	Restored   []string       `json:"restored"` // days that were counted in what is restored of it
	Unread     []string       `json:"unread"`   // archived days that cannot be read now
	Partial    bool           `json:"partial"`  // the archive took too long and is not counted
	TakenOut   []taken        `json:"taken_out"`
}

type value struct {
	Value Text   `json:"value"`
	Count uint64 `json:"count"`
}

type person struct {
	User    Text              `json:"user"`
	SID     string            `json:"sid"`
	Count   uint64            `json:"count"`
	Ops     map[string]uint64 `json:"ops"`
	Denied  uint64            `json:"denied"`
	First   Time              `json:"first"`
	Last    Time              `json:"last"`
	Clients []string          `json:"clients"`
}

type file struct {
	Path  Text   `json:"path"`
	Count uint64 `json:"count"`
	First Time   `json:"first"`
	Last  Time   `json:"last"`
}

type day struct {
	Day    string            `json:"day"`
	Count  uint64            `json:"count"`
	Ops    map[string]uint64 `json:"ops"`
	Denied uint64            `json:"denied"`
}

// lists are the lists of counts by name.
func lists() map[string]query.Lists {
	return map[string]query.Lists{
		"people": query.ListPeople, "ops": query.ListOps, "results": query.ListResults, "clients": query.ListClients, "servers": query.ListServers,
		"folders": query.ListFolders, "paths": query.ListPaths, "files": query.ListFiles, "days": query.ListDays, "hours": query.ListHours,
	}
}

// facets answers with counts over everything that a search finds.
func (s *server) facets(rq *request) error {
	v := rq.r.URL.Query()
	q, err := s.search(v, "lists", "top")
	if err != nil {
		return err
	}
	if q.Top, err = number(v, "top", maxTop); err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.Join(v["lists"], ","), ",") {
		l, ok := lists()[name]
		if !ok && name != "" {
			return wrong("lists", "value")
		}
		q.Lists |= l
	}
	if err := s.note(rq, "search", s.cfg.Source.Mask(q.Text(s.cfg.Zone)), ""); err != nil {
		return err
	}
	f, err := s.cfg.Source.Facets(rq.r.Context(), q)
	if err != nil {
		return err
	}
	return s.json(rq, newCounted(&q, f))
}

func newCounted(q *query.Query, f *query.Facets) *counted {
	c := &counted{
		Total: f.Total, First: Time(f.First), Last: Time(f.Last), People: []person{}, PeopleMore: f.PeopleMore, Ops: values(f.Ops), Results: values(f.Results),
		Clients: values(f.Clients), Servers: values(f.Servers), Folders: values(f.Folders), Paths: values(f.Paths), PathsMore: f.PathsMore,
		Files: []file{}, FilesMore: f.FilesMore, Days: []day{},
		Archived: append([]string{}, f.Archived...), Restored: append([]string{}, f.Restored...), Unread: append([]string{}, f.Unread...), Partial: f.Partial, TakenOut: takenOut(f.Taken),
	}
	for _, p := range f.People {
		c.People = append(c.People, person{Text(p.User), p.SID, p.N, ops(p.Ops), p.Denied, Time(p.First), Time(p.Last), append([]string{}, p.Clients...)})
	}
	for _, x := range f.Files {
		c.Files = append(c.Files, file{Text(x.Path), x.N, Time(x.First), Time(x.Last)})
	}
	for _, d := range f.Days {
		c.Days = append(c.Days, day{d.Day, d.N, ops(d.Ops), d.Denied})
	}
	if q.Lists.Has(query.ListHours) {
		c.Hours = f.Hours
	}
	return c
}

func values(l []query.Count) []value {
	out := make([]value, 0, len(l))
	for _, c := range l {
		out = append(out, value{Text(c.Value), c.N})
	}
	return out
}

func ops(m map[record.Op]uint64) map[string]uint64 {
	out := make(map[string]uint64, len(m))
	for o, n := range m {
		out[o.String()] = n
	}
	return out
}
