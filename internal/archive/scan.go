package archive

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"

	"github.com/parquet-go/parquet-go"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
)

// candidate is a row that may meet a query.
type candidate struct {
	row  int64 // of the part
	time int64
}

// table is an open records object of a part.
type table struct {
	o      *manifest.Object
	r      Reader
	f      *parquet.File
	leaves map[string]int // columns by name
	first  []int64        // first row of each row group, and behind the last
	one    bool           // it is of schema version 1
	words  wordFilter
}

// openTable opens the records of a part; nil when it has none.
func (a *Archive) openTable(ctx context.Context, d *manifest.Day) (t *table, err error) {
	o := object(d, manifest.KindRecords)
	if o == nil {
		return nil, nil
	}
	r, err := a.open(ctx, o)
	if err != nil {
		return nil, err
	}
	if t, err = newTable(r); err != nil {
		return nil, errors.Join(fmt.Errorf("archive object %s: %w", o.Name, err), r.Close())
	}
	t.o = o
	return t, nil
}

func newTable(r Reader) (t *table, err error) {
	defer recovered(&err)
	f, err := parquet.OpenFile(r, r.Size(), parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true), parquet.ReadBufferSize(64<<10))
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	if err := checkFile(f); err != nil {
		return nil, err
	}
	t = &table{r: r, f: f, leaves: make(map[string]int), first: []int64{0}}
	v, _ := f.Lookup(keySchema)
	t.one = v == schemaOne
	if w, ok := f.Lookup(keyWords); ok {
		t.words = parseWords(w)
	}
	for _, path := range f.Schema().Columns() {
		if leaf, ok := f.Schema().Lookup(path...); ok {
			t.leaves[path[0]] = leaf.ColumnIndex
		}
	}
	for _, g := range f.RowGroups() {
		t.first = append(t.first, t.first[len(t.first)-1]+g.NumRows())
	}
	return t, nil
}

func (t *table) close() error { return t.r.Close() }

// candidates lists the rows that can meet all groups and lie in the time of the
// query, ascending.
func (t *table) candidates(ctx context.Context, q *query.Query, l []group) (out []candidate, err error) {
	defer recovered(&err)
	if !t.words.mayHold(wordsOf(q)) {
		return nil, nil
	}
	for i, g := range t.f.RowGroups() {
		if !t.inTime(i, q) {
			continue
		}
		x := &rowGroup{t: t, g: g, columns: g.ColumnChunks(), dicts: make(map[int]*dictionary), yield: func() error { return pace.Yield(ctx) }}
		rows, err := x.rows(l)
		if err == nil && len(rows) > 0 {
			err = x.times(rows, func(row int32, at int64) {
				if (q.From == 0 || at >= q.From) && (q.To == 0 || at < q.To) {
					out = append(out, candidate{t.first[i] + int64(row), at})
				}
			})
		}
		if err = errors.Join(err, x.close()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// inTime looks at the bounds of the times of a row group.
func (t *table) inTime(i int, q *query.Query) bool {
	at, ok := t.leaves["time"]
	if !ok || q.From == 0 && q.To == 0 {
		return true
	}
	s := &t.f.Metadata().RowGroups[i].Columns[at].MetaData.Statistics
	if len(s.MinValue) != 8 || len(s.MaxValue) != 8 {
		return true
	}
	first, last := int64(binary.LittleEndian.Uint64(s.MinValue)), int64(binary.LittleEndian.Uint64(s.MaxValue))
	return (q.From == 0 || last >= q.From) && (q.To == 0 || first < q.To)
}

// rowGroup is a row group that is looked through.
type rowGroup struct {
	t       *table
	g       parquet.RowGroup
	columns []parquet.ColumnChunk
	dicts   map[int]*dictionary
	yield   func() error // called between pages
}

// dictionary is the values of a column.
type dictionary struct {
	pages parquet.Pages
	d     parquet.Dictionary // nil: the column has none
}

func (x *rowGroup) close() (err error) {
	for _, d := range x.dicts {
		err = errors.Join(err, d.pages.Close())
	}
	return err
}

// dictionary reads the values of a column.
func (x *rowGroup) dictionary(column int) (*dictionary, error) {
	if d := x.dicts[column]; d != nil {
		return d, nil
	}
	d := &dictionary{pages: x.columns[column].Pages()}
	x.dicts[column] = d
	p, ok := d.pages.(interface {
		ReadDictionary() (parquet.Dictionary, error)
	})
	if !ok {
		return d, nil
	}
	var err error
	d.d, err = p.ReadDictionary()
	return d, err
}

// verdict is what a test says of the values of a column.
type verdict struct {
	column int
	all    bool                // every row may meet it
	none   bool                // no row does
	ok     []bool              // by number of the value
	number func(n uint64) bool // of a column without numbered values: it is asked of each row; nil = any row may meet it
}

// judge asks a test about every value of its column.
func (x *rowGroup) judge(t test) (verdict, error) {
	column, ok := x.t.leaves[t.column]
	if !ok { // a column of a later program
		return verdict{all: true}, nil
	}
	d, err := x.dictionary(column)
	if err != nil {
		return verdict{}, err
	}
	if d.d == nil {
		return verdict{column: column, all: t.number == nil, number: t.number}, nil
	}
	n := d.d.Len()
	v := verdict{column: column, ok: make([]bool, n)}
	met := 0
	for i := range n {
		value := d.d.Index(int32(i))
		if t.text != nil {
			v.ok[i] = t.text(value.String())
		} else {
			v.ok[i] = t.number(value.Uint64())
		}
		if v.ok[i] {
			met++
		}
	}
	v.all, v.none = met == n, met == 0
	return v, nil
}

// rows lists the rows that can meet all groups. The values of columns are judged
// before any row is looked at.
func (x *rowGroup) rows(l []group) ([]int32, error) {
	var left [][][]verdict // groups of alternatives of verdicts
	for _, g := range l {
		alts, always, err := x.alternatives(g)
		if err != nil {
			return nil, err
		}
		if always {
			continue
		}
		if len(alts) == 0 {
			return nil, nil
		}
		left = append(left, alts)
	}
	n := x.g.NumRows()
	if n > 1<<31-1 {
		return nil, fmt.Errorf("row group of %d rows", n)
	}
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	for _, alts := range left {
		var err error
		if rows, err = x.choose(rows, alts); err != nil || len(rows) == 0 {
			return nil, err
		}
	}
	return rows, nil
}

// alternatives judges a group: what is left are the alternatives that some row may
// meet; always says that every row does.
func (x *rowGroup) alternatives(g group) (alts [][]verdict, always bool, err error) {
	for _, tests := range g {
		var l []verdict
		none := false
		for _, t := range tests {
			if err := x.yield(); err != nil {
				return nil, false, err
			}
			v, err := x.judge(t)
			if err != nil {
				return nil, false, fmt.Errorf("column %s: %w", t.column, err)
			}
			if none = v.none; none {
				break
			}
			if !v.all {
				l = append(l, v)
			}
		}
		if none {
			continue
		}
		if len(l) == 0 {
			return nil, true, nil
		}
		alts = append(alts, l)
	}
	return alts, false, nil
}

// choose keeps the rows that meet an alternative.
func (x *rowGroup) choose(rows []int32, alts [][]verdict) ([]int32, error) {
	met := make([]bool, len(rows))
	for _, l := range alts {
		also := make([]bool, len(rows))
		for i := range also {
			also[i] = true
		}
		for _, v := range l {
			at := 0
			err := x.pages(v.column, rows, func(first int64, p parquet.Page, part []int32) error {
				v.look(first, p, part, also[at:at+len(part)])
				at += len(part)
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
		for i := range met {
			met[i] = met[i] || also[i]
		}
	}
	out := rows[:0]
	for i, r := range rows {
		if met[i] {
			out = append(out, r)
		}
	}
	return out, nil
}

// look takes the rows of a page away that do not meet the test. The page begins at row
// first, and also is of these rows.
func (v *verdict) look(first int64, p parquet.Page, rows []int32, also []bool) {
	data := p.Data()
	switch {
	case p.Dictionary() != nil && v.ok != nil:
		ids := data.Int32()
		for i, r := range rows {
			also[i] = also[i] && v.ok[ids[int64(r)-first]]
		}
	case p.Dictionary() == nil && v.number != nil && p.Type().Kind() == parquet.Int64: // values stand by themselves
		l := data.Uint64()
		for i, r := range rows {
			also[i] = also[i] && v.number(l[int64(r)-first])
		}
	}
}

// pages calls fn for the pages of a column that hold some of the rows, which are
// ascending, with those of the page. A page begins at row first.
func (x *rowGroup) pages(column int, rows []int32, fn func(first int64, p parquet.Page, part []int32) error) (err error) {
	pages := x.columns[column].Pages()
	defer func() { err = errors.Join(err, pages.Close()) }()
	at := int64(0) // where the next page begins
	for len(rows) > 0 {
		if err := x.yield(); err != nil {
			return err
		}
		if int64(rows[0]) != at {
			if err := pages.SeekToRow(int64(rows[0])); err != nil {
				return fmt.Errorf("find row %d: %w", rows[0], err)
			}
			at = int64(rows[0])
		}
		p, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("row %d is missing", rows[0])
		}
		if err != nil {
			return err
		}
		end := at + p.NumRows()
		n := sort.Search(len(rows), func(i int) bool { return int64(rows[i]) >= end })
		if n > 0 {
			err = fn(at, p, rows[:n])
		}
		parquet.Release(p)
		if err != nil {
			return err
		}
		if end == at {
			return fmt.Errorf("empty page at row %d", at)
		}
		rows, at = rows[n:], end
	}
	return nil
}

// times tells the times of rows.
func (x *rowGroup) times(rows []int32, fn func(row int32, at int64)) error {
	column, ok := x.t.leaves["time"]
	if !ok {
		return errors.New("there is no column time")
	}
	return x.pages(column, rows, func(first int64, p parquet.Page, part []int32) error {
		if p.Dictionary() != nil {
			return errors.New("column time: it has a dictionary")
		}
		data := p.Data()
		l := data.Int64()
		for _, r := range part {
			fn(r, l[int64(r)-first])
		}
		return nil
	})
}

// byTime sorts candidates: newest first, or oldest first.
func byTime(l []found, oldest bool) {
	slices.SortFunc(l, func(x, y found) int {
		switch {
		case x.time == y.time:
			if x.part != y.part {
				return x.part - y.part
			}
			return int(x.row - y.row)
		case (x.time > y.time) != oldest:
			return -1
		}
		return 1
	})
}
