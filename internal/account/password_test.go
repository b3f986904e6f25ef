package account

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

func TestPasswords(t *testing.T) {
	f := func(password, name string, want error) {
		t.Helper()
		if got := CheckPassword(password, name); !errors.Is(got, want) {
			t.Errorf("CheckPassword(%q, %q) = %v, want %v", password, name, got, want)
		}
	}
	f(good, "boss", nil)
	f("さくらの木の下で待つ約束を", "boss", nil)
	f("Tr0ub4dor&3xyz", "boss", nil)
	f("b7Xk-p2Qz-9mLw", "boss", nil)
	f("short", "boss", ErrShort)
	f("十一文字しかない言葉だ", "boss", ErrShort)
	f(strings.Repeat("a", 1025), "boss", ErrLong)
	f("aaaaaaaaaaaa", "boss", ErrTrivial)
	f("abcabcabcabc", "boss", ErrTrivial)
	f("abcdefghijkl", "boss", ErrTrivial)
	f("123456789012", "boss", ErrTrivial)
	f("qwertyuiopas", "boss", ErrTrivial)
	f("password1234", "boss", ErrTrivial)
	f("P@ssw0rd2026!", "boss", ErrTrivial)
	f("administrator", "boss", ErrTrivial)
	f("yamada2026!!", "yamada", ErrTrivial)
	f("パスワード2026年です", "boss", ErrTrivial)
	for range 50 {
		f(NewPassword(), "boss", nil)
	}
}

func TestPHC(t *testing.T) {
	h := newHasher(Cost{})
	a, err := h.hash(t.Context(), "がぎぐげご password")
	if err != nil || !strings.HasPrefix(a, "$argon2id$v=19$m=32768,t=3,p=1$") {
		t.Fatalf("hash %q, %v", a, err)
	}
	b, err := h.hash(t.Context(), "がぎぐげご password")
	if err != nil || a == b {
		t.Error("two hashes of a password are the same")
	}
	// As a Mac types it: letters and marks apart.
	if ok, old, err := h.verify(t.Context(), "か\u3099き\u3099く\u3099け\u3099こ\u3099 password", a); !ok || old || err != nil {
		t.Errorf("verify = %v, %v, %v", ok, old, err)
	}
	if ok, _, err := h.verify(t.Context(), "another password", a); ok || err != nil {
		t.Errorf("another password holds, %v", err)
	}
	weak := strings.Replace(a, "m=32768", "m=8192", 1)
	if ok, old, _ := h.verify(t.Context(), "がぎぐげご password", weak); ok || !old {
		t.Errorf("other costs: %v, %v", ok, old)
	}
	for _, bad := range []string{"", "$", "x", strings.Replace(a, "argon2id", "argon2i", 1), strings.Replace(a, "m=32768", "m=99999999", 1), strings.Replace(a, "t=3", "t=999", 1), a[:len(a)-4]} {
		if ok, _, err := h.verify(t.Context(), "がぎぐげご password", bad); ok || err != nil {
			t.Errorf("PHC %q: %v, %v", bad, ok, err)
		}
	}
}

func TestHasherIsBounded(t *testing.T) {
	h := newHasher(Cost{})
	var wg sync.WaitGroup
	busy, done := 0, 0
	var mu sync.Mutex
	hold := make(chan struct{})
	for range passwordSlots + passwordQueue + 20 {
		wg.Go(func() {
			err := h.run(t.Context(), func() { <-hold })
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, ErrBusy) {
				if busy++; busy == 20 {
					close(hold)
				}
			} else if err == nil {
				done++
			}
		})
	}
	wg.Wait()
	if busy != 20 || done != passwordSlots+passwordQueue {
		t.Errorf("%d refused, %d done", busy, done)
	}
}

func BenchmarkPassword(b *testing.B) {
	h := newHasher(Cost{})
	for b.Loop() {
		if _, err := h.hash(b.Context(), good); err != nil {
			b.Fatal(err)
		}
	}
}
