package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
)

// ask measures every question.
func (r *runner) ask(ctx context.Context) error {
	defer pace.Memory()() // as a server does
	beginPeak()
	all := questions()
	var opened []float64
	for i := range all {
		q := &all[i]
		r.progress("ask", i, len(all), q.id)
		fig, open, err := r.measure(ctx, q)
		if err != nil {
			return fmt.Errorf("question %s: %w", q.id, err)
		}
		r.res.Queries = append(r.res.Queries, fig)
		opened = append(opened, open)
	}
	r.res.OpenMillis = median(opened)
	r.res.QueryPeakRSS = peakMemory()
	return nil
}

// measure asks one question of a store that was opened anew with cold caches,
// then warm, each time with other values.
func (r *runner) measure(ctx context.Context, q *question) (fig Query, open float64, err error) {
	if err := dropCaches(StoreDir(r.opt.Dir)); err != nil {
		return fig, 0, fmt.Errorf("drop caches: %w", err)
	}
	runtime.GC()
	start := time.Now()
	if r.st, err = openStore(r.opt.Dir, false); err != nil {
		return fig, 0, err
	}
	open = millis(time.Since(start))
	defer func() { err = errors.Join(err, r.st.Close()) }()
	if err := dropCaches(StoreDir(r.opt.Dir)); err != nil { // what opening read
		return fig, 0, fmt.Errorf("drop caches: %w", err)
	}
	fig = Query{ID: q.id, What: q.what}
	cold, err := r.once(ctx, q, 0)
	if err != nil {
		return fig, 0, err
	}
	fig.ColdMS, fig.ColdCPU, fig.Rows, fig.Total = cold.wall, cold.cpu, cold.rows, cold.total
	if _, err := r.once(ctx, q, warmUp); err != nil {
		return fig, 0, err
	}
	var wall, cpu []float64
	for v := 1; v <= warmRuns; v++ {
		t, err := r.once(ctx, q, v)
		if err != nil {
			return fig, 0, err
		}
		wall, cpu = append(wall, t.wall), append(cpu, t.cpu)
		fig.WarmRows = append(fig.WarmRows, t.rows)
	}
	fig.WarmMS, fig.CPUMS = median(wall), median(cpu)
	return fig, open, nil
}

// timed is one asking of a question.
type timed struct {
	wall, cpu float64 // ms
	rows      int
	total     uint64
}

// once asks a question and keeps the answer; only the store's call is timed.
func (r *runner) once(ctx context.Context, q *question, v int) (t timed, err error) {
	what := q.query(&r.samples, v)
	a := Answer{ID: q.id, Variant: v, Values: valuesOf(&what), Rows: [][]any{}}
	var page *query.Page
	var facets *query.Facets
	start, cpu := time.Now(), cpuTime()
	if q.page {
		page, err = r.st.Search(ctx, what)
	} else {
		facets, err = r.st.Facets(ctx, what)
	}
	t.cpu, t.wall = millis(cpuTime()-cpu), millis(time.Since(start))
	if err != nil {
		return t, err
	}
	if q.page {
		for i := range page.Records {
			a.Rows = append(a.Rows, recordRow(&page.Records[i]))
		}
	} else {
		a.Rows = append(a.Rows, q.rows(facets)...)
		a.Total = facets.Total
		if what.Lists.Has(query.ListPeople) && what.Top == lots { // a list of ten leaves out the others on purpose
			a.More = facets.PeopleMore
		}
	}
	t.rows, t.total = len(a.Rows), a.Total
	r.res.Answers = append(r.res.Answers, a)
	return t, nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// median of l, which it sorts.
func median(l []float64) float64 {
	if len(l) == 0 {
		return 0
	}
	slices.Sort(l)
	return l[len(l)/2]
}
