package simulate

import (
	"math"
	"time"
)

// weights say how often a kind occurs among the acts of an office day.
var weights = map[string]float64{
	"open_read": 30, "edit_save": 6, "create": 3, "new_then_rename": 1, "copy_in": 3, "copy_within": 2, "copy_out": 3, "rename": 3, "move": 2,
	"mkdir": 1, "folder_rename": 0.4, "folder_delete": 0.1, "delete": 1.5, "delete_10080": 1.5, "denied_read": 0.5, "denied_write": 0.2, "denied_delete": 0.2,
	"denied_share": 0.4, "logon_failed": 0.12, "office_read": 10, "office_save": 7, "browse": 8, "print": 2, "set_permissions": 0.3,
	"closed_read": 0.8, "rename_case": 0.3, "read_after_refusal": 0.6, "move_across": 0.4,
}

// programWeights are those of other programs, with Variant.Programs.
var programWeights = map[string]float64{
	"libreoffice_save": 4, "autocad_save": 3, "adobe_save": 3, "replacefile_save": 3, "vim_save": 2, "emacs_save": 2, "mac_save": 3, "browser_download": 3,
	"firefox_download": 2, "robocopy": 1, "zip": 0.5, "mass_rename": 0.4, "shred": 0.1, "folder_rename_then_read": 0.5, "folder_move": 0.5,
	"create_empty": 2, "mkdir_plain": 1, "rename_named": 1, "hard_link": 0.3, "coauthor": 2,
}

// adminWeights are those of the administrator.
var adminWeights = map[string]float64{
	"open_read": 4, "set_permissions": 3, "set_owner": 2, "set_audit": 1, "browse": 5, "mkdir": 1, "local_read": 2, "local_edit": 1, "local_delete": 1, "local_recycle": 1,
}

// office is the rhythm of a company on one server.
type office struct {
	w      *server
	zone   *time.Location
	acts   float64 // acts of one person on a working day, on all servers
	home   func(p *person) bool
	others bool // there are other servers
	pool   []scene
	sum    []float64
	admin  []scene
	asum   []float64
	gone   map[*person]int64 // from when on a person is not there any more
}

func newOffice(w *server, zone *time.Location, acts float64) *office {
	o := &office{w: w, zone: zone, acts: acts, home: func(*person) bool { return true }, gone: make(map[*person]int64)}
	var n, m float64
	for _, s := range scenes() {
		x := weights[s.kind]
		if w.variant.Programs {
			x += programWeights[s.kind]
		}
		if x > 0 {
			n += x
			o.pool, o.sum = append(o.pool, s), append(o.sum, n)
		}
		if x := adminWeights[s.kind]; x > 0 {
			m += x
			o.admin, o.asum = append(o.admin, s), append(o.asum, m)
		}
	}
	return o
}

// workday reports whether the offices are open.
func workday(d time.Time) bool { return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday }

// day plans the acts of the day that begins at d (midnight in the zone).
func (o *office) day(d time.Time) {
	w := o.w
	at := func(h float64) int64 { return d.UnixNano() + int64(h*float64(hour)) }
	for _, p := range w.comp.people {
		n := o.acts
		if o.others {
			n *= 0.12
			if o.home(p) {
				n = o.acts * 0.88
			}
		}
		from, to := at(8.4+w.rng.Float64()), at(17.5+w.rng.Float64()*w.rng.Float64()*4)
		switch {
		case !workday(d) && w.rng.IntN(25) > 0:
			continue
		case !workday(d):
			n, from, to = n*0.3, at(10), at(15)
		case w.rng.IntN(20) == 0: // on leave
			continue
		}
		if end, ok := o.gone[p]; ok && d.UnixNano() >= end {
			continue
		}
		if w.variant.Rush {
			from, to = at(9), at(9.5)
		}
		for range o.poisson(n) {
			o.plan(p, o.moment(from, to, at(12), at(13)), o.pool, o.sum)
		}
	}
	if workday(d) {
		for range o.poisson(o.acts * 0.4) {
			o.plan(w.comp.admin, o.moment(at(9), at(18), at(12), at(13)), o.admin, o.asum)
		}
	}
	o.noise(d, at)
}

// moment is a time of the day, rarely in the lunch hour.
func (o *office) moment(from, to, lunch, end int64) int64 {
	t := from + o.w.rng.Int64N(to-from)
	if t >= lunch && t < end && o.w.rng.IntN(6) > 0 {
		t = from + o.w.rng.Int64N(to-from)
	}
	return t
}

func (o *office) plan(p *person, t int64, pool []scene, sum []float64) {
	if len(pool) == 0 {
		return
	}
	x := o.w.rng.Float64() * sum[len(sum)-1]
	i := 0
	for sum[i] < x {
		i++
	}
	o.w.due.add(t, func(t int64) {
		if !o.w.quiet {
			pool[i].do(o.w, p, t)
		}
	})
}

// poisson is a random number of the given mean.
func (o *office) poisson(mean float64) int {
	n := 0
	for x, end := o.w.rng.Float64(), math.Exp(-min(mean, 500)); x > end && n < 2000; n++ {
		x *= o.w.rng.Float64()
	}
	return n
}
