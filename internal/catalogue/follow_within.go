package catalogue

import "github.com/akashi-audit/akashi/internal/query"

// nearest is Parts.nearest by what may be seen.
func (f *follower) nearest(names []string, from moment, back bool, ways uint) (event, bool, error) {
	return f.parts.nearest(f.ctx, names, from, back, ways, f.sees)
}

// sight tells which local paths lie within an extent, also below their shares.
func (l Parts) sight(x query.Extent) func(path string) bool {
	s := query.NewSight(x)
	return func(path string) bool {
		if s.Path(path, "", "") {
			return true
		}
		for _, p := range l {
			for _, r := range p.roots {
				if s.Path(path, r.Share, r.Folder) {
					return true
				}
			}
		}
		return false
	}
}
