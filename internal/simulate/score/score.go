package score

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// Stats counts the file and folder operations, without list.
type Stats struct {
	Precision  float64 `json:"precision"` // TP / (TP + FP + Alt)
	Recall     float64 `json:"recall"`    // TP / Observable
	F1         float64 `json:"f1"`
	TP         int     `json:"tp"`         // acts with a record of their own
	FP         int     `json:"fp"`         // records that no act explains
	FN         int     `json:"fn"`         // provable acts without a record
	Observable int     `json:"observable"` // acts that the events prove
	Alt        int     `json:"alt"`        // reported under an allowed other name
	Agg        int     `json:"agg"`        // covered by a record with a count above one
}

// Result of a comparison.
type Result struct {
	Files        Stats              `json:"files"`
	CertainWrong int                `json:"certain_wrong"`      // wrong although the record says certain; all operations
	KindRecall   map[string]float64 `json:"recall_by_kind"`     // part of the provable acts of each kind that were answered in any way
	IPChecked    int                `json:"client_ip_checked"`  // answered acts whose client the events prove
	IPAccuracy   float64            `json:"client_ip_accuracy"` // part of these with the right client
	Samples      []string           `json:"samples"`            // some of the faults, at most maxSamples
}

const (
	tolerance  = 3 * time.Second
	shortSpan  = time.Minute // a gesture up to that length matches anywhere in it
	maxSamples = 200
	perOp      = 15 // samples of one operation
)

// How an act was answered.
type answer byte

const (
	none answer = iota
	exact
	otherName
	otherUser
	summed
)

type actRow struct {
	*simulate.Action
	path, next, host string
	how              answer
}

type recordRow struct {
	*record.Record
	at               time.Time
	op               string
	path, next, host string
	act              int // index of the act that it answers, or -1
}

type comparison struct {
	acts    []actRow
	records []recordRow
	same    map[string][]int // acts on an object
	around  map[string][]int // acts whose new name, folder or side path is the object
	res     *Result
	samples map[string]int
}

// Run compares records with the truth.
func Run(truth []simulate.Action, records []record.Record) *Result {
	c := &comparison{same: make(map[string][]int), around: make(map[string][]int), res: &Result{KindRecall: make(map[string]float64)}, samples: make(map[string]int)}
	c.addActs(truth)
	c.addRecords(records)
	c.pair(exact, func(a *actRow, r *recordRow) bool { return a.Op == r.op && byUser(a, r) && newNameFits(a, r) })
	c.pair(otherName, func(a *actRow, r *recordRow) bool { return slices.Contains(a.AltOps, r.op) && byUser(a, r) })
	c.pair(otherUser, func(a *actRow, r *recordRow) bool { return a.Op == r.op && !byUser(a, r) && newNameFits(a, r) })
	c.sum()
	for i := range c.records {
		c.judge(&c.records[i])
	}
	c.clients()
	c.count()
	return c.res
}

func (c *comparison) addActs(truth []simulate.Action) {
	truth = slices.Clone(truth)
	slices.SortStableFunc(truth, func(a, b simulate.Action) int { return a.Time.Compare(b.Time) })
	for i := range truth {
		a := actRow{Action: &truth[i], host: hostName(truth[i].Server), path: object(truth[i].Op, truth[i].Path), next: fold(truth[i].NewPath)}
		c.acts = append(c.acts, a)
		put := func(m map[string][]int, path string) { m[a.host+"|"+path] = append(m[a.host+"|"+path], i) }
		put(c.same, a.path)
		if a.next != "" {
			put(c.around, a.next)
		}
		for _, p := range []string{a.path, a.next} {
			if cut := strings.LastIndexByte(p, '\\'); cut > 0 {
				put(c.around, p[:cut])
			}
		}
		for _, p := range a.SidePaths {
			put(c.around, fold(p))
		}
	}
}

func (c *comparison) addRecords(records []record.Record) {
	for i := range records {
		r := &records[i]
		op := r.Op.String()
		c.records = append(c.records, recordRow{
			Record: r, at: time.Unix(0, r.Time), op: op, host: hostName(r.Server), path: object(op, r.Path), next: fold(r.NewPath), act: -1,
		})
	}
}

// pathless operations are about a session or the system: they are paired by
// time alone.
func pathless(op string) bool {
	switch op {
	case "logon", "logoff", "logon_failed", "log_cleared", "audit_policy_changed", "time_changed":
		return true
	}
	return false
}

func object(op, path string) string {
	switch {
	case pathless(op):
		return "\x00" + op
	case op == "print":
		return strings.ToLower(path)
	}
	return fold(path)
}

func fold(path string) string { return strings.ToLower(strings.TrimRight(path, `\`)) }

func hostName(s string) string {
	s, _, _ = strings.Cut(strings.ToLower(s), ".")
	return s
}

func byUser(a *actRow, r *recordRow) bool {
	return a.SID != "" && strings.EqualFold(a.SID, r.SID) || strings.EqualFold(a.User, r.User)
}

func newNameFits(a *actRow, r *recordRow) bool {
	return a.next == "" || a.next == r.next || r.next == "" && !a.NewPathObservable
}

// granted treats a missing result as success.
func granted(result string) bool { return result == "" || result == "success" }

func (r *recordRow) granted() bool { return r.Result == 0 || r.Result == record.Success }

func (a *actRow) user() bool { return a.Class == "user" }

// spans reports whether at lies in the gesture, with the tolerance.
func (a *actRow) spans(at time.Time) bool {
	return !at.Before(a.TimeStart.Add(-tolerance)) && !at.After(a.TimeEnd.Add(tolerance))
}

// meets reports whether a record at that time may be about the act.
func (a *actRow) meets(at time.Time) bool {
	return at.Sub(a.Time).Abs() <= tolerance || a.TimeEnd.Sub(a.TimeStart) <= shortSpan && a.spans(at)
}

// close cuts a list of acts to those that could meet the time.
func (c *comparison) close(l []int, at time.Time) []int {
	const reach = shortSpan + 2*tolerance
	from, _ := slices.BinarySearchFunc(l, at.Add(-reach), func(i int, t time.Time) int { return c.acts[i].Time.Compare(t) })
	to := from
	for to < len(l) && !c.acts[l[to]].Time.After(at.Add(reach)) {
		to++
	}
	return l[from:to]
}

// pair joins acts and records that are still alone, nearest in time first.
func (c *comparison) pair(how answer, ok func(*actRow, *recordRow) bool) {
	type couple struct {
		act, rec int
		apart    time.Duration
	}
	var l []couple
	for i := range c.records {
		r := &c.records[i]
		if r.act >= 0 || r.Class == record.ClassBackground {
			continue
		}
		for _, k := range c.close(c.same[r.host+"|"+r.path], r.at) {
			a := &c.acts[k]
			if a.how == none && a.user() && a.meets(r.at) && granted(a.Result) == r.granted() && ok(a, r) {
				l = append(l, couple{k, i, r.at.Sub(a.Time).Abs()})
			}
		}
	}
	slices.SortStableFunc(l, func(a, b couple) int { return int(min(1, max(-1, a.apart-b.apart))) })
	for _, p := range l {
		if c.acts[p.act].how == none && c.records[p.rec].act < 0 {
			c.acts[p.act].how, c.records[p.rec].act = how, p.act
		}
	}
}

// sum lets a record with a count cover further acts on its object within two
// minutes, or below its folder within a quarter of an hour.
func (c *comparison) sum() {
	const far, nearby = 15 * time.Minute, 2 * time.Minute
	byOp := make(map[string][]int)
	for i := range c.acts {
		if a := &c.acts[i]; a.user() {
			byOp[a.host+"|"+a.Op] = append(byOp[a.host+"|"+a.Op], i)
		}
	}
	for i := range c.records {
		r := &c.records[i]
		left := int(r.Count)
		if left <= 1 || r.Class == record.ClassBackground {
			continue
		}
		if r.act >= 0 {
			left--
		}
		l := byOp[r.host+"|"+r.op]
		from, _ := slices.BinarySearchFunc(l, r.at.Add(-far), func(i int, t time.Time) int { return c.acts[i].Time.Compare(t) })
		for _, k := range l[from:] {
			a := &c.acts[k]
			if left == 0 || a.Time.After(r.at.Add(far)) {
				break
			}
			if a.how != none || !byUser(a, r) || granted(a.Result) != r.granted() {
				continue
			}
			apart := a.Time.Sub(r.at).Abs()
			if a.path == r.path && apart <= nearby || strings.HasPrefix(a.path, r.path+`\`) && apart <= far {
				a.how = summed
				left--
				if r.act < 0 {
					r.act = k
				}
			}
		}
	}
}

func (c *comparison) sample(op, format string, args ...any) {
	if c.samples[op]++; c.samples[op] <= perOp && len(c.res.Samples) < maxSamples {
		c.res.Samples = append(c.res.Samples, fmt.Sprintf(format, args...))
	}
}
