package archive

import (
	"crypto/sha256"
	"encoding/binary"
	"io"

	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

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
