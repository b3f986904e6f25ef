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

// parseRecipients reads age recipients (age1…). What begins with age1pq1 is a
// hybrid one, which quantum computers do not break either.
func parseRecipients(l []string) ([]age.Recipient, error) {
	if len(l) == 0 {
		return nil, nil
	}
	out, err := age.ParseRecipients(strings.NewReader(strings.Join(l, "\n")))
	if err != nil {
		return nil, fmt.Errorf("keys to encrypt for: %w", err)
	}
	if _, err := age.Encrypt(io.Discard, out...); err != nil { // some do not go together
		return nil, fmt.Errorf("keys to encrypt for: %w", err)
	}
	return out, nil
}

// readIdentities reads keys (AGE-SECRET-KEY-…) from a file, or from a variable when
// from is env:NAME. A line "passphrase: …" is a passphrase.
func readIdentities(from string, getenv func(string) string) ([]age.Identity, error) {
	if from == "" {
		return nil, nil
	}
	var text string
	if name, ok := strings.CutPrefix(from, "env:"); ok {
		if text = getenv(name); text == "" {
			return nil, fmt.Errorf("keys: the variable %s is empty", name)
		}
	} else {
		f, err := os.Open(from)
		if err != nil {
			return nil, fmt.Errorf("keys: %w", err)
		}
		b, err := io.ReadAll(io.LimitReader(f, maxKeys))
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("keys: %w", err)
		}
		text = string(b)
	}
	var out []age.Identity
	var keys []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if pass, ok := strings.CutPrefix(line, "passphrase:"); ok {
			id, err := age.NewScryptIdentity(strings.TrimSpace(pass))
			if err != nil {
				return nil, fmt.Errorf("keys: %w", err)
			}
			out = append(out, id)
			continue
		}
		keys = append(keys, line)
	}
	if k := strings.TrimSpace(strings.Join(keys, "\n")); k != "" {
		l, err := age.ParseIdentities(strings.NewReader(k))
		if err != nil {
			return nil, errors.New("keys: they do not read as age keys") // not with the text, which is secret
		}
		out = append(out, l...)
	}
	return out, nil
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
