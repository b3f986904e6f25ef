package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// ErrNoKey is the error of a checkpoint when the private key is not there.
// Leaves are written all the same.
var ErrNoKey = errors.New("the private key of the seal is missing or its passphrase is not given: bring it back from its backup, give the passphrase, or begin a new key with akashi seal rotate --lost")

// maxKey bounds a key file, in bytes.
const maxKey = 4 << 10

// KeyChange is the subject of a leaf of KindKey: from this leaf on Key signs
// checkpoints. The first names no Before. Signed is the signed note, by the key
// before, of KeyText(Key); without it the key before was lost.
type KeyChange struct {
	Key    string `json:"key"`
	Before string `json:"before,omitempty"`
	Signed string `json:"signed,omitempty"`
}

// KeyText is what a key signs of its follower.
func KeyText(key string) string { return "akashi key\n" + key + "\n" }

// Vouched says whether the key before signed this one. A signature that does
// not hold is an error.
func (k *KeyChange) Vouched() (bool, error) {
	if k.Signed == "" {
		return false, nil
	}
	v, err := note.NewVerifier(k.Before)
	if err != nil {
		return false, fmt.Errorf("public key %q: %w", k.Before, err)
	}
	n, err := note.Open([]byte(k.Signed), note.VerifierList(v))
	if err != nil {
		return false, fmt.Errorf("signature under a new key: %w", err)
	}
	if n.Text != KeyText(k.Key) {
		return false, errors.New("signature under a new key: it is for another key")
	}
	return true, nil
}

// ParseKeyChange reads the subject of a leaf of KindKey.
func ParseKeyChange(subject string) (*KeyChange, error) {
	var k KeyChange
	if err := json.Unmarshal([]byte(subject), &k); err != nil {
		return nil, fmt.Errorf("key of a leaf: %w", err)
	}
	if _, err := note.NewVerifier(k.Key); err != nil {
		return nil, fmt.Errorf("key of a leaf: %w", err)
	}
	return &k, nil
}

// pair is a private key and its public one, in the text forms of notes.
type pair struct{ private, public string }

func newPair(origin string) (pair, error) {
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return pair{}, fmt.Errorf("make key: %w", err)
	}
	return pair{private, public}, nil
}

func newOrigin() (string, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("name the log: %w", err)
	}
	return "akashi/" + hex.EncodeToString(b[:]), nil
}

// readPair reads a key file; a missing one gives a zero pair.
func readPair(fs fsx.FS, path string, open func([]byte) ([]byte, error)) (pair, error) {
	b, err := readFile(fs, path, maxKey)
	if errors.Is(err, os.ErrNotExist) {
		return pair{}, nil
	}
	if err == nil {
		b, err = open(b)
	}
	if err != nil {
		return pair{}, fmt.Errorf("read key %s: %w", path, err)
	}
	p, err := parsePair(b)
	if err != nil {
		return pair{}, fmt.Errorf("read key %s: %w", path, err)
	}
	return p, nil
}

// parsePair reads the stored form of a pair; only exactly that form is one.
func parsePair(b []byte) (pair, error) {
	private, rest, _ := strings.Cut(string(b), "\n")
	public, end, whole := strings.Cut(rest, "\n")
	if !whole || end != "" {
		return pair{}, errors.New("want a private and a public key, each on its line")
	}
	v, err := note.NewVerifier(public)
	if err != nil {
		return pair{}, err
	}
	p := pair{private, public}
	_, err = sign(KeyText(p.public), v, p)
	return p, err
}

// sign signs a text with all pairs; the note is checked with v when not nil.
func sign(text string, v note.Verifier, pairs ...pair) ([]byte, error) {
	var l []note.Signer
	for _, p := range pairs {
		s, err := note.NewSigner(p.private)
		if err != nil {
			return nil, fmt.Errorf("private key: %w", err)
		}
		l = append(l, s)
	}
	b, err := note.Sign(&note.Note{Text: text}, l...)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if v != nil {
		if _, err := note.Open(b, note.VerifierList(v)); err != nil {
			return nil, errors.New("the private and the public key do not belong together")
		}
	}
	return b, nil
}

func writePair(fs fsx.FS, path string, p pair, closeKey func([]byte) ([]byte, error)) error {
	b, err := closeKey([]byte(p.private + "\n" + p.public + "\n"))
	if err != nil {
		return fmt.Errorf("write key %s: %w", path, err)
	}
	return write(fs, path, b)
}

func write(fs fsx.FS, path string, b []byte) error {
	err := fsx.WriteAtomic(fs, path, 0o600, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(b))
		return err
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

// readFile reads a file of at most most bytes.
func readFile(fs fsx.FS, path string, most int64) ([]byte, error) {
	f, err := fs.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err = errors.Join(err, f.Close()); err == nil && int64(len(b)) > most {
		err = fmt.Errorf("it is larger than %d bytes", most)
	}
	return b, err
}

// CheckKeyFile checks that a key file holds a pair and returns its public key;
// that of an encrypted file stays unknown ("").
func CheckKeyFile(b []byte) (public string, err error) {
	if bytes.HasPrefix(b, []byte("age-encryption.org/")) {
		return "", nil
	}
	if len(b) > maxKey {
		return "", fmt.Errorf("key file of %d bytes", len(b))
	}
	p, err := parsePair(b)
	return p.public, err
}
