package job

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/fsx"
)

const (
	inputName = "in" // folder of a job's input
	// flushEvery is how often the progress is written down.
	flushEvery = 2 * time.Second
	// maxMessages bounds what a job tells.
	maxMessages = 100
	// reserve is how much room results leave on the volume, bytes; looked at each
	// lookEvery bytes.
	reserve   = 256 << 20
	lookEvery = 32 << 20
)

// Task is a job while it runs.
type Task struct {
	r    *Runner
	kind Kind

	mu     sync.Mutex
	job    *Job                    // guarded by mu, but for what never changes
	cancel context.CancelCauseFunc // guarded by mu
	gone   bool                    // Cancel came before setCancel; guarded by mu
}

// claim makes the waiting job a running one; ok is false when it waits no more.
func (t *Task) claim(ctx context.Context) (ok bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	j := t.job
	j.State, j.Started, j.Attempt = Running, t.r.now(), j.Attempt+1
	res, err := t.r.opt.DB.ExecContext(ctx, "UPDATE jobs SET state = ?, started = ?, attempt = ? WHERE id = ? AND state = 'waiting'", j.State, j.Started, j.Attempt, j.ID)
	if err != nil {
		return false, fmt.Errorf("begin job %s: %w", j.ID, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// ID names the job.
func (t *Task) ID() string { return t.job.ID }

// By is whoever the job works for, with rights and scope of its start.
func (t *Task) By() *account.Visitor { return t.job.Visitor }

// About is what the job works on, in words.
func (t *Task) About() string { return t.job.About }

// Params reads the parameters into v.
func (t *Task) Params(v any) error {
	if err := json.Unmarshal(t.job.Params, v); err != nil {
		return fmt.Errorf("parameters of job %s: %w", t.job.ID, err)
	}
	return nil
}

// Input is the folder that Request.Fill filled.
func (t *Task) Input() string { return filepath.Join(t.r.dir(t.job.ID), inputName) }

// Progress tells how much is done, and of how much (0 = unknown), in a unit:
// records, events, bytes, days, files.
func (t *Task) Progress(done, all int64, unit string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.job.Done, t.job.All, t.job.Unit = done, all, unit
}

// Say tells something: level is info or warn, key one of the catalogue, args
// pairs of name and value. After the first hundred nothing is kept.
func (t *Task) Say(level, key string, args ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.job.Messages) < maxMessages {
		t.job.Messages = append(t.job.Messages, Message{Time: t.r.now(), Level: level, Key: key, Args: args})
	}
}

// Dir is the folder for results, made when it is missing.
func (t *Task) Dir() (string, error) {
	dir := t.r.dir(t.job.ID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make folder of job: %w", err)
	}
	return dir, nil
}

// Keep takes a whole file of Dir into the results.
func (t *Task) Keep(ctx context.Context, name string) (*File, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(t.r.dir(t.job.ID), name))
	if err != nil {
		return nil, fmt.Errorf("keep result: %w", err)
	}
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("keep result %s: %w", name, err)
	}
	return t.keep(ctx, name, n, h)
}

func (t *Task) keep(ctx context.Context, name string, size int64, h hash.Hash) (*File, error) {
	x := File{Name: name, Size: size, SHA256: hex.EncodeToString(h.Sum(nil))}
	_, err := t.r.opt.DB.ExecContext(ctx, "INSERT OR REPLACE INTO job_files (job, name, size, sha256) VALUES (?, ?, ?, ?)", t.job.ID, x.Name, x.Size, x.SHA256)
	if err != nil {
		return nil, fmt.Errorf("keep result %s: %w", name, err)
	}
	return &x, nil
}

// checkName refuses a name that is not a plain file name on every system.
func checkName(name string) error {
	if name == "" || name == inputName || name[0] == '.' || len(name) > 200 || strings.ContainsAny(name, `/\:*?"<>|`) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return fmt.Errorf("name of a result: %q", name)
	}
	return nil
}

// Writer writes a result.
type Writer struct {
	t    *Task
	name string
	f    *os.File
	h    hash.Hash
	size int64
	next int64 // size at which the room is looked at
}

// Create begins a result. It is kept when Close returns nil.
func (t *Task) Create(name string) (*Writer, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	dir, err := t.Dir()
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make result: %w", err)
	}
	return &Writer{t: t, name: name, f: f, h: sha256.New()}, nil
}

// Write writes to the file. The error is an *Error when the volume is nearly
// full.
func (w *Writer) Write(p []byte) (int, error) {
	if w.size >= w.next {
		w.next = w.size + lookEvery
		if free, err := fsx.Free(filepath.Dir(w.f.Name())); err == nil && free < reserve {
			return 0, &Error{Key: "job.error.space"}
		}
	}
	n, err := w.f.Write(p)
	w.h.Write(p[:n])
	w.size += int64(n)
	return n, err
}

// Close syncs the file and keeps it.
func (w *Writer) Close(ctx context.Context) (*File, error) {
	if err := errors.Join(w.f.Sync(), w.f.Close()); err != nil {
		return nil, fmt.Errorf("write result %s: %w", w.name, err)
	}
	return w.t.keep(ctx, w.name, w.size, w.h)
}

// Abort removes the file.
func (w *Writer) Abort() error { return errors.Join(w.f.Close(), os.Remove(w.f.Name())) }

func (t *Task) setCancel(cancel context.CancelCauseFunc) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cancel = cancel; t.gone {
		cancel(errCancelled)
	}
}

func (t *Task) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone = true; t.cancel != nil {
		t.cancel(errCancelled)
	}
}

// now is a copy of the job as it stands.
func (t *Task) now() *Job {
	t.mu.Lock()
	defer t.mu.Unlock()
	j := *t.job
	j.Messages = append([]Message{}, j.Messages...)
	return &j
}

// flushing writes the progress down now and then, until the returned function
// is called.
func (t *Task) flushing(ctx context.Context) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(flushEvery)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				if err := t.r.write(ctx, t.now()); err != nil && ctx.Err() == nil {
					t.r.opt.Log.WarnContext(ctx, "progress of job", slog.String("job", t.job.ID), slog.Any("error", err))
				}
			}
		}
	}()
	return func() { close(end); <-ended }
}

// finish writes down how the job ended.
func (t *Task) finish(ctx context.Context, err error, cancelled bool) error {
	t.mu.Lock()
	j := t.job
	j.State, j.Ended = Done, t.r.now()
	var known *Error
	switch {
	case err == nil:
	case cancelled:
		j.State = Cancelled
	case errors.As(err, &known):
		j.State, j.Detail = Failed, err.Error()
		j.Messages = append(j.Messages, Message{Time: j.Ended, Level: "error", Key: known.Key, Args: known.Args})
	default:
		j.State, j.Detail = Failed, err.Error()
		j.Messages = append(j.Messages, Message{Time: j.Ended, Level: "error", Key: "job.error.failed"})
	}
	state := j.State
	t.mu.Unlock()
	if state == Failed {
		t.r.opt.Log.ErrorContext(ctx, "job failed", slog.String("job", j.ID), slog.String("kind", j.Kind), slog.Any("error", err))
	}
	if state == Done {
		err = errors.Join(os.RemoveAll(t.Input()), t.r.sealFiles(ctx, j))
	} else {
		err = t.r.clear(ctx, j.ID, true)
	}
	return errors.Join(err, t.r.write(ctx, t.now()))
}
