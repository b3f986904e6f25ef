package engine

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/verify"
)

// wordsOf are the names that a record has: people, computers, and each part of its paths.
func wordsOf(r *record.Record) (l []string) {
	for _, s := range []string{r.User, r.SID, r.ClientIP, r.ClientName} {
		l = append(l, s[strings.LastIndexByte(s, '\\')+1:])
	}
	for _, s := range []string{r.Path, r.NewPath} {
		l = append(l, strings.FieldsFunc(s, func(c rune) bool { return c == '\\' || c == '/' })...)
	}
	return l
}

// utf16Of is a text as EVTX and PDF write it.
func utf16Of(s string, big bool) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return b
}

// spread is a member with all that is compressed in it.
func spread(t *testing.T, name string, b []byte) []byte {
	t.Helper()
	switch {
	case strings.HasSuffix(name, ".pdf"):
		for _, m := range regexp.MustCompile(`(?s)stream\r?\n(.*?)endstream`).FindAllSubmatch(b, -1) {
			if z, err := zlib.NewReader(bytes.NewReader(m[1])); err == nil {
				text, err := io.ReadAll(z)
				if err != nil && len(text) == 0 {
					t.Fatal(err)
				}
				b = append(b, text...)
			}
		}
	case strings.HasSuffix(name, ".parquet"):
		var rows []byte
		if err := archive.Read(bytes.NewReader(b), int64(len(b)), func(r *record.Record) error { rows = r.AppendJSON(rows); return nil }); err != nil {
			t.Fatal(err)
		}
		b = append(b, rows...)
	}
	return b
}

// A bundle of somebody who sees some folders only proves his records, and names nothing
// outside, in no member and no form.
func TestNarrowEvidence(t *testing.T) {
	files, names := cutFiles(rand.New(rand.NewPCG(3, 3)), company(3, 4))
	dir := filepath.Join(t.TempDir(), "d")
	e := openDemo(t, dir, realOn(files, 1000))
	importNames(t, e, names...)
	sealAll(t, e)
	all := everything(t, e, false)
	rng, made := rand.New(rand.NewPCG(4, 4)), 0
	for try := 0; made < 2 && try < 60; try++ {
		r := &all[rng.IntN(len(all))]
		at := strings.LastIndexByte(r.Path, '\\')
		if at < 4 {
			continue
		}
		v := e.Within(query.Extent{Folders: []string{r.Path[:at]}})
		var seen, hidden []*record.Record
		for i := range all {
			if v.sight.Sees(&all[i]) {
				seen = append(seen, &all[i])
			} else {
				hidden = append(hidden, &all[i])
			}
		}
		if len(seen) == 0 || len(hidden) == 0 {
			continue
		}
		made++
		out := filepath.Join(t.TempDir(), fmt.Sprintf("n%d.zip", made))
		res, err := v.Evidence(t.Context(), evidence.Options{Case: "甲", By: "監査", Query: query.Query{Classes: query.AllClasses()}, Out: out})
		if err != nil {
			t.Fatal(err)
		}
		if res.Records != int64(len(seen)) {
			t.Errorf("%s: %d records, want %d", r.Path[:at], res.Records, len(seen))
		}
		rep, err := verify.Check(t.Context(), out, verify.Options{})
		if err != nil || rep.Damage() || !slices.ContainsFunc(rep.Findings, func(f verify.Finding) bool { return f.What == "narrow" }) {
			t.Errorf("%+v, %v", rep, err)
		}
		members := membersOf(t, out)
		var proofs manifest.Proofs
		if err := manifest.Decode(members[manifest.ProofsName], &proofs); err != nil || len(proofs.Rows) == 0 || len(proofs.Parts)+len(proofs.Gaps) > 0 {
			t.Errorf("%d rows, %d parts, %d gap reports, %v", len(proofs.Rows), len(proofs.Parts), len(proofs.Gaps), err)
		}
		checkNames(t, v, seen, hidden, members)
		forgeRows(t, out)
	}
	if made < 2 {
		t.Fatalf("%d bundles only", made)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// checkNames looks for every name of hidden records in every member. A name that a record
// within has too, or that is a part of what every bundle says, is none.
func checkNames(t *testing.T, v *View, seen, hidden []*record.Record, members map[string][]byte) {
	t.Helper()
	var known strings.Builder
	for _, r := range seen {
		known.Write(r.AppendJSON(nil))
		l, _, err := v.raw(context.Background(), r.ID())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range l {
			known.Write(evidence.AppendEvent(nil, x))
		}
	}
	have := strings.ToLower(known.String())
	secret := map[string]bool{}
	for _, r := range hidden {
		for _, w := range wordsOf(r) {
			quoted, err := json.Marshal(w)
			if err != nil {
				t.Fatal(err)
			}
			if len([]rune(w)) >= 4 && !strings.Contains(have, strings.ToLower(w)) && !strings.Contains(have, strings.ToLower(strings.Trim(string(quoted), `"`))) {
				secret[w] = true
			}
		}
	}
	if len(secret) == 0 {
		t.Error("nothing is hidden")
	}
	for name, b := range members {
		b = spread(t, name, b)
		upper := bytes.ToUpper(b)
		for w := range secret {
			for _, form := range [][]byte{[]byte(w), utf16Of(w, false), utf16Of(w, true)} {
				if bytes.Contains(b, form) {
					t.Errorf("%s names %q", name, w)
				}
			}
			if bytes.Contains(upper, []byte(strings.ToUpper(hex.EncodeToString(utf16Of(w, true))))) {
				t.Errorf("%s names %q in hexadecimal", name, w)
			}
			if strings.Contains(name, w) {
				t.Errorf("a member is called %q", name)
			}
		}
	}
}

// forgeRows changes what rows are proven, with lists that fit.
func forgeRows(t *testing.T, out string) {
	t.Helper()
	for _, change := range []func(*manifest.Proofs){
		func(p *manifest.Proofs) { p.Rows[0].Rows = strings.Replace(p.Rows[0].Rows, `"part":1`, `"part":2`, 1) },
		func(p *manifest.Proofs) { p.Rows[0].Rest[0][0] ^= 1 },
		func(p *manifest.Proofs) { p.Rows[0].Part = p.Selection },
		func(p *manifest.Proofs) { p.Rows[0].Lines[0] = 1 << 40 },
	} {
		bad := rewritten(t, out, manifest.ProofsName, func(b []byte) []byte {
			var p manifest.Proofs
			if err := manifest.Decode(b, &p); err != nil {
				t.Fatal(err)
			}
			if len(p.Rows[0].Rest) == 0 {
				p.Rows[0].Keep = nil
			} else {
				change(&p)
			}
			b, err := manifest.Encode(p)
			if err != nil {
				t.Fatal(err)
			}
			return b
		})
		rep, err := verify.Check(t.Context(), bad, verify.Options{})
		if err != nil || !slices.ContainsFunc(rep.Findings, func(f verify.Finding) bool { return f.What == "proof" && strings.Contains(f.Detail, "rows") }) {
			t.Errorf("forged rows: %+v, %v", rep.Findings, err)
		}
		if err := os.Remove(bad); err != nil {
			t.Error(err)
		}
	}
}
