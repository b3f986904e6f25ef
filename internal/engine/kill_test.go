package engine

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// killDir names, in a child process, the data folder that it imports into until
// it is killed; killPaths the files, or "" to convert again under rules 2.
const (
	killDir   = "AKASHI_TEST_KILL_DIR"
	killPaths = "AKASHI_TEST_KILL_PATHS"
)

// TestKillChild is the child of TestKillDuringImport.
func TestKillChild(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("only as the child of TestKillDuringImport")
	}
	if os.Getenv(killPaths) == "" {
		e := openEngine(t, dir, fakeRules(3, 2))
		fmt.Println("ready")
		if _, err := e.Reconvert(context.Background(), ReconvertRequest{}, nil); err != nil {
			t.Fatal(err)
		}
		return
	}
	e := openEngine(t, dir, fakeDeps(15))
	fmt.Println("ready")
	for _, group := range strings.Split(os.Getenv(killPaths), "|") {
		if _, err := e.Import(context.Background(), ImportRequest{Paths: strings.Split(group, ";")}, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKillDuringImport kills an import at random moments, imports again and
// compares with an undisturbed import. Files come out of order, so that some
// kills hit a conversion that is being done again.
func TestKillDuringImport(t *testing.T) {
	kills := inLong(12, 200)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	died := 0
	for seed := range uint64(kills) {
		rng := rand.New(rand.NewPCG(seed, 11))
		paths := fakeFiles(t, seed, 150)
		want := reference(t, paths)
		rng.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		cut := len(paths) / 2
		groups := strings.Join(paths[:cut], ";") + "|" + strings.Join(paths[cut:], ";")
		dir := filepath.Join(t.TempDir(), "d")
		for range 3 {
			if killOne(t, exe, dir, groups, time.Duration(rng.IntN(150))*time.Millisecond) {
				died++
			}
		}
		e := openEngine(t, dir, fakeDeps(20))
		importAll(t, e, paths...)
		sameRecords(t, fmt.Sprintf("seed %d, after kills", seed), want, records(t, e))
		checkRaw(t, e)
	}
	t.Logf("%d of %d children were killed at work", died, 3*kills)
	if died == 0 {
		t.Error("no child was killed at work: the test shows nothing")
	}
}

// killOne starts an import and kills it after a while; it reports whether the
// child was still at work.
func killOne(t *testing.T, exe, dir, groups string, after time.Duration) bool {
	t.Helper()
	cmd := exec.Command(exe, "-test.run=^TestKillChild$")
	cmd.Env = append(os.Environ(), killDir+"="+dir, killPaths+"="+groups)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	line, err := r.ReadString('\n')
	if err != nil || line != "ready\n" {
		t.Errorf("child said %q, %v", line, err)
	}
	time.Sleep(after) // another process: no clock to fake
	if err := cmd.Process.Kill(); err != nil {
		t.Logf("kill: %v", err) // it had ended
	}
	rest, _ := r.ReadString(0)
	if strings.Contains(rest, "FAIL") {
		t.Errorf("child failed: %s", rest)
	}
	return cmd.Wait() != nil
}
