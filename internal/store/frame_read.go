package store

import (
	"crypto/sha256"
	"encoding/json"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

func (d *frameDecoder) order(f *frame) {
	f.window = d.flag()
	for range d.count() {
		f.voids = append(f.voids, void{To: d.u(), At: d.u(), By: d.u()})
	}
	for range d.count() {
		f.order = append(f.order, piece{d.u(), d.u()})
	}
	for range d.count() {
		f.pending = append(f.pending, Span{d.key(), d.key()})
	}
	for range d.count() {
		f.shifts = append(f.shifts, d.u())
	}
	if d.flag() {
		f.shift, f.shiftTo = []byte(d.str()), d.key()
	}
	if d.flag() {
		r := d.ref(0)
		f.trace = &r
	}
}

// frameDecoder places the blocks of a frame.
type frameDecoder struct {
	decoder
	file uint32
	base int64
	body uint32
}

func (d *frameDecoder) ref(limit int) blockRef {
	off, size := d.u(), d.u32()
	r := blockRef{file: d.file, off: d.base + int64(min(off, maxFrame)), size: size, crc: d.u32()}
	n := d.u()
	if off+uint64(size) > uint64(d.body) || off > maxFrame || n > uint64(limit) {
		d.fail()
	}
	r.n = int(min(n, uint64(limit)))
	return r
}

func (d *frameDecoder) recBlocks(f *frame) []*recBlock {
	l := make([]*recBlock, 0, d.count())
	for range cap(l) {
		b := &recBlock{blockRef: d.ref(record.BlockRecords), server: f.server, seq: f.seq, min: d.i(), max: d.i()}
		for range d.count() {
			b.ids = append(b.ids, idRange{d.str(), d.u32(), d.u(), d.u()})
		}
		if d.err != nil {
			return nil
		}
		l = append(l, b)
	}
	return l
}

func (d *frameDecoder) rawBlocks() []*rawBlock {
	l := make([]*rawBlock, 0, d.count())
	for range cap(l) {
		b := &rawBlock{blockRef: d.ref(event.BlockEvents), channel: d.str()}
		for _, t := range [...]*event.Filetime{&b.first, &b.last, &b.min, &b.max} {
			*t = event.Filetime(d.u())
		}
		prev := uint64(0)
		for range d.count() {
			lo := prev + d.u()
			r := run{lo, lo + d.u()}
			if r.lo < prev || r.hi < r.lo {
				d.fail()
			}
			prev = r.hi
			b.runs = append(b.runs, r)
		}
		if len(b.runs) == 0 {
			d.fail()
		}
		if d.err != nil {
			return nil
		}
		l = append(l, b)
	}
	return l
}

// decodeFrame reads the meta of the frame whose body begins at base.
func decodeFrame(meta []byte, h header, file uint32, base int64) (*frame, error) {
	d := &frameDecoder{decoder: decoder{b: meta}, file: file, base: base, body: h.body}
	f := &frame{version: h.version, seq: h.seq, server: d.str(), received: d.i(), basis: Basis{Rules: 1}}
	if d.flag() {
		k := d.key()
		f.late = &k
	}
	f.rewind = rewind{to: d.u(), at: d.u()}
	f.setTail = d.flag()
	f.watermark = d.key()
	f.raw = d.rawBlocks()
	f.records = d.recBlocks(f)
	f.tail = d.recBlocks(f)
	if d.flag() {
		r := d.ref(0)
		f.checkpoint = &r
	}
	for range d.count() {
		var im Import
		if err := json.Unmarshal([]byte(d.str()), &im); err != nil {
			d.fail()
			break
		}
		f.imports = append(f.imports, im)
	}
	if h.version >= 2 { // version 1 was written under rules 1 only
		f.basis = Basis{d.u32(), d.str()}
		f.superseded = d.recBlocks(f)
		f.step = supersedeStep(d.u())
		for range d.count() {
			f.facts = append(f.facts, &factBlock{blockRef: d.ref(factBlocks), seq: f.seq, min: d.i(), max: d.i()})
		}
		f.factsRead, f.spread = d.flag(), d.u()
	}
	if h.version >= 3 {
		f.prev, f.digest = d.hash(), d.hash()
		for range d.count() {
			var x Erasure
			if err := json.Unmarshal([]byte(d.str()), &x); err != nil {
				d.fail()
				break
			}
			f.erasures = append(f.erasures, x)
		}
		if d.flag() {
			f.schedule = &Schedule{}
			if err := json.Unmarshal([]byte(d.str()), f.schedule); err != nil {
				d.fail()
			}
		}
	}
	if h.version >= 4 {
		d.order(f)
	}
	f.hash = sha256.Sum256(meta)
	return f, d.err
}
