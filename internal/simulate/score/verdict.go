package score

import (
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/record"
)

// verdict on a record that answers no act rightly.
type verdict byte

const (
	spurious   verdict = iota // nothing true nearby
	harmless                  // a read that belongs to an edit, copy or move
	noise                     // a side effect of a true act
	duplicate                 // repeats an act that was reported
	confused                  // right object, wrong operation
	wrongUser                 // right act, wrong user
	unattended                // an act of the system, reported as a user's
)

var verdictNames = [...]string{"spurious", "harmless", "noise", "duplicate", "confused", "wrong user", "background"}

// fileOp reports whether the operation counts in Stats.
func fileOp(op string) bool { return op != "list" && op != "print" && !pathless(op) }

// judge counts a record if it is wrong. Records of the background are never
// wrong, and records about the system only when they claim to answer an act.
func (c *comparison) judge(r *recordRow) {
	if r.Class == record.ClassBackground || r.Class == record.ClassSystem && r.act < 0 {
		return
	}
	v := wrongUser
	switch {
	case r.act < 0:
		v = c.explain(r)
	case c.acts[r.act].how != otherUser:
		return
	}
	if v == harmless {
		return
	}
	if fileOp(r.op) {
		c.res.Files.FP++
	}
	if r.Confidence == record.Certain && v != noise && v != duplicate {
		c.res.CertainWrong++
	}
	c.sample("+"+r.op, "+ %s: %s %s %s %q %q by rule %s, %s", verdictNames[v], r.op, r.at.UTC().Format(time.RFC3339Nano), r.User, r.Path, r.NewPath, r.Rule, r.Confidence)
}

// explain finds out why a record is there that answers no act.
func (c *comparison) explain(r *recordRow) verdict {
	key := r.host + "|" + r.path
	read := r.op == "read" && r.granted()
	same := c.same[key]
	if strings.HasPrefix(r.path, "\x00") {
		same = c.close(same, r.at)
	}
	v := spurious
	for _, k := range same {
		a := &c.acts[k]
		if !a.spans(r.at) {
			continue
		}
		if !a.user() {
			if v == spurious {
				v = unattended
			}
			continue
		}
		if !byUser(a, r) {
			continue
		}
		if read && (a.Op == "write" || a.Op == "create" || a.Op == "copy" || a.Op == "move") {
			return harmless
		}
		reported := a.how != none && a.Op == r.op
		switch {
		case reported && granted(a.Result) == r.granted():
			v = duplicate
		case reported, v == spurious, v == unattended:
			v = confused
		}
	}
	if v == confused || v == duplicate {
		return v
	}
	for _, k := range c.around[key] {
		a := &c.acts[k]
		if !a.user() || !a.spans(r.at) || !byUser(a, r) {
			continue
		}
		if read && a.next == r.path && (a.Op == "copy" || a.Op == "move") {
			return harmless
		}
		return noise
	}
	return v
}

// clients compares the addresses of acts and their records.
func (c *comparison) clients() {
	right := 0
	for i := range c.records {
		r := &c.records[i]
		if r.act < 0 || r.Class == record.ClassBackground {
			continue
		}
		a := &c.acts[r.act]
		if a.how == otherUser || !a.ClientIPObservable {
			continue
		}
		c.res.IPChecked++
		if sameClient(a.ClientIP, r.ClientIP) {
			right++
		} else {
			c.sample("ip", "client of #%d %s: %q, want %q", a.ID, a.Kind, r.ClientIP, a.ClientIP)
		}
	}
	c.res.IPAccuracy = ratio(right, c.res.IPChecked)
}

// sameClient compares addresses; an act at the console has none.
func sameClient(want, got string) bool {
	plain := func(s string) string { return strings.TrimPrefix(strings.ToLower(strings.Trim(s, "[]")), "::ffff:") }
	if plain(want) == plain(got) {
		return true
	}
	switch strings.ToLower(got) {
	case "-", "local", "127.0.0.1", "::1":
		return want == ""
	}
	return false
}

// count fills the statistics from the acts.
func (c *comparison) count() {
	f := &c.res.Files
	kinds, answered := make(map[string]int), make(map[string]int)
	defer func() {
		for k, n := range kinds {
			c.res.KindRecall[k] = ratio(answered[k], n)
		}
	}()
	for i := range c.acts {
		a := &c.acts[i]
		if !a.user() || !a.Observable {
			continue
		}
		missed := a.how == none || a.how == otherUser
		kinds[a.Kind]++
		if !missed {
			answered[a.Kind]++
		}
		if a.Op == "list" {
			continue
		}
		if missed {
			c.sample("-"+a.Op, "- missed: #%d %s %s %s %s %q %q", a.ID, a.Kind, a.Op, a.Time.Format(time.RFC3339Nano), a.User, a.Path, a.NewPath)
		}
		if !fileOp(a.Op) {
			continue
		}
		f.Observable++
		switch {
		case missed:
			f.FN++
		case a.how == exact:
			f.TP++
		case a.how == otherName:
			f.Alt++
		case a.how == summed:
			f.Agg++
		}
	}
	f.Precision, f.Recall = ratio(f.TP, f.TP+f.FP+f.Alt), ratio(f.TP, f.Observable)
	if f.Precision+f.Recall > 0 {
		f.F1 = 2 * f.Precision * f.Recall / (f.Precision + f.Recall)
	}
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
