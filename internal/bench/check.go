package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/akashi-audit/akashi/internal/record"
)

// checkRecords is how many records are made and looked at at once by a check.
const checkRecords = 16_384

// Check is what a second look at all records found: every answer of the store
// beside the same answer counted record by record.
type Check struct {
	Records   int             `json:"records"`
	Equal     int             `json:"equal"`     // answers
	Different int             `json:"different"` // answers
	Seconds   float64         `json:"seconds"`
	CPU       float64         `json:"cpu_us"`         // of the process per record, generator included
	PeakRSS   int64           `json:"peak_rss_bytes"` // of the check
	Passes    int             `json:"passes"`         // over all records; more than one when there are too many paths
	Questions []CheckQuestion `json:"questions"`
}

// CheckQuestion is the answers of one question.
type CheckQuestion struct {
	ID        string       `json:"id"`
	Equal     int          `json:"equal"`
	Different []Difference `json:"different"` // empty when all answers are equal
}

// Difference is one answer that is not what the records say.
type Difference struct {
	Variant int    `json:"variant"`
	What    string `json:"what"` // total, more or the first row that differs, "row 3"
	Store   string `json:"store"`
	Records string `json:"records"`
}

// check makes the records once more and holds what the store said against them.
// Neither the store nor its parts are asked: conditions are tested on each record.
func (r *runner) check(ctx context.Context) error {
	defer debug.SetGCPercent(debug.SetGCPercent(50)) // tables of counts are large and hold no pointers
	r.st = nil                                       // its caches are not those of the check
	beginPeak()
	start, cpu := time.Now(), cpuTime()
	n, err := newNaive(r.res.Answers, r.samples.from, zone(), checkPaths)
	if err != nil {
		return err
	}
	for again := true; again; again = n.next() {
		if err := r.pass(ctx, n); err != nil {
			return err
		}
	}
	c := n.compare(r.res.Answers)
	c.Records, c.Seconds, c.CPU = r.opt.Records, time.Since(start).Seconds(), perRecord(cpuTime()-cpu, r.opt.Records)
	c.PeakRSS = peakMemory()
	r.res.Check = c
	return nil
}

// pass shows all records to n, which looks at some while the next are made.
func (r *runner) pass(ctx context.Context, n *naive) error {
	gens, err := r.generators()
	if err != nil {
		return err
	}
	group, gctx := errgroup.WithContext(ctx)
	free, made := make(chan []record.Record, 3), make(chan piece, 2)
	for range cap(free) {
		free <- make([]record.Record, min(checkRecords, r.opt.Records))
	}
	group.Go(func() error {
		defer close(made)
		return produce(gctx, gens, free, made)
	})
	done := 0
	group.Go(func() error {
		for p := range made {
			if err := n.add(p.records); err != nil {
				return err
			}
			done += len(p.records)
			r.progress("check", done, r.opt.Records, "")
			free <- p.records
		}
		return gctx.Err()
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if done != r.opt.Records {
		return fmt.Errorf("check: %d records were made, want %d", done, r.opt.Records)
	}
	return nil
}

// compare holds the answers against what was counted.
func (n *naive) compare(answers []Answer) *Check {
	c := &Check{Passes: n.passes}
	for i := range answers {
		a := &answers[i]
		if len(c.Questions) == 0 || c.Questions[len(c.Questions)-1].ID != a.ID {
			c.Questions = append(c.Questions, CheckQuestion{ID: a.ID, Different: []Difference{}})
		}
		q := &c.Questions[len(c.Questions)-1]
		if d := differ(a, n.answer(i)); d != nil {
			d.Variant = a.Variant
			q.Different = append(q.Different, *d)
			c.Different++
		} else {
			q.Equal++
			c.Equal++
		}
	}
	return c
}

// differ is the first place where an answer is not as wanted; nil when there is none.
func differ(got *Answer, want Answer) *Difference {
	if got.Total != want.Total {
		return &Difference{What: "total", Store: fmt.Sprint(got.Total), Records: fmt.Sprint(want.Total)}
	}
	if got.More != want.More {
		return &Difference{What: "more", Store: fmt.Sprint(got.More), Records: fmt.Sprint(want.More)}
	}
	for i := range max(len(got.Rows), len(want.Rows)) {
		a, b := rowText(got.Rows, i), rowText(want.Rows, i)
		if a != b {
			return &Difference{What: fmt.Sprintf("row %d", i+1), Store: a, Records: b}
		}
	}
	return nil
}

// rowText is row i as JSON, "" when there is no such row.
func rowText(rows [][]any, i int) string {
	if i >= len(rows) {
		return ""
	}
	b, err := json.Marshal(rows[i])
	if err != nil { // not of texts and numbers
		return err.Error()
	}
	return string(b)
}
