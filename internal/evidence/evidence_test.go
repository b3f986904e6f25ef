package evidence

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

const (
	number     = "983205673214" // the published sample of the check digit
	numberFull = "９８３２－０５６７－３２１４"
)

// memory is a source of n records, each of one event.
type memory struct{ n int }

func (s memory) at(i int) (record.Record, *event.Event) {
	path := `D:\共有\人事\給与 ` + string(rune('a'+i%26)) + ".xlsx"
	switch i {
	case 1:
		path = `D:\共有\` + number + `_山田.pdf`
	case 2:
		path = `D:\共有\` + numberFull + "\u202egnp.exe"
	case 3:
		path = "D:\\𠮷\\=cmd()\xed\xa0\x80😀<script>"
	}
	id := uint64(1000 + i)
	r := record.Record{
		Server: "FS01", Channel: "Security", Generation: 1, FirstID: id, Time: 1_700_000_000_000_000_000 + int64(i)*1e9, EndTime: 1_700_000_000_000_000_000 + int64(i)*1e9,
		Source: "windows", User: `EXAMPLE\sato`, Op: record.OpRead, Path: path, Object: record.ObjectFile, Result: record.Success, Count: 1,
		Confidence: record.Certain, Rule: "read", Class: record.ClassUser, RawIDs: []uint64{id}, RulesVersion: 1,
	}
	e := &event.Event{
		Provider: "Microsoft-Windows-Security-Auditing", ID: 4663, RecordID: id, Generation: 1, Channel: "Security", Computer: "FS01", Time: event.Filetime(133_444_736_000_000_000 + i),
		Schema: event.NewSchema("EventData", []string{"ObjectName"}), Values: []event.Value{event.String(path)},
	}
	if i == 4 { // the number as a number, in bytes of each form, and in an array
		n, _ := strconv.ParseUint(number, 10, 64)
		var wide []byte
		for _, u := range utf16.Encode([]rune("番号" + number)) {
			wide = binary.LittleEndian.AppendUint16(wide, u)
		}
		e.Schema = event.NewSchema("EventData", []string{"a", "b", "c", "d", "e", "f"})
		e.Values = []event.Value{
			event.Uint(event.KindUint64, n), event.Uint(event.KindHex64, n), {Kind: event.KindBinary, Str: "x" + number + "y"}, {Kind: event.KindBinary, Str: string(wide)},
			{Kind: event.KindArray | event.KindUint64, Str: string(binary.LittleEndian.AppendUint64(nil, n))}, {Kind: event.KindBinary, Str: "\x98\x32\x05\x67\x32\x14"},
		}
	}
	return r, e
}

func (s memory) Search(_ context.Context, q query.Query) (*query.Page, error) {
	from := 0
	if q.Cursor != "" {
		from = len(q.Cursor)
	}
	p := &query.Page{}
	for i := from; i < s.n && len(p.Records) < q.Limit; i++ {
		r, _ := s.at(i)
		p.Records = append(p.Records, r)
	}
	if to := from + len(p.Records); to < s.n {
		p.Next = strings.Repeat("x", to)
	}
	return p, nil
}

func (s memory) Raw(_ context.Context, l []record.Record) (out [][]*event.Event, err error) {
	for i := range l {
		_, e := s.at(int(l[i].FirstID) - 1000)
		out = append(out, []*event.Event{e})
	}
	return out, nil
}

func (s memory) Coverage(_ context.Context, server string) (*coverage.Report, error) {
	t := coverage.New(server, coverage.Options{})
	for i := range s.n {
		_, e := s.at(i)
		t.Add(e)
	}
	return t.Report(), nil
}

func bundle(t *testing.T, n int, change func(*Options)) (map[string][]byte, []string, *seal.Log, Options) {
	t.Helper()
	dir := t.TempDir()
	log, err := seal.OpenLog(nil, dir, seal.LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	opt := Options{Case: "事案 " + number, By: "監査 太郎", Now: time.Unix(1_800_000_000, 0), Data: dir, Out: filepath.Join(dir, "b.zip"), Software: "akashi test"}
	if change != nil {
		change(&opt)
	}
	if _, err := Make(t.Context(), memory{n}, log, opt); err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(opt.Out)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	members, names := make(map[string][]byte), []string(nil)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		members[f.Name], names = b, append(names, f.Name)
	}
	return members, names, log, opt
}

// check is a verifier of its own: it knows the format and the functions of the tree.
func check(members map[string][]byte, names []string) error {
	var b manifest.Bundle
	if err := manifest.Decode(members[manifest.BundleName], &b); err != nil {
		return err
	}
	if len(b.Members) != len(names)-2 || names[len(names)-1] != manifest.SealName || names[len(names)-2] != manifest.BundleName {
		return errors.New("members")
	}
	for i, m := range b.Members {
		if names[i] != m.Name || m.Size != int64(len(members[m.Name])) || m.SHA256 != sha256.Sum256(members[m.Name]) {
			return errors.New("member " + m.Name)
		}
	}
	var p manifest.Proofs
	if err := manifest.Decode(members[manifest.ProofsName], &p); err != nil {
		return err
	}
	var s manifest.Selection
	if err := manifest.Decode(members[manifest.SelectionName], &s); err != nil {
		return err
	}
	root := func(name string) seal.Hash {
		masked := make(map[int64]seal.Hash)
		for _, m := range p.Masked {
			if m.Member == name {
				masked[m.Line] = m.Leaf
			}
		}
		var leaves []seal.Hash
		for i, l := range bytes.Split(bytes.TrimSuffix(members[name], []byte("\n")), []byte("\n")) {
			h, ok := masked[int64(i)]
			if !ok {
				h = seal.LeafHash(l)
			}
			leaves = append(leaves, h)
		}
		return seal.Root(leaves)
	}
	if root(manifest.RecordsName) != s.RecordsRoot {
		return errors.New("records root")
	}
	for _, r := range s.Raw {
		if root(r.Member) != r.Root {
			return errors.New("root of " + r.Member)
		}
	}
	e, err := seal.ParseLeaf([]byte(p.Selection.Leaf))
	if err != nil {
		return err
	}
	if e.Kind != seal.KindExport || e.Hash != sha256.Sum256(members[manifest.SelectionName]) {
		return errors.New("leaf")
	}
	c, err := seal.ParseCheckpoint(members[manifest.PointName])
	if err != nil {
		return err
	}
	if err := c.CheckSigned(p.Keys...); err != nil {
		return err
	}
	if err := seal.CheckInclusion(p.Selection.Path, c.Size, c.Root, p.Selection.Index, seal.LeafHash([]byte(p.Selection.Leaf))); err != nil {
		return err
	}
	var last manifest.BundleSeal
	if err := manifest.Decode(members[manifest.SealName], &last); err != nil {
		return err
	}
	d, err := seal.ParseCheckpoint([]byte(last.Checkpoint))
	if err != nil {
		return err
	}
	if e, err = seal.ParseLeaf([]byte(last.Manifest.Leaf)); err != nil || e.Kind != seal.KindEvidence || e.Hash != sha256.Sum256(members[manifest.BundleName]) {
		return errors.New("leaf of the manifest")
	}
	return errors.Join(d.CheckSigned(p.Keys...), seal.CheckInclusion(last.Manifest.Path, d.Size, d.Root, last.Manifest.Index, seal.LeafHash([]byte(last.Manifest.Leaf))),
		seal.CheckConsistency(last.Consistency, d.Size, d.Root, c.Size, c.Root))
}

func TestRoundTrip(t *testing.T) {
	members, names, log, _ := bundle(t, 2500, nil)
	if err := check(members, names); err != nil {
		t.Fatal(err)
	}
	last, err := log.Entry(log.Size() - 1)
	if err != nil {
		t.Fatal(err)
	}
	if last.Entry.Kind != seal.KindEvidence || last.Entry.Hash != sha256.Sum256(members[manifest.BundleName]) {
		t.Errorf("last leaf %+v", last.Entry)
	}
	n := 0
	pq := members["records.parquet"]
	if err := archive.Read(bytes.NewReader(pq), int64(len(pq)), func(*record.Record) error { n++; return nil }); err != nil || n != 2500 {
		t.Errorf("%d records in Parquet, %v", n, err)
	}
	// Any other byte in what is proven is found.
	for _, name := range []string{manifest.RecordsName, manifest.SelectionName, manifest.PointName, manifest.BundleName, manifest.SealName, "raw/001-FS01-Security.jsonl", "report.ja.pdf"} {
		b := members[name]
		b[len(b)/2] ^= 1
		if check(members, names) == nil {
			t.Errorf("a changed byte of %s is not found", name)
		}
		b[len(b)/2] ^= 1
	}
}

func TestNoMemberLeaksANumber(t *testing.T) {
	members, names, _, opt := bundle(t, 10, nil)
	if err := check(members, names); err != nil {
		t.Fatal(err)
	}
	var texts [][]byte
	for _, s := range []string{number, numberFull, "9832-0567-3214", "0567"} {
		var wide []byte
		for _, u := range utf16.Encode([]rune(s)) {
			wide = binary.LittleEndian.AppendUint16(wide, u)
		}
		if s != "0567" {
			texts = append(texts, []byte(s))
		}
		texts = append(texts, wide)
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	texts = append(texts, fmt.Appendf(nil, "%x", n), fmt.Appendf(nil, "%X", binary.LittleEndian.AppendUint64(nil, n)), binary.LittleEndian.AppendUint64(nil, n), fmt.Appendf(nil, "%X", number))
	pq := members["records.parquet"]
	err = archive.Read(bytes.NewReader(pq), int64(len(pq)), func(r *record.Record) error {
		members["parquet"] = r.AppendJSON(members["parquet"])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"ja", "en"} {
		members["text of "+lang] = pdfText(t, members["report."+lang+".pdf"])
	}
	for name, b := range members {
		for _, s := range texts {
			if bytes.Contains(b, s) {
				t.Errorf("%s holds %q", name, s)
			}
		}
	}
	keys, err := filepath.Glob(filepath.Join(opt.Data, "evidence", "*.key"))
	if err != nil || len(keys) != 1 {
		t.Fatalf("keys %v, %v", keys, err)
	}
	if st, err := os.Stat(keys[0]); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("key: %v, %v", st.Mode(), err)
	}
}

func TestUnmaskedIsSealed(t *testing.T) {
	members, names, log, opt := bundle(t, 5, func(o *Options) { o.Unmask, o.Ground = true, "裁判所の命令" })
	if err := check(members, names); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(members[manifest.RecordsName], []byte(number)) {
		t.Error("the number is masked")
	}
	found := false
	for l, err := range log.Entries(0, log.Size()) {
		if err != nil {
			t.Fatal(err)
		}
		found = found || l.Entry.Kind == seal.KindUnmask && l.Entry.Ground == opt.Ground && l.Entry.By == opt.By
	}
	if !found {
		t.Error("no leaf tells of the unmasking")
	}
	if _, err := Make(t.Context(), memory{5}, log, Options{Case: "x", By: "y", Unmask: true, Out: opt.Out + "2"}); err == nil {
		t.Error("unmasked without a ground")
	}
}

func TestNothingFound(t *testing.T) {
	dir := t.TempDir()
	log, err := seal.OpenLog(nil, dir, seal.LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	out := filepath.Join(dir, "b.zip")
	if _, err := Make(t.Context(), memory{0}, log, Options{Case: "x", By: "y", Data: dir, Out: out}); !errors.Is(err, ErrNone) {
		t.Errorf("error %v", err)
	}
	if log.Size() != 0 {
		t.Errorf("%d leaves of nothing", log.Size())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".evidence*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestReports(t *testing.T) {
	members, _, _, _ := bundle(t, 600, nil)
	for lang, want := range map[string][]string{
		"ja": {"事案", "監査 太郎", `\u{202e}`, "給与 a.xlsx", "矛盾がない", "受領より前は何も証明しません"},
		"en": {"What is proven", "self-consistent only", "Nothing before receipt", "first 500 of 600", `EXAMPLE\sato`},
	} {
		html := string(members["report."+lang+".html"])
		text := string(pdfText(t, members["report."+lang+".pdf"]))
		for _, s := range want {
			if !strings.Contains(text, s) {
				t.Errorf("the PDF in %s lacks %q", lang, s)
			}
			if !strings.Contains(html, s) {
				t.Errorf("the HTML in %s lacks %q", lang, s)
			}
		}
		if strings.Contains(html, "<script") || strings.ContainsRune(html, '\u202e') || strings.Contains(html, "http:") || strings.Contains(html, "https:") {
			t.Errorf("the HTML in %s runs, loads or turns something around", lang)
		}
	}
}

// pdfText is the text of a PDF without line ends, as an independent reader has it.
func pdfText(t *testing.T, b []byte) []byte {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext (poppler-utils) is not installed: the text of the PDF is not compared")
	}
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
