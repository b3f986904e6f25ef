package rawfile

import (
	"errors"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
)

// TestReadBack: a packer that reads back accepts what it packed, and refuses a block that
// holds other events, whatever differs.
func TestReadBack(t *testing.T) {
	p, other := newPacker(t), newPacker(t)
	p.ReadBack(newUnpacker(t))
	for name, l := range map[string][]*event.Event{"made": madeEvents(2000), "odd": oddEvents(), "sparse": sparse(), "none": nil} {
		if _, err := p.Append([]byte("before"), l); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	events := madeEvents(500)
	at := slices.IndexFunc(events, func(e *event.Event) bool { return len(e.Values) > 3 && e.Values[0].Str != "" })
	if at < 0 {
		t.Fatal("no event with a text")
	}
	f := func(name string, change func(e *event.Event)) {
		t.Helper()
		for _, form := range []string{"columns", "log"} {
			changed := slices.Clone(events)
			changed[at] = events[at].Clone()
			change(changed[at])
			pack := func(p *Packer, l []*event.Event) []byte {
				if form == "log" {
					return p.appendLog(nil, l)
				}
				size := 0
				for _, e := range l {
					size += textBytes(e)
				}
				return p.pack(nil, l, size)
			}
			b := pack(other, changed)
			other.forget()
			own := pack(p, events)
			if err := p.readBack(own, events); err != nil {
				t.Errorf("%s, %s: its own block: %v", name, form, err)
			}
			if err := p.readBack(b, events); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s, %s: another block: %v", name, form, err)
			}
			p.forget()
		}
	}
	f("time", func(e *event.Event) { e.Time++ })
	f("record id", func(e *event.Event) { e.RecordID = 1 << 50 })
	f("id", func(e *event.Event) { e.ID++ })
	f("keywords", func(e *event.Event) { e.Keywords ^= 1 })
	f("computer", func(e *event.Event) { e.Computer += "x" })
	f("generation", func(e *event.Event) { e.Generation++ })
	f("thread", func(e *event.Event) { e.TID++ })
	f("user", func(e *event.Event) { e.UserID += "x" })
	f("activity", func(e *event.Event) { e.ActivityID += "x" })
	f("text", func(e *event.Event) { e.Values[0].Str += "x" })
	f("number", func(e *event.Event) { e.Values[1].Num++ })
	f("kind of a value", func(e *event.Event) { e.Values[2].Kind ^= 1 })
	f("a value less", func(e *event.Event) { e.Values = e.Values[:len(e.Values)-1] })
	f("a name", func(e *event.Event) {
		names := slices.Clone(e.Schema.Names)
		names[0] += "x"
		e.Schema = event.NewSchema(e.Schema.Payload, names)
	})
	f("no schema", func(e *event.Event) { e.Schema = nil })
}
