package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
)

// ask measures every question: all of one store that stays open, as a server's does, then
// each of a store that was opened anew with cold caches.
func (r *runner) ask(ctx context.Context) error {
	defer pace.Memory()() // as a server does
	beginPeak()
	all := questions()
	r.res.Queries = make([]Query, len(all))
	if err := r.warm(ctx, all); err != nil {
		return err
	}
	var opened []float64
	for i := range all {
		r.progress("ask", 2*len(all)+i, 3*len(all), all[i].id)
		open, err := r.cold(ctx, &all[i], &r.res.Queries[i])
		if err != nil {
			return fmt.Errorf("question %s: %w", all[i].id, err)
		}
		opened = append(opened, open)
	}
	r.res.OpenMillis = median(opened)
	r.res.QueryPeakRSS = peakMemory()
	place := make(map[string]int)
	for i, q := range all {
		place[q.id] = i
	}
	slices.SortFunc(r.res.Answers, func(a, b Answer) int { return cmp.Or(place[a.ID]-place[b.ID], a.Variant-b.Variant) })
	return nil
}

// cold asks a question of a store that was opened anew, with its files out of the system's
// cache. It returns how long opening took, in ms.
func (r *runner) cold(ctx context.Context, q *question, fig *Query) (open float64, err error) {
	if err := dropCaches(StoreDir(r.opt.Dir)); err != nil {
		return 0, fmt.Errorf("drop caches: %w", err)
	}
	runtime.GC()
	start := time.Now()
	if r.st, err = openStore(r.opt.Dir, false); err != nil {
		return 0, err
	}
	open = millis(time.Since(start))
	defer func() { err = errors.Join(err, r.st.Close()) }()
	if err := dropCaches(StoreDir(r.opt.Dir)); err != nil { // what opening read
		return 0, fmt.Errorf("drop caches: %w", err)
	}
	t, err := r.once(ctx, q, 0)
	fig.ColdMS, fig.ColdCPU, fig.Rows, fig.Total = t.wall, t.cpu, t.rows, t.total
	return open, err
}

// warm asks the questions of one store, whose files the system has read: all of them once to
// warm up, then each timed, every time with other values.
func (r *runner) warm(ctx context.Context, all []question) (err error) {
	if err := readAll(StoreDir(r.opt.Dir)); err != nil {
		return fmt.Errorf("fill caches: %w", err)
	}
	if r.st, err = openStore(r.opt.Dir, false); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.st.Close()) }()
	for i := range all {
		r.progress("ask", i, 3*len(all), all[i].id)
		if _, err := r.once(ctx, &all[i], warmUp); err != nil {
			return fmt.Errorf("question %s: %w", all[i].id, err)
		}
	}
	for i := range all {
		r.progress("ask", len(all)+i, 3*len(all), all[i].id)
		if err := r.timed(ctx, &all[i], &r.res.Queries[i]); err != nil {
			return fmt.Errorf("question %s: %w", all[i].id, err)
		}
	}
	return nil
}

// timed asks a question with each of its values.
func (r *runner) timed(ctx context.Context, q *question, fig *Query) error {
	var wall, cpu []float64
	for v := 1; v <= warmRuns; v++ {
		t, err := r.once(ctx, q, v)
		if err != nil {
			return err
		}
		wall, cpu = append(wall, t.wall), append(cpu, t.cpu)
		fig.WarmRows = append(fig.WarmRows, t.rows)
	}
	fig.ID, fig.What, fig.WarmMS, fig.CPUMS = q.id, q.what, median(wall), median(cpu)
	return nil
}

// readAll reads every file below dir once, which brings as much of them into the system's
// cache as has room there.
func readAll(dir string) error {
	return eachFile(dir, func(f *os.File) error {
		_, err := io.Copy(io.Discard, f)
		return err
	})
}

// eachFile calls fn for every file below dir.
func eachFile(dir string, fn func(*os.File) error) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(fn(f), f.Close())
	})
}

// asked is one asking of a question.
type asked struct {
	wall, cpu float64 // ms
	rows      int
	total     uint64
}

// once asks a question and keeps the answer; only the store's call is timed.
func (r *runner) once(ctx context.Context, q *question, v int) (t asked, err error) {
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
