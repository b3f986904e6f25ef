package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/store"
)

// helperEnv holds the arguments of a helper process: folder, seed, steps.
const helperEnv = "AKASHI_TEST_HELPER"

// TestHelperProcess is no test: other tests start it as a process that loads a
// folder, going on where the last one was killed. It says which steps are done,
// and waits for a line before each when its steps are negative.
func TestHelperProcess(t *testing.T) {
	args := strings.Split(os.Getenv(helperEnv), "|")
	if len(args) != 3 {
		t.Skip("only for other tests")
	}
	seed, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := strconv.Atoi(args[2])
	if err != nil {
		t.Fatal(err)
	}
	if err := load(args[0], seed, max(steps, -steps), steps < 0); err != nil {
		t.Fatal(err)
	}
}

func load(dir string, seed uint64, steps int, wait bool) error {
	ctx := context.Background()
	s, err := store.Open(dir, options(store.Options{Zone: zone()}))
	if err != nil {
		return err
	}
	in, err := s.Info()
	if err != nil {
		return err
	}
	have := 0
	for _, im := range in.Imports {
		n := 0
		if _, err := fmt.Sscanf(im.Name, "step-%d", &n); err != nil {
			return err
		}
		have = max(have, n)
	}
	input := bufio.NewScanner(os.Stdin)
	fmt.Println("ready")
	w := newWork(seed, 12)
	for range steps {
		st := w.step()
		if st.n > have {
			if wait && !input.Scan() {
				return input.Err()
			}
			if err := st.apply(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", st, err)
			}
			fmt.Println("done", st.n)
		}
		w.done(st)
	}
	return s.Close()
}

// helper is a running helper process.
type helper struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	done int // last step that it said was done
	errs strings.Builder
}

func startHelper(t *testing.T, dir string, seed uint64, steps int) *helper {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h := &helper{cmd: exec.Command(exe, "-test.run=^TestHelperProcess$", "-test.v=false")}
	h.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%d|%d", helperEnv, dir, seed, steps), "AKASHI_LONG=")
	h.cmd.Stderr = &h.errs
	out, err := h.cmd.StdoutPipe()
	if err == nil {
		h.in, err = h.cmd.StdinPipe()
	}
	if err == nil {
		err = h.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	h.out = bufio.NewScanner(out)
	return h
}

// next reads lines up to one that begins so; false at the end.
func (h *helper) next(begin string) bool {
	for h.out.Scan() {
		if n := 0; strings.HasPrefix(h.out.Text(), "done ") {
			if _, err := fmt.Sscanf(h.out.Text(), "done %d", &n); err == nil {
				h.done = n
			}
		} else if strings.HasPrefix(h.out.Text(), "---") || strings.Contains(h.out.Text(), "_test.go") {
			h.errs.WriteString(h.out.Text() + "\n")
		}
		if begin != "" && strings.HasPrefix(h.out.Text(), begin) {
			return true
		}
	}
	return false
}

// statesAt are the models of a workload after each of its steps.
func statesAt(seed uint64, steps int) []*model {
	w := newWork(seed, 12)
	l := []*model{w.model}
	for range steps {
		st := w.step()
		w.done(st)
		l = append(l, w.model)
	}
	return l
}

// TestKilled kills a process that loads a folder, again and again at random
// moments. What it said was done is there, nothing is there twice, and when it
// is through the folder equals that of an undisturbed run.
func TestKilled(t *testing.T) {
	want := 10
	if long() {
		want = 200
	}
	const steps = 60
	r := rand.New(rand.NewPCG(1, 9))
	kills, early := 0, 0
	for seed := uint64(1); kills < want; seed++ {
		states := statesAt(seed, steps)
		dir := filepath.Join(t.TempDir(), "d")
		acked := 0
		for end := false; !end; {
			h := startHelper(t, dir, seed, steps)
			if r.IntN(5) > 0 { // else while it opens the folder
				for range r.IntN(12) {
					h.next("done")
				}
			} else {
				early++
			}
			time.Sleep(time.Duration(r.IntN(4000)) * time.Microsecond)
			kill := kills < want
			if kill {
				_ = h.cmd.Process.Kill() // it may have ended
			}
			h.next("")
			err := h.cmd.Wait()
			acked = max(acked, h.done)
			end = err == nil
			if !end && !kill {
				t.Fatalf("the helper failed: %v\n%s", err, h.errs.String())
			}
			if !end {
				kills++
			}
			if err := checkKilled(dir, states, acked, kills%2 == 0); err != nil {
				t.Fatalf("seed %d, after kill %d, step %d was done: %v", seed, kills, acked, err)
			}
		}
		if acked != steps {
			t.Fatalf("seed %d: the helper did %d of %d steps", seed, acked, steps)
		}
	}
	t.Logf("%d kills, %d of them while opening", kills, early)
}

func checkKilled(dir string, states []*model, acked int, readOnly bool) error {
	opt := options(store.Options{Zone: zone()})
	if readOnly {
		opt.ReadOnly, opt.Create = true, false
	}
	s, err := store.Open(dir, opt)
	if errors.Is(err, store.ErrNoStore) && acked == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = oneOf(context.Background(), s, slices.Clone(states[acked:min(acked+2, len(states))]))
	if !readOnly {
		err = errors.Join(err, damage(s, false))
	}
	return errors.Join(err, s.Close())
}

// TestTwoProcesses lets two processes use one folder: the second cannot write,
// but it reads beside the first, also what the first writes meanwhile.
func TestTwoProcesses(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "d")
	const steps = 40
	states := statesAt(3, steps)
	h := startHelper(t, dir, 3, -steps)
	step := func() {
		t.Helper()
		if _, err := io.WriteString(h.in, "go\n"); err != nil || !h.next("done") {
			t.Fatalf("the helper does not go on: %v\n%s", err, h.errs.String())
		}
	}
	if !h.next("ready") {
		t.Fatalf("the helper does not begin: %s", h.errs.String())
	}
	_, err := store.Open(dir, options(store.Options{}))
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), strconv.Itoa(h.cmd.Process.Pid)) {
		t.Errorf("open beside a writer: %v, want ErrLocked with process %d", err, h.cmd.Process.Pid)
	}
	s, err := store.Open(dir, store.Options{ReadOnly: true, Zone: zone()})
	if err != nil {
		t.Fatal(err)
	}
	for range steps - 1 {
		step()
		if _, err := oneOf(ctx, s, states[h.done:h.done+1]); err != nil {
			t.Fatalf("beside a writer after step %d: %v", h.done, err)
		}
	}
	if err := states[h.done].look(ctx, s, rand.New(rand.NewPCG(4, 4)), 10); err != nil {
		t.Error(err)
	}
	if _, err := store.Open(dir, options(store.Options{})); !errors.Is(err, fsx.ErrLocked) {
		t.Errorf("open beside a writer: %v", err)
	}
	if err := h.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = h.cmd.Wait() // killed
	if _, err := oneOf(ctx, s, states[h.done:h.done+1]); err != nil {
		t.Errorf("after the writer died: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := checkKilled(dir, states, h.done, false); err != nil {
		t.Errorf("the next writer: %v", err)
	}
}
