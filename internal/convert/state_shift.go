package convert

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// stateShift is what a late log changes in all later states of a conversion. It
// is written like a checkpoint, field by field.
type stateShift struct {
	Counts []channelCount // to add
	Whole  []channel      // channels of which nothing follows
	Unused map[unusedKey]uint64

	Backs, Crowded, Boots, Gaps, Gen uint32 // what is counted more, modulo 2³²

	AtBoots      uint32    // at the place, before the shift, as AtGaps and AtGen
	Sessions     []session // until the next boot
	SessionsGone []uint64
	Edits        map[pathKey]*edit
	EditsGone    map[pathKey]bool

	Jobs     []uint64 // print jobs of which nothing waits, until the next boot
	JobsGone map[uint64]uint64
	Denials  map[string]refusal

	AtGen     uint32   // no generation ended since
	Facts     []uint64 // slots with their generation as facts.newer tells it
	FactsGone []uint64 // sums

	GapDiffers bool
	AtGaps     uint32
	GapAt      tick
}

// refusal is when the Security log told of a refusal, now and before.
type refusal struct {
	Now, Old   tick
	There, Was bool
}

// channelCount is what a channel counts more, modulo 2⁶⁴.
type channelCount struct {
	Name            string
	Gen             uint32
	Received, Holes uint64
}

const shiftMagic = "aksh\x01"

func (x *stateShift) encode() []byte {
	e := encoder{b: []byte(shiftMagic), strs: map[string]uint64{}, fields: exported{}}
	e.value(reflect.ValueOf(x).Elem())
	return e.b
}

// Shift changes a state as Agrees said. b must be of a place before it.
func (c *Converter) Shift(b []byte) error {
	if len(b) < len(shiftMagic) || string(b[:len(shiftMagic)]) != shiftMagic {
		return errors.New("converter shift: unknown form")
	}
	x := shiftOf(newState(), newState())
	d := decoder{b: b[len(shiftMagic):], fields: exported{}}
	d.value(reflect.ValueOf(x).Elem())
	if d.err != nil {
		return fmt.Errorf("converter shift: %w", d.err)
	}
	if len(d.b) != 0 {
		return errors.New("converter shift: bytes left over")
	}
	c.entered()
	s := c.s
	for _, n := range x.Counts {
		if ch := s.Channels[n.Name]; ch != nil && ch.Gen == n.Gen {
			ch.Received += n.Received
			ch.Holes += n.Holes
		}
	}
	for i := range x.Whole {
		s.Channels[x.Whole[i].Name] = &x.Whole[i]
	}
	for k, n := range x.Unused {
		if s.Unused[k] += n; s.Unused[k] == 0 {
			delete(s.Unused, k)
		}
	}
	x.applySessions(s)
	x.applyDenials(s)
	for k := range x.EditsGone {
		delete(s.Edits, k)
	}
	for k, e := range x.Edits {
		s.Edits[k] = e
	}
	if len(x.Facts)+len(x.FactsGone) > 0 {
		if s.Facts.Gen != x.AtGen {
			return errors.New("converter shift: facts of another generation")
		}
		s.Facts.patch(x.Facts, x.FactsGone)
	}
	s.Facts.renumber(x.Gen)
	if x.GapDiffers && s.Gaps == x.AtGaps { // the last hole is still the one before the place
		s.GapAt = x.GapAt
	}
	s.Gaps += x.Gaps
	for _, h := range s.Handles.all() {
		h.Gap += x.Gaps
	}
	s.Backs += x.Backs
	s.Boots += x.Boots
	s.Crowded += x.Crowded
	c.channel, c.near = nil, nil
	s.Facts.dirs++ // what acts noted of folders may be wrong now
	c.beginTrace()
	return nil
}

func (x *stateShift) applySessions(s *state) {
	if s.Boots != x.AtBoots {
		return
	}
	for _, l := range x.SessionsGone {
		s.Sessions.drop(l)
	}
	for i := range x.Sessions {
		s.Sessions.put(x.Sessions[i].Logon, &x.Sessions[i])
	}
	for _, k := range x.Jobs {
		if _, ok := s.Jobs[k]; !ok {
			s.Jobs[k] = 0
		}
	}
	for k, o := range x.JobsGone {
		if s.Jobs[k] == o { // else the number is another job's
			delete(s.Jobs, k)
		}
	}
}

// applyDenials changes the refusals that were not told of anew.
func (x *stateShift) applyDenials(s *state) {
	for k, r := range x.Denials {
		if at, ok := s.Denials[k]; ok != r.Was || at != r.Old {
			continue
		}
		if r.There {
			s.Denials[k] = r.Now
		} else {
			delete(s.Denials, k)
		}
	}
}

// renumber counts so many generations more.
func (f *facts) renumber(n uint32) {
	if f.Gen += n; n&1 == 0 {
		return
	}
	for i, s := range f.slots {
		if s != 0 {
			f.slots[i] = s ^ factOdd
		}
	}
}

// patch sets and drops facts; gone is sorted. Those to set tell their generation as newer says.
func (f *facts) patch(set, gone []uint64) {
	old := make([]factSlot, 0, f.n)
	for _, s := range f.slots {
		if _, drop := slices.BinarySearch(gone, uint64(s&factSum)); s != 0 && !drop {
			old = append(old, s)
		}
	}
	f.slots, f.spare, f.n, f.Newer = nil, nil, 0, 0
	f.moves++
	enter := func(s factSlot) {
		f.room()
		p := slotOf(f.slots, uint64(s))
		if *p == 0 {
			f.n++
		} else if *p&factOdd == f.odd() {
			f.Newer--
		}
		if *p = s; s&factOdd == f.odd() {
			f.Newer++
		}
	}
	for _, s := range old {
		enter(s)
	}
	for _, n := range set {
		s := factSlot(n) &^ factOdd
		if odd := f.odd(); factSlot(n)&factOdd != 0 {
			s |= odd
		} else {
			s |= odd ^ factOdd
		}
		enter(s)
	}
}
