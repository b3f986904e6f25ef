package account

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

func TestSecondStep(t *testing.T) {
	w := newWorld(t, Admin)
	ctx := t.Context()
	p := w.add(t, "boss", Admin)
	_, h := w.desk(DeskOptions{})
	b := newBrowser(t, h, "192.0.2.1")
	b.login("boss", good)
	b.is("boss [] second") // the role demands it
	secret := NewSecret()
	code := func() string {
		w.clock.add(30 * time.Second)
		c, err := totp.GenerateCode(secret, w.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	codes, err := w.SetSecond(ctx, p.ID, secret, code())
	if err != nil {
		t.Fatal(err)
	}
	b.is("boss [see")
	b.get("/out")
	if b.login("boss", good) != 200 {
		t.Fatal("no first step")
	}
	b.is("nobody")
	if c, _ := b.get("/code?code=123456"); c != 403 {
		t.Error("a wrong code logs in")
	}
	half := b.cookies["akashi"]
	if c, body := b.get("/code?code=" + code()); c != 200 {
		t.Errorf("the code does not log in: %s", body)
	}
	b.is("boss [see")
	if b.cookies["akashi"] == half {
		t.Error("the second step keeps the token")
	}
	b.get("/out")
	b.login("boss", good)
	w.clock.add(halfLife + time.Second)
	if c, _ := b.get("/code?code=" + code()); c != 403 {
		t.Error("a code counts long after the password")
	}
	if c, _ := newBrowser(t, h, "192.0.2.1").get("/code?code=" + code()); c != 403 {
		t.Error("a code counts without a password")
	}
	b.login("boss", good)
	if c, body := b.get("/code?code=" + codes[0]); c != 200 {
		t.Errorf("a recovery code: %s", body)
	}
	guess := newBrowser(t, h, "198.51.100.7") // knows the password
	guess.login("boss", good)
	n := 0
	for ; n < 100; n++ {
		if _, body := guess.get(fmt.Sprintf("/code?code=%06d", n)); strings.Contains(body, "too many failures") {
			break
		}
	}
	if n > freeName {
		t.Errorf("%d codes tried without waiting", n)
	}
}
