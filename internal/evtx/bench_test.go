package evtx

import (
	"context"
	"fmt"
	"hash/crc32"
	"hash/maphash"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	velocidex "www.velocidex.com/golang/evtx"
)

// benchEvents gives a log of about 340 MiB: 55,000 distinct paths.
const benchEvents = 550_000

// benchLog makes the log of the benchmarks once per run. The file goes with the
// run: it is removed as soon as it is open.
var benchLog = sync.OnceValues(func() (*os.File, error) {
	f, err := os.CreateTemp("", "akashi-bench-*.evtx")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, err
	}
	w, err := NewWriter(f, WriterOptions{})
	if err != nil {
		return nil, err
	}
	err = auditEvents(benchEvents, func(e *event.Event) error { return w.Write(e) })
	if err == nil {
		err = w.Close()
	}
	return f, err
})

func str(s string) event.Value                 { return event.String(s) }
func num(k event.Kind, n uint64) event.Value   { return event.Uint(k, n) }
func typed(k event.Kind, s string) event.Value { return event.Value{Kind: k, Str: s} }
func subject(i int) (sid event.Value, vs []event.Value) {
	u := i % 60
	sid = typed(event.KindSID, "S-1-5-21-2569511209-382732172-3072432535-"+strconv.Itoa(1100+u))
	return sid, []event.Value{sid, str("user" + strconv.Itoa(u)), str("CORP"), num(event.KindHex64, 0x5dd000+uint64(u))}
}

// auditEvents makes share and file events as a file server with both audit
// styles writes them: of two opens one is of a new path, that is a new path
// every ten events, the other of a random known one.
func auditEvents(n int, fn func(*event.Event) error) error {
	rnd := rand.New(rand.NewPCG(1, 2))
	subj := []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId"}
	schema := func(names ...string) *event.Schema { return event.NewSchema("EventData", append(subj[:4:4], names...)) }
	s5145 := schema("ObjectType", "IpAddress", "IpPort", "ShareName", "ShareLocalPath", "RelativeTargetName", "AccessMask", "AccessList", "AccessReason")
	s4656 := schema("ObjectServer", "ObjectType", "ObjectName", "HandleId", "TransactionId", "AccessList", "AccessReason", "AccessMask", "PrivilegeList", "RestrictedSidCount", "ProcessId", "ProcessName", "ResourceAttributes")
	s4663 := schema("ObjectServer", "ObjectType", "ObjectName", "HandleId", "AccessList", "AccessMask", "ProcessId", "ProcessName", "ResourceAttributes")
	s4658 := schema("ObjectServer", "HandleId", "ProcessId", "ProcessName")
	var folders []string
	for i := range 900 {
		folders = append(folders, fmt.Sprintf(`共有\部門%02d\案件%03d`, i%30, i))
	}
	path := func(i int) string { return fmt.Sprintf(`%s\見積書_%06d.xlsx`, folders[i%len(folders)], i) }
	e := event.Event{Provider: "Microsoft-Windows-Security-Auditing", Keywords: event.AuditSuccess, Channel: "Security", Computer: "FS01.corp.example.jp", PID: 4, RecordID: 1000}
	paths := 0
	for i := 0; i < n; {
		p := path(rnd.IntN(paths + 1))
		if i%10 == 0 {
			p = path(paths)
			paths++
		}
		_, su := subject(rnd.IntN(60))
		handle := num(event.KindHex64, uint64(0x100+4*(i%5000)))
		none, sys, file := str("-"), str("Security"), str("File")
		local := str(`D:\` + p)
		read := "%%1537\r\n\t\t\t\t%%1538\r\n\t\t\t\t%%1541\r\n\t\t\t\t%%4416\r\n\t\t\t\t%%4423\r\n\t\t\t\t"
		add := func(id uint32, task uint16, version uint8, s *event.Schema, vs ...event.Value) error {
			e.ID, e.Task, e.Version, e.Schema = id, task, version, s
			e.Values = append(append(e.Values[:0], su...), vs...)
			e.RecordID++
			e.Time = event.Filetime(134195115241311245 + uint64(i)*20011)
			e.TID = uint32(100 + i%7*4)
			i++
			return fn(&e)
		}
		pid, proc, mask := num(event.KindHex64, 4), str(""), num(event.KindHex32, 0x120089)
		err := add(5145, 12811, 0, s5145, file, str("10.1.2."+strconv.Itoa(i%60)), str(strconv.Itoa(50000+i%60)), str(`\\*\共有`), str(`\??\D:\共有`), str(p), mask, str(read), none)
		if err == nil {
			err = add(4656, 12800, 1, s4656, sys, file, local, handle, typed(event.KindGUID, "{00000000-0000-0000-0000-000000000000}"), str(read), none, mask, none, num(event.KindUint32, 0), pid, proc, none)
		}
		for _, m := range []uint64{1, 0x80} {
			if err == nil {
				err = add(4663, 12800, 1, s4663, sys, file, local, handle, str("%%4416\r\n\t\t\t\t"), num(event.KindHex32, m), pid, proc, str("S:AI"))
			}
		}
		if err == nil {
			err = add(4658, 12800, 0, s4658, sys, handle, pid, proc)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sumSeed makes checksums comparable within one run.
var sumSeed = maphash.MakeSeed()

// mix folds all bytes of a string into a checksum.
func mix(h uint64, s string) uint64 {
	return (h ^ maphash.String(sumSeed, s)) * 0x9e3779b97f4a7c15
}

// sumEvent folds everything that an event holds into h.
func sumEvent(h uint64, e *event.Event) uint64 {
	h = h*31 + uint64(e.ID) + uint64(e.Version)<<32 + uint64(e.Level)<<40 + uint64(e.Opcode)<<48
	h = h*31 + uint64(e.Task) + uint64(e.Qualifiers)<<16
	h = h*31 + e.Keywords
	h = h*31 + uint64(e.Time)
	h = h*31 + e.RecordID
	h = h*31 + uint64(e.PID) + uint64(e.TID)<<32
	h = mix(mix(mix(h, e.Provider), e.Channel), e.Computer)
	h = mix(mix(mix(h, e.ActivityID), e.RelatedID), e.UserID)
	for i := range e.Values {
		v := &e.Values[i]
		h = h*31 + v.Num + uint64(v.Kind)<<56
		if v.Str != "" {
			h = mix(h, v.Str)
		}
	}
	return h
}

// checksum reads a whole log into one number.
func checksum(r *Reader) (sum uint64, n int, err error) {
	err = r.Events(context.Background(), func(rec *Record) error {
		sum = sumEvent(sum, rec.Event)
		n++
		return nil
	})
	return sum, n, err
}

func benchSize(b *testing.B) (*os.File, int64) {
	f, err := benchLog()
	if err != nil {
		b.Fatal(err)
	}
	st, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	return f, st.Size()
}

func BenchmarkReadEVTX(b *testing.B) {
	b.Run("crc", benchCRC)
	b.Run("walk", func(b *testing.B) {
		benchRead(b, Options{Want: func(string, uint32) bool { return false }}, func(*Record) error { return nil })
	})
	b.Run("records", benchRecords)
	b.Run("records2", func(b *testing.B) {
		var sum uint64
		benchRead(b, Options{Workers: 2}, func(r *Record) error { sum = sumEvent(sum, r.Event); return nil })
	})
	b.Run("jsonl", func(b *testing.B) {
		var buf []byte
		benchRead(b, Options{}, func(r *Record) error {
			buf = appendJSON(buf[:0], r.Event)
			_, err := io.Discard.Write(buf)
			return err
		})
	})
	b.Run("velocidex", benchVelocidex)
}

// crcPass reads the log as the reader does and sums every chunk: the least that
// reading can cost.
func crcPass(b *testing.B, f *os.File, size int64, buf []byte) {
	var sum uint32
	for off := int64(fileHeaderSize); off < size; off += readAhead {
		n, err := readAt(f, buf[:min(readAhead, size-off)], off)
		if err != nil {
			b.Fatal(err)
		}
		for c := buf[:n]; len(c) > 0; c = c[min(chunkSize, len(c)):] {
			sum ^= crc32.ChecksumIEEE(c[:min(chunkSize, len(c))])
		}
	}
	runtime.KeepAlive(sum)
}

func benchCRC(b *testing.B) {
	f, size := benchSize(b)
	buf := make([]byte, readAhead)
	b.SetBytes(size)
	var cpu time.Duration
	for b.Loop() {
		start := cpuTime()
		crcPass(b, f, size, buf)
		cpu += cpuTime() - start
	}
	b.ReportMetric(float64(size)*float64(b.N)/1e6/cpu.Seconds(), "cpu-MB/s")
}

// benchRead reads the log, and between the timed passes sums it once, so that
// x-crc is a ratio of processor times under the same load.
func benchRead(b *testing.B, opt Options, fn func(*Record) error) {
	f, size := benchSize(b)
	buf := make([]byte, readAhead)
	b.SetBytes(size)
	b.ReportAllocs()
	var cpu, crc time.Duration
	for b.Loop() {
		start := cpuTime()
		r, err := NewReader(f, size, opt)
		if err == nil {
			err = r.Events(context.Background(), fn)
		}
		if err != nil || len(r.Damage()) > 0 {
			b.Fatal(err, r.Damage())
		}
		cpu += cpuTime() - start
		b.StopTimer()
		start = cpuTime()
		crcPass(b, f, size, buf)
		crc += cpuTime() - start
		b.StartTimer()
	}
	b.ReportMetric(benchEvents*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(size)*float64(b.N)/1e6/cpu.Seconds(), "cpu-MB/s")
	b.ReportMetric(cpu.Seconds()/crc.Seconds(), "x-crc")
}

// benchRecords consumes every field of every record. The checksum must be that
// of the tolerant path.
func benchRecords(b *testing.B) {
	f, size := benchSize(b)
	tolerant := sync.OnceValues(func() (uint64, int) {
		r, err := NewReader(f, size, Options{reference: true})
		if err != nil {
			b.Fatal(err)
		}
		sum, n, err := checksum(r)
		if err != nil {
			b.Fatal(err)
		}
		return sum, n
	})
	want, n := tolerant()
	var got uint64
	benchRead(b, Options{}, func(r *Record) error { got = sumEvent(got, r.Event); return nil })
	b.StopTimer()
	r, err := NewReader(f, size, Options{})
	if err != nil {
		b.Fatal(err)
	}
	if sum, m, err := checksum(r); err != nil || sum != want || m != n || n != benchEvents {
		b.Fatalf("checksum = %x of %d records, %v, want %x of %d", sum, m, err, want, n)
	}
}

// benchVelocidex parses the first 16 MiB with the peer.
func benchVelocidex(b *testing.B) {
	f, size := benchSize(b)
	part := min(size, fileHeaderSize+256*chunkSize)
	section := io.NewSectionReader(f, 0, part)
	b.SetBytes(part)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		chunks, err := velocidex.GetChunks(section)
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range chunks {
			recs, err := c.Parse(0)
			if err != nil {
				b.Fatal(err)
			}
			n += len(recs)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}

// appendJSON writes an event as one JSON line, for the benchmark.
func appendJSON(b []byte, e *event.Event) []byte {
	b = append(b, `{"Provider":`...)
	b = appendQuoted(b, e.Provider)
	b = strconv.AppendUint(append(b, `,"EventID":`...), uint64(e.ID), 10)
	b = strconv.AppendUint(append(b, `,"EventRecordID":`...), e.RecordID, 10)
	b = appendQuoted(append(b, `,"Channel":`...), e.Channel)
	b = appendQuoted(append(b, `,"Computer":`...), e.Computer)
	b = e.Time.AppendText(append(b, `,"Time":"`...))
	b = append(b, `","Data":{`...)
	for i, v := range e.Values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendQuoted(b, e.Schema.Names[i]), ':')
		switch v.Kind {
		case event.KindString, event.KindSID, event.KindGUID:
			b = appendQuoted(b, v.Str)
		default:
			b = append(v.AppendText(append(b, '"')), '"')
		}
	}
	return append(b, "}}\n"...)
}

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, `\u00`...)
			b = append(b, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// TestReadAllocations keeps the absence of allocations honest on every run; the
// speed itself is the benchmark's.
func TestReadAllocations(t *testing.T) {
	const n = 20_000
	path := filepath.Join(t.TempDir(), "log.evtx")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(f, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := auditEvents(n, w.Write); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	r, err := Open(path, Options{Intern: NewInterner()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	read := func() {
		if _, got, err := checksum(r); err != nil || got != n {
			t.Fatalf("checksum: %d records, %v, want %d", got, err, n)
		}
	}
	read()
	start := time.Now()
	if allocs := testing.AllocsPerRun(3, read); allocs > n/20 {
		t.Errorf("%v allocations for %d records with known strings, want next to none", allocs, n)
	} else {
		t.Logf("%v allocations for %d records, %v", allocs, n, time.Since(start))
	}
}
