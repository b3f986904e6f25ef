package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evtx"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"akashi": main})
}

// TestScripts runs testdata/script: what a user types and what comes back.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("LANG", "C.UTF-8")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"mklog":    mklog,
			"exitcode": exitCode,
			"cut":      cut,
			"waitfile": waitFile,
			"holdport": holdPort,
		},
	})
}

// exitcode N args…: akashi ends with this code.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N command…")
	}
	want := args[0]
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var code interface{ ExitCode() int }
		if !errors.As(err, &code) {
			ts.Fatalf("run %v: %v", args[1:], err)
		}
		got = fmt.Sprint(code.ExitCode())
	}
	if got != want {
		ts.Fatalf("%v: exit code %s, want %s", args[1:], got, want)
	}
}

// waitfile FILE waits until another process has made the file.
func waitFile(ts *testscript.TestScript, _ bool, args []string) {
	for range 600 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s does not come", args[0])
}

// holdport NAME takes a free port until the script ends and sets $NAME.
func holdPort(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv(args[0], port)
}

// cut FILE N keeps the first N bytes.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	var n int64
	if _, err := fmt.Sscan(args[1], &n); err != nil {
		ts.Fatalf("cut: %v", err)
	}
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// mklog FILE FIRST LAST writes a Security log: for each number a person opens a
// file of that number from a client and closes it (two events).
func mklog(ts *testscript.TestScript, _ bool, args []string) {
	var first, last uint64
	if _, err := fmt.Sscan(args[1]+" "+args[2], &first, &last); err != nil {
		ts.Fatalf("mklog: %v", err)
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	f, err := os.Create(path)
	ts.Check(err)
	w, err := evtx.NewWriter(f, evtx.WriterOptions{})
	ts.Check(err)
	access := event.NewSchema("EventData", []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "ObjectServer",
		"ObjectType", "ObjectName", "HandleId", "AccessList", "AccessMask", "ProcessId", "ProcessName", "ResourceAttributes"})
	closed := event.NewSchema("EventData", []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "ObjectServer",
		"HandleId", "ProcessId", "ProcessName"})
	for n := first; n <= last; n++ {
		e := event.Event{
			Provider: "Microsoft-Windows-Security-Auditing", ID: 4663, Version: 1, Task: 12800, Keywords: 1<<63 | event.AuditSuccess,
			Time: event.Filetime(134195115240000000 + n*10_000_000), RecordID: 2 * n, PID: 4, TID: 8, Channel: "Security", Computer: "FS-A.example.test",
		}
		who := []event.Value{event.String("S-1-5-21-1-2-3-1105"), event.String("tanaka.h"), event.String("EXAMPLE"), event.Uint(event.KindHex64, 0x12345)}
		handle := event.Uint(event.KindHex64, 0x1000+4*n)
		open := e
		open.Schema = access
		open.Values = append(append([]event.Value(nil), who...), event.String("Security"), event.String("File"),
			event.String(fmt.Sprintf(`D:\共有\人事\給与 %d.txt`, n)), handle, event.String("%%4416\r\n\t\t\t\t"), event.Uint(event.KindHex32, 1),
			event.Uint(event.KindHex64, 4), event.String(""), event.String("S:AI"))
		ts.Check(w.Write(&open))
		end := e
		end.ID, end.RecordID, end.Time, end.Schema = 4658, 2*n+1, e.Time+1_000_000, closed
		end.Version = 0
		end.Values = append(append([]event.Value(nil), who...), event.String("Security"), handle, event.Uint(event.KindHex64, 4), event.String(""))
		ts.Check(w.Write(&end))
	}
	ts.Check(w.Close())
	ts.Check(f.Close())
}
