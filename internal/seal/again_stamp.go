package seal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// StampedHead is a head with the answer of a time-stamp authority.
type StampedHead struct {
	Head   *Head
	Answer []byte
	Stamp  *Stamp // Trusted is by the system's certificates
}

// NeedsStamp says whether the last head has no stamp yet.
func (g *AgainLog) NeedsStamp() bool {
	if len(g.heads) == 0 {
		return false
	}
	h := g.last()
	_, err := readFile(g.l.fs, g.l.path(filepath.FromSlash(AgainStampFile(g.a, h.Leaves, h.Lines))), maxStamp)
	return errors.Is(err, os.ErrNotExist)
}

// Stamp gets a time stamp of the last head: its request names the digest of the whole
// note under the algorithm of the renewal. The answer is a file of the next list, so a
// later stamp renews it.
func (g *AgainLog) Stamp(ctx context.Context, au *Authority) (*Stamp, error) {
	if len(g.heads) == 0 {
		return nil, errors.New("there is no head of the renewal yet")
	}
	h := g.last()
	query, answer, s, err := au.ask(ctx, g.a, h.Digest())
	if err != nil {
		return nil, err
	}
	if !s.Trusted {
		return nil, fmt.Errorf("time-stamp authority %s (%s) is not trusted: %s", au.URL, s.Authority, s.Reason)
	}
	if err := fsx.MakeDir(g.l.fs, g.l.path(AgainDir), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the renewal: %w", err)
	}
	name := g.l.path(filepath.FromSlash(AgainStampFile(g.a, h.Leaves, h.Lines)))
	if err := write(g.l.fs, strings.TrimSuffix(name, "r")+"q", query); err != nil {
		return nil, err
	}
	return s, write(g.l.fs, name, answer)
}

// Stamps reads the stamps of the heads that have one, oldest first.
func (g *AgainLog) Stamps() (l []StampedHead, err error) {
	for _, h := range g.heads {
		b, err := readFile(g.l.fs, g.l.path(filepath.FromSlash(AgainStampFile(g.a, h.Leaves, h.Lines))), maxStamp)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the stamp of a head of %d leaves: %w", h.Leaves, err)
		}
		s, err := g.a.VerifyStamp(b, h.Digest(), nil)
		if err != nil {
			return nil, fmt.Errorf("stamp of a head of %d leaves: %w", h.Leaves, err)
		}
		l = append(l, StampedHead{h, b, s})
	}
	return l, nil
}
