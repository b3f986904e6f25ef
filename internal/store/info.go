package store

import (
	"slices"
	"strings"
)

// Info is what the store holds.
type Info struct {
	Records, Superseded, Events, Bytes int64
	Servers                            []ServerInfo
	Imports                            []Import // oldest first
}

// Info counts what the store holds; it reads no block. Records that an erasure
// hides are counted until they leave the files.
func (s *Store) Info() (*Info, error) {
	r, err := s.reader()
	if err != nil {
		return nil, err
	}
	defer r.release()
	in := &Info{}
	for _, sv := range r.servers {
		i := sv.info()
		in.Superseded += i.Superseded
		in.Records += i.Records
		in.Events += i.Events
		in.Servers = append(in.Servers, i)
	}
	slices.SortFunc(in.Servers, func(a, b ServerInfo) int { return strings.Compare(a.Name, b.Name) })
	s.mu.RLock()
	defer s.mu.RUnlock()
	in.Imports = slices.Clone(s.index.imports)
	for _, l := range slices.Concat(s.files, s.kept) {
		in.Bytes += l.end
	}
	for _, l := range [...][]manifestFile{s.manifest.Segments, s.manifest.Raw, s.manifest.Paths} {
		for _, f := range l {
			in.Bytes += f.Size
		}
	}
	return in, nil
}

func (s *serverIndex) info() ServerInfo {
	i := ServerInfo{Name: s.name, Events: s.events}
	for _, b := range s.superseded {
		i.Superseded += int64(b.n)
	}
	for _, r := range s.oldSegments {
		i.Superseded += r.meta.Rows
	}
	for _, c := range s.checkpoints {
		if !slices.Contains(i.Bases, c.basis) {
			i.Bases = append(i.Bases, c.basis)
		}
	}
	add := func(n, lo, hi int64) {
		if n == 0 {
			return
		}
		if i.Records == 0 || lo < i.First {
			i.First = lo
		}
		if i.Records == 0 || hi > i.Last {
			i.Last = hi
		}
		i.Records += n
	}
	for _, part := range [][]*recBlock{s.records, s.tail} {
		for _, b := range part {
			add(int64(b.n), b.min, b.max)
		}
	}
	for _, r := range s.segments {
		add(r.rows(s.voids), r.meta.First, r.meta.Last)
	}
	return i
}

// ColumnBytes is how many bytes each column of the segments takes, and each
// other kind of file.
func (s *Store) ColumnBytes() (map[string]int64, error) {
	r, err := s.reader()
	if err != nil {
		return nil, err
	}
	defer r.release()
	m := make(map[string]int64)
	for _, sv := range r.servers {
		for _, ref := range slices.Concat(sv.segments, sv.oldSegments) {
			rest := ref.size
			for name, n := range ref.meta.Columns {
				m[name] += n
				rest -= n
			}
			m["frame"] += rest
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, l := range slices.Concat(s.files, s.kept) {
		m["log"] += l.end
	}
	for _, f := range s.manifest.Paths {
		m["catalogue"] += f.Size
	}
	for _, f := range s.manifest.Raw {
		m["raw"] += f.Size
	}
	return m, nil
}
