package score

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// faithful are the records that tell the whole truth.
func faithful(t *testing.T, truth []simulate.Action) []record.Record {
	t.Helper()
	var l []record.Record
	for i, a := range truth {
		op, err := record.ParseOp(a.Op)
		if err != nil {
			t.Fatal(err)
		}
		r := record.Record{
			Server: a.Server, Channel: "Security", FirstID: uint64(i + 1), Time: a.Time.UnixNano(), EndTime: a.TimeEnd.UnixNano(), User: a.User, SID: a.SID, ClientIP: a.ClientIP,
			Op: op, Path: a.Path, NewPath: a.NewPath, Count: 1, Confidence: record.Inferred, Class: record.ClassUser, Result: record.Success,
		}
		if a.Result != "success" {
			r.Result = record.Denied
		}
		if a.Class == "background" {
			r.Class = record.ClassBackground
		}
		l = append(l, r)
	}
	return l
}

// disturbed are records with many kinds of faults.
func disturbed(t *testing.T, truth []simulate.Action, seed uint64) []record.Record {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	var l []record.Record
	for i, r := range faithful(t, truth) {
		a := &truth[i]
		if rng.IntN(3) == 0 {
			r.Confidence = record.Certain
		}
		switch rng.IntN(24) {
		case 0:
			continue
		case 1:
			r.Time += rng.Int64N(10e9) - 5e9
		case 2:
			r.Op = record.Ops()[rng.IntN(14)]
		case 3:
			r.User, r.SID = `X\stranger`, "S-1-5-21-9"
		case 4:
			l = append(l, r)
		case 5:
			r.Class = record.Classes()[rng.IntN(3)]
		case 6:
			r.Count = 2 + rng.Uint32N(9)
		case 7:
			r.Path = parentOf(r.Path)
			r.Count = 2 + rng.Uint32N(30)
		case 8:
			r.Path += ".spurious"
		case 9:
			r.Result = record.Denied
		case 10:
			r.NewPath = ""
		case 11:
			for _, p := range a.SidePaths {
				s := r
				s.Path, s.NewPath, s.Op = p, "", record.OpRead
				l = append(l, s)
			}
		case 12:
			s := r
			s.Op, s.NewPath = record.OpRead, ""
			if a.NewPath != "" && rng.IntN(2) == 0 {
				s.Path = a.NewPath
			}
			l = append(l, s)
		case 13:
			if len(a.AltOps) > 0 {
				r.Op, _ = record.ParseOp(a.AltOps[0])
			}
		case 14:
			r.SID = ""
		case 16:
			r.ClientIP = []string{"local", "192.0.2.1", "::ffff:" + r.ClientIP, ""}[rng.IntN(4)]
		case 15:
			r.Path = strings.ToUpper(r.Path) + `\`
		}
		l = append(l, r)
	}
	rng.Shuffle(len(l), func(i, j int) { l[i], l[j] = l[j], l[i] })
	return l
}

func parentOf(p string) string {
	for i := len(p) - 1; i > 0; i-- {
		if p[i] == '\\' {
			return p[:i]
		}
	}
	return p
}

func TestTruthIsPerfect(t *testing.T) {
	_, truth := simulate.Day(5, 10)
	res := Run(truth, faithful(t, truth))
	if f := res.Files; f.F1 != 1 || f.FP != 0 || f.FN != 0 || f.TP == 0 || res.CertainWrong != 0 || len(res.Samples) != 0 || res.IPAccuracy != 1 || res.KindRecall["office_save"] != 1 {
		t.Errorf("the truth itself gives %+v, samples %q", res, res.Samples)
	}
	if f := Run(truth, nil).Files; f.F1 != 0 || f.FN != f.Observable || f.FN == 0 {
		t.Errorf("no records give %+v", f)
	}
}

func TestFaults(t *testing.T) {
	now := time.Date(2026, 6, 10, 1, 0, 0, 0, time.UTC)
	truth := []simulate.Action{{
		ID: 1, Time: now, TimeStart: now, TimeEnd: now, Server: "A.x", User: `D\u`, SID: "S-1", Op: "write", Path: `E:\s\a.txt`, Result: "success", Observable: true, Class: "user",
		SidePaths: []string{`E:\s\~$a.txt`},
	}}
	f := func(name string, change func(r *record.Record), tp, fp, fn, certain int) {
		t.Helper()
		l := faithful(t, truth)
		l[0].Confidence = record.Certain
		change(&l[0])
		res := Run(truth, l)
		if got := res.Files; got.TP != tp || got.FP != fp || got.FN != fn || res.CertainWrong != certain {
			t.Errorf("%s: %+v, certain wrong %d", name, got, res.CertainWrong)
		}
	}
	f("right", func(*record.Record) {}, 1, 0, 0, 0)
	f("other case", func(r *record.Record) { r.Path = `e:\S\A.TXT` }, 1, 0, 0, 0)
	f("near in time", func(r *record.Record) { r.Time += 3e9 }, 1, 0, 0, 0)
	f("too late", func(r *record.Record) { r.Time += 3e9 + 1 }, 0, 1, 1, 1)
	f("wrong user", func(r *record.Record) { r.SID, r.User = "S-2", `D\v` }, 0, 1, 1, 1)
	f("background", func(r *record.Record) { r.Class = record.ClassBackground }, 0, 0, 1, 0)
	f("denied", func(r *record.Record) { r.Result = record.Denied }, 0, 1, 1, 1)
	f("side effect", func(r *record.Record) { r.Path = `E:\s\~$a.txt` }, 0, 1, 1, 0)
	f("read of what is written", func(r *record.Record) { r.Op = record.OpRead }, 0, 0, 1, 0)
	f("other operation", func(r *record.Record) { r.Op = record.OpDelete }, 0, 1, 1, 1)
	f("nothing true", func(r *record.Record) { r.Path = `E:\elsewhere` }, 0, 1, 1, 1)
}

// TestAgreesWithReference compares with the reference program on its own data.
func TestAgreesWithReference(t *testing.T) {
	lab := "../../../../shared/lab"
	truthFile := filepath.Join(lab, "day-small", "truth.jsonl")
	b, err := os.ReadFile(truthFile)
	if err != nil {
		t.Skipf("the reference data is absent: %v", err)
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command to build the reference program")
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "scorer"), os.DirFS(filepath.Join(lab, "scorer"))); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "reference")
	build := exec.Command(tool, "build", "-o", bin, ".")
	build.Dir = filepath.Join(dir, "scorer")
	build.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the reference program: %v\n%s", err, out)
	}
	var truth []simulate.Action
	for dec := json.NewDecoder(bytes.NewReader(b)); dec.More(); {
		var a simulate.Action
		if err := dec.Decode(&a); err != nil {
			t.Fatal(err)
		}
		truth = append(truth, a)
	}
	for seed := range uint64(3) {
		records := disturbed(t, truth, seed)
		var out []byte
		for i := range records {
			out = append(records[i].AppendJSON(out), '\n')
		}
		recFile, sumFile := filepath.Join(dir, "records.jsonl"), filepath.Join(dir, "summary.json")
		if err := os.WriteFile(recFile, out, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(bin, "-truth", truthFile, "-json", sumFile, recFile).CombinedOutput(); err != nil {
			t.Fatalf("run the reference program: %v\n%s", err, out)
		}
		var want struct {
			Files        Stats              `json:"files"`
			CertainWrong int                `json:"certain_wrong"`
			KindRecall   map[string]float64 `json:"recall_by_kind"`
			IPChecked    int                `json:"client_ip_checked"`
			IPAccuracy   float64            `json:"client_ip_accuracy"`
		}
		if b, err = os.ReadFile(sumFile); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(err)
		}
		got := Run(truth, records)
		g, w := got.Files, want.Files
		if math.Abs(g.F1-w.F1) > 0.001 || math.Abs(g.Precision-w.Precision) > 0.001 || math.Abs(g.Recall-w.Recall) > 0.001 || g != w || got.CertainWrong != want.CertainWrong {
			t.Errorf("seed %d: got %+v and %d certain but wrong, want %+v and %d", seed, g, got.CertainWrong, w, want.CertainWrong)
		}
		if got.IPChecked != want.IPChecked || math.Abs(got.IPAccuracy-want.IPAccuracy) > 0.001 {
			t.Errorf("seed %d: %.4f of %d clients, want %.4f of %d", seed, got.IPAccuracy, got.IPChecked, want.IPAccuracy, want.IPChecked)
		}
		for k, x := range want.KindRecall {
			if math.Abs(got.KindRecall[k]-x) > 0.001 || len(got.KindRecall) != len(want.KindRecall) {
				t.Errorf("seed %d: recall %.4f of kind %s, want %.4f", seed, got.KindRecall[k], k, x)
			}
		}
		t.Logf("seed %d: %+v, certain wrong %d", seed, g, got.CertainWrong)
	}
}
