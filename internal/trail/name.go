package trail

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
)

// fileName names a file of the trail: trail/2026-11.jsonl, and trail/2026-11.2.jsonl
// when the first one of the month could not be gone on with.
type fileName struct {
	month  string // 2026-11
	number int    // 0 and 1 = the first
}

func (n fileName) String() string {
	if n.number <= 1 {
		return manifest.TrailDir + "/" + n.month + ".jsonl"
	}
	return manifest.TrailDir + "/" + n.month + "." + strconv.Itoa(n.number) + ".jsonl"
}

func (n fileName) before(m fileName) bool {
	if n.month != m.month {
		return n.month < m.month
	}
	return n.number < m.number
}

func monthOf(t time.Time) fileName { return fileName{t.UTC().Format("2006-01"), 1} }

func parseName(s string) (fileName, bool) {
	m := regexp.MustCompile(`^` + manifest.TrailDir + `/(\d{4}-\d{2})(?:\.([2-9]|[1-9]\d{1,3}))?\.jsonl$`).FindStringSubmatch(s)
	if m == nil {
		return fileName{}, false
	}
	n := fileName{m[1], 1}
	if m[2] != "" {
		n.number, _ = strconv.Atoi(m[2]) // digits only
	}
	return n, true
}

// listNames lists the files of the trail, oldest first.
func listNames(fs fsx.FS, base string) ([]fileName, error) {
	l, err := fs.ReadDir(filepath.Join(base, manifest.TrailDir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the trail: %w", err)
	}
	var names []fileName
	for _, d := range l {
		if n, ok := parseName(manifest.TrailDir + "/" + d.Name()); ok && d.Type().IsRegular() {
			names = append(names, n)
		}
	}
	slices.SortFunc(names, func(a, b fileName) int {
		if d := strings.Compare(a.month, b.month); d != 0 {
			return d
		}
		return a.number - b.number
	})
	return names, nil
}

// Files lists the files of the trail of a data folder, oldest first, relative to it.
func Files(dir string) ([]string, error) {
	names, err := listNames(fsx.OS{}, dir)
	l := make([]string, len(names))
	for i, n := range names {
		l[i] = n.String()
	}
	return l, err
}
