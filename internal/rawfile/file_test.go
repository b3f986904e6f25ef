package rawfile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// part is what one block of a test file holds.
type part struct {
	server, channel string
	events          []*event.Event
}

func smallParts() []part {
	made := madeEvents(100)
	gap := slices.Delete(slices.Clone(made[:50]), 20, 30)
	return []part{
		{"FS01", "Security", gap},
		{"FS01", "System", oddEvents()[:20]},
		{"FS02", "Security", made[:1]},
		{"FS02", "Security", made[50:60]},
	}
}

func writeFile(t testing.TB, parts []part) ([]byte, []*Block) {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, newPacker(t))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []*Block
	for _, p := range parts {
		bl, err := w.Add(p.server, p.channel, p.events)
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, bl)
	}
	if n, err := w.Close(); err != nil || n != int64(b.Len()) {
		t.Fatalf("Close() = %d, %v, want %d", n, err, b.Len())
	}
	return b.Bytes(), blocks
}

func checkBlocks(t *testing.T, f *File, parts []part, but int) {
	t.Helper()
	for i, p := range parts {
		if i == but {
			continue
		}
		got, err := f.Read(i)
		if err != nil {
			t.Fatalf("block %d: %v", i, err)
		}
		if d := diff(p.events, got); d != "" {
			t.Fatalf("block %d: %s", i, d)
		}
		last := len(p.events) - 1
		got, err = f.ReadIDs(i, []uint64{p.events[last].RecordID})
		if err != nil {
			t.Fatalf("block %d: %v", i, err)
		}
		if d := diff(p.events[last:], got); d != "" {
			t.Fatalf("block %d by id: %s", i, d)
		}
	}
}

func TestFile(t *testing.T) {
	u := newUnpacker(t)
	parts := smallParts()
	b, blocks := writeFile(t, parts)
	f, err := Open(bytes.NewReader(b), int64(len(b)), u)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(blocks, f.Blocks(), cmp.AllowUnexported(Block{})); d != "" {
		t.Errorf("the directory differs from what was written (-want +got):\n%s", d)
	}
	first := Block{
		Server: "FS01", Channel: "Security", Events: 40, First: parts[0].events[0].Time, Last: parts[0].events[39].Time,
		Runs:   []Run{{parts[0].events[0].RecordID, parts[0].events[19].RecordID}, {parts[0].events[20].RecordID, parts[0].events[39].RecordID}},
		Offset: 16, Size: blocks[0].Size, Min: parts[0].events[0].Time, Max: parts[0].events[39].Time,
	}
	if d := cmp.Diff(&first, f.Blocks()[0], cmpopts.IgnoreUnexported(Block{})); d != "" {
		t.Errorf("first block (-want +got):\n%s", d)
	}
	checkBlocks(t, f, parts, -1)
	if l, err := f.Check(context.Background()); err != nil || len(l) > 0 || len(f.Damaged()) > 0 {
		t.Errorf("Check() = %v, %v, Damaged() = %v", l, err, f.Damaged())
	}
	empty, _ := writeFile(t, nil)
	if f, err := Open(bytes.NewReader(empty), int64(len(empty)), u); err != nil || len(f.Blocks()) > 0 {
		t.Errorf("a file without blocks: %v", err)
	}
}

// Wherever a byte is changed, Check says where, and what is not concerned is
// served.
func TestEveryByteOfAFile(t *testing.T) {
	u := newUnpacker(t)
	parts := smallParts()
	good, blocks := writeFile(t, parts)
	if len(good) > 64<<10 {
		t.Fatalf("file of %d bytes", len(good))
	}
	step := 1
	if testing.Short() {
		step = 13
	}
	bad := slices.Clone(good)
	for at := 0; at < len(good); at += step {
		bad[at] ^= 1 << (at % 8)
		f, err := Open(bytes.NewReader(bad), int64(len(bad)), u)
		if err != nil {
			t.Fatalf("byte %d: %v", at, err)
		}
		found, err := f.Check(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		in := slices.IndexFunc(blocks, func(b *Block) bool { return b.Offset <= int64(at) && int64(at) < b.Offset+b.Size })
		located := slices.ContainsFunc(found, func(d *DamageError) bool {
			return d.Block == in && d.Offset <= int64(at) && int64(at) < d.Offset+d.Size
		})
		if !located || len(found) != 1 {
			t.Fatalf("byte %d of block %d: found %v", at, in, found)
		}
		if len(f.Blocks()) != len(parts) {
			t.Fatalf("byte %d: %d blocks", at, len(f.Blocks()))
		}
		if at%8 == 0 {
			checkBlocks(t, f, parts, in)
		}
		bad[at] = good[at]
	}
}

func TestFileCutShort(t *testing.T) {
	u := newUnpacker(t)
	parts := smallParts()
	good, blocks := writeFile(t, parts)
	for n := 0; n < len(good); n += 1 + n/40 {
		f, err := Open(bytes.NewReader(good[:n]), int64(n), u)
		whole := 0
		for _, b := range blocks {
			if b.Offset+b.Size <= int64(n) {
				whole++
			}
		}
		if whole == 0 {
			var d *DamageError
			if !errors.As(err, &d) {
				t.Errorf("cut to %d bytes: %v", n, err)
			}
			continue
		}
		if err != nil || len(f.Blocks()) != whole || len(f.Damaged()) == 0 {
			t.Fatalf("cut to %d bytes: %v, %d blocks, want %d", n, err, len(f.Blocks()), whole)
		}
		checkBlocks(t, f, parts[:whole], -1)
	}
}

// A stranger's bytes between two blocks, and no directory.
func TestScanGoesOn(t *testing.T) {
	parts := smallParts()
	good, blocks := writeFile(t, parts)
	bad := slices.Clone(good[:blocks[3].Offset+blocks[3].Size])
	clear(bad[blocks[1].Offset : blocks[1].Offset+40])
	f, err := Open(bytes.NewReader(bad), int64(len(bad)), newUnpacker(t))
	if err != nil {
		t.Fatal(err)
	}
	checkBlocks(t, f, []part{parts[0], parts[2], parts[3]}, -1)
	if d := f.Damaged(); len(d) != 2 || d[1].Offset != blocks[1].Offset || d[1].Size != blocks[1].Size {
		t.Errorf("Damaged() = %v", d)
	}
}

type failingWriter struct{ left int }

func (w *failingWriter) Write(b []byte) (int, error) {
	if len(b) > w.left {
		return 0, io.ErrShortWrite
	}
	w.left -= len(b)
	return len(b), nil
}

func TestWriterRefuses(t *testing.T) {
	w, err := NewWriter(io.Discard, newPacker(t))
	if err != nil {
		t.Fatal(err)
	}
	l := madeEvents(10)[:10]
	for name, bad := range map[string][]*event.Event{"none": nil, "falling ids": {l[1], l[0]}, "an id twice": {l[1], l[1]}, "too many": make([]*event.Event, 0)} {
		if _, err := w.Add("s", "c", bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := w.Add("s", "c", l); err != nil {
		t.Errorf("after refusals: %v", err)
	}
	if _, err := w.Close(); err != nil {
		t.Error(err)
	}
	if _, err := w.Add("s", "c", l); err == nil {
		t.Error("Add after Close: no error")
	}
	for n := range 3 {
		w, err := NewWriter(&failingWriter{20 * n}, newPacker(t))
		if err == nil {
			_, err = w.Add("s", "c", l)
		}
		if !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("write error after %d bytes: %v", 20*n, err)
		}
	}
}

// A file that was written once is read for ever.
func TestGolden(t *testing.T) {
	name := filepath.Join("testdata", "version1.akr")
	parts := []part{{"FS01", "Security", oddEvents()}, {"FS02", "Odd", sparse()[:3]}}
	if os.Getenv("AKASHI_GOLDEN") != "" {
		b, _ := writeFile(t, parts)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(bytes.NewReader(b), int64(len(b)), newUnpacker(t))
	if err != nil {
		t.Fatal(err)
	}
	checkBlocks(t, f, parts, -1)
	if got := f.Blocks()[1]; got.Server != "FS02" || got.Channel != "Odd" || got.Events != 3 {
		t.Errorf("second block %+v", got)
	}
}

func FuzzOpen(f *testing.F) {
	b, _ := writeFile(f, smallParts()[1:3])
	f.Add(b)
	f.Add(b[:len(b)-10])
	u := newUnpacker(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(bytes.NewReader(b), int64(len(b)), u)
		if err != nil {
			return
		}
		if _, err := file.Check(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
