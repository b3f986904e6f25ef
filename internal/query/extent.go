package query

import (
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// Extent restricts what is answered to records of some servers and folders,
// whatever else a query says. The zero Extent restricts nothing. It is no part of
// the text language: nobody can widen it by typing.
type Extent struct {
	Servers []string // full names or host parts, case-insensitive; empty = all
	// Folders are local or UNC paths: every path that a record names (path and
	// new_path) must be one of them or lie below one, by what NTFS holds for the same
	// name and nothing wider (Lies). Empty = all;
	// with folders, records without a path are left out, and by a UNC path only
	// records are found that know their share. A folder without a name holds
	// nothing.
	Folders []string
}

// All reports whether the extent restricts nothing.
func (x Extent) All() bool { return len(x.Servers)+len(x.Folders) == 0 }

// Key tells extents apart, for what is kept by extent.
func (x Extent) Key() string {
	var b strings.Builder
	for _, l := range [2][]string{x.Servers, x.Folders} {
		for _, s := range l {
			b.WriteString(quoted(s))
		}
		b.WriteByte('/')
	}
	return b.String()
}

// Sight is an Extent made ready. It is safe for concurrent use; a nil Sight sees
// everything.
type Sight struct {
	servers []string
	folders []unc
	narrow  bool // there are folders, even if none has a name
}

// NewSight prepares x.
func NewSight(x Extent) *Sight {
	s := &Sight{servers: x.Servers, narrow: len(x.Folders) > 0}
	for _, f := range x.Folders {
		if u := splitUNC(f); u.full != "" {
			s.folders = append(s.folders, u)
		}
	}
	return s
}

// Server reports whether records of a server can be seen.
func (s *Sight) Server(name string) bool {
	return s == nil || len(s.servers) == 0 || slices.ContainsFunc(s.servers, func(w string) bool { return SameServer(w, name) })
}

// Sees reports whether a record can be seen.
func (s *Sight) Sees(r *record.Record) bool { return s == nil || s.Server(r.Server) && s.names(r) }

// names reports whether every path that the record names lies within.
func (s *Sight) names(r *record.Record) bool {
	if !s.narrow {
		return true
	}
	root := ""
	if n := int(r.ShareRoot); n > 0 && n <= len(r.Path) {
		root = r.Path[:n]
	}
	return s.Path(r.Path, r.Share, root) && (r.NewPath == "" || s.Path(r.NewPath, r.Share, root))
}

// Path reports whether a local path lies within the folders. share is the
// \\server\share by which it is reached and root that share's local folder, ""
// when they are not known.
func (s *Sight) Path(path, share, root string) bool {
	if s == nil || !s.narrow {
		return true
	}
	return path != "" && slices.ContainsFunc(s.folders, func(u unc) bool {
		if _, ok := Lies(path, u.full); ok {
			return true
		}
		if u.share == "" || root == "" || !sameShare(u.share, share) {
			return false
		}
		_, ok := Lies(path, root+u.rest)
		return ok
	})
}

// Above reports whether one of the folders lies below the path or is it: such a
// path is part of a name that can be seen.
func (s *Sight) Above(path string) bool {
	if s == nil || !s.narrow {
		return true
	}
	w := splitUNC(path)
	return w.full != "" && slices.ContainsFunc(s.folders, func(u unc) bool {
		_, ok := Lies(u.full, w.full)
		return ok
	})
}

// Narrow reports whether the extent has folders.
func (s *Sight) Narrow() bool { return s != nil && s.narrow }
