package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// The folders of a search as a tree. A level is counted when it is opened.
const (
	treeTop   = 20_000 // folders that one answer counts
	treeKids  = 40     // folders that one level shows
	treeFiles = 20     // files that one level shows
)

// damage is a group of what was done to files: the columns of the tree.
type damage struct {
	Key     string
	Class   string
	ops     []record.Op
	results []record.Result
}

// Head is the title of the column, where the figures above say the rest.
func (d damage) Head() string {
	if d.Key == "find.damage.copy" {
		return "find.damage.copied"
	}
	return d.Key
}

// damages are the columns, in the order of the tree.
func damages() []damage {
	done := []record.Result{record.Success}
	return []damage{
		{"web.group.read", groupRead.Class(), opsOf(groupRead), done},
		{"web.group.change", groupChange.Class(), opsOf(groupChange), done},
		{"find.damage.copy", groupCopy.Class(), []record.Op{record.OpCopy}, done},
		{"find.damage.print", groupCopy.Class(), []record.Op{record.OpPrint}, done},
		{"web.group.delete", groupDelete.Class(), opsOf(groupDelete), done},
		{"find.damage.taken", groupOther.Class(), []record.Op{record.OpDeviceConnected}, done},
		{"find.denied", "gx", nil, []record.Result{record.Denied, record.Failure}},
	}
}

// treeShown are the columns that folders have; a device is in no folder.
func treeShown() []int { return []int{0, 1, 2, 3, 4, 6} }

// treeView is the tree, or one level of it.
type treeView struct {
	Root    bool
	Sums    []treeSum
	Note    bool // the figures hold what hints at data taken away
	Cols    []damage
	Servers []treeServer
	Nodes   []treeNode
	Files   []treeFile
	More    int    // folders that are not shown
	MoreURL string // their records
	Marked  *cell  // records in folders with specific personal information
}

// treeSum is one figure over the tree.
type treeSum struct {
	Key, Class string
	N, Files   uint64
	URL        string
}

// treeServer is a server whose tree is loaded by itself.
type treeServer struct {
	Name, URL string
	N         uint64
	Open      bool
}

// treeNode is one folder.
type treeNode struct {
	Name, Full string
	URL        string // this folder's records
	N          uint64
	Cells      []cell
	Marked     bool // holds specific personal information, or a folder below does
	Own        bool // it is this folder itself that does
	KidsURL    string
	Open       bool
	Kids       []treeNode
}

// treeFile is one file of a level.
type treeFile struct {
	Name string
	Full string
	N    uint64
	URL  string
}

// folderCounts is what the columns count below a folder, per direct folder.
type folderCounts struct {
	all    map[string]uint64
	by     []map[string]uint64
	files  []uint64 // distinct files per column
	totals []uint64
	server []query.Count
	paths  []query.Count
}

// countFolders asks once per column.
func (s *site) countFolders(ctx context.Context, q query.Query) (*folderCounts, error) {
	q.Cursor, q.Limit, q.Top = "", 0, treeTop
	q.Lists = query.ListFolders | query.ListServers
	c := &folderCounts{}
	sum := func(q query.Query) (map[string]uint64, *query.Facets, error) {
		f, err := s.cfg.Source.Facets(ctx, q)
		if err != nil {
			return nil, nil, err
		}
		m := make(map[string]uint64, len(f.Folders))
		for _, x := range f.Folders {
			m[strings.TrimRight(x.Value, `\`)] += x.N
		}
		return m, f, nil
	}
	all, f, err := sum(q)
	if err != nil {
		return nil, err
	}
	c.all, c.server = all, f.Servers
	if len(q.Folders) == 1 {
		names := q
		names.Lists, names.Top, names.Near = query.ListPaths, 2000, true
		f, err := s.cfg.Source.Facets(ctx, names)
		if err != nil {
			return nil, err
		}
		c.paths = f.Paths
	}
	for _, d := range damages() {
		part := q
		part.Lists |= query.ListFiles
		var m map[string]uint64
		var n, files uint64
		part.Results = meet(q.Results, d.results)
		if part.Ops = d.ops; d.ops == nil {
			part.Ops = q.Ops
		} else {
			part.Ops = meet(q.Ops, d.ops)
		}
		if len(part.Results) > 0 && (d.ops == nil || len(part.Ops) > 0) {
			var f *query.Facets
			if m, f, err = sum(part); err != nil {
				return nil, err
			}
			n, files = f.Total, uint64(len(f.Files)+f.FilesMore)
		}
		c.by, c.totals, c.files = append(c.by, m), append(c.totals, n), append(c.files, files)
	}
	return c, nil
}

// treePart draws the tree of a form, or the level below a folder.
func (s *site) treePart(rq *request) error {
	f, err := partForm(rq)
	if err != nil {
		return err
	}
	under := clean(rq.r.URL.Query().Get("under"))
	q := f.query()
	if under != "" {
		q.Folders, q.Files = []string{under}, nil
	}
	t := s.tally(rq, "tree "+q.Text(nil), func(ctx context.Context) (any, error) { return s.countFolders(ctx, q) })
	if ok, err := s.ready(rq, t, "later-on"); !ok {
		return err
	}
	c, _ := t.value.(*folderCounts)
	top := under == ""
	v := treeView{Root: top && rq.r.URL.Query().Get("sub") == ""}
	for _, i := range treeShown() {
		v.Cols = append(v.Cols, damages()[i])
	}
	if v.Root {
		v.Sums, v.Note = sums(f, c), len(f.Users) == 0
	}
	b := treeBuilder{f, c, s.marks()}
	if v.Root {
		v.Marked = b.marked()
	}
	if servers := fileServers(c.server, nil); v.Root && len(servers) > 1 {
		for i, x := range servers {
			one := *f
			one.Servers = []string{x.Value}
			v.Servers = append(v.Servers, treeServer{record.Visible(x.Value), "/files/tree?sub=1&" + one.parameters(), x.N, i == 0})
		}
		return s.render(rq, http.StatusOK, "tree", v)
	}
	v.Nodes, v.More = b.level(under)
	v.MoreURL = b.records(under, nil)
	if len(v.Nodes) > 0 && top && v.Nodes[0].KidsURL != "" { // the largest is open
		v.Nodes[0].Open = true
		v.Nodes[0].Kids, _ = b.level(b.collapse(v.Nodes[0].Full))
	}
	for _, p := range c.paths {
		if i := strings.LastIndexByte(p.Value, '\\'); under != "" && i > 0 && query.EqualPath(p.Value[:i], strings.TrimRight(under, `\`)) && len(v.Files) < treeFiles {
			v.Files = append(v.Files, treeFile{record.Visible(p.Value[i+1:]), record.Visible(p.Value), p.N, f.with(func(x *form) {
				x.Page, x.Path, x.File, x.Folder, x.Also = "/search", "", p.Value, "", nil
			})})
		}
	}
	return s.render(rq, http.StatusOK, "tree", v)
}

// sums are the figures over the tree.
func sums(f *form, c *folderCounts) []treeSum {
	var l []treeSum
	for i, d := range damages() {
		if len(f.Users) > 0 && d.Key == "find.damage.taken" { // no record of a device names the person: see takenPart
			continue
		}
		x := treeSum{Key: d.Key, Class: d.Class, N: c.totals[i], Files: c.files[i]}
		x.URL = f.with(func(y *form) {
			y.Page, y.Results = "/search", d.results
			if d.ops != nil {
				y.Ops = meet(f.Ops, d.ops)
			}
		})
		l = append(l, x)
	}
	return l
}

// treeBuilder makes levels from counts of folders.
type treeBuilder struct {
	f   *form
	c   *folderCounts
	own func(path string) bool // nil = no folder is marked
}

// records is the search for the records below a folder.
func (b *treeBuilder) records(path string, d *damage) string {
	return b.f.with(func(x *form) {
		x.Page = "/search"
		if path != "" {
			x.Path, x.File, x.Folder, x.Also = b.f.Path, "", path, nil
		}
		if d != nil {
			x.Results = d.results
			if d.ops != nil {
				x.Ops = meet(b.f.Ops, d.ops)
			}
		}
	})
}

// child is the name of the folder directly below under in which path lies.
func child(path, under string) (name string, ok bool) {
	rest := path
	if under != "" {
		below, ok := query.CutPath(path, under)
		if rest, ok = strings.CutPrefix(below, `\`); !ok {
			return "", false
		}
	} else if strings.HasPrefix(rest, `\\`) { // \\server\share is one piece
		if i := strings.IndexByte(rest[2:], '\\'); i >= 0 {
			if j := strings.IndexByte(rest[3+i:], '\\'); j >= 0 {
				return rest[:3+i+j], true
			}
		}
		return rest, true
	}
	if i := strings.IndexByte(rest, '\\'); i >= 0 {
		rest = rest[:i]
	}
	return rest, rest != ""
}

// join is a path of a folder and a name in it.
func join(under, name string) string {
	if under == "" {
		return name
	}
	return under + `\` + name
}

// collapse goes down as long as a folder holds one folder and nothing else.
func (b *treeBuilder) collapse(path string) string {
	for b.c.all[path] == 0 {
		only := ""
		for p := range b.c.all {
			name, ok := child(p, path)
			if !ok {
				continue
			}
			if full := join(path, name); only == "" {
				only = full
			} else if only != full {
				return path
			}
		}
		if only == "" {
			return path
		}
		path = only
	}
	return path
}

// level is the folders below a folder, those with marked content first, then by
// their records.
func (b *treeBuilder) level(under string) (l []treeNode, more int) {
	under = strings.TrimRight(under, `\`)
	index := map[string]int{}
	shown := treeShown()
	for p, n := range b.c.all {
		name, ok := child(p, under)
		if !ok {
			continue
		}
		full := join(under, name)
		i, have := index[full]
		if !have {
			i = len(l)
			index[full] = i
			l = append(l, treeNode{Full: full, Cells: make([]cell, len(shown))})
		}
		x := &l[i]
		x.N += n
		for k, d := range shown {
			x.Cells[k].N += b.c.by[d][p]
		}
		if b.own != nil && b.own(p) {
			x.Marked = true
		}
	}
	for i := range l {
		b.finish(&l[i], under)
	}
	slices.SortFunc(l, func(x, y treeNode) int {
		if x.Marked != y.Marked {
			if x.Marked {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(y.N, x.N), strings.Compare(x.Full, y.Full))
	})
	if len(l) > treeKids {
		l, more = l[:treeKids], len(l)-treeKids
	}
	return l, more
}

// finish gives a node its names and addresses.
func (b *treeBuilder) finish(x *treeNode, under string) {
	path := b.collapse(x.Full)
	if b.own != nil && b.own(path) {
		x.Own = true
	}
	name := path
	if under != "" {
		name = path[len(under)+1:]
	}
	x.URL = b.records(path, nil)
	for k, d := range treeShown() {
		x.Cells[k].URL = b.records(path, &damages()[d])
	}
	one := *b.f
	x.KidsURL = "/files/tree?" + one.parameters() + "&under=" + escapePath(path)
	x.Name, x.Full = record.Visible(name), path
}

// marked counts the records in marked folders; nil when no folder can be marked.
func (b *treeBuilder) marked() *cell {
	if b.own == nil {
		return nil
	}
	c := &cell{}
	search := *b.f
	search.Path, search.File, search.Folder, search.Also = "", "", "", nil
	for p, n := range b.c.all {
		if b.own(p) {
			c.N += n
			search.also([]string{p})
		}
	}
	if c.N > 0 {
		c.URL = search.urlOf("/search")
	}
	return c
}
