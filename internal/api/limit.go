package api

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/akashi-audit/akashi/internal/account"
)

// maxLimits bounds the visitors whose rate is remembered.
const maxLimits = 4096

// limits is how fast each visitor asks.
type limits struct {
	rate  rate.Limit
	burst int

	mu sync.Mutex // guards by
	by map[string]*rate.Limiter
}

func newLimits(perSecond float64, burst int) *limits {
	return &limits{rate: rate.Limit(perSecond), burst: burst, by: make(map[string]*rate.Limiter)}
}

// take counts a request of a visitor, or says when to come again. The tokens of a
// person count together: more tokens are not more requests.
func (l *limits) take(who *account.Visitor, now time.Time) error {
	key := strconv.FormatInt(who.ID, 10) + " " + who.Name
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.by[key]
	if x == nil {
		if len(l.by) >= maxLimits {
			for k, x := range l.by { // those who have rested
				if x.TokensAt(now) >= float64(l.burst) {
					delete(l.by, k)
				}
			}
			if len(l.by) >= maxLimits {
				clear(l.by)
			}
		}
		x = rate.NewLimiter(l.rate, l.burst)
		l.by[key] = x
	}
	r := x.ReserveN(now, 1)
	if d := r.DelayFrom(now); d > 0 {
		r.CancelAt(now)
		return &Problem{Status: http.StatusTooManyRequests, Code: "rate", after: d}
	}
	return nil
}
