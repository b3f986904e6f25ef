package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// maxSpan bounds a span of an object that is read whole, in bytes.
const maxSpan = 1 << 28

// Volume checks a volume of the archive: every object against the hash in its
// name, every day against the objects that it names, every day's manifest against
// the leaves of the log that the volume carries.
func Volume(ctx context.Context, dir string, opt Options) (*Report, error) {
	r := &Report{Kind: "volume", Path: dir, Distrust: opt.Distrust, Findings: []Finding{}, Anchors: []Anchor{}}
	have, err := list(dir)
	if err != nil {
		return nil, err
	}
	v := &volume{r: r, dir: dir, bad: map[string]string{}}
	var jobs []job
	for name, size := range have {
		h, ok := manifest.NameHash(name)
		if !ok {
			if !manifest.Listed(name) || name == manifest.VolumeName {
				continue
			}
			r.add(Finding{State: Note, What: "foreign", File: name})
			continue
		}
		v.names = append(v.names, name)
		jobs = append(jobs, job{file: manifest.File{Name: name, Size: size, SHA256: h}, size: size})
	}
	slices.Sort(v.names)
	inLog := func(j job) bool { return strings.HasPrefix(j.file.Name, manifest.LogDir+"/") }
	bad, err := hashAll(ctx, dir, slices.DeleteFunc(slices.Clone(jobs), func(j job) bool { return !inLog(j) }), nil, opt, r)
	if err != nil {
		return nil, err
	}
	for _, b := range bad {
		v.bad[b.file.Name] = b.detail
	}
	s, err := v.log()
	if err != nil {
		return nil, err
	}
	if err := v.readAgain(s, &opt); err != nil {
		return nil, err
	}
	jobs = slices.DeleteFunc(jobs, inLog)
	v.lines(jobs, s.again, &opt)
	more, err := hashAll(ctx, dir, jobs, s.again, opt, r)
	if err != nil {
		return nil, err
	}
	for _, b := range more {
		v.bad[b.file.Name] = b.detail
	}
	bad = append(bad, more...)
	if opt.Since != nil {
		checkSince(r, opt.SinceName, opt.Since, s)
	}
	_, v.pooled = have[manifest.VolumeName]
	v.plain = make(map[string]bool, len(v.names))
	for _, name := range v.names {
		v.plain[plainName(name)] = true
	}
	if err := v.days(s); err != nil {
		return nil, err
	}
	if err := r.rows(s, manifest.LogDir, v.names, func(n string) ([]byte, error) { return readSmall(dir, n) }); err != nil {
		return nil, err
	}
	v.removed(s)
	r.deletions(s.entries, manifest.LogDir)
	r.onePerson(s.entries, manifest.LogDir)
	r.classRemovals(s.entries, manifest.LogDir)
	for _, b := range bad {
		if _, told := v.bad[b.file.Name]; told {
			r.add(Finding{State: Damaged, What: "object", File: b.file.Name, Detail: b.detail})
		}
	}
	r.order()
	return r, nil
}

type volume struct {
	r     *Report
	dir   string
	names []string          // objects, sorted
	bad   map[string]string // objects whose bytes are other ones, and how
	plain map[string]bool   // the names that encrypted objects have, too
	// pooled: it is a volume of a pool, whose objects may lie on several.
	pooled bool
}

// plainName is the name of an object that may be encrypted.
func plainName(name string) string {
	rest, ok := strings.CutSuffix(name, manifest.EncryptedEnd)
	if at := len(rest) - 2*len(seal.Hash{}) - 1; ok && at > 0 && rest[at] == '.' {
		return rest[:at]
	}
	return name
}

// log reads the leaves and checkpoints that the volume carries. Encrypted ones are
// not read.
func (v *volume) log() (*logState, error) {
	s := &logState{}
	for _, name := range v.names { // names of leaves begin with a padded number, or are sorted here
		if !strings.HasPrefix(name, manifest.LogDir+"/") || !strings.HasSuffix(name, ".jsonl") || v.bad[name] != "" {
			continue
		}
		from, _, _ := strings.Cut(path.Base(name), "-")
		if n, err := strconv.ParseInt(from, 10, 64); err != nil || n != int64(len(s.hashes)) {
			continue // a later file covers more, or a hole: what follows stays unsealed
		}
		b, err := readSmall(v.dir, name)
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(b) {
			data := bytes.TrimSuffix(line, []byte("\n"))
			e, err := seal.ParseLeaf(data)
			if err != nil {
				v.r.add(Finding{State: Damaged, What: "leaf", File: name, Part: leafName(int64(len(s.hashes))), Detail: err.Error()})
			}
			s.data = append(s.data, data)
			s.take(e, seal.LeafHash(data), v.r, name)
		}
	}
	for _, name := range v.names {
		if strings.HasPrefix(name, manifest.LogDir+"/checkpoint.") && strings.HasSuffix(name, ".txt") && v.bad[name] == "" {
			b, err := readSmall(v.dir, name)
			if err != nil {
				return nil, err
			}
			c, err := seal.ParseCheckpoint(b)
			if err != nil {
				v.r.add(Finding{State: Damaged, What: "checkpoint", File: name, Detail: err.Error()})
				continue
			}
			s.points = append(s.points, c)
		}
	}
	slices.SortFunc(s.points, func(a, b *seal.Checkpoint) int { return int(min(max(a.Size-b.Size, -1), 1)) })
	if len(s.hashes) == 0 || len(s.points) == 0 {
		v.r.add(Finding{State: Unsealed, What: "no_log", File: manifest.LogDir})
		return s, nil
	}
	v.points(s)
	v.r.gapReports(s.entries, manifest.LogDir)
	return s, nil
}

// points checks the checkpoints of a volume. It need not carry all of them.
func (v *volume) points(s *logState) {
	all := s.entries
	s.entries = nil // a missing checkpoint is no fault here
	checkPoints(v.r, manifest.LogDir, s)
	s.entries = all
}

// days checks what each day's manifest names.
func (v *volume) days(s *logState) error {
	sealedDays := map[seal.Hash]bool{}
	for i, e := range s.entries {
		if e.Kind == seal.KindArchivePart && int64(i) < v.r.Sealed {
			sealedDays[e.Hash] = true
		}
	}
	ordered := deletedObjects(s.entries[:min(int64(len(s.entries)), v.r.Sealed)])
	for _, name := range v.names {
		if !strings.Contains(path.Base(name), ".day.") || v.bad[name] != "" {
			continue
		}
		if strings.HasSuffix(name, manifest.EncryptedEnd) {
			v.r.add(Finding{State: Note, What: "day_encrypted", File: name})
			continue
		}
		b, err := readSmall(v.dir, name)
		if err != nil {
			return err
		}
		var d manifest.Day
		if err := manifest.Decode(b, &d); err != nil {
			v.r.add(Finding{State: Damaged, What: "object", File: name, Detail: err.Error()})
			continue
		}
		if len(s.hashes) > 0 && !sealedDays[hashOf(b)] {
			v.r.add(Finding{State: Unsealed, What: "day_unsealed", File: name, Server: d.Server, Period: d.Day})
		}
		for _, o := range d.Objects {
			if _, gone := ordered[o.Name]; gone && !v.plain[o.Name] {
				continue
			}
			if !v.plain[o.Name] {
				if v.pooled {
					v.r.add(Finding{State: Note, What: "object_elsewhere", File: o.Name, Server: d.Server, Period: d.Day, Part: fmt.Sprintf("part %d", d.Part)})
					continue
				}
				v.r.add(Finding{State: Missing, What: "object_missing", File: o.Name, Server: d.Server, Period: d.Day, Part: fmt.Sprintf("part %d", d.Part)})
				continue
			}
			v.object(&d, o)
		}
	}
	return nil
}

// removed names the days that the log tells of and that are not there, although no
// leaf says that they were removed.
func (v *volume) removed(s *logState) {
	gone := make(map[string]bool)
	var parts []removedPart
	for i, e := range s.entries {
		var p removedPart
		if int64(i) >= v.r.Sealed || e.Kind != seal.KindArchivePart && e.Kind != seal.KindArchiveDeletion || json.Unmarshal([]byte(e.Subject), &p) != nil {
			continue
		}
		if e.Kind == seal.KindArchivePart {
			parts = append(parts, p)
		}
		for _, n := range p.Objects {
			gone[n] = true
		}
	}
	elsewhere := 0
	for _, p := range parts {
		if gone[p.Object] || v.plain[p.Object] {
			continue
		}
		if v.pooled {
			elsewhere++
			continue
		}
		v.r.add(Finding{State: Missing, What: "day_missing", File: p.Object, Server: p.Server, Period: p.Day, Part: fmt.Sprintf("part %d", p.Part)})
	}
	if elsewhere > 0 {
		v.r.add(Finding{State: Note, What: "days_elsewhere", File: manifest.LogDir, Detail: fmt.Sprintf("%d / %d", elsewhere, len(parts))})
	}
}

// object names the spans of a damaged object that differ.
func (v *volume) object(d *manifest.Day, o manifest.Object) {
	detail, bad := v.bad[o.Name]
	if h, ok := manifest.NameHash(o.Name); !ok || h != o.SHA256 {
		detail, bad = "the day names another hash", true
	}
	if !bad {
		return
	}
	delete(v.bad, o.Name)
	told := false
	for _, sp := range o.Spans {
		if sp.Size > maxSpan || sp.Size < 0 {
			continue
		}
		b := make([]byte, sp.Size)
		if err := v.readAt(o.Name, b, sp.Offset); err != nil || hashOf(b) != sp.SHA256 {
			told = true
			v.r.add(Finding{State: Damaged, What: "object", File: o.Name, Server: d.Server, Period: d.Day,
				Part: sp.What, Detail: fmt.Sprintf("bytes %d-%d", sp.Offset, sp.Offset+sp.Size-1)})
		}
	}
	if !told {
		v.r.add(Finding{State: Damaged, What: "object", File: o.Name, Server: d.Server, Period: d.Day, Detail: detail})
	}
}

func (v *volume) readAt(name string, b []byte, off int64) error {
	f, err := os.Open(filepath.Join(v.dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	_, err = f.ReadAt(b, off)
	return errors.Join(err, f.Close())
}
