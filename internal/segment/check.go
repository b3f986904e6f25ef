package segment

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// checking collects what is damaged.
type checking struct {
	s   *Segment
	l   []*DamageError
	err error // of the ReaderAt
}

func (c *checking) note(err error) {
	var d *DamageError
	switch {
	case err == nil:
	case !errors.As(err, &d):
		c.err = cmp.Or(c.err, err)
	case !slices.ContainsFunc(c.l, func(e *DamageError) bool { return e.Offset == d.Offset }):
		c.l = append(c.l, d)
	}
}

// Check reads everything, both copies of what is kept twice included, and lists
// what is damaged, by offset. The error is that of reading or of ctx.
func (s *Segment) Check(ctx context.Context) ([]*DamageError, error) {
	c := &checking{s: s}
	s.opt.Cache.forget(s.number)
	head, err := s.bytes(0, len(magicHead))
	if c.note(err); err == nil && string(head) != magicHead {
		c.note(s.damage(0, int64(len(magicHead)), "does not begin as a segment does"))
	}
	c.trailers()
	for _, at := range []section{s.foot, s.tabsAt, s.usualAt, s.indexAt} {
		c.section(at)
	}
	for i := range s.pages {
		_, err := s.pathPage(i)
		c.note(err)
	}
	for _, p := range s.parts {
		c.part(p)
		if err := cmp.Or(ctx.Err(), c.err); err != nil {
			return c.l, err
		}
	}
	slices.SortFunc(c.l, func(a, b *DamageError) int { return cmp.Compare(a.Offset, b.Offset) })
	return c.l, c.err
}

func (c *checking) trailers() {
	s := c.s
	for i := range int64(2) {
		off := s.size - (i+1)*trailerSize
		b, err := s.bytes(off, trailerSize)
		if c.note(err); err != nil {
			continue
		}
		if _, err := s.readTrailer(b, off); err != nil {
			c.note(err)
		}
	}
}

// section reads both copies.
func (c *checking) section(at section) {
	for i := range int64(2) {
		b, err := c.s.chunk(at.off+i*int64(at.size), chunkRef{uint32(at.size), at.sum})
		if c.note(err); err == nil {
			_, err = c.s.opt.Cache.un.unpackAny(b)
			if err != nil {
				c.note(c.s.damaged(at.off, at.size, err))
			}
		}
	}
}

func (c *checking) part(p *part) {
	c.section(p.info.dir)
	dir, err := p.directory()
	if c.note(err); err != nil {
		return
	}
	var rd reader
	for i := range dir.blocks {
		b := &dir.blocks[i]
		for col := range numCols {
			switch col {
			case colRaw:
				_, err = p.rawIDs(b, true)
			case colDetail:
				_, err = p.details(b, true)
			default:
				_, err = p.column(b, col)
			}
			c.note(err)
		}
		rows := make([]uint16, b.rows)
		for i := range rows {
			rows[i] = uint16(i)
		}
		c.note(rd.load(p, dir, b, rows))
	}
	for _, l := range [2][]pageAt{dir.paths, dir.news} {
		for i := range l {
			_, err := p.postingPage(&l[i])
			c.note(err)
		}
	}
	for i := range dir.rolls {
		_, err := p.rollPage(&dir.rolls[i])
		c.note(err)
	}
}
