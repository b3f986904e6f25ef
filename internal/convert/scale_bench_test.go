package convert_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evtx"
	"github.com/akashi-audit/akashi/internal/pace"
)

// The log of BenchmarkConvert: a busy file server with both audit styles.
const (
	scaleEvents   = 2_100_000
	scaleSessions = 10_000
	scaleHandles  = 100_000 // stay open from the beginning to the end
	scaleActive   = 250     // sessions at work at a time; they take turns
	scaleServer   = "FS01.corp.example.jp"
)

// scaleLog writes the log once per run. The file goes with the run: it is
// removed as soon as it is open.
var scaleLog = sync.OnceValues(func() (*os.File, error) {
	f, err := os.CreateTemp("", "akashi-scale-*.evtx")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, err
	}
	out := largePieces{bufio.NewWriterSize(f, 1<<20), f}
	w, err := evtx.NewWriter(out, evtx.WriterOptions{})
	if err != nil {
		return nil, err
	}
	m := newScaleMaker(w.Write)
	m.run()
	if m.err == nil {
		m.err = errors.Join(w.Close(), out.Flush())
	}
	return f, m.err
})

// largePieces writes a log by the MiB: so it lies in the system's cache as if it had been
// read from a disk. Written chunk by chunk it lies there in pieces of 4 to 32 KB, and
// reading it costs half as much again.
type largePieces struct {
	*bufio.Writer
	f *os.File
}

func (p largePieces) Seek(off int64, whence int) (int64, error) {
	if err := p.Flush(); err != nil {
		return 0, err
	}
	return p.f.Seek(off, whence)
}

// scaleMaker makes the events: every session logs on, 100,000 handles are
// opened and stay open, then people read, write, look and delete, 250 of them at a
// time. Half of the opens are of files that nobody opened before.
type scaleMaker struct {
	write  func(*event.Event) error
	err    error
	e      event.Event
	n      int
	paths  int
	handle uint64
	rnd    *rand.Rand
	s      map[uint32]*event.Schema
}

func newScaleMaker(write func(*event.Event) error) *scaleMaker {
	subject := []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId"}
	schema := func(names ...string) *event.Schema {
		return event.NewSchema("EventData", append(subject[:4:4], names...))
	}
	m := &scaleMaker{write: write, rnd: rand.New(rand.NewPCG(3, 4)), handle: 0x100}
	m.e = event.Event{Provider: "Microsoft-Windows-Security-Auditing", Keywords: event.AuditSuccess, Channel: "Security", Computer: scaleServer, PID: 4, RecordID: 1000}
	m.s = map[uint32]*event.Schema{
		4624: schema("TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId", "LogonType", "IpAddress", "IpPort"),
		5145: schema("ObjectType", "IpAddress", "IpPort", "ShareName", "ShareLocalPath", "RelativeTargetName", "AccessMask", "AccessList", "AccessReason"),
		4656: schema("ObjectServer", "ObjectType", "ObjectName", "HandleId", "TransactionId", "AccessList", "AccessReason", "AccessMask", "PrivilegeList", "RestrictedSidCount", "ProcessId", "ProcessName", "ResourceAttributes"),
		4663: schema("ObjectServer", "ObjectType", "ObjectName", "HandleId", "AccessList", "AccessMask", "ProcessId", "ProcessName", "ResourceAttributes"),
		4660: schema("ObjectServer", "HandleId", "ProcessId", "ProcessName", "TransactionId"),
		4658: schema("ObjectServer", "HandleId", "ProcessId", "ProcessName"),
	}
	return m
}

func (m *scaleMaker) add(id uint32, session int, vs ...event.Value) {
	if m.err != nil {
		return
	}
	e := &m.e
	e.ID, e.Schema, e.Task, e.Version = id, m.s[id], 12800, 1
	sid := event.Value{Kind: event.KindSID, Str: fmt.Sprintf("S-1-5-21-2569511209-382732172-3072432535-%d", 1100+session%2000)}
	e.Values = append(e.Values[:0], sid, event.String(fmt.Sprintf("user%d", session%2000)), event.String("CORP"), event.Uint(event.KindHex64, 0x5dd000+uint64(session)))
	e.Values = append(e.Values, vs...)
	e.RecordID++
	m.n++
	e.Time = event.Filetime(134195115241311245 + uint64(m.n)*20_011) // 500 events/s
	m.err = m.write(e)
}

func (m *scaleMaker) newPath() string {
	m.paths++
	return fmt.Sprintf(`部門%02d\案件%03d\見積書_%06d.xlsx`, m.paths%30, m.paths%900, m.paths)
}

const readWords = "%%1537\r\n\t\t\t\t%%1538\r\n\t\t\t\t%%1541\r\n\t\t\t\t%%4416\r\n\t\t\t\t%%4423\r\n\t\t\t\t"

// open writes 5145 and 4656 and returns the handle.
func (m *scaleMaker) open(session int, rel string, mask uint64) event.Value {
	m.handle += 4
	h, none, file := event.Uint(event.KindHex64, m.handle), event.String("-"), event.String("File")
	ask := event.Uint(event.KindHex32, mask)
	m.add(5145, session, file, event.String(fmt.Sprintf("10.1.%d.%d", session/250%250, session%250)), event.String("50000"), event.String(`\\*\共有`), event.String(`\??\D:\共有`), event.String(rel), ask, event.String(readWords), none)
	m.add(4656, session, event.String("Security"), file, event.String(`D:\共有\`+rel), h, event.Value{Kind: event.KindGUID, Str: "{00000000-0000-0000-0000-000000000000}"},
		event.String(readWords), none, ask, none, event.Uint(event.KindUint32, 0), event.Uint(event.KindHex64, 4), event.String(""), none)
	return h
}

func (m *scaleMaker) use(session int, rel string, h event.Value, mask uint64) {
	m.add(4663, session, event.String("Security"), event.String("File"), event.String(`D:\共有\`+rel), h, event.String("%%4416\r\n\t\t\t\t"), event.Uint(event.KindHex32, mask), event.Uint(event.KindHex64, 4), event.String(""), event.String("S:AI"))
}

func (m *scaleMaker) close(session int, h event.Value) {
	m.add(4658, session, event.String("Security"), h, event.Uint(event.KindHex64, 4), event.String(""))
}

func (m *scaleMaker) run() {
	for s := range scaleSessions {
		m.add(4624, s, event.Value{Kind: event.KindSID, Str: "S-1-5-21-2569511209-382732172-3072432535-" + fmt.Sprint(1100+s%2000)}, event.String(fmt.Sprintf("user%d", s%2000)), event.String("CORP"),
			event.Uint(event.KindHex64, 0x5dd000+uint64(s)), event.Uint(event.KindUint32, 3), event.String(fmt.Sprintf("10.1.%d.%d", s/250%250, s%250)), event.String("50000"))
	}
	for i := range scaleHandles {
		p := m.newPath()
		m.use(i%scaleSessions, p, m.open(i%scaleSessions, p, 0x120089), 1)
	}
	known := []string{m.newPath()}
	for n := 0; m.n < scaleEvents && m.err == nil; n++ {
		s := (n/40 + m.rnd.IntN(scaleActive)) % scaleSessions
		p := known[m.rnd.IntN(len(known))]
		if m.rnd.IntN(2) == 0 {
			p = m.newPath()
			if len(known) < 60_000 {
				known = append(known, p)
			} else {
				known[m.rnd.IntN(len(known))] = p
			}
		}
		m.act(s, p, m.rnd.IntN(20))
	}
}

func (m *scaleMaker) act(s int, p string, kind int) {
	switch {
	case kind < 13: // read
		h := m.open(s, p, 0x120089)
		m.use(s, p, h, 0x80)
		m.use(s, p, h, 1)
		m.close(s, h)
	case kind < 17: // write
		h := m.open(s, p, 0x12019f)
		m.use(s, p, h, 1)
		m.use(s, p, h, 2)
		m.close(s, h)
	case kind < 19: // a look at the attributes
		m.close(s, m.open(s, p, 0x100080))
	default: // delete
		h := m.open(s, p, 0x10080)
		m.use(s, p, h, 0x10000)
		m.add(4660, s, event.String("Security"), h, event.Uint(event.KindHex64, 4), event.String(""), event.Value{Kind: event.KindGUID, Str: "{00000000-0000-0000-0000-000000000000}"})
		m.close(s, h)
	}
}

// BenchmarkConvert measures one core over 2.1 million events: decoding of all
// fields, of those that the rules read, and decoding with conversion. cpu-ns is
// processor time, which other work on the machine disturbs least; peak-MB is the largest live heap seen.
func BenchmarkConvert(b *testing.B) {
	defer pace.Memory()() // as the commands that convert
	f, err := scaleLog()
	if err != nil {
		b.Fatal(err)
	}
	st, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	read := func(fields func(string, uint32, bool) *event.Fields, fn func(*event.Event)) {
		r, err := evtx.NewReader(f, st.Size(), evtx.Options{Workers: 1, Fields: fields})
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Events(context.Background(), func(rec *evtx.Record) error { fn(rec.Event); return nil }); err != nil {
			b.Fatal(err)
		}
	}
	rate := func(b *testing.B, n int, since time.Duration) {
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		if cpu := cpuTime() - since; cpu > 0 {
			b.ReportMetric(float64(cpu.Nanoseconds())/float64(n), "cpu-ns/event")
		}
	}
	b.Run("decode", func(b *testing.B) {
		n, since := 0, cpuTime()
		for b.Loop() {
			read(nil, func(*event.Event) { n++ })
		}
		rate(b, n, since)
	})
	b.Run("decode-needed", func(b *testing.B) {
		n, since := 0, cpuTime()
		for b.Loop() {
			read(convert.Fields, func(*event.Event) { n++ })
		}
		rate(b, n, since)
	})
	b.Run("decode+convert", func(b *testing.B) {
		n, records, peak, since := 0, 0, uint64(0), cpuTime()
		for b.Loop() {
			c := convert.New(scaleServer, convert.Options{})
			read(convert.Fields, func(e *event.Event) {
				c.Add(e)
				if n++; n%1024 == 0 {
					rs := c.Take()
					records += len(rs)
					c.Reuse(rs)
					peak = max(peak, heap())
				}
			})
			records += len(c.Take()) + len(c.Tail())
		}
		rate(b, n, since)
		b.ReportMetric(float64(peak)/1e6, "peak-MB")
		b.ReportMetric(float64(records)/float64(b.N), "records")
	})
}

// heap is the memory that the program holds from the system for its heap.
func heap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() + s[1].Value.Uint64() + s[2].Value.Uint64()
}
