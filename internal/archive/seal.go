package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

// Source is what sealing needs of a record store. Times are Unix ns, days are
// counted from 1970-01-01 in the zone.
type Source interface {
	SealDays() map[string][]int
	// SealMark is a text that changes with what the store holds of that time;
	// whole says that what it does not hold any more was replaced or erased.
	SealMark(server string, from, to int64) (mark string, whole bool)
	// SealSize is about how many records and raw events the store holds of that time. It
	// reads none.
	SealSize(server string, from, to int64) (records, events int64)
	SealRecords(ctx context.Context, server string, from, to int64, fn func(*record.Record)) error
	SealEvents(ctx context.Context, server string, from, to int64, fn func(channel string, gen uint32, l []*event.Event) error) error
	LastCommit() uint64
}

// SealOptions of Seal.
type SealOptions struct {
	Now   time.Time
	All   bool   // days that are not over too
	Only  Only   // chooses what is sealed; nil = every day of every server
	By    string // who answers for it
	Rules uint32 // version of the rules of now
	// Progress is told of every day that was looked at; nil = nobody.
	Progress func(server, day string, sealed *manifest.Day)
	// Step is told how far it is, within a day too; nil = nobody.
	Step func(SealProgress)
}

// closedAfter is how long after its end a day is closed.
const closedAfter = time.Hour

// Seal writes what the store holds of every closed day and the archive does not.
// It returns the parts that were made. Stopped anywhere, the next call goes on;
// what was made until then stays.
func (a *Archive) Seal(ctx context.Context, src Source, opt SealOptions) ([]manifest.Day, error) {
	if err := a.Refresh(ctx); err != nil {
		return nil, err
	}
	if _, why := a.Unread(); why != nil { // what is archived already would be archived again
		return nil, why
	}
	if err := a.recordMissing(ctx, opt); err != nil {
		return nil, err
	}
	made := []manifest.Day{}
	days := daysOf(src, opt.Only)
	m := a.newSealMeter(src, days, opt)
	for _, x := range days {
		if err := ctx.Err(); err != nil {
			return made, err
		}
		d, err := a.sealDay(ctx, src, x, m, opt)
		if err != nil {
			return made, fmt.Errorf("seal %s of %s: %w", DayName(x.day), record.Visible(x.server), err)
		}
		if d != nil {
			made = append(made, *d)
		}
		if opt.Progress != nil {
			opt.Progress(x.server, DayName(x.day), d)
		}
	}
	return made, nil
}

// dueDay is a day of a server, since 1970-01-01 in the zone.
type dueDay struct {
	server string
	day    int
}

// daysOf lists what the store holds, by server and day.
func daysOf(src Source, only Only) (l []dueDay) {
	all := src.SealDays()
	for _, server := range slices.Sorted(maps.Keys(all)) {
		for _, day := range all[server] {
			if only == nil || only(server, DayName(day)) {
				l = append(l, dueDay{server, day})
			}
		}
	}
	return l
}

// recordMissing writes the leaves of parts whose writer was stopped before.
func (a *Archive) recordMissing(ctx context.Context, opt SealOptions) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	done := make(map[string]bool)
	for _, n := range a.state.Recorded {
		done[n] = true
	}
	var names []string
	at := make(map[string]part)
	for _, l := range a.days {
		for _, p := range l {
			if !done[p.name] {
				names = append(names, p.name)
				at[p.name] = p
			}
		}
	}
	slices.Sort(names)
	for _, n := range names {
		if err := a.recordPart(ctx, at[n], opt); err != nil {
			return err
		}
	}
	for _, x := range slices.Concat(a.tombs.orders, a.tombs.removals, a.tombs.deletions) {
		if !done[x.name] {
			if err := a.recordErasure(ctx, x, opt); err != nil {
				return err
			}
		}
	}
	return nil
}

// recordPart writes the leaf of a part. The caller holds mu.
func (a *Archive) recordPart(ctx context.Context, p part, opt SealOptions) error {
	if a.opt.Recorder == nil {
		return errors.New("seal: the data folder is open for reading only")
	}
	subject, err := json.Marshal(struct {
		Server string `json:"server"`
		Day    string `json:"day"`
		Part   int    `json:"part"`
		Object string `json:"object"`
	}{p.Server, p.Day.Day, p.Part, p.name})
	if err != nil {
		return err
	}
	e := seal.Entry{Kind: seal.KindArchivePart, Subject: string(subject), By: opt.By, Time: p.Sealed, Hash: p.hash}
	if err := a.opt.Recorder.Record(ctx, e); err != nil {
		return fmt.Errorf("write down what was sealed: %w", err)
	}
	return a.remember(index{Recorded: []string{p.name}})
}

// dayOpen reports whether a day is not over, or just so.
func (a *Archive) dayOpen(day int, opt SealOptions) bool {
	_, to := a.Bounds(day)
	return opt.Now.UnixNano() < to+int64(closedAfter)
}

// due reports whether a part of a day may be made.
func (a *Archive) due(src Source, x dueDay, opt SealOptions) bool {
	open := a.dayOpen(x.day, opt)
	if open && !opt.All {
		return false
	}
	from, to := a.Bounds(x.day)
	mark, _ := src.SealMark(x.server, from, to)
	k := key{x.server, DayName(x.day)}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state.Marks[k.server+"\x00"+k.day] != mark || a.reopened(k, open)
}

// reopened reports whether a day is over now and was not when its last part was made.
// The caller holds mu.
func (a *Archive) reopened(k key, open bool) bool {
	l := a.days[k]
	return len(l) > 0 && l[len(l)-1].Open && !open
}

// sealDay makes the next part of a day; nil when nothing is new.
func (a *Archive) sealDay(ctx context.Context, src Source, x dueDay, m *sealMeter, opt SealOptions) (*manifest.Day, error) {
	if !a.due(src, x, opt) {
		return nil, nil
	}
	open := a.dayOpen(x.day, opt)
	from, to := a.Bounds(x.day)
	server, k := x.server, key{x.server, DayName(x.day)}
	a.mu.Lock()
	parts, next := slices.Clone(a.days[k]), a.next(k)
	mark, whole := src.SealMark(server, from, to)
	reopened := a.reopened(k, open)
	a.mu.Unlock()
	m.begin(k)
	defer m.end()
	commit := src.LastCommit()
	b := &builder{a: a, m: m, server: server, day: k.day, parts: parts, dir: fmt.Sprintf("%s/%s/%04d", SafeName(server), k.day, next)}
	defer b.remove()
	for i := range parts { // a store that was begun anew knows less than the archive
		whole = whole && commit >= parts[i].Commit
	}
	if err := b.build(ctx, src, from, to, whole); err != nil {
		return nil, err
	}
	d := &b.out
	if d.Records+d.Voids+d.Events > 0 || reopened {
		d.Format, d.Server, d.Day, d.Zone, d.Part = manifest.Format, server, k.day, a.opt.Zone.String(), next
		d.Sealed, d.Open, d.Commit, d.Rules = opt.Now.UnixNano(), open, commit, opt.Rules
		if n := len(parts); n > 0 {
			d.Prev = parts[n-1].hash
		}
		if err := a.keep(ctx, d, opt); err != nil {
			return nil, err
		}
	} else {
		d = nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return d, a.remember(index{Marks: map[string]string{k.server + "\x00" + k.day: mark}})
}

// next is the number of the next part of a day. The caller holds mu.
func (a *Archive) next(k key) int {
	n := 0
	for _, p := range a.all[k] {
		n = max(n, p.Part)
	}
	return n + 1
}

// keep stores the manifest, which makes its part count, and writes its leaf.
func (a *Archive) keep(ctx context.Context, d *manifest.Day, opt SealOptions) error {
	b, err := manifest.Encode(d)
	if err != nil {
		return err
	}
	sum, err := hashAll(bytes.NewReader(b), 0, int64(len(b)))
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s/%s/%04d.day.%x.json", SafeName(d.Server), d.Day, d.Part, sum[:])
	if err := a.objects.Put(ctx, name, bytes.NewReader(b), int64(len(b))); err != nil {
		return err
	}
	p, err := a.loadPart(ctx, name) // read back
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.insert(p)
	return a.recordPart(ctx, p, opt)
}

// openScratch makes an empty file that goes away with the builder.
func (b *builder) openScratch(name string) (fsx.File, error) {
	path := filepath.Join(b.a.opt.Dir, "seal-"+name+".tmp")
	f, err := b.a.opt.FS.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", path, err)
	}
	b.made = append(b.made, path)
	b.files = append(b.files, f)
	return f, nil
}

// scratch is a file that was made.
type scratch struct {
	fsx.File
	size int64
	sum  seal.Hash // of what was written, which is not what the file gives back when it is damaged
}

// scratch makes a file.
func (b *builder) scratch(name string, write func(io.Writer) error) (scratch, error) {
	f, err := b.openScratch(name)
	if err != nil {
		return scratch{}, err
	}
	w := &counter{w: f, h: sha256.New()}
	if err := write(w); err != nil {
		return scratch{}, fmt.Errorf("write seal-%s.tmp: %w", name, err)
	}
	return scratch{f, w.n, seal.Hash(w.h.Sum(nil))}, nil
}

type counter struct {
	w io.Writer
	h hash.Hash
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.h.Write(b[:n])
	c.n += int64(n)
	return n, err
}

// remove takes the scratch files away; one that stays is overwritten next time.
func (b *builder) remove() {
	for _, f := range b.files {
		_ = f.Close()
	}
	for _, p := range b.made {
		_ = b.a.opt.FS.Remove(p)
	}
}
