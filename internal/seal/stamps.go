package seal

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Stamped is a checkpoint with the answer of a time-stamp authority.
type Stamped struct {
	Point  *Checkpoint
	Answer []byte
	Stamp  *Stamp // Trusted is by the system's certificates
}

// StampSizes lists the sizes of the stamped checkpoints, ascending.
func (l *Log) StampSizes() ([]int64, error) {
	entries, err := l.fs.ReadDir(l.path(StampsName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the stamps: %w", err)
	}
	var out []int64
	for _, e := range entries {
		if size, ok := StampSize(e.Name()); ok {
			out = append(out, size)
		}
	}
	slices.Sort(out)
	return out, nil
}

// StampOf reads the stamp of the checkpoint of size leaves, checked against it.
func (l *Log) StampOf(size int64) (*Stamped, error) {
	points := l.Checkpoints()
	at := slices.IndexFunc(points, func(c *Checkpoint) bool { return c.Size == size })
	if at < 0 {
		return nil, fmt.Errorf("there is no checkpoint of %d leaves", size)
	}
	b, err := readFile(l.fs, l.path(filepath.FromSlash(StampFile(size))), maxStamp)
	if err != nil {
		return nil, fmt.Errorf("read the stamp of %d leaves: %w", size, err)
	}
	s, err := VerifyStamp(b, sum(points[at].Text), nil)
	if err != nil {
		return nil, fmt.Errorf("stamp of %d leaves: %w", size, err)
	}
	return &Stamped{Point: points[at], Answer: b, Stamp: s}, nil
}

// StampChain is the certificates that an answer carries, its signer's first, in PEM.
func StampChain(answer []byte) ([]byte, error) {
	ts, err := parseStamp(answer)
	if err != nil {
		return nil, err
	}
	first, _, err := signer(ts.RawToken)
	if err != nil {
		return nil, err
	}
	l := slices.DeleteFunc(slices.Clone(ts.Certificates), func(c *x509.Certificate) bool { return c.Equal(first) })
	var out []byte
	for _, c := range append([]*x509.Certificate{first}, l...) {
		out = append(out, fmt.Sprintf("# %q\n", c.Subject.String())...)
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out, nil
}
