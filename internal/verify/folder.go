package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// maxMeta bounds what is read whole: leaves, checkpoints, manifests; in bytes.
const maxMeta = 1 << 30

// Options say how a check is done.
type Options struct {
	Since     []byte // an earlier checkpoint that was kept elsewhere; nil = none
	SinceName string
	Roots     []byte    // PEM of the authorities that are trusted for stamps; nil = the system's
	Now       time.Time // 0 = the clock's; which certificates have ended
	Workers   int       // 0 = one for each processor
	// Distrust is a hash algorithm that proves nothing any more: SHA256 leaves what is
	// hashed anew under another one. "" = none.
	Distrust seal.Algorithm
	collide  func(seal.Hash) seal.Hash // of tests: another content with the same SHA-256
	Progress func(done, all int64, file string)
	// State compares the database of people with the entries of the seal; nil = it is
	// told that it was not checked, which is so for whoever does without SQLite.
	State func(ctx context.Context, dir string, entries []seal.Entry) ([]Finding, error)
}

func (o *Options) now() time.Time {
	if o.Now.IsZero() {
		return time.Now()
	}
	return o.Now
}

func (o *Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// Folder checks a data folder.
func Folder(ctx context.Context, dir string, opt Options) (*Report, error) {
	r, s, err := readLog(dir, opt)
	if err != nil {
		return nil, err
	}
	have, err := list(dir)
	if err != nil {
		return nil, err
	}
	f := &folder{r: r, dir: dir, have: have, opt: opt, ordered: deletedObjects(s.entries)}
	r.deletions(s.entries, seal.DirName)
	r.onePerson(s.entries, seal.DirName)
	r.classRemovals(s.entries, seal.DirName)
	if err := f.check(ctx, s); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(have))
	for n := range have {
		if strings.HasPrefix(n, "archive/") {
			names = append(names, n)
		}
	}
	if err := r.rows(s, seal.DirName+"/"+seal.LeavesName, names, func(n string) ([]byte, error) { return readSmall(dir, n) }); err != nil {
		return nil, err
	}
	if err := f.trail(ctx, s); err != nil {
		return nil, err
	}
	if err := f.state(ctx, s); err != nil {
		return nil, err
	}
	r.order()
	return r, nil
}

// Log checks the log of a data folder alone, and none of the files.
func Log(dir string, opt Options) (*Report, error) {
	r, _, err := readLog(dir, opt)
	if err != nil {
		return nil, err
	}
	r.order()
	return r, nil
}

func readLog(dir string, opt Options) (*Report, *logState, error) {
	r := &Report{Kind: "folder", Path: dir, Distrust: opt.Distrust, Findings: []Finding{}, Anchors: []Anchor{}}
	s := &logState{}
	leaves, points := seal.DirName+"/"+seal.LeavesName, seal.DirName+"/"+seal.CheckpointsName
	b, err := readSmall(dir, leaves)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	if err != nil {
		r.add(Finding{State: Unsealed, What: "no_seal", File: leaves})
	}
	readLeaves(r, leaves, b, s)
	pb, err := readSmall(dir, points)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	if err != nil && len(b) > 0 {
		r.add(Finding{State: Missing, What: "checkpoints_missing", File: points})
	}
	readPoints(r, points, pb, s)
	checkPoints(r, points, s)
	if err := readAgain(r, dir, s, &opt); err != nil {
		return nil, nil, err
	}
	r.gapReports(s.entries, leaves)
	r.Bytes += int64(len(b) + len(pb))
	if opt.Since != nil {
		checkSince(r, opt.SinceName, opt.Since, s)
	}
	return r, s, checkStamps(r, dir, s, opt)
}

// list gives the files below dir, slash-separated, with their sizes.
func list(dir string) (map[string]int64, error) {
	out := make(map[string]int64)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		st, err := d.Info()
		if err != nil {
			return err
		}
		out[filepath.ToSlash(rel)] = st.Size()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	return out, nil
}

func readSmall(dir, name string) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxMeta+1))
	if err = errors.Join(err, f.Close()); err == nil && len(b) > maxMeta {
		err = errors.New("it is too large")
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b, nil
}

// folder is a check under way.
type folder struct {
	r    *Report
	dir  string
	have map[string]int64
	opt  Options
	st   storeState
	// ordered are objects that entries of deletion name.
	ordered map[string]ordered
}

func (f *folder) check(ctx context.Context, s *logState) error {
	at := int64(-1)
	for i, e := range s.entries {
		if e.Kind == seal.KindFolder && int64(i) < s.signed {
			at = int64(i)
		}
	}
	f.sealFiles(s, at)
	if err := f.againFiles(s); err != nil {
		return err
	}
	if at < 0 {
		if len(s.entries) > 0 {
			f.r.add(Finding{State: Unsealed, What: "no_folder", File: seal.DirName})
		}
		return nil
	}
	name := seal.DirName + "/" + seal.FolderFile(at)
	b, err := readSmall(f.dir, name)
	if errors.Is(err, os.ErrNotExist) {
		f.r.add(Finding{State: Missing, What: "folder_missing", File: name, Part: leafName(at)})
		return nil
	}
	if err != nil {
		return err
	}
	var m manifest.Folder
	if hashOf(b) != s.entries[at].Hash {
		f.r.add(Finding{State: Damaged, What: "folder", File: name, Part: leafName(at)})
	} else if f.opt.onlySHA256() && s.again.line(seal.AgainFile, name, int64(len(b)), s.entries[at].Hash) == nil {
		f.r.add(Finding{State: Unsealed, What: "again_none", File: name})
	}
	if err := manifest.Decode(b, &m); err != nil || m.Format != manifest.Format {
		f.r.add(Finding{State: Damaged, What: "folder", File: name, Part: leafName(at), Detail: fmt.Sprint(err)})
		return nil
	}
	f.st = readStore(f.r, f.dir)
	return f.compare(ctx, m, s.again)
}

// compare hashes every file that the manifest lists.
func (f *folder) compare(ctx context.Context, m manifest.Folder, g *again) error {
	var jobs []job
	listed := make(map[string]bool, len(m.Files))
	for _, x := range m.Files {
		listed[x.Name] = true
		size, ok := f.have[x.Name]
		switch {
		case !ok:
			f.gone(x)
		case !filepath.IsLocal(filepath.FromSlash(x.Name)):
			f.r.add(Finding{State: Damaged, What: "name", File: x.Name})
		case size < x.Size && x.Mode != manifest.FileEdited:
			f.differs(x, fmt.Sprintf("%d bytes, %d were sealed", size, x.Size))
		case size > x.Size && x.Mode == manifest.FileFixed:
			f.differs(x, fmt.Sprintf("%d bytes, %d were sealed", size, x.Size))
		default:
			if size > x.Size && x.Mode == manifest.FileGrows {
				f.st.newer = true
				f.r.add(Finding{State: Unsealed, What: "grown", File: x.Name, Part: fmt.Sprintf("bytes %d-%d", x.Size, size-1)})
			}
			n := x.Size
			if x.Mode == manifest.FileEdited {
				n = size
			}
			j := job{file: x, size: n}
			if n == x.Size {
				j.again = g.ofFile(&x)
			}
			if j.again == nil && f.opt.onlySHA256() {
				f.r.add(Finding{State: Unsealed, What: "again_none", File: x.Name})
			}
			jobs = append(jobs, j)
		}
	}
	bad, err := hashAll(ctx, f.dir, jobs, g, f.opt, f.r)
	if err != nil {
		return err
	}
	for _, b := range bad {
		f.differs(b.file, b.detail)
	}
	for name := range f.have {
		if listed[name] || !manifest.Listed(name) {
			continue
		}
		f.r.add(f.st.describe(Finding{State: f.st.newFile(name), What: "extra", File: name}))
	}
	return nil
}

// differs tells of a file whose bytes are other ones.
func (f *folder) differs(x manifest.File, detail string) {
	state := Damaged
	if x.Mode == manifest.FileEdited && !f.st.broken[x.Name] {
		state = Edited
	}
	f.r.add(f.st.describe(Finding{State: state, What: "file_" + state, File: x.Name, Detail: detail}))
}

// gone tells of a file that is not there. akashi removes files that newer ones
// stand for; then its manifest does not name them any more.
func (f *folder) gone(x manifest.File) {
	if f.deleted(x.Name) {
		return
	}
	state := Missing
	if f.st.newer && f.st.dropped(x.Name) {
		state = Unsealed
	}
	if manifest.Derived(x.Name) { // the archive has its records
		f.r.add(Finding{State: Note, What: "restored_missing", File: x.Name})
		return
	}
	f.r.add(f.st.describe(Finding{State: state, What: "file_missing", File: x.Name}))
}

// sealFiles names files of the seal that do not belong there, and checks the key.
func (f *folder) sealFiles(s *logState, at int64) {
	for name := range f.have {
		rest, ok := strings.CutPrefix(name, seal.DirName+"/")
		if !ok || strings.HasSuffix(name, ".tmp") {
			continue
		}
		switch {
		case rest == seal.LeavesName || rest == seal.CheckpointsName || rest == seal.FolderFile(at) || strings.HasPrefix(rest, seal.StampsName+"/") || seal.IsAgain(rest) || seal.IsAgainStamp(rest):
		case rest == seal.KeyName || rest == seal.OldKeyName:
			f.key(name, s)
		case strings.HasPrefix(rest, seal.FolderName+"/"):
			f.r.add(Finding{State: Note, What: "folder_old", File: name})
		default:
			f.r.add(Finding{State: Extra, What: "extra", File: name})
		}
	}
}

func (f *folder) key(name string, s *logState) {
	b, err := readSmall(f.dir, name)
	if err != nil {
		f.r.add(Finding{State: Note, What: "key_unread", File: name, Detail: err.Error()})
		return
	}
	public, err := seal.CheckKeyFile(b)
	known := public == "" && err == nil
	for _, k := range s.keys {
		known = known || k.Key == public
	}
	if err != nil || !known {
		f.r.add(Finding{State: Damaged, What: "key", File: name, Detail: fmt.Sprint(err)})
	}
}
