package account

import (
	"fmt"
	"sync"
	"time"
)

// How failures of log-in are slowed down. The first few are free; each further one
// waits twice as long as the one before, up to lockMax, and everything is forgotten
// lockForget after the last one. The failures of a name count only for browsers from
// which that person has not logged in before: whoever tries names from elsewhere
// locks the elsewhere, and not the person's own browser.
const (
	freeName    = 5  // tries of a name from unknown browsers
	freeDevice  = 10 // tries from a browser that is known for this person
	freeAddress = 30 // tries from an address, whatever the name
	lockFirst   = 10 * time.Second
	lockMax     = 15 * time.Minute
	lockForget  = time.Hour
	maxTries    = 20_000 // keys in memory
)

// WaitError says that log-in is refused for a while, whatever is typed.
type WaitError struct{ Wait time.Duration }

func (e *WaitError) Error() string {
	return fmt.Sprintf("too many failures: wait %s", e.Wait.Round(time.Second))
}

// throttle counts tries by key. It lives as long as the process.
type throttle struct {
	now func() time.Time

	mu sync.Mutex // guards m
	m  map[string]*tries
}

type tries struct {
	n     int
	last  time.Time
	until time.Time
}

type limit struct {
	key  string
	free int
}

// begin counts a try of all keys, as if it failed: tries side by side all count. It
// returns a *WaitError, and counts nothing, when one of the keys must wait.
func (t *throttle) begin(limits ...limit) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	var wait time.Duration
	for _, l := range limits {
		if x := t.m[l.key]; x != nil {
			wait = max(wait, x.until.Sub(now))
		}
	}
	if wait > 0 {
		return &WaitError{wait}
	}
	for _, l := range limits {
		x := t.m[l.key]
		if x == nil || now.Sub(x.last) > lockForget {
			t.room(now)
			x = &tries{}
			t.m[l.key] = x
		}
		x.n++
		x.last = now
		if x.n >= l.free {
			x.until = now.Add(min(lockFirst<<min(x.n-l.free, 20), lockMax))
		}
	}
	return nil
}

// succeed forgets the tries of the first key and takes the one that begin counted
// off the others: an address does not become clean by one good log-in.
func (t *throttle) succeed(limits ...limit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, l := range limits {
		x := t.m[l.key]
		switch {
		case x == nil:
		case i == 0 || x.n <= 1:
			delete(t.m, l.key)
		default:
			x.n--
			x.until = time.Time{}
		}
	}
}

// forget drops a key.
func (t *throttle) forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.m, key)
}

// room keeps the map bounded: what is over goes, and when nothing is over, the
// oldest that waits for nothing.
func (t *throttle) room(now time.Time) {
	if len(t.m) < maxTries {
		return
	}
	oldest, at := "", now
	for k, x := range t.m {
		if now.Sub(x.last) > lockForget {
			delete(t.m, k)
		} else if x.until.Before(now) && x.last.Before(at) {
			oldest, at = k, x.last
		}
	}
	if len(t.m) >= maxTries {
		delete(t.m, oldest)
	}
	if len(t.m) >= maxTries { // all wait: any one goes
		for k := range t.m {
			delete(t.m, k)
			return
		}
	}
}
