package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/seal"
)

func sealed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	l, err := seal.OpenLog(nil, dir, seal.LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Record(t.Context(), seal.Entry{Kind: "test", Subject: "監査"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.SealFolder(t.Context(), []byte(`{"format":1,"time":0,"commit":0,"files":[]}`+"\n")); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRun(t *testing.T) {
	dir := sealed(t)
	broken := sealed(t)
	if err := os.Remove(filepath.Join(broken, seal.DirName, seal.CheckpointsName)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"--lang", "en", dir}, 0, "self-consistent only"},
		{[]string{"--lang", "ja", dir}, 0, "内部の整合のみ"},
		{[]string{"--json", dir}, 0, `"kind":"folder"`},
		{[]string{"--lang", "en", broken}, 5, "MISSING"},
		{[]string{dir + "x"}, 1, ""},
		{nil, 2, ""},
		{[]string{"--wrong"}, 2, ""},
	} {
		var out, errs bytes.Buffer
		if got := run(t.Context(), c.args, &out, &errs, func(string) string { return "" }); got != c.code || !strings.Contains(out.String(), c.text) {
			t.Errorf("%v: %d, want %d\n%s%s", c.args, got, c.code, out.String(), errs.String())
		}
	}
}

// The Windows program runs under Wine, which lacks one library of Windows: the
// few lines in testdata stand in for it.
func TestWindowsProgramUnderWine(t *testing.T) {
	for _, tool := range []string{"wine64", "x86_64-w64-mingw32-gcc"} {
		if _, err := exec.LookPath(tool); err != nil && (tool != "wine64" || !has("wine")) {
			t.Skipf("%s is not installed: the Windows program is not run", tool)
		}
	}
	if runtime.GOOS != "linux" {
		t.Skip("this is not Linux: nothing to emulate")
	}
	wine := "wine"
	if !has(wine) {
		wine = "wine64"
	}
	tmp := t.TempDir()
	exe := filepath.Join(tmp, "akashi-verify.exe")
	build := exec.Command("go", "build", "-o", exe, ".")
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dll := filepath.Join(tmp, "bcryptprimitives.dll")
	if out, err := exec.Command("x86_64-w64-mingw32-gcc", "-shared", "-O2", "-s", "-o", dll, "testdata/processprng.c", "-ladvapi32").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	env := append(os.Environ(), "WINEPREFIX="+filepath.Join(tmp, "prefix"), "WINEDEBUG=-all", "DISPLAY=")
	boot := exec.Command("wineboot", "-i")
	boot.Env = env
	if out, err := boot.CombinedOutput(); err != nil {
		t.Skipf("wine does not start here, so the Windows program is not run: %v\n%s", err, out)
	}
	b, err := os.ReadFile(dll)
	if err == nil {
		err = os.WriteFile(filepath.Join(tmp, "prefix", "drive_c", "windows", "system32", "bcryptprimitives.dll"), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		stop := exec.Command("wineserver", "-k")
		stop.Env = env
		_ = stop.Run()
		time.Sleep(100 * time.Millisecond) // it still writes into the prefix
	}()
	dir := sealed(t)
	check := func(code int, text string) {
		t.Helper()
		cmd := exec.Command(wine, exe, "--lang", "en", "Z:"+strings.ReplaceAll(dir, "/", `\`))
		cmd.Env = env
		out, err := cmd.Output()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code || !strings.Contains(string(out), text) {
			t.Errorf("%v, want code %d\n%s", err, code, out)
		}
	}
	check(0, "self-consistent only")
	if err := os.Remove(filepath.Join(dir, seal.DirName, seal.CheckpointsName)); err != nil {
		t.Fatal(err)
	}
	check(5, "MISSING")
}

func has(tool string) bool {
	_, err := exec.LookPath(tool)
	return err == nil
}
