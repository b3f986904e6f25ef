package evtx

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
)

// shareEvent is a 5145 as a file server writes it.
func shareEvent(i uint64, path string) *event.Event {
	return &event.Event{
		Provider: "Microsoft-Windows-Security-Auditing", ID: 5145, Task: 12811, Keywords: 0x8020000000000000,
		Time: 134195115241311245 + event.Filetime(i*12345), RecordID: 1000 + i, PID: 4, TID: 2484,
		Channel: "Security", Computer: "FS01.example.co.jp", Schema: shareSchema,
		Values: []event.Value{
			{Kind: event.KindSID, Str: "S-1-5-21-3623811015-3361044348-30300820-1013"},
			event.String("tanaka"), event.String("EXAMPLE"), event.Uint(event.KindHex64, 0x4a1b2c),
			event.String("File"), event.String("10.1.2.3"), event.String("49731"),
			event.String(`\\*\人事`), event.String(`\??\D:\共有\人事`), event.String(path),
			event.Uint(event.KindHex32, 0x120089), event.String("%%1538\r\n\t\t\t\t%%1541\r\n\t\t\t\t"),
			event.String("%%1538:\t%%1804\r\n\t\t\t\t"),
		},
	}
}

var shareSchema = event.NewSchema("EventData", []string{
	"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "ObjectType", "IpAddress", "IpPort",
	"ShareName", "ShareLocalPath", "RelativeTargetName", "AccessMask", "AccessList", "AccessReason",
})

func writeLog(t testing.TB, events []*event.Event) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "Security.evtx")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := NewWriter(f, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func openForPeer(path string) (*os.File, error) { return os.Open(path) }

func TestWriterErrors(t *testing.T) {
	w, err := NewWriter(&memFile{}, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f := func(want string, edit func(e *event.Event)) {
		t.Helper()
		e := shareEvent(7, "a.txt")
		edit(e)
		err := w.Write(e)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "record 1007") {
			t.Errorf("Write = %v, want %q and the record", err, want)
		}
		if err := w.Write(shareEvent(8, "b.txt")); err != nil {
			t.Fatalf("the writer is not usable afterwards: %v", err)
		}
	}
	f("larger than a chunk", func(e *event.Event) { e.Values[9].Str = strings.Repeat("x", 40000) })
	f("larger than a chunk", func(e *event.Event) { e.Values[9].Str = strings.Repeat("x", 1<<20) })
	f("larger than a chunk", func(e *event.Event) {
		e.Values[8].Str, e.Values[9].Str = strings.Repeat("x", 20000), strings.Repeat("y", 20000)
	})
	f("larger than a chunk", func(e *event.Event) { e.Computer = strings.Repeat("x", 1<<20) })
	f("values for", func(e *event.Event) { e.Values = e.Values[:3] })
	f("SubjectUserSid", func(e *event.Event) { e.Values[0].Str = "S-1-" })
	f("no value type", func(e *event.Event) { e.Values[0].Kind = 0x55 })
	f("not well-formed", func(e *event.Event) { e.Values[0] = event.Value{Kind: event.KindXML, Str: "<A></B>"} })
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if err := w.Write(shareEvent(9, "c.txt")); err == nil {
		t.Error("Write after Close: no error")
	}
	b := w.w.(*memFile).b
	if err := Check(bytes.NewReader(b), int64(len(b))); err != nil {
		t.Error(err)
	}
	if n := len(readMem(t, b)); n != 8 {
		t.Errorf("%d events, want 8", n)
	}
}

func TestWriterEmpty(t *testing.T) {
	b, _ := writeMem(t, WriterOptions{}, nil)
	if err := Check(bytes.NewReader(b), int64(len(b))); err != nil {
		t.Error(err)
	}
	if n := len(readMem(t, b)); n != 0 {
		t.Errorf("%d events in an empty log", n)
	}
}

func TestWriterHeaderIDs(t *testing.T) {
	f := func(opt WriterOptions, ids []uint64, want []uint64) {
		t.Helper()
		var events []*event.Event
		for _, id := range ids {
			e := shareEvent(0, "a.txt")
			e.RecordID = id
			events = append(events, e)
		}
		b, _ := writeMem(t, opt, events)
		r, err := NewReader(bytes.NewReader(b), int64(len(b)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got, own []uint64
		if err := r.Events(t.Context(), func(rec *Record) error {
			got, own = append(got, rec.HeaderID), append(own, rec.Event.RecordID)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) || !slices.Equal(own, ids) {
			t.Errorf("header ids %v, want %v; record ids %v, want %v", got, want, own, ids)
		}
	}
	f(WriterOptions{}, []uint64{7, 8, 9}, []uint64{7, 8, 9})
	f(WriterOptions{}, []uint64{7, 9, 3}, []uint64{7, 8, 9})
	f(WriterOptions{}, []uint64{0, 5}, []uint64{1, 2})
	f(WriterOptions{FirstHeaderID: 1}, []uint64{70, 71}, []uint64{1, 2})
}

func TestRotator(t *testing.T) {
	dir := t.TempDir()
	r, err := NewRotator(dir, "Microsoft-Windows-PrintService/Operational", WriterOptions{MaxSize: 1 << 18})
	if err != nil {
		t.Fatal(err)
	}
	const n = 1000
	for i := range n {
		if err := r.Write(shareEvent(uint64(i), "a.txt")); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	next := uint64(1000)
	for i, path := range r.Files() {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		if len(b) > 1<<18 || i < len(r.Files())-1 && !strings.HasPrefix(name, "Archive-Microsoft-Windows-PrintService%4Operational-2026-04-01-10-") {
			t.Errorf("file %s of %d bytes", name, len(b))
		}
		if err := Check(bytes.NewReader(b), int64(len(b))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, e := range readMem(t, b) {
			if e.RecordID != next {
				t.Fatalf("%s: record %d, want %d", name, e.RecordID, next)
			}
			next++
		}
	}
	if next != 1000+n || len(r.Files()) < 3 {
		t.Errorf("%d events in %d files", next-1000, len(r.Files()))
	}
}

// TestWriterAllocates: in the steady state a record costs no garbage.
func TestWriterAllocates(t *testing.T) {
	w, err := NewWriter(discard{}, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e := shareEvent(1, `給与\2026\四月.xlsx`)
	if n := testing.AllocsPerRun(2000, func() {
		e.RecordID++
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations per record", n)
	}
}

// discard is a file that forgets.
type discard struct{}

func (discard) Write(p []byte) (int, error)    { return len(p), nil }
func (discard) Seek(int64, int) (int64, error) { return 0, nil }

func BenchmarkWriteEVTX(b *testing.B) {
	events := make([]*event.Event, 1000)
	for i := range events {
		events[i] = shareEvent(uint64(i), fmt.Sprintf(`部署%d\2026\報告書-%04d.xlsx`, i%30, i))
	}
	b.Run("discard", func(b *testing.B) { benchmarkWriter(b, discard{}, events) })
	b.Run("file", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "x.evtx"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		benchmarkWriter(b, f, events)
	})
}

func benchmarkWriter(b *testing.B, f io.WriteSeeker, events []*event.Event) {
	b.ReportAllocs()
	var records, size int64
	for b.Loop() { // one log of 16 MiB
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		w, err := NewWriter(f, WriterOptions{})
		if err != nil {
			b.Fatal(err)
		}
		for i := 0; w.Size() < 16<<20; i++ {
			e := events[i%len(events)]
			e.RecordID = uint64(i + 1)
			if err := w.Write(e); err != nil {
				b.Fatal(err)
			}
			records++
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		size = w.Size()
	}
	b.SetBytes(size)
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}
