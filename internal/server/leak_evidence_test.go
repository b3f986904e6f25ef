package server

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/verify"
)

// unfolded is a member of a bundle in all forms in which it may say something: as it is,
// without the zero bytes of UTF-16, with its streams inflated, and its rows read.
func unfolded(t *testing.T, name string, b []byte) []byte {
	t.Helper()
	out := bytes.Clone(b)
	switch {
	case strings.HasSuffix(name, ".pdf"):
		for _, m := range regexp.MustCompile(`(?s)stream\r?\n(.*?)endstream`).FindAllSubmatch(b, -1) {
			z, err := zlib.NewReader(bytes.NewReader(m[1]))
			if err != nil {
				continue // a stream that is not compressed
			}
			text, err := io.ReadAll(z)
			if err != nil && len(text) == 0 {
				t.Fatal(err)
			}
			out = append(out, text...)
		}
	case strings.HasSuffix(name, ".parquet"):
		err := archive.Read(bytes.NewReader(b), int64(len(b)), func(r *record.Record) error { out = r.AppendJSON(out); return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	return append(out, bytes.ReplaceAll(out, []byte{0}, nil)...)
}

// bundle makes a bundle of all that a folder's visitor sees, and gives its members.
func (h *house) bundle(x query.Extent) (file string, members map[string][]byte) {
	h.t.Helper()
	file = filepath.Join(h.t.TempDir(), "b.zip")
	_, err := h.e.Within(x).Evidence(h.t.Context(), evidence.Options{Case: "甲", By: "narrow", Query: query.Query{Classes: query.AllClasses()}, Out: file})
	if err != nil {
		h.t.Fatal(err)
	}
	z, err := zip.OpenReader(file)
	if err != nil {
		h.t.Fatal(err)
	}
	defer z.Close()
	members = map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			h.t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			h.t.Fatal(err)
		}
		members[f.Name] = b
	}
	return file, members
}

// TestEvidenceLeaksNowhere: a bundle of somebody who may see one folder names nothing
// else, in no member: neither records nor their details nor the events behind them.
func TestEvidenceLeaksNowhere(t *testing.T) {
	h := newHouse(t)
	for _, folder := range []string{`D:\共有\人事`, `\\fs01\人事`} {
		file, members := h.bundle(query.Extent{Servers: []string{"FS01"}, Folders: []string{folder}})
		if rep, err := verify.Check(t.Context(), file, verify.Options{}); err != nil || rep.Damage() {
			t.Errorf("%s: %+v, %v", folder, rep, err)
		}
		for name, b := range members {
			if m := leaked.FindIndex(unfolded(t, name, b)); m != nil || leaked.MatchString(name) {
				t.Errorf("%s of %s names what may not be seen", name, folder)
			}
		}
		records := bytes.Count(members["records.jsonl"], []byte("\n"))
		events := 0
		for name, b := range members {
			if strings.HasSuffix(name, ".jsonl") && strings.HasPrefix(name, "raw/") {
				events += bytes.Count(b, []byte("\n"))
			}
		}
		if records < 100 || events < 100 || events >= 2*records {
			t.Errorf("%s: %d records with %d events: the test sees little, or no event is hidden", folder, records, events)
		}
		if s := string(members["coverage.json"]); strings.Contains(s, "FS") {
			t.Errorf("coverage of %s: %s", folder, s)
		}
	}
	found := map[string]bool{}
	_, members := h.bundle(query.Extent{})
	for name, b := range members {
		if leaked.Match(unfolded(t, name, b)) {
			found[filepath.Ext(name)] = true
		}
	}
	for _, ext := range []string{".jsonl", ".csv", ".parquet", ".html", ".evtx", ".json"} {
		if !found[ext] {
			t.Errorf("in a bundle of everything no %s has a secret: the test looks for nothing", ext)
		}
	}
}
