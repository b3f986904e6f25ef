package job_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/state"
)

var (
	ann = &account.Visitor{ID: 1, Name: "ann", Rights: account.See | account.Export, Scope: account.Scope{Servers: []string{"FS01"}}}
	bob = &account.Visitor{ID: 2, Name: "bob", Rights: account.See | account.Export}
	ops = &account.Visitor{ID: 3, Name: "ops", Rights: account.AllRights}
)

type folder struct {
	t   *testing.T
	dir string
	db  *state.DB
	now time.Time
	mu  sync.Mutex
}

func newFolder(t *testing.T) *folder {
	f := &folder{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}
	db, err := state.Open(t.Context(), f.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	f.db = db
	return f
}

func (f *folder) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *folder) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// open opens the jobs; start runs them until the returned function is called.
func (f *folder) open(kinds ...job.Kind) *job.Runner {
	f.t.Helper()
	r, err := job.Open(f.t.Context(), job.Options{DB: f.db, Dir: f.dir, Kinds: kinds, Now: f.clock})
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func (f *folder) start(r *job.Runner) (stop func()) {
	ctx, cancel := context.WithCancel(f.t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	stop = func() { cancel(); <-ended }
	f.t.Cleanup(stop)
	return stop
}

func (f *folder) submit(r *job.Runner, v *account.Visitor, kind string) *job.Job {
	f.t.Helper()
	j, err := r.Submit(f.t.Context(), v, job.Request{Kind: kind, Params: map[string]int{"n": 3}, Need: account.Export, About: "x"})
	if err != nil {
		f.t.Fatal(err)
	}
	return j
}

func (f *folder) wait(r *job.Runner, v *account.Visitor, id string, want job.State) *job.Job {
	f.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		j, err := r.Get(f.t.Context(), v, id)
		if err != nil {
			f.t.Fatal(err)
		}
		if j.State == want {
			return j
		}
		if time.Now().After(end) {
			f.t.Fatalf("job %s is %s, want %s: %s", id, j.State, want, j.Detail)
		}
	}
}

func writes(ctx context.Context, t *job.Task) error {
	w, err := t.Create("a.csv")
	if err != nil {
		return err
	}
	if v := account.From(ctx); v == nil || v.Name != t.By().Name {
		return fmt.Errorf("context of %v", v)
	}
	t.Progress(1, 2, "records")
	t.Say("warn", "k", "n", "1")
	if _, err := io.WriteString(w, "hello"); err != nil {
		return err
	}
	_, err = w.Close(ctx)
	return err
}

func TestResultAndItsEnd(t *testing.T) {
	f := newFolder(t)
	r := f.open(job.Kind{Name: "w", Run: writes})
	f.start(r)
	j := f.wait(r, ann, f.submit(r, ann, "w").ID, job.Done)
	sum := sha256.Sum256([]byte("hello"))
	want := []job.File{{Name: "a.csv", Size: 5, SHA256: hex.EncodeToString(sum[:])}}
	if !slices.Equal(j.Files, want) || j.Percent() != 100 || len(j.Messages) != 1 {
		t.Fatalf("job %+v", j)
	}
	take := func(v *account.Visitor, name string) error {
		x, _, err := r.OpenFile(t.Context(), v, j.ID, name)
		if err == nil {
			b, _ := io.ReadAll(x)
			_ = x.Close()
			if string(b) != "hello" {
				t.Errorf("content %q", b)
			}
		}
		return err
	}
	no := *ann
	no.Rights = account.See
	wider, narrower := *ann, *ann
	wider.Scope, narrower.Scope = account.Scope{}, account.Scope{Servers: []string{"FS02"}}
	for _, c := range []struct {
		what string
		v    *account.Visitor
		name string
		want error
	}{
		{"owner", ann, "a.csv", nil},
		{"owner who may see more now", &wider, "a.csv", nil},
		{"another name", ann, "../../state.sqlite", job.ErrNotFound},
		{"somebody else", bob, "a.csv", job.ErrNotFound},
		{"who runs it", ops, "a.csv", job.ErrRight},
		{"without the right now", &no, "a.csv", job.ErrRight},
		{"restricted otherwise now", &narrower, "a.csv", job.ErrScope},
	} {
		if err := take(c.v, c.name); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
	f.pass(job.Keep + time.Second)
	if err := r.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := take(ann, "a.csv"); !errors.Is(err, job.ErrRemoved) {
		t.Errorf("after its time: %v", err)
	}
	if _, err := os.Stat(filepath.Join(f.dir, job.DirName, j.ID)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the files are there: %v", err)
	}
	if j, err := r.Get(t.Context(), ann, j.ID); err != nil || j.Removed == 0 || len(j.Files) != 1 {
		t.Errorf("what it was is not told: %+v, %v", j, err)
	}
}

func TestNames(t *testing.T) {
	f := newFolder(t)
	r := f.open(job.Kind{Name: "names", Run: func(_ context.Context, t *job.Task) error {
		for _, name := range []string{"", ".", "..", "a/b", `a\b`, "in", "a:b", "\x01", "CON?"} {
			if _, err := t.Create(name); err == nil {
				return fmt.Errorf("%q was taken", name)
			}
		}
		return nil
	}})
	f.start(r)
	f.wait(r, ann, f.submit(r, ann, "names").ID, job.Done)
}

// After the process ended in the middle, one kind starts again and the other
// says that it was interrupted.
func TestRestart(t *testing.T) {
	f := newFolder(t)
	began := make(chan string, 10)
	block := func(ctx context.Context, t *job.Task) error {
		if w, err := t.Create("half"); err == nil {
			_, _ = w.Close(ctx)
		}
		began <- t.ID()
		<-ctx.Done()
		return ctx.Err()
	}
	r := f.open(job.Kind{Name: "again", Restart: true, Run: block}, job.Kind{Name: "once", Lane: job.Care, Run: block})
	stop := f.start(r)
	again, err := r.Submit(t.Context(), ann, job.Request{Kind: "again", Need: account.Export, Fill: func(dir string) error {
		return os.WriteFile(filepath.Join(dir, "input"), []byte("x"), 0o600)
	}})
	if err != nil {
		t.Fatal(err)
	}
	once, waits := f.submit(r, ann, "once"), f.submit(r, ann, "once")
	<-began
	<-began
	stop()
	orphan := filepath.Join(f.dir, job.DirName, "nothing")
	if err := os.MkdirAll(orphan, 0o700); err != nil {
		t.Fatal(err)
	}

	read := func(ctx context.Context, t *job.Task) error {
		if _, err := os.Stat(filepath.Join(f.dir, job.DirName, t.ID(), "half")); err == nil {
			return errors.New("half a result is there")
		}
		_, err := os.ReadFile(filepath.Join(t.Input(), "input"))
		return err
	}
	r = f.open(job.Kind{Name: "again", Restart: true, Run: read}, job.Kind{Name: "once", Lane: job.Care, Run: writes})
	f.start(r)
	if _, err := os.Stat(orphan); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of no job is there: %v", err)
	}
	if j := f.wait(r, ann, again.ID, job.Done); j.Attempt != 2 {
		t.Errorf("attempt %d, want 2", j.Attempt)
	}
	if j := f.wait(r, ann, once.ID, job.Interrupted); len(j.Messages) == 0 || len(j.Files) != 0 {
		t.Errorf("interrupted without a word: %+v", j)
	}
	f.wait(r, ann, waits.ID, job.Done)
}

func TestEndlessRestartEnds(t *testing.T) {
	f := newFolder(t)
	var id string
	for range 5 {
		began := make(chan bool, 1)
		r := f.open(job.Kind{Name: "k", Restart: true, Run: func(ctx context.Context, _ *job.Task) error {
			began <- true
			<-ctx.Done()
			return nil
		}})
		if id == "" {
			id = f.submit(r, ann, "k").ID
		} else if j, err := r.Get(t.Context(), ann, id); err != nil || j.State == job.Interrupted {
			if j.Attempt != 3 {
				t.Errorf("ended after %d attempts, want 3", j.Attempt)
			}
			return
		}
		stop := f.start(r)
		<-began
		stop()
	}
	t.Error("it starts for ever")
}

func TestCancel(t *testing.T) {
	f := newFolder(t)
	began := make(chan bool, 1)
	r := f.open(job.Kind{Name: "k", Lane: job.Care, Run: func(ctx context.Context, t *job.Task) error {
		w, err := t.Create("half")
		if err != nil {
			return err
		}
		began <- true
		<-ctx.Done()
		return errors.Join(w.Abort(), ctx.Err())
	}})
	f.start(r)
	first := f.submit(r, ann, "k")
	<-began
	second := f.submit(r, ann, "k")
	if err := r.Cancel(t.Context(), bob, second.ID); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("by somebody else: %v", err)
	}
	for _, id := range []string{second.ID, first.ID} {
		if err := r.Cancel(t.Context(), ann, id); err != nil {
			t.Fatal(err)
		}
		f.wait(r, ann, id, job.Cancelled)
	}
	if err := r.Cancel(t.Context(), ann, first.ID); !errors.Is(err, job.ErrEnded) {
		t.Errorf("twice: %v", err)
	}
}

func TestFailures(t *testing.T) {
	f := newFolder(t)
	r := f.open(
		job.Kind{Name: "known", Run: func(context.Context, *job.Task) error { return &job.Error{Key: "why", Args: []string{"n", "2"}} }},
		job.Kind{Name: "secret", Run: func(context.Context, *job.Task) error { return errors.New("open /data/x") }},
		job.Kind{Name: "panics", Run: func(context.Context, *job.Task) error { panic("oh") }},
	)
	f.start(r)
	for kind, want := range map[string]string{"known": "why", "secret": "job.error.failed", "panics": "job.error.failed"} {
		j := f.wait(r, ann, f.submit(r, ann, kind).ID, job.Failed)
		if len(j.Messages) != 1 || j.Messages[0].Key != want || j.Detail == "" {
			t.Errorf("%s tells %+v", kind, j.Messages)
		}
	}
}

// Two at once in the lane of exports, one of each person, and who waited longest
// for a turn comes first.
func TestFairness(t *testing.T) {
	f := newFolder(t)
	var mu sync.Mutex
	var order []string
	now, most := map[string]int{}, 0
	gate := make(chan bool)
	r := f.open(job.Kind{Name: "k", Run: func(_ context.Context, t *job.Task) error {
		mu.Lock()
		order = append(order, t.By().Name)
		if now[t.By().Name]++; now[t.By().Name] > 1 {
			mu.Unlock()
			return errors.New("two of one person at once")
		}
		most = max(most, now["ann"]+now["bob"]+now["ops"])
		mu.Unlock()
		<-gate
		mu.Lock()
		now[t.By().Name]--
		mu.Unlock()
		return nil
	}})
	var ids []string
	for range 4 {
		ids = append(ids, f.submit(r, ann, "k").ID)
	}
	ids = append(ids, f.submit(r, bob, "k").ID, f.submit(r, ops, "k").ID)
	f.start(r)
	for begun := 0; begun < 2; time.Sleep(time.Millisecond) {
		mu.Lock()
		begun = len(order)
		mu.Unlock()
	}
	for range ids {
		gate <- true
	}
	for _, id := range ids {
		f.wait(r, ops, id, job.Done)
	}
	if most != 2 {
		t.Errorf("%d at once, want 2", most)
	}
	if b, o := slices.Index(order, "bob"), slices.Index(order, "ops"); b > 1 || o > 2 {
		t.Errorf("order %v", order)
	}
}

func TestLists(t *testing.T) {
	f := newFolder(t)
	r := f.open(job.Kind{Name: "k", Run: writes})
	f.submit(r, ann, "k")
	f.submit(r, bob, "k")
	count := func(v *account.Visitor, all bool) int {
		l, err := r.List(t.Context(), v, all)
		if err != nil {
			return -1
		}
		return len(l)
	}
	for _, c := range []struct {
		v    *account.Visitor
		all  bool
		want int
	}{{ann, false, 1}, {ann, true, -1}, {ops, false, 0}, {ops, true, 2}, {nil, false, -1}} {
		if n := count(c.v, c.all); n != c.want {
			t.Errorf("%v, all %v: %d jobs, want %d", c.v, c.all, n, c.want)
		}
	}
	for range 30 {
		_, _ = r.Submit(t.Context(), bob, job.Request{Kind: "k"})
	}
	if _, err := r.Submit(t.Context(), bob, job.Request{Kind: "k"}); !errors.Is(err, job.ErrTooMany) {
		t.Errorf("one more waiting job: %v", err)
	}
	if _, err := r.Submit(t.Context(), bob, job.Request{Kind: "no"}); !errors.Is(err, job.ErrKind) {
		t.Errorf("unknown kind: %v", err)
	}
}
