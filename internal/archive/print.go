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

// of hashes every field: numbers of eight bytes, texts behind their lengths.
func (p *printer) of(r *record.Record) (out print) {
	b := p.b[:0]
	for _, n := range [...]uint64{
		uint64(r.Generation), r.FirstID, uint64(r.Ordinal), uint64(r.Time), uint64(r.EndTime), uint64(r.Received), r.Session,
		uint64(r.ShareRoot), uint64(r.Count), uint64(r.RulesVersion), uint64(r.SupersededBy),
		uint64(r.Op) | uint64(r.Object)<<8 | uint64(r.Result)<<16 | uint64(r.Confidence)<<24 | uint64(r.Class)<<32,
		uint64(len(r.Detail)), uint64(len(r.RawIDs)),
	} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	for _, id := range r.RawIDs {
		b = binary.LittleEndian.AppendUint64(b, id)
	}
	for _, s := range [...]string{r.Server, r.Channel, r.Source, r.User, r.SID, r.ClientIP, r.ClientName, r.Path, r.NewPath, r.Share, r.Process, r.Rule} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	for _, d := range r.Detail {
		b = append(binary.AppendUvarint(b, uint64(len(d.Key))), d.Key...)
		b = append(binary.AppendUvarint(b, uint64(len(d.Value))), d.Value...)
	}
	p.b = b
	sum := sha256.Sum256(b)
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
