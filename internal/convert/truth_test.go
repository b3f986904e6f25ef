package convert

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// verdict counts how records agree with what was truly done.
type verdict struct {
	hit, missed, wrong, certainWrong int
	notes                            []string
}

func (v verdict) precision() float64 { return ratio(v.hit, v.hit+v.wrong) }
func (v verdict) recall() float64    { return ratio(v.hit, v.hit+v.missed) }

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

// judge matches records of persons one to one with the acts: same operation,
// person, path, new path and result within three seconds. A read of an object
// that is written in the same span is part of it, lists are left out.
func judge(truth []simulate.Action, rs []record.Record) verdict {
	type key struct{ op, sid, path, result string }
	acts := map[key][]*simulate.Action{}
	used := map[*simulate.Action]bool{}
	near := func(a *simulate.Action, at time.Time) bool {
		const tol = 3 * time.Second
		return at.Sub(a.Time).Abs() <= tol || a.TimeEnd.Sub(a.TimeStart) <= time.Minute && at.After(a.TimeStart.Add(-tol)) && at.Before(a.TimeEnd.Add(tol))
	}
	for i := range truth {
		if a := &truth[i]; a.Class == "user" && a.Op != "list" {
			k := key{a.Op, who(a.SID, a.User), place(a.Op, a.Path), a.Result}
			acts[k] = append(acts[k], a)
		}
	}
	var v verdict
	for i := range rs {
		r := &rs[i]
		if r.Class == record.ClassBackground || r.Op == record.OpList {
			continue
		}
		at := time.Unix(0, r.Time)
		found := false
		for _, a := range acts[key{r.Op.String(), who(r.SID, r.User), place(r.Op.String(), r.Path), r.Result.String()}] {
			if !used[a] && near(a, at) && (strings.EqualFold(a.NewPath, r.NewPath) || !a.NewPathObservable && r.NewPath == "") {
				used[a], found = true, true
				break
			}
		}
		switch {
		case found:
			v.hit++
		case r.Class == record.ClassSystem, r.Op == record.OpRead && partOfEdit(truth, r, at):
		default:
			v.wrong++
			v.notes = append(v.notes, "wrong "+brief(*r))
			if r.Confidence == record.Certain {
				v.certainWrong++
			}
		}
	}
	for _, l := range acts {
		for _, a := range l {
			if !used[a] && a.Observable {
				v.missed++
				v.notes = append(v.notes, "missed "+a.Kind+" "+a.Op+" "+a.Path+" "+a.NewPath)
			}
		}
	}
	return v
}

func who(sid, user string) string {
	if sid != "" {
		return sid
	}
	return strings.ToLower(user)
}

// place is the path by which an act is matched; acts on no object have none.
func place(op, path string) string {
	switch op {
	case "logon", "logoff", "logon_failed", "log_cleared", "audit_policy_changed", "time_changed":
		return ""
	}
	return strings.ToLower(path)
}

func partOfEdit(truth []simulate.Action, r *record.Record, at time.Time) bool {
	return slices.ContainsFunc(truth, func(a simulate.Action) bool {
		if at.Before(a.TimeStart.Add(-3*time.Second)) || at.After(a.TimeEnd.Add(3*time.Second)) || a.SID != r.SID {
			return false
		}
		switch a.Op {
		case "write", "create", "copy", "move":
			return strings.EqualFold(a.Path, r.Path) || strings.EqualFold(a.NewPath, r.Path)
		}
		return false
	})
}

func want(t *testing.T, v verdict, least float64) {
	t.Helper()
	if v.precision() < least || v.recall() < least || v.certainWrong != 0 {
		t.Errorf("precision %.3f, recall %.3f (want %.2f), wrong although certain %d\n%s", v.precision(), v.recall(), least, v.certainWrong,
			strings.Join(v.notes[:min(len(v.notes), 12)], "\n"))
	}
}

func TestOwnScenarios(t *testing.T) {
	for _, kind := range simulate.Kinds() {
		t.Run(kind, func(t *testing.T) {
			var all verdict
			for seed := range uint64(3) {
				events, truth, err := simulate.Scenario(kind, seed+1)
				if err != nil {
					t.Fatal(err)
				}
				v := judge(truth, convertServer(events))
				all.hit, all.missed, all.wrong, all.certainWrong = all.hit+v.hit, all.missed+v.missed, all.wrong+v.wrong, all.certainWrong+v.certainWrong
				all.notes = append(all.notes, v.notes...)
			}
			want(t, all, 1)
		})
	}
}

func convertServer(events []*event.Event) []record.Record {
	mergeOrder(events)
	c := New(events[0].Computer, Options{})
	for _, e := range events {
		c.Add(e)
	}
	return append(c.Take(), c.Tail()...)
}

const shared = "../../../shared"

// labTruth reads truth.jsonl of a lab folder.
func labTruth(t *testing.T, dir string) []simulate.Action {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var l []simulate.Action
	for d := json.NewDecoder(bufio.NewReader(f)); d.More(); {
		var a simulate.Action
		if err := d.Decode(&a); err != nil {
			t.Fatal(err)
		}
		l = append(l, a)
	}
	return l
}

func labRecords(t *testing.T, dir string) []record.Record {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.evtx"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no logs in %s (%v)", dir, err)
	}
	var rs []record.Record
	for _, events := range loadEVTX(t, files...) {
		rs = append(rs, convertServer(events)...)
	}
	return rs
}

func TestLabScenarios(t *testing.T) {
	dirs, _ := filepath.Glob(filepath.Join(shared, "lab/scenarios/*"))
	if len(dirs) == 0 {
		t.Skip("the shared lab is not beside the repository; TestOwnScenarios asserts the same")
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) { want(t, judge(labTruth(t, dir), labRecords(t, dir)), 1) })
	}
}

func TestLabDay(t *testing.T) {
	dir := filepath.Join(shared, "lab/day-small")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the shared lab is not beside the repository; TestOwnScenarios asserts the same")
	}
	want(t, judge(labTruth(t, dir), labRecords(t, dir)), 0.99)
}

// TestCorpus: real logs convert without panic, and the 19 tries of one copy are
// one refusal (windows-events.md section 7.2).
func TestCorpus(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(shared, "corpus/*/*.evtx"))
	if len(files) == 0 {
		t.Skip("the shared corpus is not beside the repository")
	}
	for _, f := range files {
		if strings.Contains(f, "hostile") {
			continue
		}
		for _, events := range loadEVTX(t, f) {
			rs := convertServer(events)
			n := 0
			for _, r := range rs {
				if r.Class == record.ClassUser && (r.Object == record.ObjectFile || r.Object == record.ObjectDirectory) {
					n++
				}
			}
			t.Logf("%s: %d events, %d records, %d file acts of persons", filepath.Base(f), len(events), len(rs), n)
			if strings.Contains(f, "ID4656-Failed_sethc_replacement_by_CMD") {
				var l []string
				for _, r := range rs {
					if r.Result == record.Denied {
						l = append(l, brief(r))
					}
				}
				if len(l) != 1 {
					t.Errorf("refusals: %q, want one", l)
				}
			}
		}
	}
}
