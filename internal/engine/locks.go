package engine

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/store"
)

// keptUntil is when a term would delete what is of a day: the first moment of the
// month, or of the year, after the term. ok is false for a term without an end.
func keptUntil(t *store.Term, day time.Time) (end time.Time, ok bool) {
	if t == nil || t.Months <= 0 {
		return end, false
	}
	last := time.Date(day.Year(), day.Month()+time.Month(t.Months), 1, 0, 0, 0, 0, day.Location())
	if t.Year {
		return time.Date(last.Year()+1, 1, 1, 0, 0, 0, 0, day.Location()), true
	}
	return last.AddDate(0, 1, 0), true
}

// archiveTerm is the term of what is archived of a server: its own, else, for locks,
// that of the store; nil when there is none.
func archiveTerm(s *store.Schedule, server string) *store.Term {
	if t := s.Of(store.KeepArchive, server); t != nil {
		return t
	}
	return s.For(server)
}

// lockedUntil tells of an object of the archive until when it must be locked now that
// a schedule is in force in the place of another: to the end of its server's term, when
// that term was made longer; 0 when it was not. What is kept for ever gets no lock
// without end, because nobody could take that back.
func lockedUntil(before, now *store.Schedule, names map[string]string, zone *time.Location, object string) int64 {
	safe, rest, ok := strings.Cut(object, "/")
	text, _, _ := strings.Cut(rest, "/")
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if !ok || err != nil {
		return 0
	}
	server, known := names[safe]
	if !known {
		server = safe
	}
	old, ok := keptUntil(archiveTerm(before, server), day)
	end, ok2 := keptUntil(archiveTerm(now, server), day)
	if !ok || !ok2 || !end.After(old) {
		return 0
	}
	return end.UnixNano()
}

// followTerms writes down, after terms of retention became longer, which locks of
// objects on S3 volumes are to be longer, and makes them so. What is not reached is
// the pool's to go on with; a program that was stopped before the writing down does it
// at the next round of care. Done again it changes nothing.
func (e *Engine) followTerms(ctx context.Context) error {
	now := e.st.Retention()
	if len(now.Before) == 0 { // no term was replaced
		return nil
	}
	p, err := e.objects().pool()
	if err != nil || p == nil {
		return err
	}
	at := int64(0)
	for _, t := range now.Terms() {
		at = max(at, t.Time)
	}
	if done, err := p.LockTerms(); err != nil || done >= at {
		return err
	}
	zone, err := e.cfg.Location()
	if err != nil {
		return err
	}
	names := make(map[string]string)
	for _, s := range e.st.ServerNames() {
		names[archive.SafeName(s)] = s
	}
	before := now.Replaced()
	x, err := p.ExtendLocks(ctx, at, func(name string) int64 { return lockedUntil(&before, &now, names, zone, name) })
	if err != nil {
		return err
	}
	e.log.InfoContext(ctx, "locks of archived objects follow the terms of retention", slog.Int64("copies", x.Copies), slog.Int64("owed", x.Owed))
	for _, s := range x.Errors {
		e.log.WarnContext(ctx, "the lock of an archived object is not longer yet", slog.String("reason", s))
	}
	return nil
}
