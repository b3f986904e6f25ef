package job

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/akashi-audit/akashi/internal/account"
)

const columns = `id, kind, by_id, by_name, visitor, need, about, params, state, created, started, ended, attempt, done, whole, unit, messages, detail, removed, words`

// scan reads a row of columns.
func scan(row interface{ Scan(dest ...any) error }) (*Job, error) {
	var j Job
	var visitor, params, messages, words string
	err := row.Scan(&j.ID, &j.Kind, &j.ByID, &j.By, &visitor, &j.Need, &j.About, &params, &j.State, &j.Created, &j.Started,
		&j.Ended, &j.Attempt, &j.Done, &j.All, &j.Unit, &messages, &j.Detail, &j.Removed, &words)
	if err != nil {
		return nil, err
	}
	j.Visitor, j.Params = &account.Visitor{}, json.RawMessage(params)
	if err := json.Unmarshal([]byte(visitor), j.Visitor); err != nil {
		return nil, fmt.Errorf("visitor of job %s: %w", j.ID, err)
	}
	if err := json.Unmarshal([]byte(messages), &j.Messages); err != nil {
		return nil, fmt.Errorf("messages of job %s: %w", j.ID, err)
	}
	if err := json.Unmarshal([]byte(words), &j.Words); err != nil {
		return nil, fmt.Errorf("words of job %s: %w", j.ID, err)
	}
	return &j, nil
}

// query reads jobs without their files.
func (r *Runner) query(ctx context.Context, where string, args ...any) (l []*Job, err error) {
	rows, err := r.opt.DB.QueryContext(ctx, "SELECT "+columns+" FROM jobs "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		j, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read jobs: %w", err)
		}
		l = append(l, j)
	}
	return l, rows.Err()
}

// files adds the results to a job.
func (r *Runner) files(ctx context.Context, j *Job) (err error) {
	rows, err := r.opt.DB.QueryContext(ctx, "SELECT name, size, sha256 FROM job_files WHERE job = ? ORDER BY rowid", j.ID)
	if err != nil {
		return fmt.Errorf("files of job %s: %w", j.ID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var f File
		if err := rows.Scan(&f.Name, &f.Size, &f.SHA256); err != nil {
			return fmt.Errorf("files of job %s: %w", j.ID, err)
		}
		j.Files = append(j.Files, f)
	}
	return rows.Err()
}

// insert puts a new job into the table.
func insert(ctx context.Context, tx *sql.Tx, j *Job) error {
	visitor, err := json.Marshal(j.Visitor)
	if err != nil {
		return fmt.Errorf("encode visitor: %w", err)
	}
	words, err := json.Marshal(append([]Word{}, j.Words...))
	if err != nil {
		return fmt.Errorf("encode words: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO jobs (id, kind, by_id, by_name, visitor, need, about, params, state, created, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		j.ID, j.Kind, j.ByID, j.By, string(visitor), j.Need, j.About, string(j.Params), j.State, j.Created, string(words))
	return err
}

// write stores how far a job is.
func (r *Runner) write(ctx context.Context, j *Job) error {
	messages, err := json.Marshal(j.Messages)
	if err != nil {
		return fmt.Errorf("encode messages: %w", err)
	}
	if j.Messages == nil {
		messages = []byte("[]")
	}
	_, err = r.opt.DB.ExecContext(ctx, `UPDATE jobs SET state = ?, started = ?, ended = ?, attempt = ?, done = ?, whole = ?, unit = ?, messages = ?, detail = ?, removed = ? WHERE id = ?`,
		j.State, j.Started, j.Ended, j.Attempt, j.Done, j.All, j.Unit, string(messages), j.Detail, j.Removed, j.ID)
	if err != nil {
		return fmt.Errorf("write job %s: %w", j.ID, err)
	}
	return nil
}
