package account

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"
	"rsc.io/qr"

	"github.com/pquerna/otp"
)

// One-time codes (TOTP, RFC 6238): six digits, 30 seconds, SHA-1, which is what all
// telephones take.
const (
	codePeriod    = 30 // seconds
	codeSkew      = 1  // steps that a clock may be wrong by
	recoveryCodes = 10
	secretBytes   = 20
)

// Errors of log-in. They say as little as possible.
var (
	ErrWrong = errors.New("the name, the password or the code is wrong")
)

// NewSecret makes the secret of one-time codes, in base32.
func NewSecret() string {
	b := make([]byte, secretBytes)
	rand.Read(b)
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}

// SecretURL is what a telephone reads from the picture.
func SecretURL(secret, name, issuer string) string {
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + name}
	u.RawQuery = url.Values{"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}.Encode()
	return u.String()
}

// SecretPicture is the QR code of SecretURL as SVG.
func SecretPicture(u string) ([]byte, error) {
	c, err := qr.Encode(u, qr.M)
	if err != nil {
		return nil, fmt.Errorf("draw the code: %w", err)
	}
	const quiet = 4 // modules of white around
	n := c.Size + 2*quiet
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="`, n, n, n, n)
	for y := range c.Size {
		for x := range c.Size {
			if c.Black(x, y) {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.Bytes(), nil
}

// codeStep finds the time step whose code this is, later than after; 0 = none.
func codeStep(code, secret string, now time.Time, after int64) int64 {
	code = strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0' // as Japanese keyboards write
		case r == ' ' || r == '　' || r == '-':
			return -1
		}
		return r
	}, code)
	step := now.Unix() / codePeriod
	for _, s := range []int64{step, step - codeSkew, step + codeSkew} {
		if s <= after || s < 0 {
			continue
		}
		ok, err := hotp.ValidateCustom(code, uint64(s), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if ok && err == nil {
			return s
		}
	}
	return 0
}

// SetSecond sets up one-time codes for a person who has shown with a code that his
// telephone knows the secret. It returns the recovery codes, which are told once.
func (b *Book) SetSecond(ctx context.Context, id int64, secret, code string) ([]string, error) {
	step := codeStep(code, secret, b.opt.Now(), 0)
	if step == 0 {
		return nil, ErrWrong
	}
	plain, hashed := newRecovery()
	p, err := b.Person(ctx, id)
	if err != nil {
		return nil, err
	}
	_, err = b.change(ctx, Actor{ID: p.ID, Name: p.Name}, id, func(_ *sql.Tx, p *Person) (string, error) {
		if p.Foreign {
			return "", ErrWrong
		}
		if p.totp != "" { // a new telephone: the old codes are taken away first, for which the password is asked
			return "", ErrSecond
		}
		p.totp, p.codes, p.step = secret, hashed, step
		return "second", nil
	})
	return plain, err
}

// NewRecovery gives new recovery codes for those of before.
func (b *Book) NewRecovery(ctx context.Context, id int64) ([]string, error) {
	plain, hashed := newRecovery()
	p, err := b.Person(ctx, id)
	if err != nil {
		return nil, err
	}
	_, err = b.change(ctx, Actor{ID: p.ID, Name: p.Name}, id, func(_ *sql.Tx, p *Person) (string, error) {
		if p.Foreign || p.totp == "" {
			return "", ErrWrong
		}
		p.codes = hashed
		return "recovery", nil
	})
	return plain, err
}

// DropSecond takes the own one-time codes away, unless a role demands them.
func (b *Book) DropSecond(ctx context.Context, id int64) error {
	p, err := b.Person(ctx, id)
	if err != nil {
		return err
	}
	if b.NeedsSecond(p) {
		return ErrRight
	}
	_, err = b.change(ctx, Actor{ID: p.ID, Name: p.Name}, id, func(_ *sql.Tx, p *Person) (string, error) {
		if p.Foreign {
			return "", ErrWrong
		}
		p.totp, p.codes, p.step = "", nil, 0
		return "second", nil
	})
	return err
}

// NeedsSecond reports whether a role of the person demands one-time codes.
func (b *Book) NeedsSecond(p *Person) bool { return slices.ContainsFunc(b.opt.Second, p.Has) }

// useCode accepts a one-time code or a recovery code, each once. It reports whether
// it was a recovery code.
func (b *Book) useCode(ctx context.Context, p *Person, code string) (recovery bool, err error) {
	if step := codeStep(code, p.totp, b.opt.Now(), p.step); step != 0 {
		r, err := b.db.ExecContext(ctx, "UPDATE people SET step = ? WHERE id = ? AND step < ? AND totp = ?", step, p.ID, step, p.totp)
		if err != nil {
			return false, fmt.Errorf("use a code: %w", err)
		}
		if n, err := r.RowsAffected(); err != nil || n != 1 {
			return false, ErrWrong // somebody was faster with the same code
		}
		return false, nil
	}
	h := recoveryHash(code)
	if !slices.Contains(p.codes, h) {
		return false, ErrWrong
	}
	_, err = b.change(ctx, Actor{ID: p.ID, Name: p.Name}, p.ID, func(_ *sql.Tx, q *Person) (string, error) {
		i := slices.Index(q.codes, h)
		if i < 0 || q.Foreign {
			return "", ErrWrong
		}
		q.codes = slices.Delete(q.codes, i, i+1)
		return "recovery", nil
	})
	return true, err
}

// newRecovery makes recovery codes of 80 random bits: so long that a plain hash is
// as good as a slow one.
func newRecovery() (plain, hashed []string) {
	for range recoveryCodes {
		b := make([]byte, 10)
		rand.Read(b)
		s := strings.ToLower(base32.StdEncoding.EncodeToString(b))
		s = s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:]
		plain, hashed = append(plain, s), append(hashed, recoveryHash(s))
	}
	slices.Sort(hashed)
	return plain, hashed
}

func recoveryHash(code string) string {
	code = strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(code)))
	h := sha256.Sum256([]byte(code))
	return hex.EncodeToString(h[:])
}
