package account

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

func TestSecond(t *testing.T) {
	w := newWorld(t, Officer)
	ctx := t.Context()
	w.add(t, "boss", Admin)
	p := w.add(t, "p", Viewer)
	secret := NewSecret()
	code := func() string {
		c, err := totp.GenerateCode(secret, w.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	_, err := w.SetSecond(ctx, p.ID, secret, "000000")
	wantErr(t, "a wrong code sets nothing up", err, ErrWrong)
	codes, err := w.SetSecond(ctx, p.ID, secret, code())
	if err != nil || len(codes) != recoveryCodes {
		t.Fatalf("%d codes, %v", len(codes), err)
	}
	use := func(c string) error {
		t.Helper()
		p, err := w.Person(ctx, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.useCode(ctx, p, c)
		return err
	}
	wantErr(t, "the code of the setting up", use(code()), ErrWrong)
	w.clock.add(30 * time.Second)
	now := code()
	if err := use(now); err != nil {
		t.Errorf("the next code: %v", err)
	}
	wantErr(t, "a used code", use(now), ErrWrong)
	w.clock.add(60 * time.Second)
	late := code()
	w.clock.add(30 * time.Second)
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, late)
	if err := use(wide[:9] + " " + wide[9:]); err != nil {
		t.Errorf("the code of the step before, typed wide: %v", err)
	}
	old := code()
	w.clock.add(60 * time.Second)
	wantErr(t, "a code of two steps before", use(old), ErrWrong)
	wantErr(t, "nothing", use(""), ErrWrong)
	if err := use(strings.ToUpper(strings.ReplaceAll(codes[3], "-", " "))); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
	wantErr(t, "a used recovery code", use(codes[3]), ErrWrong)
	if q, err := w.Person(ctx, p.ID); err != nil || q.Codes != recoveryCodes-1 {
		t.Errorf("%d codes left, %v", q.Codes, err)
	}
	fresh, err := w.NewRecovery(ctx, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, "a code of the old list", use(codes[5]), ErrWrong)
	if err := use(fresh[0]); err != nil {
		t.Error(err)
	}
	if _, err := w.SetGrant(ctx, owner(), p.ID, Grant{Roles: []Role{Officer}}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "a role demands codes", w.DropSecond(ctx, p.ID), ErrRight)
	for _, e := range w.seal.l {
		for _, c := range append(codes, fresh...) {
			if strings.Contains(e.Subject, c) || strings.Contains(e.Subject, secret) {
				t.Fatalf("the seal tells a secret: %s", e.Subject)
			}
		}
	}
	w.clean(t)
	b, err := SecretPicture(SecretURL(secret, "p", "akashi"))
	if err != nil || !strings.HasPrefix(string(b), "<svg ") || strings.Contains(string(b), "style") {
		t.Errorf("picture %.60s, %v", b, err)
	}
}
