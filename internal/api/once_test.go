package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/once"
	"github.com/akashi-audit/akashi/internal/state"
)

// answers keeps answers in a folder of their own.
func answers(t *testing.T, dir string) *once.Book {
	t.Helper()
	db, err := state.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return once.New(db, func() time.Time { return time.Unix(1.7e9, 0) })
}

// TestIdempotency: a request that is sent again gets its first answer, also from a server
// that was started anew, and begins nothing.
func TestIdempotency(t *testing.T) {
	dir := t.TempDir()
	m := many(1)
	m.desk, m.once = newDesk(t), answers(t, dir)
	c := newClient(t, m)
	const path, body = Prefix + "/care", `{"kind":"verify"}`
	first := c.do("POST", path, body, "Idempotency-Key", "a-1", "Accept-Language", "ja")
	if first.Code != 202 || first.Header().Get("Location") == "" || first.Header().Get("Idempotency-Replayed") != "" {
		t.Fatal(first.Code, first.Body)
	}
	f := func(path, body, key string, status int, code string) {
		t.Helper()
		w := c.do("POST", path, body, "Idempotency-Key", key)
		if w.Code != status || code != "" && problemOf(t, w.Body.Bytes()).Code != code {
			t.Errorf("%s %s with %.10q: %d %s, want %d %s", path, body, key, w.Code, w.Body, status, code)
		}
		if code == "" && (w.Body.String() != first.Body.String() || w.Header().Get("Location") != first.Header().Get("Location") || w.Header().Get("Idempotency-Replayed") != "true") {
			t.Errorf("another answer: %v %s", w.Header(), w.Body)
		}
	}
	again := func() {
		t.Helper()
		f(path, body, "a-1", 202, "")
		f(path, `{"kind":"scrub"}`, "a-1", 422, "key_other")
		f(Prefix+"/reconversions", body, "a-1", 422, "key_other")
		f(path+"?x=1", body, "a-1", 422, "key_other")
		c.v.Scope.Servers = []string{"fs"}
		f(path, body, "a-1", 403, "other_scope")
		c.v.Scope.Servers = nil
		f(path, body, "a b", 400, "key_bad")
		f(path, body, strings.Repeat("k", 256), 400, "key_bad")
		if len(m.kept.submitted) != 1 {
			t.Errorf("%d jobs", len(m.kept.submitted))
		}
	}
	again()
	m.once = answers(t, dir)
	c = newClient(t, m)
	again()
	c.v = &account.Visitor{ID: 1, Name: "ann", Token: "script", Rights: account.AllRights}
	if w := c.do("POST", path, body, "Idempotency-Key", "a-1"); w.Code != 202 || len(m.kept.submitted) != 2 {
		t.Errorf("another token: %d, %d jobs", w.Code, len(m.kept.submitted))
	}
	c.v = &account.Visitor{ID: 1, Name: "ann", Rights: account.See}
	f(path, body, "a-1", 403, "no_right")
	c.v = everybody()
	f(path, `{"kind":"nonsense"}`, "a-2", 400, "value")
	if w := c.do("POST", path, body, "Idempotency-Key", "a-2"); w.Code != 202 {
		t.Errorf("a key whose request was refused: %d %s", w.Code, w.Body)
	}
	f(Prefix+"/records/x/unmask", `{"ground":"x"}`, "a-3", 400, "key_untaken")
	m.fail = errors.New("the disk is full")
	m.noteFails = true
	f(path, body, "a-4", 500, "failed")
	m.noteFails = false
	f(path, body, "a-4", 500, "failed") // nobody knows what was done
	jobs := len(m.kept.submitted)
	if _, err := m.once.Begin(t.Context(), once.Key{Person: 1, Name: "ann", Key: "a-5"}, once.Request{}); err != nil {
		t.Fatal(err)
	}
	f(path, body, "a-5", 422, "key_other")
	if len(m.kept.submitted) != jobs {
		t.Errorf("%d jobs, want %d", len(m.kept.submitted), jobs)
	}
}

// TestInterruptedRequest: where the server stopped in between, the asker is told since when
// to look for what came of the request.
func TestInterruptedRequest(t *testing.T) {
	const path, body = Prefix + "/care", `{"kind":"verify"}`
	m, dir := many(1), t.TempDir()
	m.once = answers(t, dir)
	c := newClient(t, m)
	if w := c.do("POST", path, body, "Idempotency-Key", "cut"); w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	db, err := state.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "UPDATE answers SET ended = 0"); err != nil { // as after a crash
		t.Fatal(err)
	}
	m.once = answers(t, dir)
	c = newClient(t, m)
	w := c.do("POST", path, body, "Idempotency-Key", "cut")
	if p := problemOf(t, w.Body.Bytes()); w.Code != 409 || p.Code != "key_unknown" || p.Begun == nil || !p.Begun.Equal(time.Unix(1.7e9, 0)) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestIdempotencyOfSecrets: what is told once stands nowhere.
func TestIdempotencyOfSecrets(t *testing.T) {
	m := many(1)
	m.desk, m.once = newDesk(t), answers(t, t.TempDir())
	c := newClient(t, m)
	for i, x := range []asking{
		{"POST", "/me/tokens", `{"name":"script","rights":["see"],"days":7}`, ""}, {"POST", "/people", `{"name":"joe","roles":["viewer"]}`, ""},
		{"POST", "/people/3/reset", `{}`, ""},
	} {
		key := fmt.Sprint("k", i)
		if w := c.do(x.method, Prefix+x.path, x.body, "Idempotency-Key", key); w.Code/100 != 2 {
			t.Errorf("%s: %d %s", x.path, w.Code, w.Body)
		}
		w := c.do(x.method, Prefix+x.path, x.body, "Idempotency-Key", key)
		if w.Code != 409 || problemOf(t, w.Body.Bytes()).Code != "told_once" {
			t.Errorf("%s again: %d %s", x.path, w.Code, w.Body)
		}
	}
	l, err := m.desk.Book().Tokens(t.Context(), 1)
	if err != nil || len(l) != 1 {
		t.Errorf("%d tokens, %v", len(l), err)
	}
}

// TestIdempotentTwins: of the same request many times at once one begins something, and
// each gets its answer or is told to wait. An asker who goes does not stop it.
func TestIdempotentTwins(t *testing.T) {
	m := many(1)
	m.once = answers(t, t.TempDir())
	c := newClient(t, m)
	var wg sync.WaitGroup
	codes := make([]int, 12)
	for i := range codes {
		wg.Go(func() {
			codes[i] = c.do("POST", Prefix+"/care", `{"kind":"verify"}`, "Idempotency-Key", "twin").Code
		})
	}
	wg.Wait()
	good := 0
	for _, x := range codes {
		switch x {
		case 202:
			good++
		case 409:
		default:
			t.Errorf("codes %v", codes)
		}
	}
	if good == 0 || len(m.kept.submitted) != 1 {
		t.Errorf("codes %v, %d jobs", codes, len(m.kept.submitted))
	}
	gone, cancel := context.WithCancel(t.Context())
	m.kept.during = func(ctx context.Context) {
		cancel()
		if ctx.Err() != nil {
			t.Error("the asker's going ends a request with a key")
		}
	}
	c.ctx = gone
	c.do("POST", Prefix+"/care", `{"kind":"scrub"}`, "Idempotency-Key", "gone")
	c.ctx, m.kept.during = nil, nil
	if w := c.do("POST", Prefix+"/care", `{"kind":"scrub"}`, "Idempotency-Key", "gone"); w.Code != 202 || w.Header().Get("Idempotency-Replayed") != "true" || len(m.kept.submitted) != 2 {
		t.Errorf("%d %v, %d jobs", w.Code, w.Header(), len(m.kept.submitted))
	}
}
