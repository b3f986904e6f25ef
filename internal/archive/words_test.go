package archive

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestWordsNeverHide: a record that a query of words or patterns finds is in an object
// of which the filter says that it may hold them.
func TestWordsNeverHide(t *testing.T) {
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("aAbB\\\\..*?/見積ガﾊﾞが\u3099ﾟé\u0301İß\x00\ufffd")), 0, 12, -1)
	raw := rapid.OneOf(letters, rapid.Custom(func(t *rapid.T) string { // WTF-8 and what is no text at all
		s := letters.Draw(t, "text")
		return s + rapid.SampledFrom([]string{"\xed\xa0\x80", "\xe3", "\xff\\", ""}).Draw(t, "tail") + letters.Draw(t, "more")
	}))
	rapid.Check(t, func(t *rapid.T) {
		var recs []record.Record
		set := newGramSet()
		for range rapid.IntRange(1, 6).Draw(t, "n") {
			r := record.Record{Path: `D:\` + raw.Draw(t, "path"), NewPath: raw.Draw(t, "new"), Class: record.ClassUser}
			if rapid.Bool().Draw(t, "shared") {
				r.Share = `\\fs1\` + raw.Draw(t, "share")
				r.ShareRoot = uint32(rapid.IntRange(0, len(r.Path)).Draw(t, "root"))
			}
			recs = append(recs, r)
			set.row(&r)
		}
		set.rows = 1 << 20 // room enough
		text, ok := set.text()
		f := parseWords(text)
		if !ok && set.n > 0 || ok && len(f) == 0 {
			t.Fatalf("%d pieces, filter %q", set.n, text)
		}
		r := &recs[rapid.IntRange(0, len(recs)-1).Draw(t, "record")]
		from := rapid.SampledFrom([]string{r.Path, r.NewPath, r.UNC()}).Draw(t, "of")
		i := rapid.IntRange(0, len(from)).Draw(t, "from")
		w := from[i : i+rapid.IntRange(0, len(from)-i).Draw(t, "size")]
		for _, q := range []query.Query{{Words: []string{w}}, {Paths: []string{"zzzz", w}}, {Paths: []string{"*" + w + "?*"}}} {
			if query.NewMatcher(q).Match(r) && !f.mayHold(wordsOf(&q)) {
				t.Fatalf("%q is in %q, and the filter says that it is not", w, from)
			}
		}
	})
}

// TestWordsInTheFooter: an absent word is known by the footer alone, words that are there
// are found, and a file without a filter is looked through.
func TestWordsInTheFooter(t *testing.T) {
	recs := make([]record.Record, 6000)
	for i := range recs {
		recs[i] = record.Record{
			Server: "FS1", Channel: "Security", FirstID: uint64(i + 1), Time: start + int64(i), EndTime: start + int64(i), User: `X\a`, Class: record.ClassUser,
			Path: fmt.Sprintf(`D:\Shares\経理部\見積書%d.xlsx`, i%7), Share: `\\fs1\経理`, ShareRoot: uint32(len(`D:\Shares\経理部`)), Count: 1,
		}
	}
	var b bytes.Buffer
	if err := Write(&b, recs); err != nil {
		t.Fatal(err)
	}
	read := &countedReader{Reader: bytes.NewReader(b.Bytes())}
	tab, err := newTable(read)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(tab.words); n == 0 || n > len(recs)/rowsPerByte {
		t.Fatalf("a filter of %d bytes for %d records", n, len(recs))
	}
	ask := func(words ...string) (rows int, pages bool) {
		t.Helper()
		q, before := query.Query{Words: words}, read.n
		l, err := tab.candidates(t.Context(), &q, groups(&q))
		if err != nil {
			t.Fatal(err)
		}
		return len(l), read.n > before
	}
	for _, w := range []string{"議事録", "qqqzz", "ありえない語", "見積表"} {
		if n, pages := ask("見積", w); n != 0 || pages {
			t.Errorf("%s: %d rows, pages read: %v", w, n, pages)
		}
	}
	for _, w := range []string{"見積", "ミツ", "XLSX", `経理\見積書3.`, "書", "積書5.x"} {
		n, _ := ask(w)
		want := 0
		for i := range recs {
			if m := query.NewMatcher(query.Query{Words: []string{w}}); m.Match(&recs[i]) {
				want++
			}
		}
		if n < want {
			t.Errorf("%s: %d rows of %d", w, n, want)
		}
	}
	tab.words = nil // as of an older akashi
	if n, pages := ask("ありえない語"); n != 0 || !pages {
		t.Errorf("without a filter: %d rows, pages read: %v", n, pages)
	}
	few, err := func() (string, error) {
		var b bytes.Buffer
		err := Write(&b, recs[:20])
		f, oerr := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if oerr != nil {
			return "", oerr
		}
		v, _ := f.Lookup(keyWords)
		return v, err
	}()
	if err != nil || few != "" {
		t.Errorf("a file of twenty records has a filter of %d bytes, %v", len(few), err)
	}
}

// countedReader counts what is read.
type countedReader struct {
	*bytes.Reader
	n int
}

func (r *countedReader) Close() error { return nil }
func (r *countedReader) ReadAt(b []byte, off int64) (int, error) {
	r.n++
	return r.Reader.ReadAt(b, off)
}
