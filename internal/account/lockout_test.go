package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestLockOut(t *testing.T) {
	w := newWorld(t)
	w.add(t, "boss", Admin)
	_, h := w.desk(DeskOptions{})
	own := newBrowser(t, h, "192.0.2.1")
	if own.login("boss", good) != 200 {
		t.Fatal("no log-in")
	}
	evil := newBrowser(t, h, "198.51.100.7")
	wait := func(b *browser) bool {
		_, body := b.get("/login?name=boss&password=wrong")
		return strings.Contains(body, "too many failures")
	}
	tries := 0
	for !wait(evil) {
		if tries++; tries > freeName {
			t.Fatalf("%d tries without waiting", tries)
		}
	}
	if evil.login("boss", good) != 403 {
		t.Error("the right password counts while waiting: it can be guessed")
	}
	if other := newBrowser(t, h, "203.0.113.9"); other.login("boss", good) != 403 {
		t.Error("another address tries the same name at once")
	}
	// The person's own browser is not kept out, however long the others try.
	for range 40 {
		w.clock.add(lockMax)
		wait(evil)
	}
	own.get("/out")
	if own.login("boss", good) != 200 {
		t.Error("the administrator is locked out of his own browser")
	}
	w.clock.add(lockMax + time.Second)
	if evil.login("boss", good) != 200 {
		t.Error("the lock never ends")
	}
	// An address that tries many names waits too.
	spray := newBrowser(t, h, "2001:db8:1:2::1")
	n := 0
	for ; n < 2*freeAddress; n++ {
		spray.addr = fmt.Sprintf("[2001:db8:1:2::%x]", n+1) // one network
		if _, body := spray.get(fmt.Sprintf("/login?name=n%d&password=x", n)); strings.Contains(body, "too many failures") {
			break
		}
	}
	if n > freeAddress {
		t.Errorf("%d names from one network", n)
	}
}

func TestThrottleIsBounded(t *testing.T) {
	c := newClock()
	x := &throttle{now: c.now, m: map[string]*tries{}}
	for i := range maxTries + 500 {
		if err := x.begin(t.Context(), limit{fmt.Sprint(i), 1}); err != nil {
			t.Fatal(err)
		}
	}
	if len(x.m) > maxTries {
		t.Errorf("%d keys", len(x.m))
	}
	var wait *WaitError
	for range 30 {
		if err := x.begin(t.Context(), limit{"one", 1}); errors.As(err, &wait) {
			if wait.Wait > lockMax {
				t.Fatalf("waits %s", wait.Wait)
			}
			c.add(wait.Wait)
		}
	}
}
