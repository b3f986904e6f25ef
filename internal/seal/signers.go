package seal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"

	"github.com/akashi-audit/akashi/internal/fsx"
)

func sum(b []byte) Hash { return sha256.Sum256(b) }

func (l *Log) keyPath() string {
	if l.opt.KeyFile != "" {
		return l.opt.KeyFile
	}
	return l.path(KeyName)
}

func (l *Log) oldKeyPath() string { return l.keyPath() + ".old" }

// openKey and closeKey are the stored form of a key: encrypted with the
// passphrase, or plain. A plain key is read with a passphrase too.
func (l *Log) openKey(b []byte) ([]byte, error) {
	if !bytes.HasPrefix(b, []byte("age-encryption.org/")) {
		return b, nil
	}
	if l.opt.Passphrase == nil {
		return nil, errors.New("it is encrypted: give its passphrase")
	}
	words, err := l.opt.Passphrase()
	if err != nil {
		return nil, err
	}
	id, err := age.NewScryptIdentity(words)
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(bytes.NewReader(b), id)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxKey))
}

func (l *Log) closeKey(b []byte) ([]byte, error) {
	if l.opt.Passphrase == nil {
		return b, nil
	}
	words, err := l.opt.Passphrase()
	if err != nil {
		return nil, err
	}
	to, err := age.NewScryptRecipient(words)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, err
	}
	if _, err = w.Write(b); err == nil {
		err = w.Close()
	}
	return out.Bytes(), err
}

// signers gives the key in force first. It makes the first key, and finishes a
// rotation that was interrupted.
func (l *Log) signers(ctx context.Context) ([]pair, error) {
	now, err := readPair(l.fs, l.keyPath(), l.openKey)
	if err != nil {
		return nil, err
	}
	if len(l.keys) == 0 {
		if now == (pair{}) {
			origin, err := newOrigin()
			if err != nil {
				return nil, err
			}
			if now, err = l.newKey(origin); err != nil {
				return nil, err
			}
		}
		return []pair{now}, l.recordKey(ctx, KeyChange{Key: now.public}, "")
	}
	last := l.keys[len(l.keys)-1]
	if now == (pair{}) {
		return nil, ErrNoKey
	}
	old, err := readPair(l.fs, l.oldKeyPath(), l.openKey)
	if err != nil {
		return nil, err
	}
	if now.public != last.Key && old.public == last.Key { // the file was made, the leaf not
		if err := l.vouch(ctx, old, now, ""); err != nil {
			return nil, err
		}
		last = l.keys[len(l.keys)-1]
	}
	if now.public != last.Key {
		return nil, fmt.Errorf("the private key %s is not that of the log, which is %s: %w", KeyID(now.public), KeyID(last.Key), ErrNoKey)
	}
	if old == (pair{}) || old.public == now.public {
		return []pair{now}, nil
	}
	if l.opt.Now().UnixNano()-l.keyTime[len(l.keyTime)-1] > int64(Overlap) {
		if err := errors.Join(l.fs.Remove(l.oldKeyPath()), l.fs.SyncDir(filepath.Dir(l.oldKeyPath()))); err != nil {
			return nil, fmt.Errorf("remove the key before: %w", err)
		}
		return []pair{now}, nil
	}
	return []pair{now, old}, nil
}

func (l *Log) newKey(origin string) (pair, error) {
	p, err := newPair(origin)
	if err != nil {
		return pair{}, err
	}
	if err := fsx.MakeDir(l.fs, filepath.Dir(l.keyPath()), 0o700); err != nil {
		return pair{}, fmt.Errorf("make the folder of the key: %w", err)
	}
	return p, writePair(l.fs, l.keyPath(), p, l.closeKey)
}

func (l *Log) recordKey(ctx context.Context, k KeyChange, by string) error {
	if by == "" {
		by = "akashi"
	}
	b, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("encode key: %w", err)
	}
	_, err = l.record(ctx, []Entry{{Kind: KindKey, Subject: string(b), By: by, Time: l.opt.Now().UnixNano(), Hash: sum([]byte(k.Key))}})
	return err
}

// vouch records the key now with a signature of the key before.
func (l *Log) vouch(ctx context.Context, old, now pair, by string) error {
	signed, err := sign(KeyText(now.public), nil, old)
	if err != nil {
		return err
	}
	return l.recordKey(ctx, KeyChange{Key: now.public, Before: old.public, Signed: string(signed)}, by)
}

// Rotate makes a new key, which the key before signs; both sign checkpoints for
// Overlap. With lost set the key before need not be there, and every later
// verification says that this key is vouched for by nobody.
func (l *Log) Rotate(ctx context.Context, by string, lost bool) (KeyChange, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.opt.ReadOnly {
		return KeyChange{}, errors.New("the log of the seal is not open for writing")
	}
	if lost && len(l.keys) > 0 {
		before := l.keys[len(l.keys)-1].Key
		origin, _, _ := bytes.Cut([]byte(before), []byte("+"))
		p, err := l.newKey(string(origin))
		if err != nil {
			return KeyChange{}, err
		}
		k := KeyChange{Key: p.public, Before: before}
		return k, l.recordKey(ctx, k, by)
	}
	pairs, err := l.signers(ctx)
	if err != nil {
		return KeyChange{}, err
	}
	old := pairs[0]
	if err := writePair(l.fs, l.oldKeyPath(), old, l.closeKey); err != nil {
		return KeyChange{}, err
	}
	origin, _, _ := bytes.Cut([]byte(old.public), []byte("+"))
	p, err := l.newKey(string(origin))
	if err != nil {
		return KeyChange{}, err
	}
	if err := l.vouch(ctx, old, p, by); err != nil {
		return KeyChange{}, err
	}
	return l.keys[len(l.keys)-1], nil
}

// Read returns the entries of a data folder, oldest first, whether it has a log or only the
// journal of an earlier version. Beside a *DamageError are those before the
// damage.
func Read(dir string) ([]Entry, error) {
	if _, err := os.Stat(filepath.Join(dir, DirName, LeavesName)); errors.Is(err, os.ErrNotExist) {
		return readJournal(dir)
	}
	l := &Log{dir: filepath.Join(dir, DirName), base: dir, fs: fsx.OS{}, opt: LogOptions{ReadOnly: true}, folder: -1, kinds: map[string][]int64{}}
	err := l.load()
	var out []Entry
	for leaf, bad := range l.Entries(0, l.Size()) {
		if bad != nil {
			err = errors.Join(err, bad)
			break
		}
		out = append(out, leaf.Entry)
	}
	return out, errors.Join(err, l.Close())
}
