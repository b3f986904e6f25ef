package score

import (
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// style leaves the events of one way to audit.
type style byte

const (
	bothStyles style = iota
	shareOnly        // Detailed File Share without SACLs
	objectOnly       // File System with SACLs
)

func (s style) keeps(e *event.Event) bool {
	switch e.ID {
	case 4656, 4658, 4660, 4663, 4659, 4690, 4670, 4664, 4907:
		return s != shareOnly
	}
	return true
}

// grantedByShare makes refusals by NTFS what a share log shows of them: an access
// that was asked for and that the share granted.
func grantedByShare(truth []simulate.Action) {
	for i := range truth {
		switch truth[i].Kind {
		case "denied_read", "denied_write", "denied_delete":
			truth[i].Result = "success"
		}
	}
}

// perAct is the number of records of persons, but lists, for each act.
func perAct(truth []simulate.Action, rs []record.Record) float64 {
	acts, records := 0, 0
	for i := range truth {
		if a := &truth[i]; a.Class == "user" && a.Op != "list" {
			acts++
		}
	}
	for i := range rs {
		if r := &rs[i]; r.Class == record.ClassUser && r.Op != record.OpList {
			records++
		}
	}
	return float64(records) / float64(acts)
}

// TestAuditStyles scores the three ways to audit on days on which many work at
// the same time. What a share access cannot show is missed: work at the console,
// and what the program did with its wish. More records than acts are the reads
// of editors that keep no owner file.
func TestAuditStyles(t *testing.T) {
	f := func(name string, s style, people int, seed uint64, precision, recall, most float64) {
		t.Helper()
		all, truth := simulate.DayVariant(seed, people, simulate.Variant{NoShareChecks: s == objectOnly})
		var events []*event.Event
		for _, e := range all {
			if s.keeps(e) {
				events = append(events, e)
			}
		}
		if s == shareOnly {
			grantedByShare(truth)
		}
		c := convertDay(events)
		rs := append(c.Take(), c.Tail()...)
		res := Run(truth, rs)
		n := perAct(truth, rs)
		t.Logf("%s, %d people, seed %d: precision %.4f, recall %.4f of %d, client %.4f, records per act %.3f, wrong although certain %d", name, people, seed,
			res.Files.Precision, res.Files.Recall, res.Files.Observable, res.IPAccuracy, n, res.CertainWrong)
		if res.Files.Precision < precision || res.Files.Recall < recall || n > most || res.CertainWrong != 0 {
			t.Errorf("%s: want %.3f, %.3f, at most %.2f\n%s", name, precision, recall, most, strings.Join(res.Samples[:min(len(res.Samples), 30)], "\n"))
		}
	}
	for seed := range uint64(2) {
		f("both", bothStyles, 40, seed+21, 0.99, 0.99, 1.05)
		f("object access only", objectOnly, 40, seed+21, 0.99, 0.99, 1.05)
		f("share only", shareOnly, 40, seed+21, 0.99, 0.99, 1.05)
	}
	f("both", bothStyles, 150, 31, 0.99, 0.99, 1.05)
	f("share only", shareOnly, 150, 31, 0.99, 0.99, 1.05)
}
