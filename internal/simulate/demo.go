package simulate

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evtx"
)

// DemoOptions tune Demo; zero fields take the defaults.
type DemoOptions struct {
	Seed     uint64
	EndDay   time.Time      // the first day that is not simulated any more, in Zone; default: today
	Days     int            // default 30
	People   int            // default 60, at least 10
	Servers  []string       // host names, also the names of the folders; default two
	Zone     *time.Location // default Asia/Tokyo
	MaxBytes int64          // bound of all logs together, default 300 MiB; at least 4 MiB per server
	Progress func(done, total int)
}

// Result of Demo.
type Result struct {
	Files   []string // the logs, oldest first for each server and channel; then truth.jsonl
	Events  int64
	Actions int
}

const (
	demoActs   = 14        // acts of one person on a working day
	actBytes   = 18_000    // log bytes of an act, with its share of the noise
	rotateSize = 40 << 20  // of one log file
	minLog     = 1<<20 - 1 // least bound of one log file
)

func (opt *DemoOptions) defaults() error {
	if opt.Days == 0 {
		opt.Days = 30
	}
	if opt.People == 0 {
		opt.People = 60
	}
	if len(opt.Servers) == 0 {
		opt.Servers = []string{"MNT-FS01", "MNT-FS02"}
	}
	if opt.Zone == nil {
		z, err := time.LoadLocation("Asia/Tokyo")
		if err != nil { // no time zone data on this machine; Japan has no summer time
			z = time.FixedZone("JST", 9*3600)
		}
		opt.Zone = z
	}
	if opt.EndDay.IsZero() {
		opt.EndDay = time.Now()
	}
	if opt.MaxBytes == 0 {
		opt.MaxBytes = 300 << 20
	}
	y, m, d := opt.EndDay.In(opt.Zone).Date()
	opt.EndDay = time.Date(y, m, d, 0, 0, 0, 0, opt.Zone)
	switch {
	case opt.Days < 1 || opt.People < 10:
		return fmt.Errorf("simulate: want at least 1 day and 10 people, not %d and %d", opt.Days, opt.People)
	case opt.MaxBytes < int64(len(opt.Servers))*(4<<20):
		return fmt.Errorf("simulate: %d bytes are too few for %d servers", opt.MaxBytes, len(opt.Servers))
	}
	return nil
}

// Demo writes the logs of a company into dir, for each server
// dir/SERVER/Security.evtx (with Archive-Security-*.evtx when they rotate) and
// PrintService.evtx, and dir/truth.jsonl. The days end before opt.EndDay; a
// person who leaves the company reads the whole folder of individual numbers
// in his last nights, and one afternoon a PC encrypts files. The folders of the
// servers must not hold logs yet.
func Demo(ctx context.Context, dir string, opt DemoOptions) (*Result, error) {
	if err := opt.defaults(); err != nil {
		return nil, err
	}
	comp := newCompany(opt.Seed, opt.People)
	res := &Result{}
	var truth []Action
	for i, name := range opt.Servers {
		d := &demoServer{opt: &opt, comp: comp, index: i, base: i * opt.Days}
		if err := d.run(ctx, filepath.Join(dir, name), name); err != nil {
			return nil, fmt.Errorf("simulate server %s: %w", name, err)
		}
		res.Files = append(res.Files, d.files...)
		res.Events += d.w.written
		base := 0
		if len(truth) > 0 {
			base = truth[len(truth)-1].Group
		}
		for _, a := range d.w.truth() {
			a.Group += base
			truth = append(truth, a)
		}
	}
	slices.SortStableFunc(truth, func(a, b Action) int { return a.Time.Compare(b.Time) })
	for i := range truth {
		truth[i].ID = i + 1
	}
	path := filepath.Join(dir, "truth.jsonl")
	if err := writeTruth(path, truth); err != nil {
		return nil, err
	}
	res.Files = append(res.Files, path)
	res.Actions = len(truth)
	return res, nil
}

func writeTruth(path string, truth []Action) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	b := bufio.NewWriterSize(f, 1<<18)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	for i := range truth {
		if err := enc.Encode(&truth[i]); err != nil {
			return errors.Join(fmt.Errorf("write truth: %w", err), f.Close())
		}
	}
	return errors.Join(b.Flush(), f.Close())
}

// demoServer makes the logs of one server.
type demoServer struct {
	opt   *DemoOptions
	comp  *company
	index int
	base  int // days done on the servers before
	w     *server
	logs  map[string]*evtx.Rotator
	size  map[string]int64 // of the live file after the last event
	full  int64            // of the archives
	limit int64
	files []string
}

func (d *demoServer) run(ctx context.Context, dir, name string) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	d.limit = d.quota()
	opt := evtx.WriterOptions{MaxSize: max(min(rotateSize, d.limit/4), minLog)}
	d.logs, d.size = make(map[string]*evtx.Rotator), make(map[string]int64)
	defer func() {
		for _, ch := range []string{security, printLog} {
			if r := d.logs[ch]; r != nil {
				err = errors.Join(err, r.Close())
				d.files = append(d.files, r.Files()...)
			}
		}
	}()
	for ch, file := range map[string]string{security: "Security", printLog: "PrintService"} {
		r, err := evtx.NewRotator(dir, file, opt)
		if err != nil {
			return err
		}
		d.logs[ch] = r
	}
	fqdn := name
	short, _, hasDomain := strings.Cut(name, ".")
	if !hasDomain {
		fqdn = name + "." + dnsSuffix
	}
	d.w = newServer(fqdn, short, d.comp, d.opt.Seed+uint64(d.index)*0x9e3779b97f4a7c15, d.write)
	d.w.furnish(d.shares(), 260)
	return d.days(ctx)
}

// quota is this server's part of MaxBytes, by the departments that work on it.
func (d *demoServer) quota() int64 {
	mine := 1
	for _, s := range departments {
		if d.home(s) {
			mine++
		}
	}
	return d.opt.MaxBytes * int64(mine) / int64(len(departments)+len(d.opt.Servers))
}

// shares spreads the departments over the servers; the first has the archive
// too, and a server without a department a share for all.
func (d *demoServer) shares() []string {
	var l []string
	for _, s := range departments {
		if d.home(s) {
			l = append(l, s)
		}
	}
	if len(l) == 0 {
		l = append(l, "全社共有")
	}
	if d.index == 0 {
		l = append(l, archiveShare)
	}
	return l
}

// home reports whether the department works on this server.
func (d *demoServer) home(dept string) bool {
	return slices.Index(departments[:], dept)*len(d.opt.Servers)/len(departments) == d.index
}

func (d *demoServer) days(ctx context.Context) error {
	workdays := 0
	for i := range d.opt.Days {
		if workday(d.opt.EndDay.AddDate(0, 0, i-d.opt.Days)) {
			workdays++
		}
	}
	nominal := float64(d.opt.People*max(1, workdays)) * demoActs * actBytes
	o := newOffice(d.w, d.opt.Zone, demoActs*min(1, 0.65*float64(d.opt.MaxBytes)/nominal))
	o.others = len(d.opt.Servers) > 1
	o.home = func(p *person) bool { return d.home(p.dept) }
	d.incidents(o)
	total := d.opt.Days * len(d.opt.Servers)
	for i := range d.opt.Days {
		if err := ctx.Err(); err != nil {
			return err
		}
		date := d.opt.EndDay.AddDate(0, 0, i-d.opt.Days)
		o.day(date)
		if err := d.w.run(date.AddDate(0, 0, 1).UnixNano()); err != nil {
			return err
		}
		if d.opt.Progress != nil {
			d.opt.Progress(d.base+i+1, total)
		}
	}
	return d.w.finish()
}

// write is the sink of the server.
func (d *demoServer) write(e *event.Event) error {
	r := d.logs[e.Channel]
	if err := r.Write(e); err != nil {
		return err
	}
	n := r.Size()
	if n < d.size[e.Channel] {
		d.full += d.size[e.Channel]
	}
	d.size[e.Channel] = n
	d.w.quiet = d.full+d.size[security]+d.size[printLog] > d.limit*8/10-512<<10
	return nil
}

// incidents plans what a demonstration looks for.
func (d *demoServer) incidents(o *office) {
	w := d.w
	at := func(daysBeforeEnd int, h float64) int64 {
		return d.opt.EndDay.AddDate(0, 0, -daysBeforeEnd).UnixNano() + int64(h*float64(hour))
	}
	lastWork := func(n int) int { // the n-th last working day
		for i := 1; i <= d.opt.Days; i++ {
			if workday(d.opt.EndDay.AddDate(0, 0, -i)) {
				if n--; n == 0 {
					return i
				}
			}
		}
		return d.opt.Days
	}
	leaver := d.comp.people[1] // of the personnel department
	o.gone[leaver] = at(lastWork(4), 24)
	for _, s := range systemScenes() {
		if s.kind == "audit_policy_changed" && d.index == 0 {
			w.due.add(at(lastWork(9), 18.7), func(t int64) { s.do(w, w.comp.admin, t) })
		}
	}
	for i := 1; i <= d.opt.Days; i++ { // updates, on Sundays
		if d.opt.EndDay.AddDate(0, 0, -i).Weekday() == time.Sunday {
			w.due.add(at(i, 4.2+float64(d.index)/10), w.restart)
		}
	}
	if d.index == 0 {
		w.due.add(at(lastWork(12), 12.55), func(t int64) { w.denialBurst(d.comp.people[4], int(min(160, d.limit/20/7_000)), t) })
	}
	if d.home("人事") {
		nights := []int{lastWork(6), lastWork(5), lastWork(4)}
		for i, n := range nights {
			w.due.add(at(n, 22.3), func(t int64) {
				var files []*node
				for _, r := range w.roots {
					if mn := r.child(mnFolder); mn != nil {
						files = append(files, mn.kids...)
					}
				}
				w.massRead(leaver, files[len(files)*i/3:len(files)*(i+1)/3], t)
			})
		}
	}
	if d.home("営業") {
		w.due.add(at(lastWork(2), 14.35), func(t int64) {
			for _, r := range w.roots {
				if r.name == "営業" {
					w.ransom(d.comp.people[3], r, int(min(220, d.limit/10/13_000)), t)
				}
			}
		})
	}
}
