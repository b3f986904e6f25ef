package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// stateName is the database of people, tokens and proposals.
const stateName = "state.sqlite"

// trail compares every sealed range of the trail with its leaf. What stands behind the
// last range of the newest file is not sealed yet.
func (f *folder) trail(ctx context.Context, s *logState) error {
	ends := map[string]int64{}
	var last string
	buf := make([]byte, 1<<20)
	for i, e := range s.entries {
		if e.Kind != seal.KindTrail {
			continue
		}
		var x manifest.TrailRange
		if err := json.Unmarshal([]byte(e.Subject), &x); err != nil || !trailName(x.File) || x.From < 0 || x.To < x.From {
			f.r.add(Finding{State: Damaged, What: "trail_leaf", File: seal.DirName + "/" + seal.LeavesName, Part: leafName(int64(i)), Detail: fmt.Sprint(err)})
			continue
		}
		part := fmt.Sprintf("bytes %d-%d", x.From, x.To-1)
		if x.From != ends[x.File] {
			f.r.add(Finding{State: Damaged, What: "trail_gap", File: x.File, Part: fmt.Sprintf("bytes %d-%d", ends[x.File], x.From-1), Detail: leafName(int64(i))})
		}
		ends[x.File], last = x.To, x.File
		line := s.again.line(fmt.Sprintf("%s %d", seal.AgainTrail, x.From), x.File, x.To-x.From, e.Hash)
		if line == nil && f.opt.onlySHA256() && int64(i) < s.signed {
			f.r.add(Finding{State: Unsealed, What: "again_none", File: x.File, Part: part})
		}
		detail, err := f.trailRange(ctx, x, e.Hash, line, s.again, buf)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			f.r.add(Finding{State: Missing, What: "trail_missing", File: x.File, Part: part, Detail: leafName(int64(i))})
		case err != nil:
			f.r.add(Finding{State: Damaged, What: "trail", File: x.File, Part: part, Detail: err.Error()})
		case detail != "":
			f.r.add(Finding{State: Damaged, What: "trail", File: x.File, Part: part, Detail: leafName(int64(i)) + ", " + detail})
		default:
			f.r.Bytes += x.To - x.From
			if e.Ground != "" {
				f.r.add(Finding{State: Note, What: "trail_found", File: x.File, Part: part, Detail: leafName(int64(i)) + ", " + when(e.Time)})
			}
		}
	}
	f.r.Files += len(ends)
	f.trailRest(ends, last)
	return nil
}

// trailRest names what no leaf tells of.
func (f *folder) trailRest(ends map[string]int64, last string) {
	var names []string
	for name := range f.have {
		if strings.HasPrefix(name, manifest.TrailDir+"/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		size, end := f.have[name], ends[name]
		part := fmt.Sprintf("bytes %d-%d", end, size-1)
		switch {
		case !trailName(name) || end == 0 && name < last:
			f.r.add(Finding{State: Extra, What: "extra", File: name})
		case size > end && name < last && end > 0:
			f.r.add(Finding{State: Extra, What: "trail_after", File: name, Part: part})
		case size > end:
			f.r.add(Finding{State: Unsealed, What: "trail_unsealed", File: name, Part: part})
		}
	}
}

// trailName tells whether a file can be one of the trail.
func trailName(name string) bool {
	return path.Dir(name) == manifest.TrailDir && strings.HasSuffix(name, ".jsonl") && filepath.IsLocal(filepath.FromSlash(name)) && len(name) < 40
}

// trailRange says how a range of the trail differs, "" = it does not.
func (f *folder) trailRange(ctx context.Context, x manifest.TrailRange, want seal.Hash, line *seal.Again, g *again, buf []byte) (detail string, err error) {
	file, err := os.Open(filepath.Join(f.dir, filepath.FromSlash(x.File)))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return compareRange(ctx, file, x.From, x.To-x.From, want, line, g, &f.opt, buf), nil
}

// state compares the database with the leaves, when there is somebody who can read it.
func (f *folder) state(ctx context.Context, s *logState) error {
	sealed := slices.ContainsFunc(s.entries, func(e seal.Entry) bool {
		return e.Kind == seal.KindPerson || e.Kind == seal.KindToken || e.Kind == seal.KindProposal
	})
	_, there := f.have[stateName]
	switch {
	case !there && sealed:
		f.r.add(Finding{State: Missing, What: "state_missing", File: stateName})
		return nil
	case !there:
		return nil
	case f.opt.State == nil:
		if sealed {
			f.r.add(Finding{State: Note, What: "state_unchecked", File: stateName})
		}
		return nil
	}
	if sealed && f.opt.onlySHA256() {
		f.r.add(Finding{State: Note, What: "again_state", File: stateName})
	}
	l, err := f.opt.State(ctx, f.dir, s.entries)
	if err != nil {
		f.r.add(Finding{State: Damaged, What: "state_unread", File: stateName, Detail: err.Error()})
		return ctx.Err()
	}
	for _, x := range l {
		f.r.add(x)
	}
	return nil
}
