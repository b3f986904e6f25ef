package catalogue

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
)

// disk is a file system that remembers the life of each of its files.
type disk struct {
	rng     *rand.Rand
	now     int64
	next    uint64
	bin     int
	files   []*file
	records []record.Record
}

type file struct {
	name   string // "" = gone for ever
	dir    bool
	bin    string // name in the recycle bin, of a file there
	lives  []query.Life
	hidden bool // the way into the bin is not in the records
}

func (d *disk) at(name string) *file {
	for _, f := range d.files {
		if f.name == name {
			return f
		}
	}
	return nil
}

// below are the files of a name and below it.
func (d *disk) below(name string) (l []*file) {
	for _, f := range d.files {
		if f.name == name || strings.HasPrefix(f.name, name+`\`) {
			l = append(l, f)
		}
	}
	return l
}

func (d *disk) record(op record.Op, f *file, path, to string) {
	r := record.Record{Server: "FS", Channel: "Security", FirstID: d.next, Time: d.now, Op: op, Path: path, NewPath: to, Result: record.Success, Object: record.ObjectFile, Class: record.ClassUser}
	if f.dir {
		r.Object = record.ObjectDirectory
	}
	d.next++
	d.records = append(d.records, r)
}

func (f *file) end(t int64) { f.lives[len(f.lives)-1].To = t }

func (f *file) begin(name string, t int64) {
	f.lives = append(f.lives, query.Life{Server: "FS", Path: name, From: t})
	f.name = name
}

// rename gives a file and all below it another name, which ends what had it.
func (d *disk) rename(op record.Op, from, to string) {
	d.record(op, d.at(from), from, to)
	for _, f := range d.below(to) {
		f.end(d.now)
		f.name = ""
	}
	for _, f := range d.below(from) {
		f.end(d.now)
		f.begin(to+f.name[len(from):], d.now)
	}
}

var parts = []string{"a", "b", "あ"}

func (d *disk) somewhere() string {
	dirs := []string{`D:`}
	for _, f := range d.files {
		if f.dir && f.name != "" && !inBin(f.name) && strings.Count(f.name, `\`) < 4 {
			dirs = append(dirs, f.name)
		}
	}
	return dirs[d.rng.IntN(len(dirs))] + `\` + parts[d.rng.IntN(len(parts))]
}

// some is a file that is there, nil when none is.
func (d *disk) some(in func(f *file) bool) *file {
	var l []*file
	for _, f := range d.files {
		if f.name != "" && in(f) {
			l = append(l, f)
		}
	}
	if len(l) == 0 {
		return nil
	}
	return l[d.rng.IntN(len(l))]
}

func (d *disk) step() {
	d.now += int64(2 + d.rng.IntN(5))
	outside := func(f *file) bool { return !inBin(f.name) }
	switch k := d.rng.IntN(10); {
	case k < 4:
		if name := d.somewhere(); d.at(name) == nil {
			f := &file{dir: d.rng.IntN(3) == 0}
			f.begin(name, d.now)
			d.files = append(d.files, f)
			d.record(record.OpCreate, f, name, "")
		}
	case k < 7:
		f := d.some(outside)
		if f == nil {
			return
		}
		to := d.somewhere()
		if o := d.at(to); strings.HasPrefix(to+`\`, f.name+`\`) || strings.HasPrefix(f.name, to+`\`) || o != nil && (o.dir || f.dir) {
			return
		}
		d.rename(record.OpRename, f.name, to)
	case k < 8:
		if f := d.some(outside); f != nil {
			d.delete(f.name)
		}
	case k < 9:
		if f := d.some(outside); f != nil {
			d.recycle(f.name)
		}
	default:
		d.restore()
	}
}

func (d *disk) delete(name string) {
	d.record(record.OpDelete, d.at(name), name, "")
	for _, f := range d.below(name) {
		f.end(d.now + 1)
		f.name = ""
	}
}

// recycle moves into the bin; the record may name the way, or only a deletion.
func (d *disk) recycle(name string) {
	d.bin++
	to := fmt.Sprintf(`D:\$Recycle.Bin\S-1\$R%d`, d.bin)
	top, hidden := d.at(name), d.rng.IntN(2) == 0
	top.bin, top.hidden = name, hidden
	if hidden {
		d.record(record.OpDelete, top, name, "")
		d.records[len(d.records)-1].Set("recycle_bin", "yes")
	} else {
		d.record(record.OpDelete, top, name, to)
	}
	for _, f := range d.below(name) {
		t := d.now
		if hidden {
			t++
		}
		f.end(t)
		f.begin(to+f.name[len(name):], t)
	}
}

// restore takes the newest of a name out of the bin when its name is free.
func (d *disk) restore() {
	var newest *file
	for _, f := range d.files {
		if f.name != "" && inBin(f.name) && f.bin != "" && strings.Count(f.name, `\`) == 3 && (newest == nil || newest.lives[len(newest.lives)-1].From < f.lives[len(f.lives)-1].From) {
			newest = f
		}
	}
	if newest == nil || len(d.below(newest.bin)) > 0 {
		return
	}
	if parent := newest.bin[:strings.LastIndexByte(newest.bin, '\\')]; parent == "D:" || d.at(parent) != nil {
		d.rename(record.OpMove, newest.name, newest.bin)
		newest.bin = ""
	}
}

// catalogueOf spreads records over parts, some of which are merged.
func catalogueOf(t testing.TB, rng *rand.Rand, records []record.Record) Parts {
	builders := make([]*Builder, 1+rng.IntN(4))
	for i := range builders {
		builders[i] = NewBuilder("FS", time.UTC)
	}
	inOrder := rng.IntN(2) == 0
	for i := range records {
		k := rng.IntN(len(builders))
		if inOrder {
			k = i * len(builders) / len(records)
		}
		builders[k].Add(&records[i])
	}
	var l Parts
	for _, b := range builders {
		l = append(l, write(t, b.Write))
	}
	if rng.IntN(2) == 0 {
		n := rng.IntN(len(l))
		l = append(l[:n:n], write(t, func(w io.Writer) error { return Merge(w, l[n:]...) }))
	}
	return l
}

func TestFollowAgainstSimulation(t *testing.T) {
	lives := 0
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 5))
		d := &disk{rng: rng}
		for range 5 + rng.IntN(80) {
			d.step()
		}
		if len(d.records) == 0 {
			continue
		}
		l := catalogueOf(t, rng, d.records)
		for _, f := range d.files {
			want := slices.Clone(f.lives)
			if last := &want[len(want)-1]; inBin(last.Path) && last.To == 0 && hiddenEnd(d, f) {
				want = want[:len(want)-1] // the records do not tell where it went
			}
			lives = max(lives, len(want))
			for _, life := range want {
				at := life.From
				if life.To > life.From+1 {
					at += rng.Int64N(life.To - life.From)
				}
				if inBin(life.Path) && !told(d, life.Path) {
					continue
				}
				s, err := l.Follow(context.Background(), life.Path, at, query.Extent{})
				if err != nil {
					t.Fatalf("seed %d: Follow(%s, %d): %v", seed, life.Path, at, err)
				}
				if diff := cmp.Diff(want, norm(d, f, s.Lives)); diff != "" {
					t.Fatalf("seed %d: Follow(%s, %d): %s\n%s", seed, life.Path, at, diff, history(d))
				}
			}
		}
	}
	if lives < 8 {
		t.Errorf("no file had more than %d names", lives)
	}
}

// hiddenEnd reports whether a file in the bin is there by a way that the records
// do not name.
func hiddenEnd(d *disk, f *file) bool { return !told(d, f.lives[len(f.lives)-1].Path) }

// told reports whether a record names a path or a folder above it.
func told(d *disk, path string) bool {
	for _, r := range d.records {
		for _, p := range []string{r.Path, r.NewPath} {
			if p != "" && (path == p || strings.HasPrefix(path, p+`\`)) {
				return true
			}
		}
	}
	return false
}

// named reports whether a record is found by a life.
func named(d *disk, l query.Life) bool {
	m := query.NewMatcher(query.Query{Lives: []query.Life{l}, Classes: record.Classes()})
	return slices.ContainsFunc(d.records, func(r record.Record) bool { return m.Match(&r) })
}

// norm leaves out what the records cannot tell: whether it is a folder when
// nothing was seen below, and the creation, which nothing may tell from what
// was before it; but the beginning must not reach into another file's life.
func norm(d *disk, f *file, l []query.Life) []query.Life {
	l = slices.Clone(l)
	for len(l) > 1 && l[0].To <= f.lives[0].From && !named(d, l[0]) {
		l = l[1:] // no record is found by it
	}
	for i := range l {
		l[i].Folder = false
	}
	first := &l[0]
	if born := f.lives[0].From; first.From < born {
		for _, o := range d.files {
			for _, x := range o.lives {
				if o != f && x.Path == first.Path && x.From < born && x.To > first.From {
					return l
				}
			}
		}
		first.From = born
	}
	return l
}

func history(d *disk) string {
	var b strings.Builder
	for _, r := range d.records {
		fmt.Fprintf(&b, "%d %s %s → %s\n", r.Time, r.Op, r.Path, r.NewPath)
	}
	return b.String()
}
