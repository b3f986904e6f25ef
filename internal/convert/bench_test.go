package convert

import (
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
)

// officeDay is a log of many people who read, write, create and browse.
func officeDay(people, rounds int) []*event.Event {
	b := newLog()
	for p := range people {
		b.logon, b.user = uint64(0x1000+p*0x111), fmt.Sprintf("user%03d", p)
		b.logonEvent()
	}
	for r := range rounds {
		for p := range people {
			b.logon, b.user = uint64(0x1000+p*0x111), fmt.Sprintf("user%03d", p)
			dir := fmt.Sprintf(`部門%d\案件%d`, p%12, (r*7+p)%40)
			f := fmt.Sprintf(`%s\報告書 %d.docx`, dir, (r*13+p)%50)
			switch (r + p) % 8 {
			case 0, 1, 2:
				b.read(f)
			case 3:
				b.write(f)
			case 4:
				b.create(fmt.Sprintf(`%s\新しい資料 %d-%d.xlsx`, dir, r, p))
			case 5:
				b.list(dir)
				b.read(f)
			case 6:
				b.copyFile(f, fmt.Sprintf(`%s\写し\報告書 %d.docx`, dir, (r*13+p)%50))
			case 7:
				b.rename(f, fmt.Sprintf(`%s\改名 %d-%d.docx`, dir, r, p), true)
			}
			b.wait(90)
		}
	}
	return b.events
}

func BenchmarkAdd(b *testing.B) {
	events := officeDay(60, 120)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		c := New("FS-A.example.test", Options{})
		for i, e := range events {
			c.Add(e)
			if i%4096 == 0 {
				n += len(c.Take())
			}
		}
		n += len(c.Take())
	}
	b.ReportMetric(float64(len(events))*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	_ = n
}

func BenchmarkCheckpoint(b *testing.B) {
	c := New("FS-A.example.test", Options{})
	for _, e := range officeDay(60, 60) {
		c.Add(e)
	}
	c.Take()
	b.ReportAllocs()
	var cp []byte
	for b.Loop() {
		cp = c.AppendCheckpoint(cp[:0])
		if _, err := Restore("FS-A.example.test", Options{}, cp); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(cp)), "bytes")
}
