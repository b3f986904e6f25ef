package pool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// world is a pool under random operations beside a plain map.
type world struct {
	*kit
	rnd     *rand.Rand
	objects map[string][]byte
	deleted map[string]bool
	n       int // volumes made
	things  int
	trace   []string
}

func (w *world) say(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

// whole are the volumes with a good copy of an object that the pool knows of, which
// takes reading all copies, and those of them that can be reached: not those that were
// given up.
func (w *world) whole(name string) (l, reachable []string) {
	cfg := w.p.Config()
	for _, v := range w.on(name) {
		x, err := cfg.Find(v)
		if err != nil {
			continue
		}
		l = append(l, v)
		if x.State != Lost && !w.rigs[v].away.Load() {
			reachable = append(reachable, v)
		}
	}
	return l, reachable
}

// spare tells whether every object with a copy on a volume has another one that can
// be reached.
func (w *world) spare(volume string, only string) bool {
	for name := range w.objects {
		if only != "" && name != only {
			continue
		}
		_, l := w.whole(name)
		if slices.Contains(w.on(name), volume) && !slices.ContainsFunc(l, func(v string) bool { return v != volume }) {
			return false
		}
	}
	return true
}

func (w *world) pick() (Volume, bool) {
	cfg := w.p.Config()
	v := cfg.Volumes[w.rnd.IntN(len(cfg.Volumes))]
	return v, true
}

func (w *world) anyObject() string {
	l := make([]string, 0, len(w.objects))
	for n := range w.objects {
		l = append(l, n)
	}
	if len(l) == 0 {
		return ""
	}
	slices.Sort(l)
	return l[w.rnd.IntN(len(l))]
}

// allowed are errors that say that something is not possible now.
func allowed(err error) bool {
	for _, e := range []error{nil, ErrLast, ErrHeld, ErrAway, ErrFull, errGone, errNoVolume, errSlow, ErrUnknown} {
		if errors.Is(err, e) {
			return true
		}
	}
	var v *VolumeError
	return errors.As(err, &v)
}

func (w *world) step() error {
	ctx := context.Background()
	v, _ := w.pick()
	rig := w.rigs[v.Name]
	switch op := w.rnd.IntN(100); {
	case op < 30:
		w.things++
		name, b := thing(fmt.Sprintf("FS/2026-0%d-0%d", 1+w.rnd.IntN(9), 1+w.rnd.IntN(3)), w.things, w.rnd.IntN(4000))
		err := w.p.Put(ctx, name, bytes.NewReader(b), int64(len(b)))
		w.say("put %s: %v", name, err)
		if err == nil {
			w.objects[name] = b
		} else if len(w.on(name)) > 0 {
			return fmt.Errorf("put failed and %s lies on %v", name, w.on(name))
		} else if !allowed(err) {
			return err
		}
	case op < 35:
		if name := w.anyObject(); name != "" {
			err := w.p.Put(ctx, name, bytes.NewReader(w.objects[name]), int64(len(w.objects[name])))
			w.say("put again %s: %v", name, err)
			if !allowed(err) {
				return err
			}
		}
	case op < 40:
		if name := w.anyObject(); name != "" {
			err := w.p.Delete(ctx, name)
			w.say("delete %s: %v", name, err)
			var left *LeftError
			if err != nil && !errors.As(err, &left) {
				return err
			}
			delete(w.objects, name)
			w.deleted[name] = true
		}
	case op < 46:
		if cfg := w.p.Config(); len(cfg.Volumes) < 6 {
			w.n++
			name := fmt.Sprintf("v%d", w.n)
			a, err := w.p.Add(ctx, AddOptions{Name: name, Path: filepath.Join(filepath.Dir(w.dir), name), Reserve: -1, Class: 1 + w.rnd.IntN(9)})
			w.say("add %s: %v", name, err)
			if err != nil || a.Foreign {
				return err
			}
		}
	case op < 52:
		if rig.away.Load() {
			break
		}
		x, err := w.p.Drain(ctx, v.Name, nil)
		w.say("drain %s: %+v %v", v.Name, x, err)
		var ve *VolumeError
		if err != nil && !errors.Is(err, ErrLast) && !errors.As(err, &ve) {
			return err
		}
	case op < 58:
		err := w.p.Remove(ctx, v.Name, nil)
		w.say("remove %s: %v", v.Name, err)
		if !allowed(err) {
			return err
		}
		if err == nil { // the disk is taken away
			delete(w.rigs, v.Name)
		}
	case op < 64:
		away := !rig.away.Load()
		rig.away.Store(away)
		w.say("%s away: %v", v.Name, away)
	case op < 68:
		if !w.spare(v.Name, "") {
			break
		}
		err := w.p.MarkLost(ctx, v.Name)
		w.say("lost %s: %v", v.Name, err)
		if errors.Is(err, ErrLast) {
			break
		}
		if err != nil {
			return err
		}
		rig.away.Store(true)
		if err := os.RemoveAll(rig.dir); err != nil {
			return err
		}
	case op < 74:
		name := w.anyObject()
		if name == "" || !w.spare(v.Name, name) || !slices.Contains(w.on(name), v.Name) {
			break
		}
		at := filepath.Join(rig.dir, name)
		w.say("spoil %s on %s", name, v.Name)
		if len(w.objects[name]) > 0 && w.rnd.IntN(2) == 0 {
			flip(w.t, at, w.rnd.IntN(len(w.objects[name])))
		} else if err := os.Remove(at); err != nil {
			return err
		}
	case op < 80:
		x, err := w.p.Heal(ctx, nil)
		w.say("heal: %+v %v", x, err)
		return err
	case op < 84:
		x, err := w.p.CatchUp(ctx, nil)
		w.say("catch up: %+v %v", x, err)
		return err
	case op < 88:
		x, err := w.p.Scrub(ctx, ScrubOptions{})
		w.say("scrub: %+v %v", x, err)
		return err
	case op < 91:
		n := 1 + w.rnd.IntN(3)
		class := 1 + w.rnd.IntN(9)
		w.say("copies %d", n)
		return w.p.Set(ctx, Change{Copies: &n, Rules: &[]Rule{{Days: w.rnd.IntN(200), Class: class}}})
	case op < 95:
		x, err := w.p.Tier(ctx, nil)
		w.say("tier: %+v %v", x, err)
		return err
	case op < 97:
		to, _ := w.pick()
		if to.ID == v.ID || to.State != Active || rig.away.Load() && !w.spare(v.Name, "") {
			break
		}
		x, err := w.p.Replace(ctx, v.Name, to.Name, nil)
		w.say("replace %s by %s: %+v %v", v.Name, to.Name, x, err)
		if !allowed(err) {
			return err
		}
	default:
		w.say("reopen")
		w.reopen()
	}
	return nil
}

func (w *world) check() error {
	ctx := context.Background()
	for name, b := range w.objects {
		known, l := w.whole(name)
		if len(known) == 0 {
			return fmt.Errorf("%s is lost", name)
		}
		if len(l) == 0 {
			continue
		}
		got, err := w.get(name)
		if err != nil || !bytes.Equal(got, b) {
			return fmt.Errorf("%s lies on %v: %w (%d bytes, want %d)", name, l, err, len(got), len(b))
		}
	}
	l, err := w.p.List(ctx, "")
	if err != nil {
		return err
	}
	if len(l) != len(w.objects) {
		return fmt.Errorf("%d names, want %d", len(l), len(w.objects))
	}
	for name := range w.deleted {
		if _, err := w.get(name); !isMissing(err) {
			return fmt.Errorf("%s was deleted: %w", name, err)
		}
	}
	return nil
}

// TestModel does random things to a pool and its disks. Nothing that Put took is
// ever lost, as long as the disks leave one copy of it.
func TestModel(t *testing.T) {
	runs, steps := 25, 120
	if os.Getenv("AKASHI_LONG") != "" {
		runs, steps = 1500, 400
	}
	if testing.Short() { // under the race detector, beside a run without it
		runs = max(8, runs/8)
	}
	for seed := range runs {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := &world{kit: newKit(t, 1+seed%3, "v1", "v2"), rnd: rand.New(rand.NewPCG(uint64(seed), 1)), objects: map[string][]byte{}, deleted: map[string]bool{}, n: 2}
			for i := range steps {
				err := w.step()
				if err == nil {
					err = w.check()
				}
				if err != nil {
					t.Fatalf("step %d: %v\n%s", i, err, tail(w.trace))
				}
			}
			// In the end everything is there, as often as wanted.
			for _, r := range w.rigs {
				if _, err := os.Stat(r.dir); err == nil {
					r.away.Store(false)
				}
			}
			two := 2
			w.set(Change{Copies: &two})
			w.add("last1", AddOptions{})
			w.add("last2", AddOptions{})
			if _, err := w.p.Scrub(context.Background(), ScrubOptions{Anew: true}); err != nil {
				t.Fatal(err)
			}
			w.heal()
			if err := w.check(); err != nil {
				t.Fatalf("%v\n%s", err, tail(w.trace))
			}
			for name := range w.objects {
				if _, l := w.whole(name); len(l) < two {
					t.Errorf("%s has %d copies\n%s", name, len(l), tail(w.trace))
				}
			}
			if s := w.status(); s.Short != 0 || s.LostCount != 0 {
				t.Errorf("%+v\n%s", s, tail(w.trace))
			}
			for name := range w.deleted {
				for _, v := range w.on(name) {
					if x, err := w.findActive(v); err == nil && x {
						t.Errorf("%s was deleted and lies on %s", name, v)
					}
				}
			}
		})
	}
}

func (w *world) findActive(name string) (bool, error) {
	cfg := w.p.Config()
	v, err := cfg.Find(name)
	return err == nil && v.State != Lost, err
}

func tail(l []string) string {
	out := ""
	for _, s := range l[max(0, len(l)-25):] {
		out += s + "\n"
	}
	return out
}
