package query

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// unc is a wanted path: as given, and split after \\server\share when it is a
// UNC path.
type unc struct{ full, share, rest string }

func splitUNC(p string) unc {
	p = strings.TrimRight(strings.ReplaceAll(p, "/", `\`), `\`)
	u := unc{full: p}
	if !strings.HasPrefix(p, `\\`) {
		return u
	}
	if f := strings.SplitN(p[2:], `\`, 3); len(f) >= 2 {
		u.share = `\\` + f[0] + `\` + f[1]
		if len(f) == 3 {
			u.rest = `\` + f[2]
		}
	}
	return u
}

// matchRecord reports whether the record's path or new path is the wanted one
// (exact) or is it or lies below it (not exact).
func (u unc) matchRecord(r *record.Record, exact bool) bool {
	if u.match(r.Path, exact) || r.NewPath != "" && u.match(r.NewPath, exact) {
		return true
	}
	if u.share == "" || !sameShare(u.share, r.Share) || r.ShareRoot == 0 || int(r.ShareRoot) > len(r.Path) {
		return false
	}
	root := r.Path[:r.ShareRoot]
	w := unc{full: root + u.rest}
	return w.match(r.Path, exact) || r.NewPath != "" && w.match(r.NewPath, exact)
}

func (u unc) match(path string, exact bool) bool {
	rest, ok := CutPath(path, u.full)
	if !ok {
		return false
	}
	return rest == "" || !exact && (rest[0] == '\\' || strings.HasSuffix(u.full, `\`))
}

// sameShare compares \\server\share names; the server may be the host part. Rights
// go by it.
func sameShare(a, b string) bool {
	ha, sa, _ := strings.Cut(strings.TrimPrefix(a, `\\`), `\`)
	hb, sb, _ := strings.Cut(strings.TrimPrefix(b, `\\`), `\`)
	return SameName(sa, sb) && (SameServer(ha, hb) || SameServer(hb, ha))
}

// SplitUNC cuts a wanted file or folder as a Matcher does: path is what local
// paths are compared with, share is \\server\share when it is a UNC path, and
// rest what stands behind it ("" or from the backslash on).
func SplitUNC(wanted string) (path, share, rest string) {
	u := splitUNC(wanted)
	return u.full, u.share, u.rest
}

// SameShare reports whether two \\server\share name the same share; each server
// may be the full name or the host part.
func SameShare(a, b string) bool { return sameShare(a, b) }

// Below reports whether a local path is a wanted one or, when it need not be exactly
// it, lies below it, as EqualPath compares; what rights go by is Lies. wanted is as
// SplitUNC gives it.
func Below(path, wanted string, exact bool) bool { return unc{full: wanted}.match(path, exact) }
