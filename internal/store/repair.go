package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/rawfile"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/segment"
)

// Repaired is what Repair did with one damaged file.
type Repaired struct {
	File    string `json:"file"`
	In      string `json:"in"`
	Server  string `json:"server,omitempty"`
	First   int64  `json:"first,omitempty"` // Unix ns
	Last    int64  `json:"last,omitempty"`
	Kept    int64  `json:"kept"` // records or events that could still be read
	Lost    int64  `json:"lost"` // that could not
	Aside   string `json:"aside,omitempty"`
	Convert bool   `json:"convert"` // the server's records can be made again from its raw events
}

// RepairReport is the outcome of Repair.
type RepairReport struct {
	Found    []Finding  `json:"found"`
	Files    []Repaired `json:"files"`
	Manifest bool       `json:"manifest"` // it was made anew from the other files
	// Servers are those whose records should be converted again from their raw
	// events, to bring back what was lost or compare what was found.
	Servers []string `json:"servers"`
}

// Repair puts damaged files of a folder aside and writes what can still be read
// of them again. When both manifests are lost it makes one from the other
// files. It says which servers must be converted again; the caller does it.
func Repair(ctx context.Context, dir string, opt Options, by string, now int64) (*RepairReport, error) {
	out := &RepairReport{Found: []Finding{}, Files: []Repaired{}, Servers: []string{}}
	opt.FlushRows = -1
	s, err := Open(dir, opt)
	var d *DamageError
	if errors.As(err, &d) && slices.Contains(manifestNames[:], d.File) {
		opt.salvage = true
		out.Manifest = true
		s, err = Open(dir, opt)
	}
	if err != nil {
		return nil, err
	}
	return out, errors.Join(s.repairAll(ctx, out, by, now), s.Close())
}

func (s *Store) repairAll(ctx context.Context, out *RepairReport, by string, now int64) error {
	report, err := s.check(ctx, nil)
	if err != nil {
		return err
	}
	out.Found = report.Findings
	if len(out.Found) == 0 && !out.Manifest {
		return nil
	}
	e := seal.Entry{Kind: seal.KindRepair, Subject: fmt.Sprintf("%d damaged places", len(out.Found)), By: by, Time: now}
	if err := s.record(ctx, e); err != nil {
		return err
	}
	defer s.alone()()
	if err := s.flush(ctx); err != nil { // what the log still gives; damaged log files go aside
		return err
	}
	later, err := s.check(ctx, nil) // the flush moved blocks
	if err != nil {
		return err
	}
	again := make(map[string]bool)
	for _, f := range out.Found {
		if f.Server != "" && f.In != InPaths && f.In != InChain {
			again[f.Server] = true
		}
	}
	if out.Manifest {
		for _, name := range s.ServerNames() {
			again[name] = true
		}
	}
	files := make(map[string]Finding)
	for _, f := range later.Findings {
		if _, ok := files[f.File]; !ok {
			files[f.File] = f
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := files[name]
		r := Repaired{File: name, In: f.In, Server: f.Server, First: f.First, Last: f.Last}
		if err := s.repairFile(ctx, f, &r); err != nil {
			return fmt.Errorf("repair %s: %w", name, err)
		}
		out.Files = append(out.Files, r)
	}
	if err := errors.Join(s.forget(), s.forget()); err != nil { // both manifests
		return err
	}
	s.mu.RLock()
	for name := range again {
		if sv := s.index.servers[name]; sv != nil && sv.events > 0 {
			out.Servers = append(out.Servers, name)
		}
	}
	s.mu.RUnlock()
	slices.Sort(out.Servers)
	for i := range out.Files {
		out.Files[i].Convert = slices.Contains(out.Servers, out.Files[i].Server)
	}
	return nil
}

// repairFile does what can be done about a damaged file.
func (s *Store) repairFile(ctx context.Context, f Finding, r *Repaired) error {
	var num uint32
	dir, base := filepath.Split(filepath.FromSlash(f.File))
	dir = filepath.Clean(dir)
	num, known := fileNumber(filepath.ToSlash(dir), base)
	if !known {
		return nil
	}
	switch f.In {
	case InSegment:
		return s.repairSegment(ctx, num, r)
	case InRaw:
		return s.repairPack(ctx, num, r)
	case InKeep:
		return s.repairKeep(ctx, num, r)
	case InPaths:
		m := *s.manifest
		m.Generation++
		m.Paths = slices.DeleteFunc(slices.Clone(m.Paths), func(x manifestFile) bool { return x.Num == num })
		if err := s.adoptNew(&m); err != nil {
			return err
		}
		if err := s.putAside(f.File, r); err != nil {
			return err
		}
		return s.rebuildPaths(ctx, f.Server)
	}
	return nil
}

// adoptNew makes a manifest true and reads everything again by it.
func (s *Store) adoptNew(m *manifest) error {
	s.append.Lock() // no commit is half in the index
	defer s.append.Unlock()
	if err := s.publish(m); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reload()
}

// putAside moves a file that no manifest names into the quarantine folder.
func (s *Store) putAside(name string, r *Repaired) error {
	if err := fsx.MakeDir(s.fs, filepath.Join(s.dir, quarantineDir), 0o700); err != nil {
		return fmt.Errorf("make quarantine: %w", err)
	}
	base := filepath.Base(name)
	err := s.fs.Rename(filepath.Join(s.dir, filepath.FromSlash(name)), filepath.Join(s.dir, quarantineDir, base))
	if err := ignoreMissing(err); err != nil {
		return fmt.Errorf("put aside %s: %w", name, err)
	}
	if err == nil {
		r.Aside = quarantineDir + "/" + base
	}
	return s.syncDirs(filepath.Dir(name), quarantineDir)
}

// repairSegment writes the rows of a damaged segment that can be read as a new
// one.
func (s *Store) repairSegment(ctx context.Context, num uint32, r *Repaired) error {
	s.mu.RLock()
	ref := s.index.segmentOf(num)
	s.mu.RUnlock()
	m := *s.manifest
	m.Generation++
	at := slices.IndexFunc(m.Segments, func(x manifestFile) bool { return x.Num == num })
	if at < 0 {
		return nil // merged since
	}
	file := m.Segments[at]
	m.Segments = slices.Delete(slices.Clone(m.Segments), at, at+1)
	r.Lost = file.Rows
	if ref != nil {
		l, err := s.salvageSegment(ctx, ref)
		if err != nil {
			return err
		}
		for _, n := range l {
			m.Segments = append(m.Segments, n.manifest(file.Server))
			r.Kept += n.meta.Rows
			r.Lost -= n.meta.Rows
			_ = n.file.Close() // is opened again
		}
	}
	if err := s.adoptNew(&m); err != nil {
		return err
	}
	return s.putAside(r.File, r)
}

func (x *index) segmentOf(num uint32) *segmentRef {
	for _, sv := range x.servers {
		for _, r := range slices.Concat(sv.segments, sv.oldSegments) {
			if r.num == num {
				return r
			}
		}
	}
	return nil
}

func (s *Store) salvageSegment(ctx context.Context, ref *segmentRef) ([]*segmentRef, error) {
	b := segment.NewBuilder(ref.meta.Server, ref.meta.Superseded, segment.Options{Zone: s.opt.Zone})
	err := ref.seg.Each(ctx, segment.NewFilter(everything()), segment.View{}, func(rec *record.Record, seq uint64) error {
		b.Add(rec, seq)
		return nil
	})
	var d *segment.DamageError
	if err != nil && !errors.As(err, &d) {
		return nil, err
	}
	var l []*segmentRef
	for _, month := range b.Months() {
		num := s.newNumber()
		if _, err := s.writeFile(segmentDir, num, func(w io.Writer) error {
			_, err := b.WriteMonth(w, month)
			return err
		}); err != nil {
			return nil, err
		}
		r, err := s.openSegment(num)
		if err != nil {
			return nil, err
		}
		l = append(l, r)
	}
	return l, s.syncDirs(segmentDir)
}

// repairPack writes the blocks of a damaged pack that can be read as a new one.
func (s *Store) repairPack(ctx context.Context, num uint32, r *Repaired) error {
	m := *s.manifest
	m.Generation++
	at := slices.IndexFunc(m.Raw, func(x manifestFile) bool { return x.Num == num })
	if at < 0 {
		return nil
	}
	m.Raw = slices.Delete(slices.Clone(m.Raw), at, at+1)
	s.mu.RLock()
	i := slices.IndexFunc(s.index.packs, func(p *packRef) bool { return p.num == num })
	var p *packRef
	if i >= 0 {
		p = s.index.packs[i]
	}
	s.mu.RUnlock()
	if p != nil {
		n, err := s.salvagePack(ctx, p, r)
		if err != nil {
			return err
		}
		if n.Num != 0 {
			m.Raw = append(m.Raw, n)
		}
	}
	if err := s.adoptNew(&m); err != nil {
		return err
	}
	return s.putAside(r.File, r)
}

func (s *Store) salvagePack(ctx context.Context, p *packRef, r *Repaired) (manifestFile, error) {
	num := s.newNumber()
	size, err := s.writeFile(rawDir, num, func(w io.Writer) error {
		rw, err := rawfile.NewWriter(w, s.packer)
		if err != nil {
			return err
		}
		var failed error
		p.blocks(func(server string, b *rawBlock) {
			if failed != nil {
				return
			}
			var l []*event.Event
			l, err := s.events(ctx, b)
			switch {
			case isLost(err):
				r.Lost += int64(b.n)
			case err != nil:
				failed = err
			default:
				r.Kept += int64(len(l))
				_, failed = rw.Add(server, b.channel, l)
			}
		})
		_, err = rw.Close()
		return errors.Join(failed, err)
	})
	if err != nil || r.Kept == 0 {
		return manifestFile{}, err
	}
	return manifestFile{Num: num, Size: size}, s.syncDirs(rawDir)
}

// repairKeep drops the kept blocks that cannot be read.
func (s *Store) repairKeep(ctx context.Context, num uint32, r *Repaired) error {
	m := *s.manifest
	m.Generation++
	lost := func(ref manifestRef) bool {
		if ref.File != num {
			return false
		}
		b := ref.ref()
		_, err := s.read(ctx, &b)
		if err == nil {
			r.Kept += int64(ref.N)
			return false
		}
		r.Lost += int64(ref.N)
		return true
	}
	m.Facts = slices.DeleteFunc(slices.Clone(m.Facts), func(f manifestFact) bool { return lost(f.Ref) })
	m.Servers = slices.Clone(m.Servers)
	for i := range m.Servers {
		sv := &m.Servers[i]
		for _, l := range [...]*[]manifestRecords{&sv.Tail, &sv.Old, &sv.Drafts} {
			*l = slices.DeleteFunc(slices.Clone(*l), func(b manifestRecords) bool { return lost(b.Ref) })
		}
		sv.Checkpoints = slices.DeleteFunc(slices.Clone(sv.Checkpoints), func(c manifestCheckpoint) bool { return lost(c.Ref) })
		for j := range sv.Checkpoints {
			if c := &sv.Checkpoints[j]; slices.ContainsFunc(c.Traces, lost) {
				c.Traces = nil
			}
		}
	}
	return s.adoptNew(&m)
}
