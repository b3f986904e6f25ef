package pool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/seal"
)

// ErrNoKey: an object is encrypted and no key is there that opens it.
var ErrNoKey = errors.New("the object is encrypted and no key here opens it: name the file of the key with akashi pool set --identity")

// maxKeys bounds a file of keys, in bytes.
const maxKeys = 1 << 20

// ByPassphrase as the only recipient stands for the passphrase of the keys.
const ByPassphrase = "passphrase"

// keys are what decrypts, and the passphrase that encrypts when it is wanted.
type keys struct {
	ids  []age.Identity
	pass string
}

// parseRecipients reads age recipients (age1…). What begins with age1pq1 is a
// hybrid one, which quantum computers do not break either.
func parseRecipients(l []string, k keys) ([]age.Recipient, error) {
	if len(l) == 0 {
		return nil, nil
	}
	if len(l) == 1 && l[0] == ByPassphrase {
		if k.pass == "" {
			return nil, errors.New("keys to encrypt for: the file of the keys has no passphrase")
		}
		r, err := age.NewScryptRecipient(k.pass)
		if err != nil {
			return nil, fmt.Errorf("keys to encrypt for: %w", err)
		}
		return []age.Recipient{r}, nil
	}
	out, err := age.ParseRecipients(strings.NewReader(strings.Join(l, "\n")))
	if err == nil {
		_, err = age.Encrypt(io.Discard, out...) // some do not go together
	}
	if err != nil {
		return nil, fmt.Errorf("keys to encrypt for: %w", err)
	}
	return out, nil
}

// readKeyText gets the text of keys from a file, or from a variable when from is
// env:NAME.
func readKeyText(from string, getenv func(string) string) (string, error) {
	if name, ok := strings.CutPrefix(from, "env:"); ok {
		text := getenv(name)
		if text == "" {
			return "", fmt.Errorf("keys: the variable %s is empty", name)
		}
		return text, nil
	}
	f, err := os.Open(from)
	if err != nil {
		return "", fmt.Errorf("keys: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKeys))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("keys: %w", err)
	}
	return string(b), nil
}

// readIdentities reads keys (AGE-SECRET-KEY-…), one a line. A line "passphrase: …"
// is a passphrase.
func readIdentities(from string, getenv func(string) string) (k keys, err error) {
	if from == "" {
		return k, nil
	}
	text, err := readKeyText(from, getenv)
	if err != nil {
		return k, err
	}
	var rest []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		pass, ok := strings.CutPrefix(line, ByPassphrase+":")
		if !ok {
			rest = append(rest, line)
			continue
		}
		k.pass = strings.TrimSpace(pass)
		id, err := age.NewScryptIdentity(k.pass)
		if err != nil {
			return keys{}, fmt.Errorf("keys: %w", err)
		}
		k.ids = append(k.ids, id)
	}
	if t := strings.TrimSpace(strings.Join(rest, "\n")); t != "" {
		l, err := age.ParseIdentities(strings.NewReader(t))
		if err != nil {
			return keys{}, errors.New("keys: they do not read as age keys") // not with the text, which is secret
		}
		k.ids = append(k.ids, l...)
	}
	return k, nil
}

// spool is an encrypted object that waits to be written to volumes.
type spool struct {
	fsx.File
	size   int64
	cipher seal.Hash
	remove func() error
}

func (s *spool) discard() error { return errors.Join(s.Close(), ignoreMissing(s.remove())) }

// encrypt makes the encrypted form of an object in a temporary file, and sees that
// the plain bytes are those of the name.
func encrypt(ctx context.Context, fs fsx.FS, path string, to []age.Recipient, name string, r io.ReaderAt, size int64) (_ *spool, err error) {
	f, err := fs.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	s := &spool{File: f, remove: func() error { return fs.Remove(path) }}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.discard())
		}
	}()
	sum, plain := newSum(), newSum()
	out := &counting{w: io.MultiWriter(f, sum)}
	w, err := age.Encrypt(out, to...)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	if err := copyChunks(ctx, io.MultiWriter(w, plain), r, size, nil); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	want, err := checkName(name)
	if err == nil && seal.Hash(plain.Sum(nil)) != want {
		err = &damageError{name, want, seal.Hash(plain.Sum(nil))}
	}
	s.size, s.cipher = out.n, seal.Hash(sum.Sum(nil))
	return s, err
}

type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// plainReader is the decrypted form of an open object.
type plainReader struct {
	io.ReaderAt
	size int64
	from io.Closer
}

func (p *plainReader) Size() int64  { return p.size }
func (p *plainReader) Close() error { return p.from.Close() }

func decrypt(r Reader, ids []age.Identity) (Reader, error) {
	if len(ids) == 0 {
		return nil, ErrNoKey
	}
	at, size, err := age.DecryptReaderAt(r, r.Size(), ids...)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return nil, ErrNoKey
	}
	if err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	return &plainReader{at, size, r}, nil
}
