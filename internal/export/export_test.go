package export

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/japanese"
	"pgregory.net/rapid"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/mask"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

func rec(n int, path string) record.Record {
	return record.Record{
		Server: "FS01", Channel: "Security", Generation: 1, FirstID: uint64(n), Time: 1795770000123456789 + int64(n)*1e9, EndTime: 1795770001123456789 + int64(n)*1e9,
		Source: "windows", User: `CORP\tanaka`, SID: "S-1-5-21-1", ClientIP: "10.0.0.1", Op: record.OpRead, Path: path, Object: record.ObjectFile,
		Result: record.Success, Count: 1, Confidence: record.Certain, Rule: "X1", Class: record.ClassUser, RawIDs: []uint64{uint64(n)}, RulesVersion: 3,
	}
}

func write(t testing.TB, opt Options, recs ...record.Record) ([]byte, *Writer) {
	t.Helper()
	var b bytes.Buffer
	w, err := New(&b, opt)
	if err != nil {
		t.Fatal(err)
	}
	for i := range recs {
		if err := w.Write(&recs[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w
}

var hostile = []string{
	`C:\共有\人事\給与.xlsx`, `=cmd|'/c calc'!A1`, "@SUM(1)", "+1", "-1", "\t=1", "\r=1", "'quoted", "''", "＝1", `a"b,c` + "\nd", "\x01\x02", "\u202egnp.exe", "_x0041_", "<img src=x onerror=1>",
	"\xed\xa0\x80half", "𠮷野家😀", "が" /* as two */, "\uffff", strings.Repeat("長", 32767),
}

func TestGuardGivesEveryCellBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.SampledFrom(hostile), rapid.StringMatching("['=+@\t\r\n-]{0,3}.*")).Draw(t, "s")
		g := Guard(s)
		if Unguard(g) != s {
			t.Fatalf("%q came back as %q", s, Unguard(g))
		}
		if g != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(g)[0]) {
			t.Fatalf("%q is a formula", g)
		}
	})
}

// What a CSV reader reads, without the guard, is the record's cells.
func TestCSV(t *testing.T) {
	var recs []record.Record
	for i, p := range hostile {
		r := rec(i, p)
		r.User = p
		recs = append(recs, r)
	}
	for _, f := range []Format{CSV, CSVPlain} {
		b, _ := write(t, Options{Format: f}, recs...)
		if bom := bytes.HasPrefix(b, []byte("\ufeff")); bom != (f == CSV) {
			t.Errorf("%s: byte order mark %v", f, bom)
		}
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff")))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(record.Fields(), rows[0]); d != "" {
			t.Errorf("head: %s", d)
		}
		for i, row := range rows[1:] {
			want := recs[i].CSV()
			for k := range row {
				if strings.ContainsRune("=+-@\t\r", rune((row[k] + " ")[0])) {
					t.Errorf("%q is a formula", row[k])
				}
				if got := Unguard(row[k]); got != strings.ToValidUTF8(record.Visible(want[k]), "\ufffd") {
					t.Errorf("cell %q came back as %q", want[k], got)
				}
			}
		}
	}
}

func TestWordsAndZone(t *testing.T) {
	zone := time.FixedZone("", 9*3600)
	b, _ := write(t, Options{Format: CSVPlain, Zone: zone, Header: func(f string) string { return "H " + f }, Word: func(f, v string) string { return f + "=" + v }}, rec(0, "x"))
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if rows[0][1] != "H time" || rows[1][1] != "2026-11-27T18:00:00.123+09:00" || rows[1][11] != "op=read" {
		t.Errorf("rows %q", rows)
	}
}

func TestMask(t *testing.T) {
	// The number of the ordinance's example form; its check digit holds.
	number := "123456789018"
	if !mask.Valid(number) {
		t.Fatal("not a number")
	}
	r := rec(0, `C:\a\`+number+".pdf")
	r.Detail = []record.Pair{{Key: "k", Value: "１２３４５６７８９０１８"}}
	for _, f := range Formats() {
		b, w := write(t, Options{Format: f, Mask: mask.New(make([]byte, 32))}, r)
		if w.Result().Masked != 2 || bytes.Contains(b, []byte(number)) {
			t.Errorf("%s: %d masked, the number is there: %v", f, w.Result().Masked, bytes.Contains(b, []byte(number)))
		}
		if _, w := write(t, Options{Format: f}, r); w.Result().Masked != 0 {
			t.Errorf("%s: masked without being asked", f)
		}
	}
	if r.Path != `C:\a\`+number+".pdf" || r.Detail[0].Value != "１２３４５６７８９０１８" {
		t.Error("the record was changed")
	}
}

func TestShiftJIS(t *testing.T) {
	f := func(in, want string, changed, lost int64, entity bool) {
		t.Helper()
		l := newLoss(entity)
		got, err := japanese.ShiftJIS.NewDecoder().String(l.encode(in))
		if err != nil || got != want || l.changed != changed || l.lost != lost {
			t.Errorf("%q became %q (%d changed, %d lost), want %q (%d, %d): %v", in, got, l.changed, l.lost, want, changed, lost, err)
		}
	}
	f("plain", "plain", 0, 0, false)
	f("～①㈱髙﨑―－ソ表", "～①㈱髙﨑―－ソ表", 0, 0, false)
	f("〜−—¥‖¢£¬¦", "～－―￥∥￠￡￢￤", 9, 0, false)
	f("か\u3099は\u309a", "がぱ", 2, 0, false)
	f("𠮷😀", "〓〓", 0, 2, false)
	f("𠮷é", "&#x20BB7;&#xE9;", 0, 2, true)
	f("神\ufa19", "神\ufa19", 0, 0, false)
	f("e\u0301", "〓", 0, 1, false)
	f("\xff\ufffd", "〓〓", 0, 2, false)
}

// No text whatever gives bytes that do not decode, or a loss that is not counted.
func TestShiftJISCountsEveryLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		l := newLoss(false)
		got, err := japanese.ShiftJIS.NewDecoder().String(l.encode(s))
		if err != nil || strings.ContainsRune(got, '\x1a') && !strings.ContainsRune(s, '\x1a') {
			t.Fatalf("%q became %q: %v", s, got, err)
		}
		if got != s && l.changed+l.lost == 0 {
			t.Fatalf("%q became %q and nobody knows", s, got)
		}
	})
}

func TestLossReport(t *testing.T) {
	b, w := write(t, Options{Format: SJIS}, rec(0, "〜"), rec(1, "𠮷"), rec(2, "𠮷"))
	if r := w.Result(); r.Changed != 1 || r.Lost != 2 || !w.Loss() {
		t.Errorf("result %+v", r)
	}
	text, err := japanese.ShiftJIS.NewDecoder().Bytes(b)
	if err != nil || !bytes.Contains(text, []byte("〓")) {
		t.Errorf("%q, %v", text, err)
	}
	var out bytes.Buffer
	if err := w.WriteLoss(&out, "a.csv", i18n.For("ja").T); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); !strings.Contains(s, "U+20BB7\t𠮷\t") || !strings.Contains(s, "\t〓\t2\t2\r\n") || !strings.Contains(s, "WAVE DASH") {
		t.Error(s)
	}
	if _, w := write(t, Options{Format: SJIS}, rec(0, "給与")); w.Loss() {
		t.Error("a loss where there is none")
	}
}

func TestXLSX(t *testing.T) {
	var recs []record.Record
	for i, p := range hostile {
		r := rec(i, p)
		r.Process = p
		recs = append(recs, r)
	}
	b, w := write(t, Options{Format: XLSX, Temp: t.TempDir(), sheetRows: 8}, recs...)
	f, err := excelize.OpenReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for i, name := range f.GetSheetList() {
		l, err := f.GetRows(name)
		if err != nil || len(l) > 8 || cmp.Diff(l[0][:3], record.Fields()[:3]) != "" {
			t.Fatalf("sheet %d: %d rows, %v", i, len(l), err)
		}
		if p, err := f.GetPanes(name); err != nil || !p.Freeze || p.YSplit != 1 {
			t.Errorf("sheet %d: panes %+v, %v", i, p, err)
		}
		rows = append(rows, l[1:]...)
	}
	if len(rows) != len(recs) || w.Result().Sheets != 3 {
		t.Fatalf("%d rows in %d sheets", len(rows), w.Result().Sheets)
	}
	for i, row := range rows {
		want, _ := fit(printable(record.Visible(recs[i].CSV()[17])))
		if row[17] != want {
			t.Errorf("%.40q came back as %.40q", want, row[17])
		}
	}
	// No formula and no number: text only.
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range z.File {
		if !strings.HasPrefix(m.Name, "xl/worksheets/sheet") {
			continue
		}
		r, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		x, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(x, []byte("<f>")) || bytes.Contains(x, []byte("<v>")) || !bytes.Contains(x, []byte(`t="inlineStr"`)) {
			t.Errorf("%s holds something else than text", m.Name)
		}
		if bytes.Contains(x, []byte("_x0041_")) && !bytes.Contains(x, []byte("_x005F_x0041_")) {
			t.Errorf("%s: _x0041_ reads as A", m.Name)
		}
	}
}

func TestFit(t *testing.T) {
	for _, s := range []string{"", "a", strings.Repeat("a", maxCell), strings.Repeat("長", maxCell), strings.Repeat("😀", maxCell/2) + "a", strings.Repeat("a", maxCell+1), strings.Repeat("😀", maxCell/2+1), "a" + strings.Repeat("😀", maxCell)} {
		units := len(utf16.Encode([]rune(s)))
		got, cut := fit(s)
		n := len(utf16.Encode([]rune(got)))
		if cut != (units > maxCell) || n > maxCell || !cut && got != s || cut && (n < maxCell-1 || !strings.HasSuffix(got, cutMark) || !strings.HasPrefix(s, strings.TrimSuffix(got, cutMark))) {
			t.Errorf("%d units became %d, cut %v", units, n, cut)
		}
	}
}

func TestParquetAndLines(t *testing.T) {
	var recs []record.Record
	for i := range 3000 {
		r := rec(i, hostile[i%len(hostile)])
		r.Detail = []record.Pair{{Key: "k", Value: hostile[(i+1)%4]}}
		recs = append(recs, r)
	}
	b, _ := write(t, Options{Format: Parquet}, recs...)
	n := 0
	err := archive.Read(bytes.NewReader(b), int64(len(b)), func(r *record.Record) error {
		if d := cmp.Diff(recs[n], *r); d != "" {
			return fmt.Errorf("row %d: %s", n, d)
		}
		n++
		return nil
	})
	if err != nil || n != len(recs) {
		t.Errorf("%d rows, %v", n, err)
	}
	b, _ = write(t, Options{Format: NDJSON}, recs[0], recs[1])
	l := bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n"))
	var r record.Record
	if len(l) != 2 || r.UnmarshalJSON(l[0]) != nil || r.Path != recs[0].Path {
		t.Errorf("%d lines: %q", len(l), b)
	}
}

// pages is a Source of n records.
type pages struct{ n int }

func (p pages) Search(_ context.Context, q query.Query) (*query.Page, error) {
	at := 0
	if q.Cursor != "" {
		if _, err := fmt.Sscan(q.Cursor, &at); err != nil {
			return nil, err
		}
	}
	page := &query.Page{Reached: query.Reached{Unread: []string{"2026-11-01"}}}
	for ; at < p.n && len(page.Records) < q.Limit; at++ {
		page.Records = append(page.Records, rec(at, `C:\共有\`))
	}
	if at < p.n {
		page.Next = fmt.Sprint(at)
	}
	return page, nil
}

func TestCopy(t *testing.T) {
	var last int64
	w, err := New(io.Discard, Options{Format: CSV})
	if err != nil {
		t.Fatal(err)
	}
	unread, err := Copy(t.Context(), pages{2345}, query.Query{Limit: 3, Cursor: "9"}, w, func(n int64) { last = n })
	if err != nil || last != 2345 || w.Result().Records != 2345 || len(unread) != 1 {
		t.Errorf("%d and %d records, unread %v, %v", last, w.Result().Records, unread, err)
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, f := range Formats() {
		b.Run(string(f), func(b *testing.B) {
			w, err := New(io.Discard, Options{Format: f, Temp: b.TempDir(), Mask: mask.New(make([]byte, 32))})
			if err != nil {
				b.Fatal(err)
			}
			r := rec(1, `D:\共有\人事部\2026\給与明細_11月.xlsx`)
			for b.Loop() {
				if err := w.Write(&r); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
