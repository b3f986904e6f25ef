package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/segment"
)

// What a finding is about.
const (
	InManifest  = "manifest"  // one of two; the other one counts
	InManifests = "manifests" // both: what the folder holds is not known
	InLog       = "log"
	InChain     = "chain" // commits do not follow on one another
	InSegment   = "segment"
	InRaw       = "raw"
	InKeep      = "keep"
	InPaths     = "paths"
	InRestored  = "restored" // made of the archive, which is read in its place
	InOther     = "other"
)

// Remedies of a finding.
const (
	RemedyRepair  = "repair"  // akashi store repair
	RemedyRebuild = "rebuild" // akashi store rebuild
	RemedyImport  = "import"  // import the logs of that time again
	RemedyRestore = "restore" // akashi archive release, then restore
	RemedyNone    = "none"    // nothing is lost, nothing to do
)

// Finding is one damaged place.
type Finding struct {
	File    string `json:"file"` // relative to the data folder
	Offset  int64  `json:"offset"`
	Size    int64  `json:"size"` // bytes concerned, 0 = not known
	Reason  string `json:"reason"`
	In      string `json:"in"`
	Server  string `json:"server,omitempty"`
	First   int64  `json:"first,omitempty"` // Unix ns, of what is affected
	Last    int64  `json:"last,omitempty"`
	Records int64  `json:"records,omitempty"` // affected at most
	Events  int64  `json:"events,omitempty"`
	Remedy  string `json:"remedy"`
}

// CheckReport is the outcome of Check.
type CheckReport struct {
	Files    int       `json:"files"`
	Bytes    int64     `json:"bytes"`
	Records  int64     `json:"records"` // rows that were read
	Events   int64     `json:"events"`
	Commits  int64     `json:"commits"` // of the log
	Findings []Finding `json:"findings"`
}

// CheckOptions of Check.
type CheckOptions struct {
	Zone     *time.Location // of the folder; nil = UTC
	FS       fsx.FS         // nil = the operating system's
	Progress func(done, all int64, file string)
}

// Check reads every block of a data folder and lists what is damaged. It works
// beside a running writer and changes nothing.
func Check(ctx context.Context, dir string, opt CheckOptions) (*CheckReport, error) {
	s, err := Open(dir, Options{ReadOnly: true, Zone: opt.Zone, FS: opt.FS})
	var d *DamageError
	if errors.As(err, &d) {
		in := InOther
		if slices.Contains(manifestNames[:], d.File) {
			in = InManifests
		}
		return &CheckReport{Findings: []Finding{{File: d.File, Offset: d.Offset, Size: d.Size, Reason: d.Reason, In: in, Remedy: RemedyRepair}}}, nil
	}
	if err != nil {
		return nil, err
	}
	out, err := s.check(ctx, opt.Progress)
	return out, errors.Join(err, s.Close())
}

// checker is a Check that runs.
type checker struct {
	s        *Store
	out      *CheckReport
	progress func(done, all int64, file string)
	all      int64
}

func (s *Store) check(ctx context.Context, progress func(done, all int64, file string)) (*CheckReport, error) {
	r, err := s.reader()
	if err != nil {
		return nil, err
	}
	defer r.release()
	if progress == nil {
		progress = func(int64, int64, string) {}
	}
	in, err := s.Info()
	if err != nil {
		return nil, err
	}
	c := &checker{s: s, out: &CheckReport{Findings: []Finding{}}, progress: progress, all: in.Bytes}
	c.known()
	for _, sv := range r.servers {
		for _, ref := range slices.Concat(sv.segments, sv.oldSegments) {
			if err := c.segment(ctx, sv, ref); err != nil {
				return nil, err
			}
		}
	}
	s.mu.RLock()
	packs, names, kept, files := slices.Clone(s.index.packs), slices.Clone(s.index.paths), slices.Clone(s.kept), slices.Clone(s.files)
	s.mu.RUnlock()
	for _, p := range packs {
		if err := c.pack(ctx, p); err != nil {
			return nil, err
		}
	}
	for _, p := range names {
		for _, err := range p.part.Check() {
			c.add(Finding{File: fileName(pathDir, p.num), Reason: err.Error(), In: InPaths, Server: p.server, Remedy: RemedyRebuild})
		}
		c.did(fileName(pathDir, p.num), p.size)
	}
	if err := c.kept(ctx, r); err != nil {
		return nil, err
	}
	for _, l := range kept {
		c.did(l.name, l.end)
	}
	return c.out, c.log(ctx, files)
}

// add takes a finding once per place.
func (c *checker) add(f Finding) {
	if !slices.ContainsFunc(c.out.Findings, func(o Finding) bool { return o.File == f.File && o.Offset == f.Offset && o.Reason == f.Reason }) {
		c.out.Findings = append(c.out.Findings, f)
	}
}

func (c *checker) did(name string, size int64) {
	c.out.Files++
	c.out.Bytes += size
	c.progress(c.out.Bytes, c.all, name)
}

// known takes what opening the folder found: manifests, and files that do not
// open.
func (c *checker) known() {
	s := c.s
	s.mu.RLock()
	m := s.manifest
	s.mu.RUnlock()
	for _, d := range s.Damage() {
		f := Finding{File: d.File, Offset: d.Offset, Size: d.Size, Reason: d.Reason, In: InOther, Remedy: RemedyRepair}
		if slices.Contains(manifestNames[:], d.File) {
			f.In = InManifest
		}
		for _, x := range m.Segments {
			if fileName(segmentDir, x.Num) == d.File {
				f.In, f.Server, f.First, f.Last, f.Records = InSegment, x.Server, x.First, x.Last, x.Rows
			}
		}
		for _, x := range m.Raw {
			if fileName(rawDir, x.Num) == d.File {
				f.In = InRaw
			}
		}
		for _, x := range m.Paths {
			if fileName(pathDir, x.Num) == d.File {
				f.In, f.Server, f.Remedy = InPaths, x.Server, RemedyRebuild
			}
		}
		for num := range m.keeps() {
			if fileName(keepDir, num) == d.File {
				f.In = InKeep
			}
		}
		if strings.HasPrefix(d.File, logDir+"/") { // named as long as its bytes lie in quarantine
			f.In, f.Remedy = InLog, RemedyImport
		}
		c.add(f)
	}
}

// segment reads a segment whole and counts its rows.
func (c *checker) segment(ctx context.Context, sv *serverIndex, r *segmentRef) error {
	found := false
	add := func(off, size int64, reason string) {
		found = true
		c.add(Finding{File: r.name(), Offset: off, Size: size, Reason: reason, In: InSegment, Server: sv.name,
			First: r.meta.First, Last: r.meta.Last, Records: r.meta.Rows, Remedy: RemedyRepair})
	}
	damage, err := r.seg.Check(ctx)
	if err != nil {
		return err
	}
	for _, d := range damage {
		add(d.Offset, d.Size, d.Reason)
	}
	rows := int64(0)
	err = r.seg.Each(ctx, segment.NewFilter(everything()), segment.View{}, func(*record.Record, uint64) error {
		rows++
		return nil
	})
	var d *segment.DamageError
	if errors.As(err, &d) {
		add(d.Offset, d.Size, d.Reason)
	} else if err != nil {
		return err
	}
	for _, d := range c.s.Damage() {
		if d.File == r.name() {
			add(d.Offset, d.Size, d.Reason)
		}
	}
	c.s.mu.RLock()
	m := c.s.manifest
	c.s.mu.RUnlock()
	for _, f := range m.Segments {
		if f.Num == r.num && !found && (f.Rows != rows || f.Size != r.size) {
			add(0, r.size, fmt.Sprintf("it holds %d records in %d bytes, the manifest says %d in %d", rows, r.size, f.Rows, f.Size))
		}
	}
	c.out.Records += rows
	c.did(r.name(), r.size)
	return ctx.Err()
}

func (c *checker) pack(ctx context.Context, p *packRef) error {
	name := fileName(rawDir, p.num)
	l, err := p.pack.Check(ctx)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	for _, d := range l {
		f := Finding{File: name, Offset: d.Offset, Size: d.Size, Reason: d.Reason, In: InRaw, Remedy: RemedyImport}
		if d.Block >= 0 {
			b := p.pack.Blocks()[d.Block]
			f.Server, f.First, f.Last, f.Events = b.Server, b.Min.UnixNano(), b.Max.UnixNano(), int64(b.Events)
		} else {
			f.Remedy = RemedyRepair
		}
		c.add(f)
	}
	p.blocks(func(_ string, b *rawBlock) { c.out.Events += int64(b.n) })
	c.did(name, p.size)
	return nil
}

// kept reads the blocks that outlived their log.
func (c *checker) kept(ctx context.Context, r *reader) error {
	one := func(ref *blockRef, f Finding) error {
		l := c.s.fileOf(ref.file)
		if l == nil || !l.kept {
			return nil // named already, or read with the log
		}
		_, err := c.s.read(ctx, ref)
		var d *DamageError
		if errors.As(err, &d) {
			f.File, f.Offset, f.Size, f.Reason, f.In, f.Remedy = d.File, d.Offset, d.Size, d.Reason, InKeep, RemedyRepair
			c.add(f)
			return nil
		}
		return err
	}
	for _, sv := range r.servers {
		for _, l := range [...][]*recBlock{sv.tail, sv.old, sv.drafts} {
			for _, b := range l {
				if err := one(&b.blockRef, Finding{Server: sv.name, First: b.min, Last: b.max, Records: int64(b.n)}); err != nil {
					return err
				}
			}
		}
		for i := range sv.checkpoints {
			for _, ref := range sv.checkpoints[i].refs() {
				if err := one(ref, Finding{Server: sv.name}); err != nil {
					return err
				}
			}
		}
	}
	c.s.mu.RLock()
	facts := slices.Clone(c.s.index.facts)
	c.s.mu.RUnlock()
	for _, b := range facts {
		if err := one(&b.blockRef, Finding{First: b.min * 60e9, Last: b.max * 60e9}); err != nil {
			return err
		}
	}
	return nil
}
