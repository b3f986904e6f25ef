package convert

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
	"github.com/akashi-audit/akashi/internal/simulate/score"
)

// want asserts what the records of a log must reach.
func want(t *testing.T, truth []simulate.Action, rs []record.Record, least float64) {
	t.Helper()
	v := score.Run(truth, rs)
	if f := v.Files; f.Observable > 0 && (f.Precision < least || f.Recall < least) || v.CertainWrong != 0 {
		t.Errorf("precision %.3f, recall %.3f of %d (want %.2f), wrong although certain %d\n%s", f.Precision, f.Recall, f.Observable, least,
			v.CertainWrong, strings.Join(v.Samples[:min(len(v.Samples), 12)], "\n"))
	}
}

func TestOwnScenarios(t *testing.T) {
	for _, kind := range simulate.Kinds() {
		t.Run(kind, func(t *testing.T) {
			for seed := range uint64(4) {
				events, truth, err := simulate.Scenario(kind, seed+1)
				if err != nil {
					t.Fatal(err)
				}
				want(t, truth, convertServer(events), 1)
			}
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
		t.Run(filepath.Base(dir), func(t *testing.T) { want(t, labTruth(t, dir), labRecords(t, dir), 1) })
	}
}

func TestLabDay(t *testing.T) {
	dir := filepath.Join(shared, "lab/day-small")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the shared lab is not beside the repository; TestOwnScenarios asserts the same")
	}
	truth, rs := labTruth(t, dir), labRecords(t, dir)
	want(t, truth, rs, 0.99)
	acts, records := 0, 0
	for i := range truth {
		if truth[i].Class == "user" && truth[i].Op != "list" {
			acts++
		}
	}
	for i := range rs {
		if rs[i].Class == record.ClassUser && rs[i].Op != record.OpList {
			records++
		}
	}
	if n := float64(records) / float64(acts); n > 1.05 {
		t.Errorf("%.3f records per act, want at most 1.05", n)
	}
}
