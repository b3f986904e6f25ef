package archive

import (
	"crypto/sha256"
	"encoding/binary"
	"io"

	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

// tree makes the root of a Merkle tree (RFC 6962, 2.1) leaf by leaf. It holds one
// hash for each bit of the number of leaves.
type tree struct {
	n     uint64
	stack []seal.Hash
}

func (t *tree) add(leaf []byte) {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(leaf)
	t.stack = append(t.stack, seal.Hash(h.Sum(nil)))
	t.n++
	for m := t.n; m&1 == 0; m >>= 1 {
		t.join()
	}
}

func (t *tree) join() {
	k := len(t.stack) - 2
	t.stack[k] = nodeHash(t.stack[k], t.stack[k+1])
	t.stack = t.stack[:k+1]
}

func nodeHash(a, b seal.Hash) seal.Hash {
	var buf [1 + 2*sha256.Size]byte
	buf[0] = 1
	copy(buf[1:], a[:])
	copy(buf[1+sha256.Size:], b[:])
	return sha256.Sum256(buf[:])
}

// root ends the tree; that of no leaves is the hash of nothing.
func (t *tree) root() seal.Hash {
	if t.n == 0 {
		return sha256.Sum256(nil)
	}
	for len(t.stack) > 1 {
		t.join()
	}
	return t.stack[0]
}

// print is the identity of a record's whole content.
type print [16]byte

// printer makes prints.
type printer struct{ b []byte }

// of hashes every field: the JSON line, and what that does not keep, the bytes of
// texts that are no UTF-8 and the length of the share's folder.
func (p *printer) of(r *record.Record) (out print) {
	p.b = r.AppendJSON(p.b[:0])
	p.b = binary.AppendUvarint(p.b, uint64(r.ShareRoot))
	text := func(s string) {
		p.b = binary.AppendUvarint(p.b, uint64(len(s)))
		p.b = append(p.b, s...)
	}
	for _, s := range [...]string{r.Server, r.Channel, r.Source, r.User, r.SID, r.ClientIP, r.ClientName, r.Path, r.NewPath, r.Share, r.Process, r.Rule} {
		text(s)
	}
	for _, d := range r.Detail {
		text(d.Key)
		text(d.Value)
	}
	sum := sha256.Sum256(p.b)
	copy(out[:], sum[:])
	return out
}

// hashAll is the SHA-256 of size bytes.
func hashAll(r io.ReaderAt, off, size int64) (seal.Hash, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(r, off, size)); err != nil {
		return seal.Hash{}, err
	}
	return seal.Hash(h.Sum(nil)), nil
}
