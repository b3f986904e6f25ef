package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/manifest"
)

// storeState is what the manifests of the record store say (docs/FORMAT.md,
// Manifest).
type storeState struct {
	newer    bool            // the store was written to after the last checkpoint
	broken   map[string]bool // manifests that do not hold by themselves
	named    map[int64]bool  // numbers of files that are in use
	firstLog int64
	files    map[int64]storeFile
}

type storeFile struct {
	Num    int64  `json:"num"`
	Server string `json:"server"`
	First  int64  `json:"first"`
	Last   int64  `json:"last"`
}

type storeManifest struct {
	FirstLog int64       `json:"first_log"`
	Segments []storeFile `json:"segments"`
	Raw      []storeFile `json:"raw"`
}

func readStore(r *Report, dir string) storeState {
	st := storeState{broken: map[string]bool{}, named: map[int64]bool{}, files: map[int64]storeFile{}}
	for _, name := range []string{"manifest-a", "manifest-b"} {
		b, err := readSmall(dir, name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			st.broken[name] = true
			continue
		}
		body, rest, _ := bytes.Cut(b, []byte("\n"))
		want := fmt.Sprintf("crc32c %08x\n", crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
		var m storeManifest
		var any any
		if string(rest) != want || json.Unmarshal(body, &m) != nil || json.Unmarshal(body, &any) != nil {
			st.broken[name] = true
			continue
		}
		st.firstLog = max(st.firstLog, m.FirstLog)
		for _, f := range append(m.Segments, m.Raw...) {
			st.files[f.Num] = f
		}
		numbers(any, st.named)
	}
	return st
}

// numbers collects the numbers of files, wherever the manifest names one.
func numbers(v any, out map[int64]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if n, ok := x.(float64); ok && (k == "num" || k == "file") {
				out[int64(n)] = true
			}
			numbers(x, out)
		}
	case []any:
		for _, x := range v {
			numbers(x, out)
		}
	}
}

// number is that of a file of the store, -1 when it is none.
func number(name string) int64 {
	dir, base := path.Split(name)
	switch dir {
	case "segments/", "raw/", "paths/", "keep/", "log/":
	default:
		return -1
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(base, path.Ext(base)), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// dropped says whether the store itself no longer needs the file.
func (st *storeState) dropped(name string) bool {
	n := number(name)
	switch {
	case n < 0:
		return false
	case strings.HasPrefix(name, "log/"):
		return n < st.firstLog
	}
	return !st.named[n]
}

// newFile is the state of a file that the last checkpoint does not know.
func (st *storeState) newFile(name string) string {
	if manifest.Derived(name) || number(name) >= 0 || manifest.FileMode(name) == manifest.FileFixed && st.newer || strings.HasPrefix(name, "manifest-") {
		return Unsealed
	}
	return Extra
}

// describe adds what the manifest knows of a file.
func (st *storeState) describe(f Finding) Finding {
	n := number(f.File)
	x, ok := st.files[n]
	if n < 0 || !ok {
		return f
	}
	f.Server = x.Server
	if x.First != 0 || x.Last != 0 {
		f.Period = time.Unix(0, x.First).UTC().Format(time.RFC3339) + " – " + time.Unix(0, x.Last).UTC().Format(time.RFC3339)
	}
	return f
}
