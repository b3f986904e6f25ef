package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// start is the time of everything in the tests of faults: 2026-01-30, so that a
// month begins soon. Unix ns.
const start = 1_769_731_200_000_000_000

// names are what records hold, odd ones among them: other scripts, what folding
// changes, bytes that are no UTF-8, halves of surrogate pairs, wildcards.
type names struct{ users, sids, clients, pcs, paths, processes, rules, details []string }

func oddNames() *names {
	n := &names{
		users:     []string{`EXAMPLE\tanaka`, `EXAMPLE\Tanaka`, `EXAMPLE\佐藤`, `OTHER\tanaka`, "yamada", `NT AUTHORITY\SYSTEM`, "", `EXAMPLE\PC-1$`, "a\xffb"},
		sids:      []string{"S-1-5-21-1-1", "S-1-5-21-1-2", "S-1-5-18", "", "s-1-5-21-1-1"},
		clients:   []string{"192.0.2.1", "192.0.2.10", "2001:db8::1", "local", ""},
		pcs:       []string{"PC-1", "pc-1", "ＰＣ-１", "", "K"},
		processes: []string{`C:\Windows\explorer.exe`, `C:\Program Files\x\EXCEL.EXE`, "EXPLORER.EXE", "", `\`, "smbd/child"},
		rules:     []string{"W-READ-1", "W-WRITE-1", "w-read-1", ""},
		details:   []string{"", "x", "3", "日本", "\xed\xa0\x80", "a\x00b"},
		paths: []string{
			"", `\`, `D:`, `D:\`, `D:\共有`, `D:\共有\`, `D:\共有\人事\給与.xlsx`, `d:\共有\人事\給与.XLSX`, `D:\共有\人事\給与.xlsx:stream`,
			`D:\共有\人事\資料１.xlsx`, `D:\共有\人事\資料1.xlsx`, `D:\共有\ｶﾞｲﾄﾞ.txt`, `D:\共有\ガイド.txt`, `D:\共有\がいど.txt`, `D:\共有\*?.txt`, `D:\共有\ab.txt`,
			"D:\\共有\\\xed\xa0\x80片.txt", "D:\\共有\\\xff\xfe", `D:/共有/人事/x`, `D:\共有\人事課\x`, "D:\\tmp\\straße.txt", "D:\\tmp\\STRASSE.txt", "D:\\tmp\\\u212a.txt", "D:\\tmp\\k.txt",
			"D:\\tmp\\İı.txt", "D:\\a\x00b\\c", `\\FS-A\人事\給与.xlsx`, `/srv/samba/人事/x.txt`, `printer 1`, `D:\共有\人事\①.pdf`, `D:\共有\人事\` + "e\u0301.pdf", `D:\共有\人事\é.pdf`,
		},
	}
	for i := range 20 {
		n.paths = append(n.paths, fmt.Sprintf(`D:\共有\部署%d\資料%d.xlsx`, i%3, i))
	}
	return n
}

func pick[T any](r *rand.Rand, l []T) T { return l[r.IntN(len(l))] }

// eventTime is the time of an event by its id: fifteen a day, so that late
// events fall on earlier days without beginning a new life of the channel.
func eventTime(id uint64) int64 {
	return start + int64(id/15)*86400e9 + int64(id%15)*97e9 + int64(id%7)*100
}

// oddRecord makes a record that begins with the event id.
func (n *names) oddRecord(r *rand.Rand, server string, id uint64, ordinal uint32) record.Record {
	x := record.Record{
		Server: server, Channel: "Security", FirstID: id, Ordinal: ordinal, Time: eventTime(id), Source: "windows",
		User: pick(r, n.users), SID: pick(r, n.sids), ClientIP: pick(r, n.clients), ClientName: pick(r, n.pcs), Session: uint64(r.IntN(4)) << uint(r.IntN(60)),
		Op: pick(r, record.Ops()), Path: pick(r, n.paths), Object: pick(r, record.Objects()), Result: pick(r, record.Results()),
		Process: pick(r, n.processes), Count: uint32(1 + r.IntN(3)), Confidence: pick(r, record.Confidences()), Rule: pick(r, n.rules),
		Class: pick(r, record.Classes()), RulesVersion: 1, RawIDs: []uint64{id},
	}
	if r.IntN(2) == 0 { // most records are of people
		x.Class = record.ClassUser
	}
	x.EndTime = x.Time
	if r.IntN(3) == 0 {
		x.EndTime += r.Int64N(1e6) * 100
	}
	if r.IntN(4) == 0 {
		x.NewPath = pick(r, n.paths)
	}
	if root := `D:\共有\人事`; len(x.Path) > len(root) && x.Path[:len(root)] == root && r.IntN(2) == 0 {
		x.Share, x.ShareRoot = `\\FS-A\人事`, uint32(len(root))
	}
	if r.IntN(3) == 0 {
		x.Set("reason", pick(r, n.details))
	}
	if r.IntN(3) == 0 {
		x.Set("logon_type", pick(r, n.details))
	}
	if r.IntN(8) == 0 { // an event of another channel
		x.Channel = "System"
	}
	return x
}

// testEvent is the event with an id.
func testEvent(server string, id uint64) *event.Event {
	return &event.Event{
		Provider: "Microsoft-Windows-Security-Auditing", ID: 4663, Time: event.FromUnixNano(eventTime(id)), RecordID: id,
		Channel: "Security", Computer: server, Schema: event.NewSchema("EventData", []string{"ObjectName", "ProcessName"}),
		Values: []event.Value{event.String(fmt.Sprintf(`D:\共有\%d`, id)), event.String("explorer.exe")},
	}
}

// clone copies a record with all that it holds.
func clone(l []record.Record) []record.Record {
	out := slices.Clone(l)
	for i := range out {
		out[i].Detail, out[i].RawIDs = slices.Clone(out[i].Detail), slices.Clone(out[i].RawIDs)
	}
	return out
}
