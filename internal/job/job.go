package job

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
)

// DirName is the folder of the jobs' files in a data folder.
const DirName = "jobs"

// State is how far a job is.
type State string

// The states. The last four are ends.
const (
	Waiting     State = "waiting"
	Running     State = "running"
	Done        State = "done"
	Failed      State = "failed"
	Cancelled   State = "cancelled"
	Interrupted State = "interrupted" // the process ended, and the kind cannot start again
)

// Ended reports whether nothing more happens.
func (s State) Ended() bool { return s != Waiting && s != Running }

// Lane is the queue that a kind waits in. In each, no more than its width run
// at once, and of one person one.
type Lane uint8

// The lanes.
const (
	Out  Lane = iota // what leaves: exports, bundles
	Care             // archive, checks, volumes
	In               // imports
)

func (l Lane) width() int {
	if l == Out {
		return 2
	}
	return 1
}

// Kind is a sort of work.
type Kind struct {
	Name string
	Lane Lane
	// Restart says that Run may begin anew after the process ended in the middle.
	Restart bool
	// Run does the work until ctx ends. An *Error is told to the visitor in words,
	// any other error to the operator only.
	Run func(ctx context.Context, t *Task) error
}

// Error is a reason for a failure that the visitor understands: a key of the
// catalogue with pairs of name and value.
type Error struct {
	Key  string
	Args []string
	Err  error // nil = none
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Key + ": " + e.Err.Error()
	}
	return e.Key
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// The errors of a Runner.
var (
	ErrNotFound = errors.New("no such job")
	ErrKind     = errors.New("no such kind of job")
	ErrTooMany  = errors.New("too many jobs of this person are waiting")
	ErrEnded    = errors.New("the job has ended")
	ErrRight    = errors.New("the visitor may not have this file")
	ErrScope    = errors.New("the visitor's restriction has changed since the job was started")
	ErrRemoved  = errors.New("the files of the job are removed")
)

// errCancelled is the cause of a context that Cancel ended.
var errCancelled = errors.New("the job was cancelled")

// Message is something that a job tells: a key of the catalogue with pairs of
// name and value.
type Message struct {
	Time  int64    `json:"time"`  // Unix ns
	Level string   `json:"level"` // info, warn, error
	Key   string   `json:"key"`
	Args  []string `json:"args,omitempty"`
}

// File is a result.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// Job is a job as it stands.
type Job struct {
	ID       string           `json:"id"`
	Kind     string           `json:"kind"`
	ByID     int64            `json:"-"`
	By       string           `json:"by"`
	Visitor  *account.Visitor `json:"-"`     // at the start
	Need     account.Right    `json:"-"`     // of whoever takes the results
	About    string           `json:"about"` // as words of whoever asked; see Say
	Words    []Word           `json:"-"`
	Params   json.RawMessage  `json:"params"`
	State    State            `json:"state"`
	Created  int64            `json:"created"` // Unix ns, as all times
	Started  int64            `json:"started"`
	Ended    int64            `json:"ended"`
	Attempt  int              `json:"attempt"` // 1 = the first
	Done     int64            `json:"done"`
	All      int64            `json:"all"`  // 0 = unknown
	Unit     string           `json:"unit"` // records, events, bytes, days, files
	Messages []Message        `json:"messages"`
	Detail   string           `json:"-"` // error for the operator
	Files    []File           `json:"files"`
	Removed  int64            `json:"removed"` // when the files went, 0 = they are there
	Until    int64            `json:"until"`   // when they go, 0 = not known yet
}

// Word is a piece of what a job works on: a text as it is, or words of the catalogue.
type Word struct {
	Key  string   `json:"key,omitempty"`
	Args []string `json:"args,omitempty"` // pairs of name and value
	Text string   `json:"text,omitempty"` // when there is no key
}

// Say is what the job works on, in the words of a reader; of jobs of earlier versions in
// those of whoever asked for it.
func (j *Job) Say(words func(key string, args ...any) string) string {
	if len(j.Words) == 0 {
		return j.About
	}
	return Said(j.Words, words)
}

// Said joins words.
func Said(l []Word, words func(key string, args ...any) string) string {
	var b strings.Builder
	for _, w := range l {
		if w.Key == "" {
			b.WriteString(w.Text)
			continue
		}
		args := make([]any, len(w.Args))
		for i, a := range w.Args {
			args[i] = a
		}
		b.WriteString(words(w.Key, args...))
	}
	return b.String()
}

// Rate is what was done in a second, 0 when that is not known yet.
func (j *Job) Rate(now time.Time) float64 {
	took := now.Sub(time.Unix(0, j.Started))
	if j.State != Running || j.Done <= 0 || took < time.Second {
		return 0
	}
	return float64(j.Done) / took.Seconds()
}

// Left is the remaining time by the rate so far, 0 when it is not known.
func (j *Job) Left(now time.Time) time.Duration {
	r := j.Rate(now)
	if r == 0 || j.All <= j.Done {
		return 0
	}
	return time.Duration(float64(j.All-j.Done) / r * float64(time.Second))
}

// Percent is how much is done, from 0 to 100; -1 when that is not known.
func (j *Job) Percent() int {
	switch {
	case j.State == Done:
		return 100
	case j.All <= 0:
		return -1
	}
	return int(min(max(j.Done, 0), j.All) * 100 / j.All)
}

// Own reports whether the job is the visitor's.
func (j *Job) Own(v *account.Visitor) bool {
	return v != nil && v.ID == j.ByID && (v.ID != 0 || v.Name == j.By)
}

// Seen reports whether the visitor may see that there is such a job. What others asked
// for can name what a restricted visitor may not see.
func (j *Job) Seen(v *account.Visitor) bool {
	return j.Own(v) || v.May(account.Manage) && v.Scope.All()
}

// Take checks that the visitor may have the results: they are the visitor's own,
// who still has the rights, and is not restricted otherwise than at the start.
func (j *Job) Take(v *account.Visitor) error {
	switch {
	case !j.Own(v) || !v.May(j.Need):
		return ErrRight
	case !v.Scope.All() && (!slices.Equal(v.Scope.Servers, j.Visitor.Scope.Servers) || !slices.Equal(v.Scope.Folders, j.Visitor.Scope.Folders)):
		return ErrScope
	case j.Removed != 0:
		return ErrRemoved
	}
	return nil
}
