package seal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// AgainFiles are the names in DirName of what a renewal under an algorithm consists of:
// its list, the digests of the leaves (one after the other, no ends), its signed heads.
func AgainFiles(a Algorithm) (list, leaves, heads string) {
	base := AgainDir + "/" + string(a)
	return base + ".jsonl", base + ".leaves", base + ".heads.txt"
}

// AgainState is what the list says of a thing last.
type AgainState struct {
	Size   int64
	Old    Hash
	Broken bool
}

// AgainLog is a renewal of the log under another algorithm: it goes on with the log. It
// is used by one goroutine at a time.
type AgainLog struct {
	l *Log
	a Algorithm

	state  map[string]AgainState // by Again.Key
	broken int

	list    fsx.File
	listN   int64 // bytes
	lines   *Digests
	pending []byte // lines that are not written yet

	leaves  fsx.File
	leavesN int64 // bytes
	tree    *Digests

	heads  []*Head
	headsF fsx.File
	headsN int64
}

// OpenAgain opens the renewal under an algorithm; its files are made with the first
// line. What was written behind the last signed head and does not hold is cut.
func (l *Log) OpenAgain(a Algorithm) (*AgainLog, error) {
	g := &AgainLog{l: l, a: a, state: make(map[string]AgainState), lines: NewDigests(a), tree: NewDigests(a)}
	for _, load := range []func() error{g.loadHeads, g.loadList, g.loadLeaves} {
		if err := load(); err != nil {
			return nil, errors.Join(err, g.Close())
		}
	}
	return g, nil
}

func (g *AgainLog) last() *Head {
	if len(g.heads) == 0 {
		return &Head{}
	}
	return g.heads[len(g.heads)-1]
}

// open opens a file of the renewal; nil when it is not there.
func (g *AgainLog) open(name string) (fsx.File, error) {
	f, err := g.l.fs.OpenFile(g.l.path(filepath.FromSlash(name)), g.l.flag(), 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return f, nil
}

// cut takes what is behind the end of a file away.
func (g *AgainLog) cut(f fsx.File, end int64) error {
	st, err := f.Stat()
	if err != nil || st.Size() == end || g.l.opt.ReadOnly {
		return err
	}
	if err := errors.Join(f.Truncate(end), f.Sync()); err != nil {
		return fmt.Errorf("cut what is unfinished of the renewal: %w", err)
	}
	return nil
}

func (g *AgainLog) loadHeads() (err error) {
	_, _, name := AgainFiles(g.a)
	if g.headsF, err = g.open(name); err != nil || g.headsF == nil {
		return err
	}
	b, err := readFile(g.l.fs, g.l.path(filepath.FromSlash(name)), maxPoints)
	if err != nil {
		return fmt.Errorf("read the heads of the renewal: %w", err)
	}
	notes, _ := SplitCheckpoints(b)
	for i, text := range notes {
		h, err := ParseHead(text)
		if err != nil {
			if i == len(notes)-1 {
				break
			}
			return &DamageError{Path: g.l.path(name), Offset: g.headsN, Line: i + 1, Reason: err.Error()}
		}
		g.heads = append(g.heads, h)
		g.headsN += int64(len(text)) + 1
	}
	return g.cut(g.headsF, g.headsN)
}

func (g *AgainLog) loadList() (err error) {
	name, _, _ := AgainFiles(g.a)
	if g.list, err = g.open(name); err != nil {
		return err
	}
	if g.list != nil {
		if err := g.readList(name); err != nil {
			return err
		}
		if err := g.cut(g.list, g.listN); err != nil {
			return err
		}
	}
	if g.lines.Len() < g.last().Lines {
		return &DamageError{Path: g.l.path(name), Offset: g.listN, Line: int(g.lines.Len()) + 1, Reason: fmt.Sprintf("a head covers %d lines", g.last().Lines)}
	}
	return nil
}

// readList reads the lines up to the first that does not hold.
func (g *AgainLog) readList(name string) error {
	r := bufio.NewReaderSize(io.NewSectionReader(g.list, 0, 1<<62), 1<<16)
	for {
		line, err := readLine(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		var x *Again
		var h Digest
		if err == nil {
			var data []byte
			if data, h, err = ParseAgainLine(g.a, line); err == nil {
				x, err = ParseAgain(data)
			}
		}
		if err != nil && g.lines.Len() < g.last().Lines {
			return &DamageError{Path: g.l.path(name), Offset: g.listN, Line: int(g.lines.Len()) + 1, Reason: err.Error()}
		}
		if err != nil {
			return nil
		}
		g.take(x, h)
		g.listN += int64(len(line)) + 1
		if head := g.last(); g.lines.Len() == head.Lines && !g.lines.Root().Equal(head.List) {
			return &DamageError{Path: g.l.path(name), Line: 1, Reason: fmt.Sprintf("the lines are not those of the head of %d lines", head.Lines)}
		}
	}
}

func (g *AgainLog) take(x *Again, h Digest) {
	key := x.Key()
	if g.state[key].Broken {
		g.broken--
	}
	s := AgainState{x.Size, x.Old, x.Kind == AgainBroken}
	if s.Broken {
		g.broken++
	}
	g.state[key] = s
	g.lines.Add(h)
}

// loadLeaves takes the digests of leaves as far as a head covers them; those behind
// are made again.
func (g *AgainLog) loadLeaves() (err error) {
	_, name, _ := AgainFiles(g.a)
	if g.leaves, err = g.open(name); err != nil {
		return err
	}
	want := g.last().Leaves
	if g.leaves == nil {
		if want > 0 {
			return &DamageError{Path: g.l.path(name), Line: 1, Reason: "it is not there"}
		}
		return nil
	}
	r := bufio.NewReaderSize(io.NewSectionReader(g.leaves, 0, 1<<62), 1<<16)
	for range want {
		h := make(Digest, g.a.Size())
		if _, err := io.ReadFull(r, h); err != nil {
			return &DamageError{Path: g.l.path(name), Offset: g.tree.Len() * int64(g.a.Size()), Reason: fmt.Sprintf("a head covers %d leaves", want)}
		}
		g.tree.Add(h)
	}
	if want > 0 && !g.tree.Root().Equal(g.last().Tree) {
		return &DamageError{Path: g.l.path(name), Line: 1, Reason: fmt.Sprintf("the digests are not those of the head of %d leaves", want)}
	}
	g.leavesN = want * int64(g.a.Size())
	return g.cut(g.leaves, g.leavesN)
}

// Algorithm is that of the renewal.
func (g *AgainLog) Algorithm() Algorithm { return g.a }

// State is what the list says of a thing last; ok is false when it is not in it.
func (g *AgainLog) State(key string) (s AgainState, ok bool) {
	s, ok = g.state[key]
	return s, ok
}

// Lines is the number of lines of the list, Broken how many things are broken by their
// last line.
func (g *AgainLog) Lines() int64 { return g.lines.Len() }

// Broken counts the things whose last line says that they are broken.
func (g *AgainLog) Broken() int { return g.broken }

// Heads are the signed heads, oldest first.
func (g *AgainLog) Heads() []*Head { return g.heads }

// pendingMost is how many bytes of lines wait for one sync.
const pendingMost = 1 << 16

// Add adds a line. It is durable after Flush, or when more lines came.
func (g *AgainLog) Add(x *Again) error {
	data, err := EncodeAgain(x)
	if err != nil {
		return err
	}
	h := g.a.Leaf(data)
	g.pending = AppendAgainLine(g.pending, data, h)
	g.take(x, h)
	if len(g.pending) >= pendingMost {
		return g.Flush()
	}
	return nil
}

// Flush makes the lines durable.
func (g *AgainLog) Flush() error {
	if len(g.pending) == 0 {
		return nil
	}
	name, _, _ := AgainFiles(g.a)
	if err := g.make(&g.list, name); err != nil {
		return err
	}
	if err := g.write(g.list, g.pending, g.listN); err != nil {
		return fmt.Errorf("write the list of the renewal: %w", err)
	}
	g.listN += int64(len(g.pending))
	g.pending = g.pending[:0]
	return nil
}

// write adds bytes at the end of a file, or nothing.
func (g *AgainLog) write(f fsx.File, b []byte, end int64) error {
	_, err := f.WriteAt(b, end)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		_ = f.Truncate(end) // the next opening does it, too
	}
	return err
}

func (g *AgainLog) make(f *fsx.File, name string) error {
	if *f != nil {
		return nil
	}
	dir := g.l.path(AgainDir)
	if err := fsx.MakeDir(g.l.fs, dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of the renewal: %w", err)
	}
	x, err := g.l.fs.OpenFile(g.l.path(filepath.FromSlash(name)), os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		if err = g.l.fs.SyncDir(dir); err != nil {
			err = errors.Join(err, x.Close())
		}
	}
	if err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	*f = x
	return nil
}

// Sign takes the leaves of the log that came since into the tree, makes all lines
// durable and signs the head of both. When nothing came it returns the last head.
func (g *AgainLog) Sign(ctx context.Context) (*Head, error) {
	if err := g.Flush(); err != nil {
		return nil, err
	}
	if err := g.follow(ctx); err != nil {
		return nil, err
	}
	if h := g.last(); len(g.heads) > 0 && h.Leaves == g.tree.Len() && h.Lines == g.lines.Len() {
		return h, nil
	}
	g.l.mu.Lock()
	defer g.l.mu.Unlock()
	pairs, err := g.l.signers(ctx)
	if err != nil {
		return nil, err
	}
	v, err := note.NewVerifier(pairs[0].public)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	h := &Head{Origin: v.Name(), Algorithm: g.a, Leaves: g.tree.Len(), Tree: g.tree.Root(), Lines: g.lines.Len(), List: g.lines.Root(), Time: g.l.opt.Now().UnixNano()}
	text, err := sign(h.body(), v, pairs...)
	if err != nil {
		return nil, err
	}
	if h, err = ParseHead(text); err != nil {
		return nil, err
	}
	_, _, name := AgainFiles(g.a)
	if err := g.make(&g.headsF, name); err != nil {
		return nil, err
	}
	if err := g.write(g.headsF, append(bytes.Clone(text), '\n'), g.headsN); err != nil {
		return nil, fmt.Errorf("write the head of the renewal: %w", err)
	}
	g.heads, g.headsN = append(g.heads, h), g.headsN+int64(len(text))+1
	return h, nil
}

// follow takes the leaves that came since.
func (g *AgainLog) follow(ctx context.Context) error {
	var b []byte
	for leaf, err := range g.l.Entries(g.tree.Len(), g.l.Size()) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		h := g.a.Leaf(leaf.Data)
		g.tree.Add(h)
		b = append(b, h...)
	}
	if len(b) == 0 {
		return nil
	}
	_, name, _ := AgainFiles(g.a)
	if err := g.make(&g.leaves, name); err != nil {
		return err
	}
	if err := g.write(g.leaves, b, g.leavesN); err != nil {
		return fmt.Errorf("write the digests of leaves: %w", err)
	}
	g.leavesN += int64(len(b))
	return nil
}

// Close ends its use.
func (g *AgainLog) Close() error {
	var errs []error
	for _, f := range []fsx.File{g.list, g.leaves, g.headsF} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
