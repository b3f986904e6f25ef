package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// maxCheckpoint bounds a signed checkpoint, in bytes.
const maxCheckpoint = 64 << 10

// Checkpoint is a signed head of a log (C2SP tlog-checkpoint in a C2SP signed
// note). Text is the whole note, byte for byte; it is what a time stamp is of.
type Checkpoint struct {
	Origin string // names the data folder; the same for its whole life
	Size   int64  // leaves
	Root   Hash
	Time   int64 // Unix ns, by the signer's clock; proves nothing
	Text   []byte
	Keys   []string // note verifier hashes that signed, "name+hash"; not checked
}

// body is the signed text.
func (c *Checkpoint) body() string {
	return fmt.Sprintf("%s\n%d\n%s\ntime %d\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]), c.Time)
}

// ParseCheckpoint reads a signed checkpoint and checks no signature.
func ParseCheckpoint(text []byte) (*Checkpoint, error) {
	if len(text) > maxCheckpoint {
		return nil, fmt.Errorf("checkpoint of %d bytes, want at most %d", len(text), maxCheckpoint)
	}
	_, err := note.Open(text, note.VerifierList())
	var un *note.UnverifiedNoteError
	if !errors.As(err, &un) {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	if err := shortest(un.Note); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	return parseBody(un.Note, text)
}

// shortest reports an error when a signature of a note is not written as note.Sign writes
// it: the last character of its Base64 has bits that mean nothing, and a bit that means
// nothing could be changed unseen.
func shortest(n *note.Note) error {
	for _, l := range [...][]note.Signature{n.Sigs, n.UnverifiedSigs} {
		for _, s := range l {
			b, err := base64.StdEncoding.DecodeString(s.Base64)
			if err != nil || base64.StdEncoding.EncodeToString(b) != s.Base64 {
				return fmt.Errorf("the signature of %s is not in its shortest form", s.Name)
			}
		}
	}
	return nil
}

func parseBody(n *note.Note, text []byte) (*Checkpoint, error) {
	c := &Checkpoint{Text: bytes.Clone(text)}
	l := strings.Split(n.Text, "\n")
	if len(l) != 5 || l[0] == "" || l[4] != "" {
		return nil, errors.New("checkpoint: want an origin, a size, a root and a time")
	}
	c.Origin = l[0]
	var err error
	if c.Size, err = strconv.ParseInt(l[1], 10, 64); err != nil || c.Size < 0 {
		return nil, fmt.Errorf("checkpoint: size %q", l[1])
	}
	root, err := base64.StdEncoding.DecodeString(l[2])
	if err != nil || len(root) != len(c.Root) {
		return nil, fmt.Errorf("checkpoint: root %q", l[2])
	}
	c.Root = Hash(root)
	at, ok := strings.CutPrefix(l[3], "time ")
	if c.Time, err = strconv.ParseInt(at, 10, 64); err != nil || !ok {
		return nil, fmt.Errorf("checkpoint: time %q", l[3])
	}
	if c.body() != n.Text {
		return nil, errors.New("checkpoint: numbers are not in their shortest form")
	}
	for _, s := range append(n.Sigs, n.UnverifiedSigs...) {
		c.Keys = append(c.Keys, fmt.Sprintf("%s+%08x", s.Name, s.Hash))
	}
	return c, nil
}

// CheckSigned checks that every key (note verifier key, "name+hash+base64")
// signed the checkpoint.
func (c *Checkpoint) CheckSigned(keys ...string) error {
	if len(keys) == 0 {
		return errors.New("checkpoint: no key to check it with")
	}
	for _, k := range keys {
		v, err := note.NewVerifier(k)
		if err != nil {
			return fmt.Errorf("public key %q: %w", k, err)
		}
		n, err := note.Open(c.Text, note.VerifierList(v))
		if err != nil {
			return fmt.Errorf("checkpoint of %d leaves, key %s+%08x: %w", c.Size, v.Name(), v.KeyHash(), err)
		}
		if n.Text != c.body() {
			return fmt.Errorf("checkpoint of %d leaves is not what was signed", c.Size)
		}
	}
	return nil
}

// KeyID is the short name of a public key: its name and hash.
func KeyID(vkey string) string {
	if i := strings.LastIndexByte(vkey, '+'); i > 0 {
		if j := strings.LastIndexByte(vkey[:i], '+'); j > 0 {
			return vkey[:i]
		}
	}
	return vkey
}
