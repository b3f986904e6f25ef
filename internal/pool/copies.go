package pool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/seal"
)

// condition is what is known of a copy.
type condition uint8

const (
	good    condition = iota // it was read back, or found with the right size
	bad                      // its bytes are other ones
	missing                  // it is not where it should be
	owed                     // it is to be deleted as soon as that is possible
)

// copyOf is a copy of an object on a volume.
type copyOf struct {
	volume string
	is     condition
	bytes  int64     // as stored
	cipher seal.Hash // of the stored bytes when they are encrypted
	place
}

func (c *copyOf) stored(name string) string { return storedName(name, c.cipher) }

// object is what is known of an object.
type object struct {
	name    string
	time    int64 // Unix ns, when it came into the pool
	read    int64 // Unix ns, when it was last read; 0 = never
	deleted int64 // Unix ns; 0 = it is not deleted
	lock    int64 // Unix ns, until when copies under Object Lock are to be locked; 0 = as they were written
	copies  []copyOf
}

func (o *object) copyOn(volume string) *copyOf {
	for i := range o.copies {
		if o.copies[i].volume == volume {
			return &o.copies[i]
		}
	}
	return nil
}

// fact is a line of copies.jsonl.
type fact struct {
	Op      string    `json:"op"`
	Pool    string    `json:"pool,omitempty"` // of the first line
	Name    string    `json:"name,omitempty"`
	Volume  string    `json:"volume,omitempty"`
	Bytes   int64     `json:"bytes,omitempty"`
	Cipher  seal.Hash `json:"cipher,omitzero"`
	Version string    `json:"version,omitempty"`
	Until   int64     `json:"until,omitempty"`
	Time    int64     `json:"time,omitempty"`
}

// The operations of facts.
const (
	opBegin   = "begin"   // first line: which writing of the file this is
	opHas     = "has"     // a volume has a good copy
	opBad     = "bad"     // its copy is damaged
	opMissing = "missing" // its copy is not there
	opOwed    = "owed"    // its copy is to be deleted
	opGone    = "gone"    // it has no copy and needs none
	opRead    = "read"    // the object was read
	opDeleted = "deleted" // the object was deleted
	opForget  = "forget"  // all copies of a volume are forgotten
	opLock    = "lock"    // its copies are to be locked until then
	opTerms   = "terms"   // the terms of retention of that time are in the facts opLock
)

// copies is what the pool remembers of objects: an append-only file and its sum.
// The caller holds the pool's mu.
type copies struct {
	fs      fsx.FS
	path    string
	writing string // which writing of the file is read
	at      int64  // bytes of the file that are applied
	lines   int
	objects map[string]*object
	names   []string // sorted, nil when it must be made again
	broken  int      // lines that do not read
	terms   int64    // the terms of retention that locks follow, Unix ns of their confirmation
}

func newCopies(fs fsx.FS, dir string) *copies {
	return &copies{fs: fs, path: filepath.Join(dir, CopiesName), objects: map[string]*object{}}
}

func (c *copies) apply(f *fact) {
	c.lines++
	if f.Op == opForget {
		for _, o := range c.objects {
			o.copies = slices.DeleteFunc(o.copies, func(x copyOf) bool { return x.volume == f.Volume })
			c.drop(o)
		}
		return
	}
	if f.Op == opTerms {
		c.terms = max(c.terms, f.Time)
	}
	if f.Name == "" {
		return
	}
	o := c.objects[f.Name]
	if o == nil {
		if f.Op != opHas && f.Op != opDeleted {
			return
		}
		o = &object{name: f.Name, time: f.Time}
		c.objects[f.Name] = o
		c.named(f.Name, true)
	}
	x := o.copyOn(f.Volume)
	switch f.Op {
	case opHas:
		if x == nil {
			o.copies = append(o.copies, copyOf{volume: f.Volume})
			x = &o.copies[len(o.copies)-1]
		}
		x.is, x.bytes, x.cipher, x.place = good, f.Bytes, f.Cipher, place{f.Version, f.Until}
		if o.deleted != 0 {
			o.deleted, o.time = 0, f.Time
			c.named(f.Name, true)
		}
	case opBad, opMissing, opOwed:
		if x != nil {
			x.is = map[string]condition{opBad: bad, opMissing: missing, opOwed: owed}[f.Op]
		}
	case opGone:
		o.copies = slices.DeleteFunc(o.copies, func(x copyOf) bool { return x.volume == f.Volume })
		c.drop(o)
	case opLock:
		o.lock = max(o.lock, f.Until)
	case opRead:
		o.read = max(o.read, f.Time)
	case opDeleted:
		o.deleted, o.lock = f.Time, 0
		c.named(f.Name, false)
		for i := range o.copies {
			o.copies[i].is = owed
		}
	}
}

// drop forgets an object without copies that was not deleted.
func (c *copies) drop(o *object) {
	if len(o.copies) == 0 && o.deleted == 0 {
		delete(c.objects, o.name)
		c.named(o.name, false)
	}
}

// named puts a name into the sorted list, or takes it out. Before the list is asked
// for there is none.
func (c *copies) named(name string, there bool) {
	if c.names == nil {
		return
	}
	at, found := slices.BinarySearch(c.names, name)
	switch {
	case there && !found:
		c.names = slices.Insert(c.names, at, name)
	case !there && found:
		c.names = slices.Delete(c.names, at, at+1)
	}
}

// list is the names of all objects that are not deleted, ascending. It is the list
// itself: who goes on without the lock clones it.
func (c *copies) list() []string {
	if c.names == nil {
		c.names = make([]string, 0, len(c.objects))
		for name, o := range c.objects {
			if o.deleted == 0 {
				c.names = append(c.names, name)
			}
		}
		slices.Sort(c.names)
	}
	return c.names
}

// refresh applies what was written since. With repair, which needs the pool's lock,
// a line that was cut short is cut off.
func (c *copies) refresh(repair bool) error {
	flag := os.O_RDONLY
	if repair {
		flag = os.O_RDWR
	}
	f, err := c.fs.OpenFile(c.path, flag, 0)
	if errors.Is(err, os.ErrNotExist) {
		if c.at > 0 {
			c.reset("")
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", CopiesName, err)
	}
	err = c.readFrom(f, repair)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("read %s: %w", CopiesName, err)
	}
	return nil
}

func (c *copies) reset(writing string) {
	*c = copies{fs: c.fs, path: c.path, writing: writing, objects: map[string]*object{}}
}

func (c *copies) readFrom(f fsx.File, repair bool) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, min(st.Size(), 256))
	if n, err := f.ReadAt(head, 0); n < len(head) {
		return err
	}
	var first fact
	if line, _, ok := bytes.Cut(head, []byte("\n")); ok {
		_ = json.Unmarshal(line, &first) // one that does not read has no writing
	}
	if first.Pool != c.writing || st.Size() < c.at || c.at == 0 {
		c.reset(first.Pool)
	}
	if st.Size() == c.at {
		return nil
	}
	b := make([]byte, st.Size()-c.at)
	if n, err := f.ReadAt(b, c.at); n < len(b) && !errors.Is(err, io.EOF) {
		return err
	} else if n < len(b) {
		b = b[:n]
	}
	whole := bytes.LastIndexByte(b, '\n') + 1
	for line := range bytes.Lines(b[:whole]) {
		var x fact
		if json.Unmarshal(line, &x) != nil {
			c.broken++
			continue
		}
		c.apply(&x)
	}
	c.at += int64(whole)
	if whole < len(b) && repair {
		if err := f.Truncate(c.at); err != nil {
			return err
		}
		return f.Sync()
	}
	return nil
}

// append writes facts durably and applies them. The caller holds the pool's lock
// and has refreshed.
func (c *copies) append(l []fact) (err error) {
	if len(l) == 0 {
		return nil
	}
	if c.at == 0 {
		if err := c.write(nil); err != nil {
			return err
		}
	}
	b, err := encodeFacts(l)
	if err != nil {
		return err
	}
	f, err := c.fs.OpenFile(c.path, os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open %s: %w", CopiesName, err)
	}
	_, err = f.WriteAt(b, c.at)
	if err == nil {
		err = f.Sync()
	}
	if err != nil { // whatever is there of it is cut off
		err = errors.Join(err, f.Truncate(c.at))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", CopiesName, err)
	}
	c.at += int64(len(b))
	for i := range l {
		c.apply(&l[i])
	}
	return nil
}

func encodeFacts(l []fact) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i := range l {
		if err := e.Encode(&l[i]); err != nil {
			return nil, fmt.Errorf("encode %s: %w", CopiesName, err)
		}
	}
	return b.Bytes(), nil
}

// facts is the shortest list of facts that says the same.
func (c *copies) facts() []fact {
	var l []fact
	if c.terms != 0 {
		l = append(l, fact{Op: opTerms, Time: c.terms})
	}
	for _, name := range slices.Sorted(maps.Keys(c.objects)) {
		o := c.objects[name]
		if o.deleted != 0 && len(o.copies) == 0 {
			l = append(l, fact{Op: opDeleted, Name: name, Time: o.deleted})
			continue
		}
		for i := range o.copies {
			x := &o.copies[i]
			l = append(l, fact{Op: opHas, Name: name, Volume: x.volume, Bytes: x.bytes, Cipher: x.cipher, Version: x.Version, Until: x.Until, Time: o.time})
			if op := [...]string{"", opBad, opMissing, opOwed}[x.is]; op != "" && o.deleted == 0 {
				l = append(l, fact{Op: op, Name: name, Volume: x.volume})
			}
		}
		if o.lock != 0 {
			l = append(l, fact{Op: opLock, Name: name, Until: o.lock})
		}
		if o.read != 0 {
			l = append(l, fact{Op: opRead, Name: name, Time: o.read})
		}
		if o.deleted != 0 {
			l = append(l, fact{Op: opDeleted, Name: name, Time: o.deleted})
		}
	}
	return l
}

// write replaces the file with these facts. The caller holds the pool's lock.
func (c *copies) write(l []fact) error {
	writing := nonce()
	b, err := encodeFacts(append([]fact{{Op: opBegin, Pool: writing}}, l...))
	if err != nil {
		return err
	}
	err = fsx.WriteAtomic(c.fs, c.path, 0o600, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", CopiesName, err)
	}
	c.writing, c.at, c.lines, c.broken = writing, int64(len(b)), len(l)+1, 0
	return nil
}

// compact writes the file anew when most of it is history. The caller holds the
// pool's lock.
func (c *copies) compact() error {
	if c.broken == 0 && c.lines < 4096+4*len(c.objects) {
		return nil
	}
	return c.write(c.facts())
}

// dirOf is what the placement keeps together: the part of a name before its file.
func dirOf(name string) string {
	dir, _, _ := cutLast(name, "/")
	return dir
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}
