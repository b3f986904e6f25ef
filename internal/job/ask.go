package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/akashi-audit/akashi/internal/account"
)

// Get is the job of that id that the visitor may see, or ErrNotFound.
func (r *Runner) Get(ctx context.Context, v *account.Visitor, id string) (*Job, error) {
	j, err := scan(r.opt.DB.QueryRowContext(ctx, "SELECT "+columns+" FROM jobs WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) || err == nil && !j.Seen(v) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read job %s: %w", id, err)
	}
	if err := r.files(ctx, j); err != nil {
		return nil, err
	}
	return r.live(j), nil
}

// live brings a job to this moment.
func (r *Runner) live(j *Job) *Job {
	r.mu.Lock()
	t := r.running[j.ID]
	r.mu.Unlock()
	if t != nil && j.State == Running {
		if n := t.now(); n.State == Running { // else its end is being written down
			n.Files, j = j.Files, n
		}
	}
	if j.Ended != 0 {
		j.Until = j.Ended + int64(r.opt.Keep)
	}
	return j
}

// List is the jobs that the visitor may see, newest first: the own ones, or
// with all set those of everybody, which needs account.Manage. No files.
func (r *Runner) List(ctx context.Context, v *account.Visitor, all bool) ([]*Job, error) {
	if v == nil {
		return nil, ErrRight
	}
	where, args := "WHERE by_id = ? AND by_name = ?", []any{v.ID, v.Name}
	if v.ID != 0 { // a person may get another name
		where, args = "WHERE by_id = ?", []any{v.ID}
	}
	if all {
		if !v.May(account.Manage) || !v.Scope.All() {
			return nil, ErrRight
		}
		where, args = "", nil
	}
	l, err := r.query(ctx, where+fmt.Sprintf(" ORDER BY created DESC, rowid DESC LIMIT %d", maxListed), args...)
	for i, j := range l {
		l[i] = r.live(j)
	}
	return l, err
}

// Cancel ends a job of the visitor, or with account.Manage any. It does not
// wait for a running one to stop.
func (r *Runner) Cancel(ctx context.Context, v *account.Visitor, id string) error {
	j, err := r.Get(ctx, v, id)
	if err != nil {
		return err
	}
	if j.State.Ended() {
		return ErrEnded
	}
	r.mu.Lock()
	t := r.running[id]
	r.mu.Unlock()
	if t != nil {
		t.stop()
		return nil
	}
	res, err := r.opt.DB.ExecContext(ctx, "UPDATE jobs SET state = 'cancelled', ended = ? WHERE id = ? AND state = 'waiting'", r.now(), id)
	if err != nil {
		return fmt.Errorf("cancel job %s: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 { // it began meanwhile
		r.mu.Lock()
		t := r.running[id]
		r.mu.Unlock()
		if t == nil {
			return errors.Join(err, ErrEnded)
		}
		t.stop()
		return nil
	}
	return r.clear(ctx, id, true)
}

// OpenFile opens a result for the visitor, see Job.Take.
func (r *Runner) OpenFile(ctx context.Context, v *account.Visitor, id, name string) (*os.File, *File, error) {
	j, err := r.Get(ctx, v, id)
	if err != nil {
		return nil, nil, err
	}
	if err := j.Take(v); err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(j.Files, func(f File) bool { return f.Name == name })
	if i < 0 || j.State != Done {
		return nil, nil, ErrNotFound
	}
	f, err := os.Open(filepath.Join(r.dir(id), j.Files[i].Name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, ErrRemoved
	}
	return f, &j.Files[i], err
}

// clear removes the results of a job, and with all set its input too.
func (r *Runner) clear(ctx context.Context, id string, all bool) error {
	if _, err := r.opt.DB.ExecContext(ctx, "DELETE FROM job_files WHERE job = ?", id); err != nil {
		return fmt.Errorf("remove results of job %s: %w", id, err)
	}
	if all {
		return os.RemoveAll(r.dir(id))
	}
	l, err := os.ReadDir(r.dir(id))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove results of job %s: %w", id, err)
	}
	for _, d := range l {
		if d.Name() != inputName {
			err = errors.Join(err, os.RemoveAll(filepath.Join(r.dir(id), d.Name())))
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Expire removes the files of jobs whose time is up; which ones they were stays
// written down. Jobs that ended a year ago are forgotten.
func (r *Runner) Expire(ctx context.Context) error {
	old := r.opt.Now().Add(-r.opt.Keep).UnixNano()
	l, err := r.query(ctx, "WHERE ended > 0 AND ended < ? AND removed = 0", old)
	if err != nil {
		return err
	}
	for _, j := range l {
		if err := os.RemoveAll(r.dir(j.ID)); err != nil {
			return fmt.Errorf("remove results of job %s: %w", j.ID, err)
		}
		j.Removed = r.now()
		if err := r.write(ctx, j); err != nil {
			return err
		}
	}
	if _, err := r.opt.DB.ExecContext(ctx, "DELETE FROM jobs WHERE ended > 0 AND ended < ?", r.opt.Now().Add(-forget).UnixNano()); err != nil {
		return fmt.Errorf("forget old jobs: %w", err)
	}
	return nil
}
