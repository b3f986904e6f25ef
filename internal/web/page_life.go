package web

import (
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// A life line shows at most lifeNodes acts of the lifeActs that are listed.
const (
	lifeActs    = 60
	lifeNodes   = 9
	lifeServers = 3
	lifeName    = 15 // most characters of a name below a node
)

// lifeOps are the acts that make, name, copy or end a file.
func lifeOps() []record.Op {
	return []record.Op{record.OpCreate, record.OpRename, record.OpMove, record.OpCopy, record.OpDelete}
}

// lifeView is the life of a file on one server.
type lifeView struct {
	Server string
	Names  []lifeOf
	Acts   []row
	More   bool // there are more acts
	Line   *lifeLine
	All    string // all acts as a search
}

// lifeOf is one name of the file and its time.
type lifeOf struct {
	Name     name
	From, To string
	URL      string
}

// lifeLine is the drawing.
type lifeLine struct {
	Width, Height, Y int
	Nodes            []lifeNode
	End              string // x of the end
	Gone             bool   // the last act ended the file
}

// lifeNode is one act on the line.
type lifeNode struct {
	X            string
	Class        string // colour
	Op           string // key
	Inferred     bool
	Date, Person string
	Name         string
	URL          string
	Gap          int // acts left out before this one
}

// lifePart draws the life of the one file or folder of a form.
func (s *site) lifePart(rq *request) error {
	f, err := partForm(rq)
	if err != nil {
		return err
	}
	path := f.File + f.Folder
	if s.cfg.Paths == nil || path == "" || len(f.Also) > 0 {
		return errPage{http.StatusNotFound, "web.error.no_page"}
	}
	ctx := rq.r.Context()
	whole := query.Query{Files: one(f.File), Folders: one(f.Folder), Servers: f.Servers, Lists: query.ListServers, Classes: query.AllClasses()}
	t := s.facets(rq, whole)
	if _, err := t.wait(ctx, 0); err != nil {
		return err
	}
	fc, _ := t.value.(*query.Facets)
	var l []lifeView
	for _, server := range fileServers(fc.Servers, nil) {
		if len(l) == lifeServers {
			break
		}
		lives, err := s.cfg.Paths.Follow(ctx, server.Value, path, 0)
		if err != nil {
			return err
		}
		v, err := s.life(rq, server.Value, lives)
		if err != nil {
			return err
		}
		l = append(l, *v)
	}
	return s.render(rq, http.StatusOK, "life", l)
}

// life lists the acts of a file under all its names.
func (s *site) life(rq *request, server string, lives []query.Life) (*lifeView, error) {
	v := &lifeView{Server: record.Visible(server)}
	search := &form{Page: "/search", Servers: []string{server}, Ops: lifeOps()}
	for _, x := range lives {
		n := lifeOf{Name: splitName(x.Path), URL: (&form{Page: "/people", File: x.Path}).url()}
		if x.Folder {
			n.URL = (&form{Page: "/people", Folder: x.Path}).url()
		}
		if x.From != 0 {
			n.From = clock(x.From, rq.zone)
		}
		if x.To != 0 {
			n.To = clock(x.To, rq.zone)
		}
		v.Names = append(v.Names, n)
		search.also([]string{x.Path})
	}
	if len(lives) == 0 {
		return v, nil
	}
	v.All = search.url()
	q := query.Query{
		Lives: lives, Servers: []string{server}, Ops: lifeOps(), Results: []record.Result{record.Success},
		Classes: query.AllClasses(), Oldest: true, Limit: lifeActs,
	}
	page, err := s.cfg.Source.Search(rq.r.Context(), q)
	if err != nil {
		return nil, err
	}
	v.Acts, v.More = rows(rq, page.Records), page.Next != ""
	v.Line = newLifeLine(v.Acts, page.Records, rq.zone)
	return v, nil
}

// newLifeLine draws the acts at equal distances: their times stand beside them.
// Of many, the first and the last are shown.
func newLifeLine(acts []row, records []record.Record, zone *time.Location) *lifeLine {
	if len(acts) == 0 {
		return nil
	}
	chosen := make([]int, 0, lifeNodes)
	for i := range acts {
		if len(acts) <= lifeNodes || i < lifeNodes/2 || i >= len(acts)-(lifeNodes-lifeNodes/2) {
			chosen = append(chosen, i)
		}
	}
	const width, y = 1200, 44
	l := &lifeLine{Width: width, Height: 112, Y: y}
	step := float64(width-40) / float64(len(chosen)+1)
	before := -1
	for n, i := range chosen {
		r := &acts[i]
		node := lifeNode{
			X: num(step * (float64(n) + 0.5)), Class: r.Group.Class(), Op: r.Op, Inferred: r.Inferred, Person: r.Person.Name, URL: r.URL,
			Date: time.Unix(0, records[i].Time).In(zone).Format("2006-01-02"), Gap: i - before - 1,
		}
		if r.New.Base != "" {
			node.Name = "→ " + short(r.New.Base, lifeName)
		}
		before = i
		l.Nodes = append(l.Nodes, node)
	}
	l.End = strconv.Itoa(width - 40)
	l.Gone = records[len(records)-1].Op == record.OpDelete
	return l
}

// short leaves the middle of a name out: its beginning and its ending tell it
// from others.
func short(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	r := []rune(s)
	tail := most / 2
	return string(r[:most-tail-1]) + "…" + string(r[len(r)-tail:])
}
