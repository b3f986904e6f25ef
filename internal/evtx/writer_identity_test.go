package evtx

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/akashi-audit/akashi/internal/event"
)

// everyKind is allKinds with arrays and nested XML.
func everyKind() []event.Kind {
	list := append(slices.Clone(allKinds), event.KindXML)
	for k := range event.KindArray {
		if arrayElement(k) {
			list = append(list, k|event.KindArray)
		}
	}
	return list
}

// memFile is a file in memory.
type memFile struct {
	b   []byte
	pos int
}

func (m *memFile) Write(p []byte) (int, error) {
	if grow := m.pos + len(p) - len(m.b); grow > 0 {
		m.b = append(m.b, make([]byte, grow)...)
	}
	copy(m.b[m.pos:], p)
	m.pos += len(p)
	return len(p), nil
}

func (m *memFile) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return 0, errors.New("only from the start")
	}
	m.pos = int(offset)
	return offset, nil
}

// fataler is what testing.T, rapid.T and testing.F have in common.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// writeMem writes events into a log in memory. Those that are too large for a
// chunk are left out; the ones that were written come back.
func writeMem(t fataler, opt WriterOptions, events []*event.Event) ([]byte, []*event.Event) {
	t.Helper()
	f := &memFile{}
	w, err := NewWriter(f, opt)
	if err != nil {
		t.Fatalf("NewWriter: %v", err)
	}
	var kept []*event.Event
	for _, e := range events {
		switch err := w.Write(e); {
		case errors.Is(err, errTooLarge):
		case err != nil:
			t.Fatalf("Write(%+v): %v", e, err)
		default:
			kept = append(kept, e)
		}
	}
	size := w.Size()
	if err := w.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if int64(len(f.b)) != size {
		t.Fatalf("Size() = %d before Close, the file has %d bytes", size, len(f.b))
	}
	return f.b, kept
}

func readMem(t fataler, log []byte) []*event.Event {
	t.Helper()
	r, err := NewReader(bytes.NewReader(log), int64(len(log)), Options{})
	if err != nil {
		t.Fatalf("NewReader: %v", err)
	}
	var got []*event.Event
	err = r.Events(context.Background(), func(rec *Record) error {
		got = append(got, rec.Event.Clone())
		return nil
	})
	if err != nil || len(r.Damage()) > 0 {
		t.Fatalf("Events: %v, damage %+v", err, r.Damage())
	}
	if err := r.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	return got
}

func sameSchema(a, b *event.Schema) bool {
	if a == nil || b == nil {
		return (a == nil || a.Payload == "") == (b == nil || b.Payload == "")
	}
	return a.Payload == b.Payload && slices.Equal(a.Names, b.Names)
}

// identity writes events, checks the log and reads them back.
func identity(t fataler, events []*event.Event) {
	t.Helper()
	log, kept := writeMem(t, WriterOptions{}, events)
	if err := Check(bytes.NewReader(log), int64(len(log))); err != nil {
		t.Fatalf("Check: %v", err)
	}
	got := readMem(t, log)
	if len(got) != len(kept) {
		t.Fatalf("%d events read, %d written", len(got), len(kept))
	}
	for i := range got {
		a, b := *kept[i], *got[i]
		if slices.Equal(a.Values, b.Values) && sameSchema(a.Schema, b.Schema) {
			a.Values, a.Schema, b.Values, b.Schema = nil, nil, nil, nil
		}
		if d := cmp.Diff(a, b, cmpopts.EquateEmpty(), cmp.Comparer(sameSchema)); d != "" {
			t.Fatalf("event %d (-written +read):\n%s", i, d)
		}
	}
}

func TestWriterReaderMany(t *testing.T) {
	kinds := everyKind()
	d := randDraw{rand.New(rand.NewPCG(1, 2))}
	var events []*event.Event
	for i := range 3000 {
		e := drawEvent(d, kinds, true)
		e.RecordID = uint64(i + 1)
		events = append(events, e)
	}
	identity(t, events)
}

type rapidDraw struct{ t *rapid.T }

func (d rapidDraw) n(limit int) int { return rapid.IntRange(0, limit-1).Draw(d.t, "n") }
func (d rapidDraw) u64() uint64     { return rapid.Uint64().Draw(d.t, "u64") }

func TestWriterReaderProperty(t *testing.T) {
	kinds := everyKind()
	rapid.Check(t, func(t *rapid.T) {
		events := make([]*event.Event, 1+rapid.IntRange(0, 4).Draw(t, "events"))
		for i := range events {
			events[i] = drawEvent(rapidDraw{t}, kinds, true)
			events[i].Values = slices.Clone(events[i].Values)
		}
		identity(t, events)
	})
}

// byteDraw draws from bytes, then only zeros.
type byteDraw struct{ b *[]byte }

func (d byteDraw) u64() uint64 {
	var x [8]byte
	n := copy(x[:], *d.b)
	*d.b = (*d.b)[n:]
	return binary.LittleEndian.Uint64(x[:])
}

func (d byteDraw) n(limit int) int {
	if len(*d.b) == 0 {
		return 0
	}
	c := (*d.b)[0]
	*d.b = (*d.b)[1:]
	if limit <= 256 {
		return int(c) % limit
	}
	return int(uint64(c)<<32|d.u64()&0xffffffff) % limit
}

func FuzzWriterReader(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 10, 100, 1000, 4000} {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b)
	}
	kinds := everyKind()
	f.Fuzz(func(t *testing.T, b []byte) {
		var events []*event.Event
		for len(events) < 200 && (len(b) > 0 || len(events) == 0) {
			events = append(events, drawEvent(byteDraw{&b}, kinds, true))
		}
		identity(t, events)
	})
}

// TestRewriteRealLogs: what the reader gives of real logs can be written and
// comes back the same, as evidence export needs it.
func TestRewriteRealLogs(t *testing.T) {
	files, err := filepath.Glob("../../../shared/corpus/*/*.evtx")
	if err != nil || len(files) == 0 {
		t.Skip("SKIPPED: the shared corpus is absent")
	}
	n := 0
	for _, path := range files {
		r, err := Open(path, Options{})
		if err != nil {
			continue // not a log
		}
		var events []*event.Event
		err = r.Events(t.Context(), func(rec *Record) error {
			events = append(events, rec.Event.Clone())
			return nil
		})
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(path), func(t *testing.T) { identity(t, events) })
		n += len(events)
	}
	t.Logf("%d events", n)
}
