package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/pool"
)

func unix(t int64) time.Time { return time.Unix(0, t) }

func (a *app) line(key string, args ...any) { fmt.Fprintln(a.Stdout, a.p.T(key, args...)) }

// room words bytes that fit.
func (a *app) room(n int64) string {
	if n < 0 {
		return a.p.T("cli.pool.unbounded")
	}
	return a.p.Bytes(n)
}

func (a *app) printPool(s *pool.Status, dir string) error {
	zone, err := a.zoneOf(dir)
	if err != nil {
		return err
	}
	if !s.Configured {
		a.line("cli.pool.status.none")
	}
	for i := range s.Volumes {
		v := &s.Volumes[i]
		a.printVolume(v, zone)
	}
	a.line("cli.pool.status.sum", "objects", s.Objects, "bytes", a.p.Bytes(s.Bytes), "copies", s.Copies)
	if s.Encrypted {
		a.line("cli.pool.status.encrypted", "n", len(s.Recipients))
	}
	if s.IdentityErr != "" {
		a.line("cli.pool.status.nokey", "error", s.IdentityErr)
	}
	for _, r := range s.Rules {
		a.line("cli.pool.status.rule", "days", r.Days, "class", r.Class)
	}
	a.line("cli.pool.status.free", "free", a.room(s.Free), "perday", a.p.Bytes(s.PerDay))
	if at := s.Full(time.Now()); !at.IsZero() {
		key := "cli.pool.status.full"
		if s.Warn {
			key = "cli.pool.status.warn"
		}
		a.line(key, "days", fmt.Sprintf("%.0f", s.Days), "day", at.In(zone).Format(time.DateOnly))
	} else if s.Warn {
		a.line("cli.pool.status.noroom")
	}
	if s.Short > 0 {
		a.line("cli.pool.status.few", "n", s.Short, "bytes", a.p.Bytes(s.ShortBytes))
	}
	for _, n := range s.Lost {
		a.line("cli.pool.status.lost", "name", n)
	}
	a.printCopiesLeft(s.Left, zone)
	if s.Broken > 0 {
		a.line("cli.pool.status.broken", "n", s.Broken)
	}
	return nil
}

func (a *app) printVolume(v *pool.VolumeStatus, zone *time.Location) {
	state := a.p.T("cli.pool.state." + string(v.State))
	switch {
	case v.Foreign:
		state = a.p.T("cli.pool.state.foreign")
	case !v.Online && v.State != pool.Lost:
		state = a.p.T("cli.pool.state.away")
	}
	free := a.room(v.Free)
	if v.Total > 0 {
		free += " / " + a.p.Bytes(v.Total)
	}
	if !v.Online {
		free = "–"
	}
	a.line("cli.pool.volume", "name", v.Name, "state", state, "class", v.Class, "place", v.Place, "objects", v.Objects, "bytes", a.p.Bytes(v.Bytes), "free", free)
	if v.Problem != "" && v.State != pool.Lost {
		a.line("cli.pool.volume.problem", "reason", strings.ReplaceAll(v.Problem, "\n", ": "))
	}
	if v.Damaged+v.Missing+v.Owed > 0 {
		a.line("cli.pool.volume.bad", "damaged", v.Damaged, "missing", v.Missing, "owed", v.Owed)
	}
	if v.Locked > 0 {
		a.line("cli.pool.volume.locked", "n", v.Locked, "time", a.when(v.Unlocked, zone))
	}
	if v.LockOwed > 0 {
		a.line("cli.pool.volume.lock_owed", "n", v.LockOwed, "time", a.when(v.LockTo, zone))
	}
	if v.State == pool.Draining && v.Needed > 0 {
		a.line("cli.pool.volume.needed", "n", v.Needed)
	}
	switch c := &v.Scrub; {
	case c.Cursor != "":
		a.line("cli.pool.volume.scrubbing", "time", a.when(c.Begun, zone), "objects", c.Objects, "bytes", a.p.Bytes(c.Bytes))
	case c.Ended > 0:
		a.line("cli.pool.volume.scrubbed", "time", a.when(c.Ended, zone), "objects", c.Objects, "bytes", a.p.Bytes(c.Bytes), "damaged", c.Damaged, "missing", c.Missing)
	}
}

func (a *app) printCopiesLeft(l []pool.Left, zone *time.Location) {
	for _, x := range l {
		if x.Until > 0 {
			a.line("cli.pool.left.until", "name", x.Name, "volume", x.Volume, "time", a.when(x.Until, zone))
		} else {
			a.line("cli.pool.left.away", "name", x.Name, "volume", x.Volume)
		}
	}
}

// printProbes says what a storage guarantees.
func (a *app) printProbes(l []pool.Probe) {
	for _, p := range l {
		mark := map[pool.Level]string{pool.Does: "✓", pool.Warns: "!", pool.Fails: "✗", pool.Notes: "·"}[p.Level]
		level := string(p.Level)
		if p.What == pool.ProbeKind && p.Detail == "" {
			continue
		}
		detail := p.Detail
		if p.What == pool.ProbeSpace && p.Level == pool.Does {
			var n int64
			if _, err := fmt.Sscan(detail, &n); err == nil {
				detail = a.p.Bytes(n)
			}
		}
		fmt.Fprintln(a.Stdout, mark+" "+a.p.T("cli.pool.probe."+p.What+"."+level, "detail", detail))
	}
}

func (a *app) printAdded(r *pool.Added) {
	v := &r.Volume
	switch {
	case r.Foreign:
		a.line("cli.pool.add.foreign", "volume", v.Name, "data", r.Label.Data, "n", r.Found)
	case r.Joined:
		a.line("cli.pool.add.joined", "volume", v.Name, "n", r.Found)
	default:
		a.line("cli.pool.add.done", "volume", v.Name, "place", v.Place(), "class", v.Class)
	}
	if v.S3 != nil && v.S3.LockDays > 0 {
		a.line("cli.pool.add.locked", "days", v.S3.LockDays)
	}
}

func (a *app) printWork(w *pool.Work, dir string) {
	a.line("cli.pool.work", "copied", w.Copied, "bytes", a.p.Bytes(w.Bytes), "aside", w.Aside, "removed", w.Removed, "found", w.Found)
	if w.Locks+w.LocksOwed > 0 {
		a.line("cli.pool.work.locks", "n", w.Locks, "owed", w.LocksOwed)
	}
	if w.Short > 0 {
		a.line("cli.pool.work.short", "n", w.Short)
	}
	for _, n := range w.Gone {
		a.line("cli.pool.status.lost", "name", n)
	}
	if zone, err := a.zoneOf(dir); err == nil {
		a.printCopiesLeft(w.Left, zone)
	}
	for _, s := range w.Errors {
		a.line("cli.pool.volume.problem", "reason", strings.ReplaceAll(s, "\n", ": "))
	}
}

func (a *app) printScrub(r *pool.Scrubbed) {
	for _, b := range r.Bad {
		a.line("cli.pool.scrub.bad", "volume", b.Volume, "name", b.Name, "reason", b.Reason)
	}
	for _, v := range r.Away {
		a.line("cli.pool.scrub.away", "volume", v)
	}
	a.line("cli.pool.scrub.done", "objects", r.Objects, "bytes", a.p.Bytes(r.Bytes), "damaged", r.Damaged, "missing", r.Missing, "found", r.Found)
	if r.Damaged+r.Missing > 0 {
		a.line("cli.pool.scrub.heal")
	}
}
