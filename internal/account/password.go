package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// MinPassword is the least length of a password in characters; maxPassword is the
// most, in bytes.
const (
	MinPassword = 12
	maxPassword = 1024
)

// The cost of a password. RFC 9106 section 4 recommends 64 MiB, 3 passes and 4
// lanes where 2 GiB are too much. This takes half the memory and one lane: akashi
// runs on file servers with two cores beside other work, where four lanes are no
// faster. It is above every one of OWASP's minimum configurations (19 MiB and 2
// passes, 12 MiB and 3 passes, one lane). At most passwordSlots of them are computed
// at a time, 64 MiB in all; passwordQueue more may wait.
const (
	argonMemory   = 32 << 10 // KiB
	argonTime     = 3
	argonLanes    = 1
	argonSalt     = 16 // bytes
	argonKey      = 32 // bytes
	passwordSlots = 2
	passwordQueue = 32
)

// Errors of passwords.
var (
	ErrShort   = errors.New("a password has 12 characters or more")
	ErrLong    = errors.New("a password has 1,024 bytes at most")
	ErrTrivial = errors.New("the password is easily guessed")
	ErrBusy    = errors.New("too many people log in at this moment")
)

// hasher computes passwords, a bounded number at a time.
type hasher struct {
	cost    Cost // of new passwords
	slots   chan struct{}
	waiting atomic.Int64
}

// Cost is what a new password costs argon2id.
type Cost struct {
	Memory, Time uint32 // KiB, passes
	Lanes        uint8
}

// newHasher is a hasher of passwords at a cost; the zero Cost is that of production.
func newHasher(c Cost) *hasher {
	if c == (Cost{}) {
		c = Cost{argonMemory, argonTime, argonLanes}
	}
	return &hasher{cost: c, slots: make(chan struct{}, passwordSlots)}
}

func (h *hasher) run(ctx context.Context, fn func()) error {
	if h.waiting.Add(1) > passwordSlots+passwordQueue {
		h.waiting.Add(-1)
		return ErrBusy
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h.slots }()
	fn()
	return nil
}

// hash makes the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (phc string, err error) {
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	err = h.run(ctx, func() {
		key := argon2.IDKey(normal(password), salt, h.cost.Time, h.cost.Memory, h.cost.Lanes, argonKey)
		phc = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.cost.Memory, h.cost.Time, h.cost.Lanes,
			base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
	})
	return phc, err
}

// verify compares a password with a PHC string. old says that the string was made
// with another cost than today's. An empty string takes the same time and holds for
// nobody.
func (h *hasher) verify(ctx context.Context, password, phc string) (ok, old bool, err error) {
	p := parsePHC(phc)
	if p == nil {
		p = &phcParts{Cost: h.cost, salt: make([]byte, argonSalt)}
	}
	err = h.run(ctx, func() {
		got := argon2.IDKey(normal(password), p.salt, p.Time, p.Memory, p.Lanes, argonKey)
		ok = len(p.key) == argonKey && subtle.ConstantTimeCompare(got, p.key) == 1
	})
	return ok, p.Cost != h.cost, err
}

type phcParts struct {
	Cost
	salt, key []byte
}

// parsePHC reads a PHC string, nil when it is none. Costs that would exhaust the
// machine are none either.
func parsePHC(s string) *phcParts {
	l := strings.Split(s, "$")
	if len(l) != 6 || l[0] != "" || l[1] != "argon2id" || l[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil
	}
	p := &phcParts{}
	if n, err := fmt.Sscanf(l[3], "m=%d,t=%d,p=%d", &p.Memory, &p.Time, &p.Lanes); err != nil || n != 3 {
		return nil
	}
	var err1, err2 error
	p.salt, err1 = base64.RawStdEncoding.DecodeString(l[4])
	p.key, err2 = base64.RawStdEncoding.DecodeString(l[5])
	if err1 != nil || err2 != nil || p.Memory > 256<<10 || p.Memory == 0 || p.Time == 0 || p.Time > 16 || p.Lanes == 0 || len(p.salt) < 8 {
		return nil
	}
	return p
}

// normal is the password as it is computed: the same on every keyboard (RFC 8265,
// OpaqueString, takes NFC).
func normal(password string) []byte { return norm.NFC.Bytes([]byte(password)) }

// CheckPassword refuses a password that is short or easily guessed. name is the
// log-in name of the person.
func CheckPassword(password, name string) error {
	switch {
	case len(password) > maxPassword:
		return ErrLong
	case utf8.RuneCountInString(password) < MinPassword:
		return ErrShort
	case trivial(password, name):
		return ErrTrivial
	}
	return nil
}

// trivial recognises what is tried first: few different characters, a pattern over
// and over, runs of the alphabet or of keys, the own name, and well-known words with
// something added.
func trivial(password, name string) bool {
	low := []rune(strings.ToLower(password))
	seen := map[rune]bool{}
	for _, r := range low {
		seen[r] = true
	}
	if len(seen) < 5 || periodic(low) || running(low) {
		return true
	}
	plain := strings.Map(func(r rune) rune {
		if i := strings.IndexRune("01345789@$!", r); i >= 0 {
			return rune("oleastbgasi"[i]) // as people write letters
		}
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, string(low))
	rest := plain
	for _, w := range append(commonWords(), strings.ToLower(name)) {
		if len([]rune(w)) >= 4 {
			rest = strings.ReplaceAll(rest, w, "")
		}
	}
	return rest != plain && len([]rune(rest)) < 5 // what is left says too little
}

// periodic: a part of at most four characters is repeated.
func periodic(l []rune) bool {
	for n := 1; n <= 4; n++ {
		same := true
		for i := n; i < len(l) && same; i++ {
			same = l[i] == l[i-n]
		}
		if same {
			return true
		}
	}
	return false
}

// running: nearly every character follows the one before in the alphabet, in the
// digits or on the keyboard.
func running(l []rune) bool {
	rows := "qwertyuiop asdfghjkl zxcvbnm 1234567890 poiuytrewq lkjhgfdsa mnbvcxz 0987654321"
	n := 0
	for i := 1; i < len(l); i++ {
		d := l[i] - l[i-1]
		if d >= -1 && d <= 1 || strings.Contains(rows, string(l[i-1:i+1])) {
			n++
		}
	}
	return n*4 >= (len(l)-1)*3
}

func commonWords() []string {
	return []string{
		"password", "passwort", "passphrase", "administrator", "admin", "akashi", "kanri", "kanrisha", "letmein", "welcome",
		"qwerty", "qwertyuiop", "asdfghjkl", "asdfgh", "zxcvbn", "iloveyou", "monkey", "dragon", "master", "football", "baseball", "sunshine", "princess",
		"login", "secret", "changeme", "default", "guest", "test", "user", "root", "hello", "summer", "winter", "spring", "autumn",
		"sakura", "tokyo", "osaka", "japan", "nippon", "company", "office", "server", "windows", "samsung", "computer", "internet",
		"パスワード", "ぱすわーど", "管理者", "さくら",
	}
}
