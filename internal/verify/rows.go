package verify

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// rows compares every leaf about the records of an archived part, made with a bundle that
// has no manifest, with that manifest: names are files that may be manifests, read reads one.
// What is said of a part whose manifest is not here, or was removed by order, is not compared.
func (r *Report) rows(s *logState, file string, names []string, read func(name string) ([]byte, error)) error {
	var days map[seal.Hash]string
	unchecked := 0
	for i, e := range s.entries {
		if e.Kind != seal.KindRows {
			continue
		}
		if days == nil {
			days = make(map[seal.Hash]string)
			for _, n := range names {
				if h, ok := manifest.NameHash(n); ok && strings.Contains(n, ".day.") && strings.HasSuffix(n, ".json") {
					days[h] = n
				}
			}
		}
		bad := func(detail string) {
			r.add(Finding{State: Damaged, What: "rows_leaf", File: file, Part: leafName(int64(i)), Detail: detail})
		}
		var x struct {
			Server, Day string
			Part        int
			Leaf        int64
		}
		if err := json.Unmarshal([]byte(e.Subject), &x); err != nil || x.Leaf < 0 || x.Leaf >= int64(i) || s.entries[x.Leaf].Kind != seal.KindArchivePart {
			bad(fmt.Sprintf("it is of no part: %v", err))
			continue
		}
		name, ok := days[s.entries[x.Leaf].Hash]
		if !ok {
			unchecked++
			continue
		}
		b, err := read(name)
		if err != nil {
			return err
		}
		var d manifest.Day
		if hashOf(b) != s.entries[x.Leaf].Hash || manifest.Decode(b, &d) != nil {
			unchecked++ // the manifest itself is damaged, and named
			continue
		}
		if !rowsOf(&d, x.Leaf, e.Hash) || d.Server != x.Server || d.Day != x.Day || d.Part != x.Part {
			bad(name)
		}
	}
	if unchecked > 0 {
		r.add(Finding{State: Note, What: "rows_unchecked", File: file, Detail: fmt.Sprint(unchecked)})
	}
	return nil
}

// rowsOf reports whether a hash is that of what a bundle says of the records of a part; the
// format in it is that of the bundle.
func rowsOf(d *manifest.Day, leaf int64, h seal.Hash) bool {
	for format := 1; format <= manifest.AgainFormat; format++ {
		b, err := manifest.Encode(manifest.Rows{Format: format, Server: d.Server, Day: d.Day, Part: d.Part, Leaf: leaf, Records: d.Records, Root: d.RecordsRoot})
		if err == nil && hashOf(b) == h {
			return true
		}
	}
	return false
}
