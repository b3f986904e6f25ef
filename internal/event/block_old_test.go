package event

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// blockWriter collects the tables of a block.
type blockWriter struct {
	strings map[string]uint64
	text    []string
	schemas map[*Schema]uint64
	shapes  []*Schema
}

func (w *blockWriter) str(s string) uint64 {
	n, ok := w.strings[s]
	if !ok {
		n = uint64(len(w.text))
		w.strings[s] = n
		w.text = append(w.text, s)
	}
	return n
}

// schema is 0 for none, or the index in shapes plus one.
func (w *blockWriter) schema(s *Schema) uint64 {
	if s == nil {
		return 0
	}
	n, ok := w.schemas[s]
	if !ok {
		n = uint64(len(w.shapes) + 1)
		for i, o := range w.shapes {
			if o.equal(s) {
				n = uint64(i + 1)
			}
		}
		if int(n) > len(w.shapes) {
			w.shapes = append(w.shapes, s)
		}
		w.schemas[s] = n
	}
	return n
}

func zigzag(d uint64) uint64 { return d<<1 ^ uint64(int64(d)>>63) }

// appendPlain appends the form of blockVersion: version, string
// table, schema table, number of events, the numeric system fields, the text
// ones, schema and number of values of each event, then per schema and slot the
// values.
func appendPlain(b []byte, events []*Event) []byte {
	w := &blockWriter{strings: make(map[string]uint64), schemas: make(map[*Schema]uint64)}
	var body []byte
	u := func(n uint64) { body = binary.AppendUvarint(body, n) }
	u(uint64(len(events)))
	for _, c := range numColumns {
		var prev uint64
		for _, e := range events {
			n := c.get(e)
			if c.delta {
				n, prev = zigzag(n-prev), n
			}
			u(n)
		}
	}
	for _, c := range strColumns {
		for _, e := range events {
			u(w.str(*c(e)))
		}
	}
	bySchema := make(map[uint64][]*Event)
	for _, e := range events {
		s := w.schema(e.Schema)
		bySchema[s] = append(bySchema[s], e)
		u(s)
		u(uint64(len(e.Values)))
	}
	for s := range uint64(len(w.shapes) + 1) {
		eachSlot(bySchema[s], func(v *Value) bool {
			body = w.appendValue(body, *v)
			return true
		})
	}
	var shapes []byte
	shapes = binary.AppendUvarint(shapes, uint64(len(w.shapes)))
	for _, s := range w.shapes {
		shapes = binary.AppendUvarint(shapes, w.str(s.Payload))
		shapes = binary.AppendUvarint(shapes, uint64(len(s.Names)))
		for _, n := range s.Names {
			shapes = binary.AppendUvarint(shapes, w.str(n))
		}
	}
	b = append(b, blockVersion)
	b = binary.AppendUvarint(b, uint64(len(w.text)))
	for _, s := range w.text {
		b = binary.AppendUvarint(b, uint64(len(s)))
	}
	for _, s := range w.text {
		b = append(b, s...)
	}
	return append(append(b, shapes...), body...)
}

// appendValue writes kind<<1 and the half that the kind uses, or kind<<1|1 and
// both halves for a value that uses the other one too.
func (w *blockWriter) appendValue(b []byte, v Value) []byte {
	str, num := v.Kind.usesStr(), v.Kind.usesNum()
	if v.Str != "" && !str || v.Num != 0 && !num {
		b = binary.AppendUvarint(b, uint64(v.Kind)<<1|1)
		return binary.AppendUvarint(binary.AppendUvarint(b, w.str(v.Str)), v.Num)
	}
	b = binary.AppendUvarint(b, uint64(v.Kind)<<1)
	switch {
	case str:
		return binary.AppendUvarint(b, w.str(v.Str))
	case num:
		return binary.AppendUvarint(b, v.Num)
	}
	return b
}

func TestOlderBlocksAreRead(t *testing.T) {
	f := func(want []*Event) {
		t.Helper()
		form := appendPlain(nil, want)
		got, err := DecodeBlock(form)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.AllowUnexported(Schema{})); d != "" {
			t.Errorf("events changed (-want +got):\n%s", d)
		}
		for n := range form {
			if _, err := DecodeBlock(form[:n]); err == nil {
				t.Errorf("a block cut to %d of %d bytes gave no error", n, len(form))
			}
		}
		for i := range form {
			bad := append([]byte(nil), form...)
			bad[i] ^= 0x81
			_, _ = DecodeBlock(bad) // must return
		}
	}
	f(nil)
	f(blockSample())
}
