package cli

import "fmt"

// damage tells a damaged place of a log in words: what it is, where, and how many
// records are lost. Text files have no chunks.
func (a *app) damage(chunk int, offset int64, kind string, lost int) string {
	if k := "cli.damage.kind." + kind; a.p.Has(k) {
		kind = a.p.T(k)
	}
	key := "cli.damage"
	if chunk < 0 {
		key = "cli.damage.text"
	}
	return a.p.T(key, "chunk", fmt.Sprint(chunk), "offset", fmt.Sprint(offset), "kind", kind, "lost", lost)
}
