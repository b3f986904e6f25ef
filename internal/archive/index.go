package archive

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/rawfile"
	"github.com/akashi-audit/akashi/internal/restored"
	"github.com/akashi-audit/akashi/internal/seal"
)

// maxManifest bounds the manifest of a day, in bytes.
const maxManifest = 256 << 20

// Options of Open.
type Options struct {
	FS       fsx.FS         // nil = the operating system's
	Zone     *time.Location // of the calendar days
	Dir      string         // for the index and files that are being made: the data folder
	Recorder seal.Recorder  // nil = the archive is only read
	// Restored is the index of restored days; nil = there is none.
	Restored *restored.Shelf
}

// Archive is the archive of a data folder.
type Archive struct {
	objects Objects
	opt     Options
	raw     *rawfile.Unpacker
	packers sync.Pool // of *rawfile.Packer that read back with raw

	sortBytes   int // of records that a day which is sealed holds in memory
	blockEvents int // the most raw events of a block of a day that is sealed

	// using is held for reading while objects of a day are read, and for writing
	// while some are removed.
	using sync.RWMutex

	mu    sync.Mutex // guards the fields below
	all   map[key][]part
	days  map[key][]part // of all, those that count
	state indexFile
	known map[string]bool // names of manifests, and of what is erased, that were read
	// unread are manifests that are there and cannot be read now, and why.
	unread map[string]error
	tombs  tombs
}

type key struct {
	server string
	day    string
}

// part is a manifest and its own object.
type part struct {
	name string
	hash seal.Hash
	manifest.Day
}

// Open looks at the archive in objects. Refresh reads it.
func Open(objects Objects, opt Options) (*Archive, error) {
	if opt.FS == nil {
		opt.FS = fsx.OS{}
	}
	u, err := rawfile.NewUnpacker()
	if err != nil {
		return nil, err
	}
	a := &Archive{objects: objects, opt: opt, raw: u, sortBytes: sortBytes, blockEvents: rawfile.MaxEvents, all: make(map[key][]part), days: make(map[key][]part), known: make(map[string]bool)}
	a.loadIndex()
	return a, nil
}

// Close ends the use.
func (a *Archive) Close() { a.raw.Close() }

// Refresh reads the manifests that are new. Those that cannot be read are named by
// Unread, and tried again the next time: the rest of the archive is there without.
func (a *Archive) Refresh(ctx context.Context) error {
	l, err := a.objects.List(ctx, "")
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unread = make(map[string]error)
	if err := a.refreshErasures(ctx, l); err != nil {
		return err
	}
	l = slices.DeleteFunc(l, func(name string) bool {
		return a.known[name] || !strings.Contains(name, ".day.") || strings.HasPrefix(name, "_")
	})
	parts, failed, err := a.loadParts(ctx, l)
	if err != nil {
		return err
	}
	for i, name := range l {
		switch {
		case failed[i] == nil:
			a.insert(parts[i])
		case !a.tombs.doomed[name]: // else it goes anyway
			a.unread[name] = failed[i]
		}
	}
	return nil
}

// loadAhead is how many manifests are read at once: an archive of ten years has thousands,
// and storage far away answers each after a while.
const loadAhead = 8

// loadParts reads manifests. What fails is told one by one; the error is that of ctx.
func (a *Archive) loadParts(ctx context.Context, names []string) (parts []part, failed []error, err error) {
	parts, failed = make([]part, len(names)), make([]error, len(names))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(loadAhead, len(names)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(names) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				parts[i], failed[i] = a.loadPart(ctx, names[i])
			}
		})
	}
	wg.Wait()
	return parts, failed, ctx.Err()
}

// Unread lists the days (2026-11-22) of which something cannot be read now,
// ascending, and one reason.
func (a *Archive) Unread() (days []string, why error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(a.unread)) {
		if l := strings.Split(name, "/"); len(l) > 2 {
			days = append(days, l[1])
		}
		if why == nil {
			why = a.unread[name]
		}
	}
	slices.Sort(days)
	return slices.Compact(days), why
}

func (a *Archive) insert(p part) {
	k := key{p.Server, p.Day.Day}
	a.known[p.name] = true
	a.all[k] = append(a.all[k], p)
	slices.SortFunc(a.all[k], func(x, y part) int { return cmp.Or(cmp.Compare(x.Part, y.Part), strings.Compare(x.name, y.name)) })
	a.count(k)
}

// count finds the parts of a day that count: no other one replaces them, and no order
// of retention names them. The caller holds mu.
func (a *Archive) count(k key) {
	replaced := make(map[seal.Hash]bool)
	for _, p := range a.all[k] {
		for _, h := range p.Replaces {
			replaced[h] = true
		}
	}
	var l []part
	for _, p := range a.all[k] {
		if !replaced[p.hash] && !a.tombs.doomed[p.name] {
			l = append(l, p)
		}
	}
	if a.days[k] = l; len(l) == 0 {
		delete(a.days, k)
	}
}

func (a *Archive) loadPart(ctx context.Context, name string) (p part, err error) {
	b, err := a.bytes(ctx, name)
	if err != nil {
		return p, err
	}
	p.name, p.hash = name, sha256.Sum256(b)
	if !strings.Contains(name, fmt.Sprintf(".%x.", p.hash[:])) {
		return p, fmt.Errorf("archive object %s: its bytes are not those of its name", name)
	}
	if err := manifest.Decode(b, &p.Day); err != nil {
		return p, fmt.Errorf("archive object %s: %w", name, err)
	}
	if p.Format > manifest.DayFormat {
		return p, fmt.Errorf("archive object %s has format %d, this akashi reads up to %d: use the newer akashi that wrote it", name, p.Format, manifest.DayFormat)
	}
	return p, nil
}

// bytes reads a small object whole.
func (a *Archive) bytes(ctx context.Context, name string) (b []byte, err error) {
	r, err := a.objects.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if r.Size() > maxManifest {
		return nil, fmt.Errorf("archive object %s has %d bytes: too many", name, r.Size())
	}
	b = make([]byte, r.Size())
	if n, err := r.ReadAt(b, 0); n < len(b) {
		return nil, fmt.Errorf("read archive object %s: %w", name, err)
	}
	return b, nil
}

// Days lists the manifests of all parts, by day, server and part.
func (a *Archive) Days(ctx context.Context) ([]manifest.Day, error) {
	if err := a.Refresh(ctx); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []manifest.Day{}
	for _, l := range a.days {
		for _, p := range l {
			out = append(out, p.Day)
		}
	}
	slices.SortFunc(out, func(x, y manifest.Day) int {
		return cmp.Or(strings.Compare(x.Day, y.Day), strings.Compare(x.Server, y.Server), cmp.Compare(x.Part, y.Part))
	})
	return out, nil
}

// Archived reports whether a server's day, as the days since 1970-01-01 in the
// zone, was sealed after it was over, and in the state of the store that the
// mark names.
func (a *Archive) Archived(server string, day int, mark string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	name := DayName(day)
	l := a.days[key{server, name}]
	return a.state.Marks[server+"\x00"+name] == mark && (len(l) == 0 || !l[len(l)-1].Open)
}

// DayName is the text form of a day since 1970-01-01, as in the manifests.
func DayName(day int) string {
	return time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly)
}

// Bounds are the first moment of a day in the zone and that of the next, Unix ns.
func (a *Archive) Bounds(day int) (from, to int64) {
	at := func(d int) int64 {
		y, m, n := time.Unix(int64(d)*86400, 0).UTC().Date()
		return time.Date(y, m, n, 0, 0, 0, 0, a.opt.Zone).UnixNano()
	}
	return at(day), at(day + 1)
}
