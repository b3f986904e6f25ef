package rawfile

import (
	"fmt"
	"slices"

	"github.com/akashi-audit/akashi/internal/column"
	"github.com/akashi-audit/akashi/internal/event"
)

// readBack fails when a block that was just packed does not hold exactly these events.
// It unpacks the block as a reader does, up to the columns. The packer gave a value its
// number when it was equal to that of the dictionary, so dictionaries and numbers that
// come back are compared with the packer's, and what is no value with the events.
func (p *Packer) readBack(b []byte, events []*event.Event) error {
	d := p.check.desk()
	defer p.check.done(d)
	r := &blockReader{Reader: column.NewReader(b[1:]), zstd: p.check.zstd, desk: d}
	r.n = int(r.Uvarint(MaxEvents))
	what := ""
	switch b[0] {
	case formColumns:
		if r.columns(nil, true); r.Err() == nil {
			what = p.differs(r, events)
		}
	case formLog:
		if l := r.log(nil, true); r.Err() == nil && !slices.EqualFunc(l, events, sameEvent) {
			what = "events"
		}
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if what != "" {
		return fmt.Errorf("%w: other %s", ErrDamaged, what)
	}
	return nil
}

// differs names what did not come back, "" when all did.
func (p *Packer) differs(r *blockReader, events []*event.Event) string {
	if r.n != len(events) || !slices.Equal(r.of, p.of) || !slices.EqualFunc(r.kinds, p.list, sameKind) {
		return "kinds of events"
	}
	for i, e := range events {
		if uint64(e.Time) != r.times[i] || e.RecordID != r.ids[i] {
			return "times or record ids"
		}
	}
	if r.n == 0 { // no columns were read
		return ""
	}
	for f := range r.l.fields {
		if !slices.Equal(r.dicts[f], p.dicts[f].vals) || !slices.Equal(r.code[f], p.code[f]) {
			return "values of field " + r.l.names[f]
		}
	}
	return ""
}

func sameKind(a, b kind) bool {
	s, t := a.schema, b.schema
	a.schema, b.schema = nil, nil
	return a == b && sameSchema(s, t)
}

func sameSchema(a, b *event.Schema) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Payload == b.Payload && slices.Equal(a.Names, b.Names)
}

func sameEvent(a, b *event.Event) bool {
	same := sameKind(kindOf(a), kindOf(b)) && slices.Equal(a.Values, b.Values) && a.Time == b.Time && a.RecordID == b.RecordID
	for f := range systemFields {
		same = same && systemValue(a, f) == systemValue(b, f)
	}
	return same
}
