package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	erasures "github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/segment"
)

// Removal is what left the files, and what could not.
type Removal struct {
	Records  int64  `json:"records"` // superseded ones too
	Events   int64  `json:"events"`
	Segments int    `json:"segments"` // files that were written again, or left
	Packs    int    `json:"packs"`
	Bytes    int64  `json:"bytes"` // of segments and paths that came free, by TakenOut
	Left     []Left `json:"left"`
}

// Left is a file that may still hold something of what was erased.
type Left struct {
	File   string `json:"file"` // relative to the data folder
	Reason string `json:"reason"`
}

// Reasons of Left.
const (
	LeftDamaged    = "damaged"    // cannot be read, so it was not written again
	LeftConverter  = "converter"  // state of the conversion; later imports replace it
	LeftFacts      = "facts"      // who was where, of all servers
	LeftComparison = "comparison" // records of a comparison that has not ended
	LeftOriginal   = "original"   // a kept input file
	LeftQuarantine = "quarantine" // put aside as damaged
)

// origin names the events of one channel's life.
type origin struct {
	channel string
	gen     uint32
}

// eventSet is events by their place.
type eventSet map[origin]map[uint64]bool

func (s eventSet) add(o origin, id uint64) {
	if s[o] == nil {
		s[o] = make(map[uint64]bool)
	}
	s[o][id] = true
}

// Compact takes what erasures hide out of the files: the records, and the raw
// events that stand behind no other record. What it cannot write again it
// lists. by answers for it in the seal.
func (s *Store) Compact(ctx context.Context, by string, now int64) (*Removal, error) {
	if s.opt.ReadOnly {
		return nil, errors.New("compact: the data folder is open for reading only")
	}
	out := &Removal{Left: []Left{}}
	if len(erasures.LawfulOf(s.Erasures())) == 0 {
		return out, nil
	}
	if err := s.record(ctx, seal.Entry{Kind: seal.KindRemoval, Subject: "erased records and the events behind them", By: by, Time: now}); err != nil {
		return nil, err
	}
	if err := s.eraseTails(ctx); err != nil {
		return nil, err
	}
	defer s.alone()()
	if err := s.flush(ctx); err != nil {
		return nil, err
	}
	for _, name := range s.ServerNames() {
		if err := s.compactServer(ctx, name, out); err != nil {
			return nil, fmt.Errorf("compact %s: %w", name, err)
		}
	}
	if !slices.ContainsFunc(out.Left, func(l Left) bool { return l.Reason == LeftDamaged }) {
		s.noteClean()
	}
	if err := s.leftovers(out); err != nil {
		return nil, err
	}
	return out, s.forget()
}

// noteClean remembers that the files hold nothing that is erased.
func (s *Store) noteClean() {
	now := s.erasedState()
	s.sealMu.Lock()
	defer s.sealMu.Unlock()
	maps.Copy(s.pure, now)
}

// erasedState is the state of all servers that erasures concern.
func (s *Store) erasedState() map[string]compacted {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make(map[string]compacted)
	for name, sv := range s.index.servers {
		if sv.lawful > 0 {
			out[name] = compacted{s.index.seq, sv.lawful}
		}
	}
	return out
}

// Compacted reports whether Compact was here since the last commit and left nothing
// that it could not read.
func (s *Store) Compacted() bool {
	now := s.erasedState()
	s.sealMu.Lock()
	defer s.sealMu.Unlock()
	for name, at := range now {
		if s.pure[name] != at {
			return false
		}
	}
	return true
}

// Leftovers lists the files that Compact does not write again.
func (s *Store) Leftovers() ([]Left, error) {
	out := &Removal{Left: []Left{}}
	if len(erasures.LawfulOf(s.Erasures())) == 0 {
		return out.Left, nil
	}
	return out.Left, s.leftovers(out)
}

// eraseTails commits the tails of all servers anew without what is erased.
func (s *Store) eraseTails(ctx context.Context) error {
	for _, name := range s.ServerNames() {
		release := s.pins.hold()
		s.mu.RLock()
		sv := *s.index.servers[name]
		s.mu.RUnlock()
		var rest []record.Record
		found := false
		for _, ref := range sv.tail {
			b, err := s.block(ctx, ref)
			if err != nil && !isLost(err) {
				release()
				return err
			}
			for i := range b.Len() {
				r := b.Record(i)
				if sv.erased(&r) {
					found = true
				} else {
					rest = append(rest, r)
				}
			}
		}
		release()
		if !found {
			continue
		}
		c := &Commit{Server: name, SetTail: true, Tail: rest}
		if len(rest) > 0 {
			c.Received = rest[0].Received
		}
		if _, err := s.Append(ctx, c); err != nil {
			return fmt.Errorf("keep the rest of a tail: %w", err)
		}
	}
	return nil
}

// compactServer removes what is erased of one server.
func (s *Store) compactServer(ctx context.Context, name string, out *Removal) error {
	release := s.pins.hold()
	defer release()
	s.mu.RLock()
	sv := s.index.servers[name].clone()
	s.mu.RUnlock()
	if sv.lawful == 0 {
		return nil
	}
	gone, hit, err := s.erasedEvents(ctx, sv, out)
	if err != nil {
		return err
	}
	for _, r := range hit {
		g := &group{server: name, month: r.month, superseded: r.meta.Superseded}
		if err := s.mergeWithout(ctx, g, []*segmentRef{r}, sv.hidden()); err != nil {
			return err
		}
		out.Segments++
	}
	if len(hit) > 0 {
		if err := s.rebuildPaths(ctx, name); err != nil {
			return err
		}
	}
	return s.rewritePacks(ctx, func(server string, gen uint32, e *event.Event) bool {
		return server == name && gone[origin{e.Channel, gen}][e.RecordID]
	}, out)
}

// erasedEvents finds the events of a server that erasures take away: those behind
// erased records that no other record rests on, and those that name what is erased.
// hit are the segments with erased rows.
func (s *Store) erasedEvents(ctx context.Context, sv *serverIndex, out *Removal) (gone eventSet, hit []*segmentRef, err error) {
	gone = make(eventSet)
	if hit, err = s.erasedRows(ctx, sv, gone, out); err != nil {
		return nil, nil, err
	}
	always := make(eventSet)
	if err := s.namedEvents(ctx, sv, gone, always, out); err != nil {
		return nil, nil, err
	}
	if len(gone) > 0 {
		if err := s.stillWanted(ctx, sv, gone); err != nil {
			return nil, nil, err
		}
	}
	for o, ids := range always {
		for id := range ids {
			gone.add(o, id)
		}
	}
	return gone, hit, nil
}

// erasedRows finds the segments with erased rows, and the events behind them.
func (s *Store) erasedRows(ctx context.Context, sv *serverIndex, gone eventSet, out *Removal) (hit []*segmentRef, err error) {
	for _, r := range slices.Concat(sv.segments, sv.oldSegments) {
		rows := int64(0)
		for _, f := range sv.lawfully() {
			err := r.seg.Each(ctx, f, segment.View{}, func(rec *record.Record, _ uint64) error {
				rows++
				forEachRaw(rec, func(id uint64) { gone.add(origin{rec.Channel, rec.Generation}, id) })
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
		if s.isDamaged(r.name()) {
			out.leave(r.name(), LeftDamaged)
			continue
		}
		if rows > 0 {
			hit = append(hit, r)
			out.Records += rows
		}
	}
	return hit, nil
}

// forEachRaw calls fn for the ids of the events behind a record.
func forEachRaw(r *record.Record, fn func(uint64)) {
	if len(r.RawIDs) == 0 {
		fn(r.FirstID)
	}
	for _, id := range r.RawIDs {
		fn(id)
	}
}

func (s *Store) isDamaged(name string) bool {
	return slices.ContainsFunc(s.Damage(), func(d *DamageError) bool { return d.File == name })
}

func (r *Removal) leave(file, reason string) {
	l := Left{file, reason}
	if !slices.Contains(r.Left, l) {
		r.Left = append(r.Left, l)
	}
}

// namedEvents adds the packed events that name what is erased, whether a record
// came of them or not; to always those that go whatever rests on them.
func (s *Store) namedEvents(ctx context.Context, sv *serverIndex, gone, always eventSet, out *Removal) error {
	for _, li := range sv.allLives() {
		for _, b := range li.blocks {
			if b.pack == nil {
				continue
			}
			l, err := s.events(ctx, b)
			if isLost(err) {
				out.leave(fileName(rawDir, b.pack.num), LeftDamaged)
				continue
			}
			if err != nil {
				return err
			}
			for _, e := range l {
				for i := range sv.erasures[:sv.lawful] {
					switch x := &sv.erasures[i]; {
					case !x.Names(e):
					case x.ByName():
						always.add(origin{li.channel, li.gen}, e.RecordID)
					default:
						gone.add(origin{li.channel, li.gen}, e.RecordID)
					}
				}
			}
		}
	}
	return nil
}

// stillWanted takes the events that stand behind a record that stays out of a
// set.
func (s *Store) stillWanted(ctx context.Context, sv *serverIndex, gone eventSet) error {
	keep := func(r *record.Record) {
		if set := gone[origin{r.Channel, r.Generation}]; set != nil {
			forEachRaw(r, func(id uint64) { delete(set, id) })
		}
	}
	all := segment.NewFilter(everything())
	for _, r := range slices.Concat(sv.segments, sv.oldSegments) {
		v := segment.View{Hide: sv.hidden()}
		if !r.meta.Superseded {
			v.Void = ranges(sv.voids)
		}
		err := r.seg.Each(ctx, all, v, func(rec *record.Record, _ uint64) error {
			keep(rec)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, l := range [...][]*recBlock{sv.tail, sv.old, sv.drafts} {
		for _, ref := range l {
			b, err := s.block(ctx, ref)
			if isLost(err) {
				continue
			}
			if err != nil {
				return err
			}
			for i := range b.Len() {
				if r := b.Record(i); !sv.erased(&r) {
					keep(&r)
				}
			}
		}
	}
	return nil
}

// leftovers lists the files of the folder that Compact does not write again.
func (s *Store) leftovers(out *Removal) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, sv := range s.index.servers {
		if sv.lawful == 0 {
			continue
		}
		for _, c := range sv.checkpoints {
			for _, r := range c.refs() {
				out.leave(fileName(keepDir, r.file), LeftConverter)
			}
		}
		for _, b := range slices.Concat(sv.old, sv.drafts) {
			out.leave(fileName(keepDir, b.file), LeftComparison)
		}
	}
	if slices.ContainsFunc(s.index.erasures, func(e Erasure) bool { return len(e.Users) > 0 }) {
		for _, f := range s.index.facts {
			out.leave(fileName(keepDir, f.file), LeftFacts)
		}
	}
	for _, im := range s.index.imports {
		if im.Original != "" {
			out.leave(im.Original, LeftOriginal)
		}
	}
	names, err := s.listQuarantine()
	if err != nil {
		return err
	}
	for _, n := range names {
		out.leave(quarantineDir+"/"+n, LeftQuarantine)
	}
	return nil
}
