package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/state"
)

// What a job is works with the rights of whoever asked for it, so a row that somebody
// wrote into the database must not run: its leaf is made before the row. The results have a
// leaf of their own when the job is done, under the id of the job and this end.
const filesEnd = "/files"

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// sealedRows are the jobs as the seal knows them: all that they are from their beginning
// on, as the columns say it, not how far they are.
func sealedRows(ctx context.Context, q querier, where string, args ...any) (l []state.Row, err error) {
	rows, err := q.QueryContext(ctx, "SELECT id, kind, by_id, by_name, visitor, need, about, words, params, created FROM jobs WHERE "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var x struct {
			ID      string `json:"id"`
			Kind    string `json:"kind"`
			ByID    int64  `json:"by_id"`
			By      string `json:"by_name"`
			Visitor string `json:"visitor"`
			Need    int64  `json:"need"`
			About   string `json:"about"`
			Words   string `json:"words"`
			Params  string `json:"params"`
			Created int64  `json:"created"`
		}
		if err := rows.Scan(&x.ID, &x.Kind, &x.ByID, &x.By, &x.Visitor, &x.Need, &x.About, &x.Words, &x.Params, &x.Created); err != nil {
			return nil, fmt.Errorf("read job: %w", err)
		}
		h, err := state.HashOf(x)
		if err != nil {
			return nil, err
		}
		l = append(l, state.Row{ID: x.ID, Name: x.Kind, Hash: h})
	}
	return l, rows.Err()
}

// sealedFiles are the lists of results, by job.
func sealedFiles(ctx context.Context, q querier, where string, args ...any) (l []state.Row, err error) {
	rows, err := q.QueryContext(ctx, "SELECT job, name, size, sha256 FROM job_files WHERE "+where+" ORDER BY job, name", args...)
	if err != nil {
		return nil, fmt.Errorf("read results: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var files []File
	id := ""
	end := func() error {
		h, err := state.HashOf(files)
		if id != "" {
			l = append(l, state.Row{ID: id + filesEnd, Hash: h})
		}
		files = nil
		return err
	}
	for rows.Next() {
		var job string
		var f File
		if err := rows.Scan(&job, &f.Name, &f.Size, &f.SHA256); err != nil {
			return nil, fmt.Errorf("read result: %w", err)
		}
		if job != id {
			if err := end(); err != nil {
				return nil, err
			}
			id = job
		}
		files = append(files, f)
	}
	return l, errors.Join(end(), rows.Err())
}

// settle brings the seal to what is there when the folder is opened. Only in a folder
// whose seal knows no job yet do the jobs that wait count as they are.
func (r *Runner) settle(ctx context.Context) error {
	if r.opt.Rows == nil || r.opt.Rows.Any() {
		return nil
	}
	l, err := sealedRows(ctx, r.opt.DB, "1")
	if err != nil {
		return err
	}
	files, err := sealedFiles(ctx, r.opt.DB, "1")
	if err != nil {
		return err
	}
	return r.opt.Rows.Settle(ctx, append(l, files...), true)
}

// genuine reports whether a job is what was sealed when it was taken.
func (r *Runner) genuine(ctx context.Context, id string) (bool, error) {
	if r.opt.Rows == nil {
		return true, nil
	}
	l, err := sealedRows(ctx, r.opt.DB, "id = ?", id)
	return err == nil && len(l) == 1 && r.opt.Rows.Holds(l[0]), err
}

// refuse ends a job that somebody wrote or changed in the database.
func (r *Runner) refuse(ctx context.Context, j *Job) error {
	j.State, j.Ended = Failed, r.now()
	j.Messages = append(j.Messages, Message{Time: j.Ended, Level: "error", Key: "job.error.foreign"})
	return errors.Join(r.clear(ctx, j.ID, true), r.write(ctx, j))
}

// sealFiles seals the results of a job that is done.
func (r *Runner) sealFiles(ctx context.Context, j *Job) error {
	if r.opt.Rows == nil {
		return nil
	}
	l, err := sealedFiles(ctx, r.opt.DB, "job = ?", j.ID)
	for _, x := range l {
		err = errors.Join(err, r.opt.Rows.Seal(ctx, x, "results", j.By))
	}
	return err
}

// Check compares the jobs and results of a database with the entries of a seal. Jobs are
// forgotten after a year, and results of a job that was begun anew are others, so rows
// that are not there are no difference.
func Check(ctx context.Context, db *state.DB, entries []seal.Entry) ([]state.Difference, error) {
	l, err := sealedRows(ctx, db, "1")
	if err != nil {
		return nil, err
	}
	files, err := sealedFiles(ctx, db, "job IN (SELECT id FROM jobs WHERE state = 'done')")
	if err != nil {
		return nil, err
	}
	return state.CheckRows(seal.KindJob, entries, append(l, files...), true), nil
}
