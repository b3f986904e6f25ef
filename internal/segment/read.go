package segment

import (
	"context"
	"errors"
	"fmt"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/record"
)

// path is the text of a path.
func (s *Segment) path(id uint32) (string, error) {
	if int(id) >= s.dict.Len() {
		return "", s.damage(s.indexAt.off, int64(s.indexAt.size), fmt.Sprintf("path %d of %d", id, s.dict.Len()))
	}
	p, err := s.dict.Path(id)
	return p, s.pathError(err)
}

// pathError makes an error of the path dictionary one that names a place.
func (s *Segment) pathError(err error) error {
	if err == nil || isDamage(err) || errors.Is(err, errRead) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return s.damage(s.indexAt.off, int64(s.indexAt.size), err.Error())
}

// shareAt is the share that a row with this code and path has.
func (s *Segment) shareAt(code uint64, path uint32) (*share, error) {
	n := uint64(s.usualShare(path))
	if code > 0 {
		n = code - 1
	}
	if n >= uint64(len(s.tables.shares)) {
		return nil, s.damage(s.tabsAt.off, int64(s.tabsAt.size), fmt.Sprintf("share %d of %d", n, len(s.tables.shares)))
	}
	return &s.tables.shares[n], nil
}

// reader spells out rows of one block. It belongs to one goroutine.
type reader struct {
	s      *Segment
	once   bool // what is read is not needed again: the cache does not take it
	v      [numCols][]uint64
	people []uint32
	raw    *rawIDs
	det    *details
	memory passed // of the column at hand, with once
}

// load reads all columns of the given rows.
func (rd *reader) load(p *part, dir *directory, b *block, rows []uint16) error {
	rd.s = p.seg
	for c := range rd.v {
		if cap(rd.v[c]) < len(rows) {
			rd.v[c] = make([]uint64, len(rows))
		}
		rd.v[c] = rd.v[c][:len(rows)]
		if c == colRaw || c == colDetail {
			continue
		}
		col, err := p.columnIn(&rd.memory, b, c, rd.once)
		if err != nil {
			return err
		}
		rd.pick(col, c, rows, b.rows)
	}
	var err error
	if rd.raw, err = p.rawIDs(b, !rd.once); err != nil {
		return err
	}
	if rd.det, err = p.details(b, !rd.once); err != nil {
		return err
	}
	rd.pick(rd.det.codes, colDetail, rows, b.rows)
	rd.people = rd.people[:0]
	at := -1
	for _, r := range rows {
		row := uint32(b.start + int(r))
		if at < 0 {
			at = dir.runAt(int(row))
		}
		for dir.runs[at+1].start <= row {
			at++
		}
		rd.people = append(rd.people, dir.runs[at].person)
	}
	if err := rd.check(); err != nil {
		return p.seg.damage(b.off(0), b.off(numCols-1)+int64(b.chunks[numCols-1].size)-b.off(0), err.Error())
	}
	return nil
}

// pick spells out some rows of a column of n.
func (rd *reader) pick(col *numbers, c int, rows []uint16, n int) {
	if len(rows) == n {
		col.read(rd.v[c], 0)
		return
	}
	col.pick(rd.v[c], rows)
}

// check makes sure that every number names an entry of its dictionary.
func (rd *reader) check() error {
	t := rd.s.tables
	limits := [numCols]uint64{
		colStamp: uint64(len(t.stamps)), colOrigin: uint64(len(t.origins)), colClient: uint64(len(t.clients)), colKind: uint64(len(t.kinds)), colPath: uint64(rd.s.dict.Len()),
		colNewPath: uint64(rd.s.dict.Len()), colShare: uint64(len(t.shares) + 1), colProcess: uint64(len(t.processes)), colDetail: uint64(len(rd.det.sets) + 1),
		colOrdinal: 1 << 32, colCount: 1 << 32,
	}
	for c, limit := range limits {
		if limit == 0 {
			if c != colTime && c != colLength && c != colFirstID && c != colRaw && c != colSession && len(rd.v[c]) > 0 {
				return fmt.Errorf("%w: column %d names an empty dictionary", errFormat, c)
			}
			continue
		}
		for _, v := range rd.v[c] {
			if v >= limit {
				return fmt.Errorf("%w: column %d names entry %d of %d", errFormat, c, v, limit)
			}
		}
	}
	return nil
}

// seq is the commit of the i-th loaded row.
func (rd *reader) seq(i int) uint64 { return rd.s.tables.stamps[rd.v[colStamp][i]].seq }

// record fills r with the i-th loaded row, which is row n of the block. Detail
// shares memory with the segment.
func (rd *reader) record(r *record.Record, i int, row uint16) (err error) {
	t := rd.s.tables
	v := func(c int) uint64 { return rd.v[c][i] }
	o, p, k, c := &t.origins[v(colOrigin)], &t.people[rd.people[i]], &t.kinds[v(colKind)], &t.clients[v(colClient)]
	r.Server, r.Channel, r.Generation, r.Source = rd.s.meta.Server, o.channel, o.gen, o.source
	r.FirstID, r.Ordinal = v(colFirstID), uint32(v(colOrdinal))
	r.Time = int64(v(colTime))
	r.EndTime = r.Time + int64(v(colLength))
	r.Received = t.stamps[v(colStamp)].received
	r.User, r.SID, r.ClientIP, r.ClientName, r.Session = p.user, p.sid, c.ip, c.name, v(colSession)
	r.Op, r.Object, r.Result, r.Confidence, r.Class, r.Rule = k.op, k.object, k.result, k.confidence, k.class, k.rule
	r.RulesVersion, r.SupersededBy = k.rules, k.superseded
	if r.Path, err = rd.s.path(uint32(v(colPath))); err != nil {
		return err
	}
	r.NewPath = ""
	if v(colNewPath) != 0 {
		if r.NewPath, err = rd.s.path(uint32(v(colNewPath))); err != nil {
			return err
		}
	}
	sh, err := rd.s.shareAt(v(colShare), uint32(v(colPath)))
	if err != nil {
		return err
	}
	r.Share, r.ShareRoot = sh.unc, sh.root
	r.Process, r.Count = t.processes[v(colProcess)], uint32(v(colCount))
	r.Detail = nil
	if d := v(colDetail); d > 0 {
		l := rd.det.sets[d-1]
		r.Detail = l[:len(l):len(l)]
	}
	r.RawIDs = rd.raw.ids(r.RawIDs[:0], int(row), r.FirstID)
	return nil
}

// own makes the record independent of the segment and of later calls.
func own(r *record.Record) record.Record {
	out := *r
	out.Detail = append([]record.Pair(nil), r.Detail...)
	out.RawIDs = append([]uint64(nil), r.RawIDs...)
	return out
}

// Each calls fn for every row that matches, in stored order. The record is valid
// during the call.
func (s *Segment) Each(ctx context.Context, f *Filter, v View, fn func(r *record.Record, seq uint64) error) error {
	sc, err := s.newScan(ctx, f, &v)
	if err != nil {
		return err
	}
	var rd reader
	var r record.Record
	for _, p := range sc.parts() {
		if ok, err := sc.open(p); err != nil {
			return err
		} else if !ok {
			continue
		}
		for i := range sc.dir.blocks {
			b := &sc.dir.blocks[i]
			if err := pace.Yield(ctx); err != nil {
				return err
			}
			sel, err := sc.match(b)
			if err != nil {
				return err
			}
			if err := sc.spell(&rd, b, sel, &r, fn); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// spell calls fn for the rows of a block as records; damaged ones are left out.
func (sc *scan) spell(rd *reader, b *block, sel []uint16, r *record.Record, fn func(r *record.Record, seq uint64) error) error {
	if len(sel) == 0 {
		return nil
	}
	if err := rd.load(sc.p, sc.dir, b, sel); err != nil {
		if isDamage(err) {
			return nil
		}
		return err
	}
	for i, row := range sel {
		if err := rd.record(r, i, row); err != nil {
			if isDamage(err) {
				continue
			}
			return err
		}
		if err := fn(r, rd.seq(i)); err != nil {
			return err
		}
	}
	return nil
}
