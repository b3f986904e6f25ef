package event

import (
	"math"
	"reflect"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func blockSample() []*Event {
	s1 := NewSchema("EventData", []string{"SubjectUserName", "ObjectName", "HandleId", ""})
	s2 := NewSchema("UserData/LogFileCleared", []string{"SubjectUserSid", "A/@b"})
	var l []*Event
	for i := range 50 {
		l = append(l, &Event{
			Provider: "Microsoft-Windows-Security-Auditing", ID: 4663, Version: 1, Level: 2, Opcode: 3, Task: 12800,
			Qualifiers: 0x8000, Keywords: AuditSuccess, Time: Filetime(134195115241311245 + i*7 - i%3*1000), RecordID: uint64(1000 + i),
			PID: 4, TID: math.MaxUint32, Generation: 3, Channel: "Security", Computer: "FS-A", ActivityID: SimulationActivity,
			RelatedID: "{r}", UserID: "S-1-5-18", Schema: s1,
			Values: []Value{String("田中\xed\xa0\x80"), String(`D:\共有\` + strconv.Itoa(i)), Uint(KindHex64, uint64(i)), {}},
		})
	}
	for k := range 256 {
		l = append(l, &Event{Schema: s2, RecordID: math.MaxUint64 - uint64(k), Time: math.MaxUint64, Values: []Value{
			{Kind: Kind(k), Str: "x\x00y", Num: math.MaxUint64}, {Kind: Kind(k)},
		}})
	}
	return append(l, &Event{}, &Event{Schema: s1}, &Event{Values: []Value{String("no schema"), String("")}})
}

func TestBlockIsExact(t *testing.T) {
	f := func(name string, want []*Event) {
		t.Helper()
		got, err := DecodeBlock(AppendBlock(nil, want))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.AllowUnexported(Schema{})); d != "" {
			t.Errorf("%s: events changed (-want +got):\n%s", name, d)
		}
	}
	f("none", nil)
	f("all kinds", blockSample())
	f("one", blockSample()[:1])
}

func TestDecodeBlockDamaged(t *testing.T) {
	good := AppendBlock(nil, blockSample()[:60])
	for n := range good {
		if _, err := DecodeBlock(good[:n]); err == nil {
			t.Errorf("a block cut to %d of %d bytes gave no error", n, len(good))
		}
	}
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0x81
		_, _ = DecodeBlock(bad) // must return
	}
}

func FuzzDecodeBlock(f *testing.F) {
	f.Add(AppendBlock(nil, blockSample()[:60]))
	f.Add(AppendBlock(nil, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		events, err := DecodeBlock(b)
		if err != nil {
			return
		}
		again, err := DecodeBlock(AppendBlock(nil, events))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(events, again) {
			t.Error("events changed on the way through a block")
		}
	})
}
