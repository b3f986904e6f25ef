package seal

import (
	"context"
	"errors"
	"time"
)

// renewBefore is how long before the end of the certificate of the newest stamp a new
// one is asked for. renewAgain is how long that waits after a stamp, for an authority
// whose certificates are short, or that goes on with the old one.
const (
	renewBefore = 90 * 24 * time.Hour
	renewAgain  = 7 * 24 * time.Hour
)

// RenewalTime is when a stamp is renewed: before its certificate ends, and not at once.
func (s *Stamp) RenewalTime() time.Time {
	by, soonest := s.Expires.Add(-renewBefore), s.Time.Add(renewAgain)
	if by.Before(soonest) {
		return soonest
	}
	return by
}

// LastStamp is the newest stamp; nil when there is none.
func (l *Log) LastStamp() (*Stamped, error) {
	sizes, err := l.StampSizes()
	if err != nil || len(sizes) == 0 {
		return nil, err
	}
	return l.StampOf(sizes[len(sizes)-1])
}

// Renew gets a stamp that renews the newest one (RFC 4998, section 5): it is of a
// checkpoint below which the leaf of the old stamp lies with the hash of its bytes, so
// that the new one says that the old one was there while its certificate held. folder
// is the list of files that the checkpoint is made with, when there has to be a new one.
func (l *Log) Renew(ctx context.Context, a *Authority, folder []byte) (*Stamp, error) {
	at, ok := l.LastPlace(KindStamp)
	if !ok {
		return nil, errors.New("there is no time stamp to renew")
	}
	if points := l.Checkpoints(); points[len(points)-1].Size <= at {
		if _, err := l.SealFolder(ctx, folder); err != nil {
			return nil, err
		}
	}
	return l.Stamp(ctx, a)
}
