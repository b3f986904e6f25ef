package catalogue

import (
	"cmp"
	"context"
	"sort"
	"strings"
)

// moment is a place in the order of acts. Of acts of one time in several parts,
// those of the earlier part come first.
type moment struct {
	time int64
	part int
	seq  int64
}

func (m moment) compare(o moment) int {
	return cmp.Or(cmp.Compare(m.time, o.time), cmp.Compare(m.part, o.part), cmp.Compare(m.seq, o.seq))
}

// before is a moment behind all acts that are before m.
func (m moment) before() moment { return moment{m.time, m.part, m.seq - 1} }

// event is a touch of a name or of a folder above it.
type event struct {
	moment
	kind   uint8
	length int    // bytes of the name that was asked for
	name   string // as asked for
	other  string // "" when it is not known
	id     uint32 // of other
}

// namesOf is a path and the folders above it.
func namesOf(path string) []string {
	l := []string{path}
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '\\' && path[i-1] != '\\' {
			l = append(l, path[:i])
		}
	}
	return l
}

// nearest is the last act before a moment, or the first behind it, that touched
// one of the names in one of the ways (a bit for each kind). With sees, acts that
// name something else than what it sees are passed over.
func (l Parts) nearest(ctx context.Context, names []string, from moment, back bool, ways uint, sees func(string) bool) (best event, ok bool, err error) {
	if err := ctx.Err(); err != nil {
		return best, false, err
	}
	bestPart := 0
	for i, p := range l {
		if len(p.touches) == 0 {
			continue
		}
		for _, name := range names {
			if sees != nil && !sees(name) {
				continue
			}
			r, err := p.dict.Find(name)
			if err != nil {
				return best, false, err
			}
			for id := r.From; id < r.To; id++ {
				if sees != nil { // the name may be another one for those who see little
					spelled, err := p.dict.Path(id)
					if err != nil {
						return best, false, err
					}
					if !sees(spelled) {
						continue
					}
				}
				t, found, err := p.nearest(id, i, from, back, ways, sees)
				if err != nil {
					return best, false, err
				}
				e := event{moment: moment{t.time, i, int64(t.seq)}, kind: t.kind, length: len(name), name: name, id: t.other}
				if found && (!ok || e.nearer(&best, back)) {
					best, ok, bestPart = e, true, i
				}
			}
		}
	}
	if ok && best.id != noPath {
		best.other, err = l[bestPart].dict.Path(best.id)
	}
	return best, ok, err
}

// nearer compares two events. An act that touches a name twice (a change of
// case) gave it, looking back, and took it, looking forward.
func (e *event) nearer(o *event, back bool) bool {
	c := e.compare(o.moment)
	switch {
	case c == 0:
		return preferred(e.kind, back) && !preferred(o.kind, back)
	case back:
		return c > 0
	}
	return c < 0
}

func preferred(kind uint8, back bool) bool {
	return back && kind == touchArrived || !back && kind == touchAway
}

// nearest is the same for one path of one part.
func (p *Part) nearest(id uint32, part int, from moment, back bool, ways uint, sees func(string) bool) (best touch, ok bool, err error) {
	behind := func(t touch) int {
		return cmp.Or(cmp.Compare(t.path, id), moment{t.time, part, int64(t.seq)}.compare(from))
	}
	// Blocks that can hold the path: from the one before the first that begins
	// with it, to the last that begins with it or before it.
	first := max(0, sort.Search(len(p.touches), func(i int) bool { return p.blocks[p.touches[i]].first >= id })-1)
	last := sort.Search(len(p.touches), func(i int) bool { return p.blocks[p.touches[i]].first > id }) - 1
	block, step := first, 1
	if back {
		block, step = last, -1
	}
	for ; first <= block && block <= last; block += step {
		l, err := p.touchesAt(block)
		if err != nil {
			return touch{}, false, err
		}
		i := sort.Search(len(l), func(i int) bool { return behind(l[i]) > 0 })
		if back {
			i = sort.Search(len(l), func(i int) bool { return behind(l[i]) >= 0 }) - 1
		}
		for ; 0 <= i && i < len(l) && l[i].path == id; i += step {
			t := l[i]
			if ok && (t.time != best.time || t.seq != best.seq) {
				return best, true, nil
			}
			if ways&(1<<t.kind) == 0 || ok && !preferred(t.kind, back) {
				continue
			}
			seen, err := p.seesTouch(&t, sees)
			if err != nil {
				return touch{}, false, err
			}
			if seen {
				best, ok = t, true
			}
		}
		if 0 <= i && i < len(l) { // another path
			return best, ok, nil
		}
	}
	return best, ok, nil
}

// seesTouch reports whether the other name of an act is seen.
func (p *Part) seesTouch(t *touch, sees func(string) bool) (bool, error) {
	if sees == nil || t.other == noPath {
		return true, nil
	}
	other, err := p.dict.Path(t.other)
	return err == nil && sees(other), err
}

// Local is the local paths that a path names: itself, and for one that begins
// with \\server\share\ those below the folders of shares of that name.
func (l Parts) Local(path string) []string {
	var out []string
	seen := make(map[string]bool)
	add := func(s string) {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	for _, p := range l {
		for _, s := range p.locals(path) {
			add(s)
		}
	}
	return out
}

// Spelled is the local path that is meant by one that may name a share: the first
// that is known, else the path.
func (l Parts) Spelled(path string) (string, error) {
	if !strings.HasPrefix(strings.ReplaceAll(path, "/", `\`), `\\`) {
		return path, nil
	}
	for _, local := range l.Local(path) {
		for _, p := range l {
			known, err := p.dict.Below(local)
			if err != nil {
				return path, err
			}
			if len(known) > 0 {
				return local, nil
			}
		}
	}
	return path, nil
}
