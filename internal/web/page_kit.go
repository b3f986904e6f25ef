package web

import (
	"time"

	"github.com/akashi-audit/akashi/internal/record"
)

// kit is GET /kit: one page with every part that pages are made of. It shows no
// data of the folder, and is what screenshots are compared by.
func (s *site) kit(rq *request) error {
	at := time.Date(2026, 11, 22, 10, 4, 31, 0, rq.zone)
	act := func(user string, op record.Op, path string, change func(*record.Record)) record.Record {
		r := record.Record{
			Server: "FS01.corp.example.jp", Channel: "Security", Time: at.UnixNano(), User: user, ClientIP: "192.0.2.31", ClientName: "PC-031",
			Op: op, Path: path, Object: record.ObjectFile, Result: record.Success, Count: 1, Confidence: record.Certain, Rule: "X1", Class: record.ClassUser,
		}
		if change != nil {
			change(&r)
		}
		return r
	}
	dir := `D:\` + rq.p.T("web.kit.folder") + `\`
	l := []record.Record{
		act(`CORP\yamamoto.hanako`, record.OpRead, dir+rq.p.T("web.kit.file"), func(r *record.Record) { r.Count = 19 }),
		act(`CORP\sato.takeshi`, record.OpCopy, dir+rq.p.T("web.kit.file"), func(r *record.Record) { r.NewPath, r.Confidence = `E:\`+rq.p.T("web.kit.file"), record.Inferred }),
		act(`CORP\suzuki.ichiro`, record.OpRead, dir+"a\u202excod.exe", func(r *record.Record) { r.Result = record.Denied }),
		act(`CORP\FS01$`, record.OpRead, dir+"backup.log", func(r *record.Record) { r.Class = record.ClassBackground }),
	}
	days := make([]dayCounts, 0, 30)
	cells := make(map[string]heatDay, 60)
	for i := range 60 {
		d := at.AddDate(0, 0, i-59)
		n := uint64((i*37)%90 + 10)
		if wd := d.Weekday(); wd == time.Saturday || wd == time.Sunday {
			n = uint64(i % 4)
		}
		h := heatDay{N: n, Gap: i == 38, Rest: d.Weekday() == time.Sunday}
		if i == 38 {
			h.N = 0
		}
		cells[d.Format(time.DateOnly)] = h
		if i >= 30 {
			days = append(days, dayCounts{Day: d.Format(time.DateOnly), N: n, Denied: n / 20, Ops: map[record.Op]uint64{record.OpRead: n * 6 / 10, record.OpWrite: n / 4, record.OpDelete: n / 20}})
		}
	}
	v := struct {
		frame
		Rows    []row
		Hist    *histogram
		Heat    *heatmap
		Running line
	}{frame: s.frame(rq, "/kit", "web.kit.title"), Rows: rows(rq, l)}
	v.Hist = newHistogram(days, func(from, to string) string { return "/kit?from=" + from + "&to=" + to })
	v.Heat = newHeatmap(rq, at.AddDate(0, 0, -59), at, at, cells, func(day string) string { return "/kit?from=" + day })
	return s.render(rq, 200, "kit", v)
}
