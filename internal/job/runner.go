package job

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/state"
)

const (
	// Keep is how long results are kept after the end of a job.
	Keep = 7 * 24 * time.Hour
	// forget is how long the job itself is told of; the seal knows it for ever.
	forget = 365 * 24 * time.Hour
	// maxWaiting bounds the jobs of one person that wait.
	maxWaiting = 20
	// maxAttempts bounds how often a job is begun: one that ends the process each
	// time must not do so for ever.
	maxAttempts = 3
	// maxListed bounds a list of jobs.
	maxListed = 500
)

// Options of a Runner.
type Options struct {
	DB    *state.DB
	Dir   string // data folder
	Kinds []Kind
	Keep  time.Duration    // of results; 0 = Keep
	Now   func() time.Time // nil = time.Now
	Log   *slog.Logger     // nil = no log
	Rows  *state.Rows      // where jobs are sealed; nil = nowhere
}

// Runner is the jobs of a data folder.
type Runner struct {
	opt   Options
	kinds map[string]Kind
	wake  chan struct{} // of size 1: look for something to start

	mu      sync.Mutex
	running map[string]*Task     // guarded by mu
	turn    map[string]time.Time // when a person's last job began; guarded by mu
}

// Open makes the Runner of a data folder and settles what the last process left
// behind. Nothing runs before Run.
func Open(ctx context.Context, opt Options) (*Runner, error) {
	if opt.Keep == 0 {
		opt.Keep = Keep
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	r := &Runner{
		opt: opt, kinds: make(map[string]Kind), wake: make(chan struct{}, 1),
		running: make(map[string]*Task), turn: make(map[string]time.Time),
	}
	for _, k := range opt.Kinds {
		r.kinds[k.Name] = k
	}
	if err := r.settle(ctx); err != nil {
		return nil, err
	}
	if err := r.recover(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// recover sorts out the jobs that ran when the process ended.
func (r *Runner) recover(ctx context.Context) error {
	l, err := r.query(ctx, "WHERE state IN ('waiting', 'running')")
	if err != nil {
		return err
	}
	for _, j := range l {
		k, known := r.kinds[j.Kind]
		switch {
		case j.State == Waiting && known:
			continue
		case known && k.Restart && j.Attempt < maxAttempts:
			j.State, j.Started, j.Done, j.All = Waiting, 0, 0, 0
			j.Messages = []Message{{Time: r.now(), Level: "info", Key: "job.again"}}
		default:
			j.State, j.Ended = Interrupted, r.now()
			j.Messages = append(j.Messages, Message{Time: r.now(), Level: "error", Key: "job.interrupted"})
		}
		if err := r.clear(ctx, j.ID, j.State == Interrupted); err != nil {
			return err
		}
		if err := r.write(ctx, j); err != nil {
			return err
		}
	}
	return r.orphans(ctx)
}

// orphans removes the folders of jobs that were never taken, because the process
// ended while their input was written.
func (r *Runner) orphans(ctx context.Context) error {
	l, err := os.ReadDir(filepath.Join(r.opt.Dir, DirName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list folders of jobs: %w", err)
	}
	for _, d := range l {
		var n int
		if err := r.opt.DB.QueryRowContext(ctx, "SELECT count(*) FROM jobs WHERE id = ?", d.Name()).Scan(&n); err != nil {
			return fmt.Errorf("read jobs: %w", err)
		}
		if n > 0 {
			continue
		}
		if err := os.RemoveAll(r.dir(d.Name())); err != nil {
			return fmt.Errorf("remove folder of no job: %w", err)
		}
	}
	return nil
}

func (r *Runner) now() int64 { return r.opt.Now().UnixNano() }

// dir is the folder of a job's files.
func (r *Runner) dir(id string) string { return filepath.Join(r.opt.Dir, DirName, id) }

// Request is a job to be started.
type Request struct {
	Kind   string
	Params any           // as JSON; nil = none
	About  string        // what it works on, in words of nobody's language; or Words
	Words  []Word        // what it works on; none = About
	Need   account.Right // that taking the results needs
	// Fill puts what the job needs into its folder of input (Task.Input), nil =
	// nothing. The folder is removed when the job ends.
	Fill func(dir string) error
}

// Submit takes a job of the visitor; it is durable when Submit returns.
func (r *Runner) Submit(ctx context.Context, v *account.Visitor, q Request) (*Job, error) {
	if _, ok := r.kinds[q.Kind]; !ok {
		return nil, fmt.Errorf("job %q: %w", q.Kind, ErrKind)
	}
	params, err := json.Marshal(q.Params)
	if err != nil {
		return nil, fmt.Errorf("parameters of job %s: %w", q.Kind, err)
	}
	j := &Job{
		ID: strings.ToLower(rand.Text()[:16]), Kind: q.Kind, ByID: v.ID, By: v.Name, Visitor: v, Need: q.Need,
		About: q.About, Words: q.Words, Params: params, State: Waiting, Created: r.now(), Messages: []Message{},
	}
	if q.Fill != nil {
		in := filepath.Join(r.dir(j.ID), inputName)
		if err := os.MkdirAll(in, 0o700); err != nil {
			return nil, fmt.Errorf("make folder of job: %w", err)
		}
		if err := q.Fill(in); err != nil {
			return nil, errors.Join(err, os.RemoveAll(r.dir(j.ID)))
		}
	}
	err = r.opt.DB.Do(ctx, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM jobs WHERE state = 'waiting' AND by_id = ? AND by_name = ?", j.ByID, j.By).Scan(&n); err != nil {
			return err
		}
		if n >= maxWaiting {
			return ErrTooMany
		}
		if err := insert(ctx, tx, j); err != nil || r.opt.Rows == nil {
			return err
		}
		l, err := sealedRows(ctx, tx, "id = ?", j.ID)
		if err != nil {
			return err
		}
		return r.opt.Rows.Seal(ctx, l[0], "take", j.By)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("take job %s: %w", q.Kind, err), os.RemoveAll(r.dir(j.ID)))
	}
	r.look()
	return j, nil
}

// look makes Run look for something to start.
func (r *Runner) look() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run starts jobs until ctx ends, and waits for those that run to stop. They
// stay as running, so that the next Open settles them.
func (r *Runner) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		if err := r.begin(ctx, &wg); err != nil && ctx.Err() == nil {
			r.opt.Log.ErrorContext(ctx, "start jobs", slog.Any("error", err))
		}
		if err := r.Expire(ctx); err != nil && ctx.Err() == nil {
			r.opt.Log.ErrorContext(ctx, "remove old results", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-tick.C:
		}
	}
}

// begin starts the jobs whose turn it is.
func (r *Runner) begin(ctx context.Context, wg *sync.WaitGroup) error {
	l, err := r.query(ctx, "WHERE state = 'waiting' ORDER BY created, rowid")
	if err != nil {
		return err
	}
	for {
		t := r.next(l)
		if t == nil {
			return nil
		}
		ok, err := r.genuine(ctx, t.job.ID)
		if err == nil && !ok {
			err = r.refuse(ctx, t.job)
		}
		if err != nil || t.job.State != Waiting {
			r.drop(t.job.ID)
			if err != nil {
				return err
			}
			continue
		}
		ok, err = t.claim(ctx)
		if !ok {
			r.drop(t.job.ID)
			if err != nil {
				return err
			}
			continue // it was cancelled meanwhile
		}
		runCtx, cancel := context.WithCancelCause(account.With(ctx, t.job.Visitor))
		t.setCancel(cancel)
		wg.Go(func() {
			defer cancel(nil)
			r.run(runCtx, t)
		})
	}
}

// person names whoever a job belongs to.
func person(j *Job) string { return fmt.Sprintf("%d %s", j.ByID, j.By) }

// next is the waiting job whose turn it is, marked as running: of a person who
// has none in that lane, and of those, of whoever had the turn longest ago.
func (r *Runner) next(waiting []*Job) *Task {
	r.mu.Lock()
	defer r.mu.Unlock()
	lanes := make(map[Lane]int)
	busy := make(map[string]bool)
	for _, t := range r.running {
		lanes[t.kind.Lane]++
		busy[fmt.Sprint(t.kind.Lane, person(t.job))] = true
	}
	var best *Job
	for _, j := range waiting {
		k, ok := r.kinds[j.Kind]
		if !ok || r.running[j.ID] != nil || j.State != Waiting || lanes[k.Lane] >= k.Lane.width() || busy[fmt.Sprint(k.Lane, person(j))] {
			continue
		}
		if best == nil || r.turn[person(j)].Before(r.turn[person(best)]) {
			best = j
		}
	}
	if best == nil {
		return nil
	}
	t := &Task{r: r, kind: r.kinds[best.Kind], job: best}
	r.running[best.ID], r.turn[person(best)] = t, time.Now()
	return t
}

func (r *Runner) drop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, id)
}

// run does one job and writes down how it ended.
func (r *Runner) run(ctx context.Context, t *Task) {
	defer r.look()
	stop := t.flushing(ctx)
	err := r.call(ctx, t)
	stop()
	defer r.drop(t.job.ID)
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errCancelled) {
		return // the process ends
	}
	end := context.WithoutCancel(ctx)
	if err := t.finish(end, err, errors.Is(context.Cause(ctx), errCancelled)); err != nil {
		r.opt.Log.ErrorContext(end, "end of job", slog.String("job", t.job.ID), slog.Any("error", err))
	}
}

// call runs the kind's function. A panic is a failure of this job alone.
func (r *Runner) call(ctx context.Context, t *Task) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return t.kind.Run(ctx, t)
}
