package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/pace"
)

// partWait is how long a part of a page waits for its counts before it says how far they
// are, and asks again.
const partWait = time.Second

// advance is how far counts are. They are made in steps, each a question to the source,
// which counts the store by its files and the archive by its days.
type advance struct {
	mu          sync.Mutex
	step, steps int  // from 1; guarded by mu, as what follows
	days        bool // the archive is counted
	done, all   int
	percent     int // that was told; it never goes back while the same is counted
}

type advanceKey struct{}

// withAdvance gives work a way to tell how far it is.
func withAdvance(ctx context.Context, a *advance) context.Context {
	ctx = pace.WithPieces(ctx, func(done, all int) { a.tell(false, done, all) })
	ctx = pace.WithProgress(ctx, func(done, all int) { a.tell(true, done, all) })
	return context.WithValue(ctx, advanceKey{}, a)
}

// nextStep begins a step of some.
func nextStep(ctx context.Context, step, steps int) {
	if a, ok := ctx.Value(advanceKey{}).(*advance); ok {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.step, a.steps, a.done, a.all = step, steps, 0, 0
	}
}

func (a *advance) tell(days bool, done, all int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if days && !a.days {
		a.percent = 0
	}
	if a.days && !days { // the store is the lesser part where the archive is counted
		return
	}
	a.days, a.done, a.all = days, done, all
}

// progressView is how far counts are, for a page.
type progressView struct {
	URL, Stop string
	Step      int // 0 = there is one only
	Steps     int
	Percent   int // -1 = not known
	Days, All int // of the archive; All 0 = it is not counted
}

func (a *advance) view() progressView {
	a.mu.Lock()
	defer a.mu.Unlock()
	v := progressView{Percent: -1}
	if a.steps > 1 {
		v.Step, v.Steps = a.step, a.steps
	}
	if a.all > 0 || a.percent > 0 {
		share := 0.0
		if a.all > 0 {
			share = float64(min(a.done, a.all)) / float64(a.all)
		}
		steps := max(a.steps, 1)
		a.percent = max(a.percent, int(100*(float64(max(a.step, 1)-1)+share)/float64(steps)))
		v.Percent = min(a.percent, 99)
	}
	if a.days {
		v.Days, v.All = a.done, a.all
	}
	return v
}

// ready waits for the counts of a part: in a page of a browser no longer than partWait,
// then the part says how far they are, by the template, and asks for itself again.
func (s *site) ready(rq *request, t *tally, template string) (bool, error) {
	if !rq.partial() {
		_, err := t.wait(rq.r.Context(), 0)
		return err == nil, err
	}
	ok, err := t.wait(rq.r.Context(), partWait)
	if ok || err != nil {
		return ok, err
	}
	v := t.far.view()
	v.URL = localURL(rq.r.URL)
	if template == "counting" {
		rq.w.Header().Set("HX-Retarget", "#counting")
		rq.w.Header().Set("HX-Reswap", "outerHTML")
	}
	return false, s.render(rq, http.StatusOK, template, v)
}
