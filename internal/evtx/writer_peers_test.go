package evtx

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/Velocidex/ordereddict"
	velocidex "www.velocidex.com/golang/evtx"

	"github.com/akashi-audit/akashi/internal/event"
)

// peerEvents are events of every kind that both other readers can show.
func peerEvents(n int, edit func(name string, v *event.Value)) []*event.Event {
	d := randDraw{rand.New(rand.NewPCG(5, 6))}
	kinds := append(slices.Clone(allKinds), event.KindArray|event.KindString)
	var events []*event.Event
	for i := range n {
		e := drawEvent(d, kinds, false)
		e.RecordID = uint64(i + 1)
		for i := range e.Values {
			edit(e.Schema.Names[i], &e.Values[i])
		}
		events = append(events, e)
	}
	for i := range n { // what a file server writes most
		events = append(events, shareEvent(uint64(i), fmt.Sprintf("給与\\%d.xlsx", i)))
	}
	return events
}

// TestVelocidexAgrees: the Velocidex library gives every field of the System
// element and of the payload as it was written.
func TestVelocidexAgrees(t *testing.T) {
	events := peerEvents(1000, func(string, *event.Value) {})
	path := writeLog(t, events)
	f, err := openForPeer(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	chunks, err := velocidex.GetChunks(f)
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for _, c := range chunks {
		records, err := c.Parse(0)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if i >= len(events) {
				t.Fatal("more records than events")
			}
			compareVelocidex(t, events[i], r.Event)
			i++
		}
	}
	if i != len(events) {
		t.Fatalf("%d records, want %d", i, len(events))
	}
}

// at walks a nested dictionary.
func at(v any, path ...string) any {
	for _, p := range path {
		d, ok := v.(*ordereddict.Dict)
		if !ok {
			return nil
		}
		v, _ = d.Get(p)
	}
	return v
}

// dataNamed finds a Data element where that library kept them as they are: when
// there is only one, or one without a value.
func dataNamed(data any, name string) any {
	list, ok := data.([]any)
	if !ok {
		list = []any{data}
	}
	for _, d := range list {
		if at(d, "Name") == any(name) {
			return at(d, "Value")
		}
	}
	return nil
}

// noBraces is a GUID as that library writes it.
func noBraces(s string) string { return strings.Trim(s, "{}") }

func compareVelocidex(t *testing.T, e *event.Event, got any) {
	t.Helper()
	root := at(got, "Event")
	sys := at(root, "System")
	f := func(want any, path ...string) {
		t.Helper()
		if g := at(sys, path...); fmt.Sprint(g) != fmt.Sprint(want) {
			t.Errorf("record %d: System/%s = %v, want %v", e.RecordID, strings.Join(path, "/"), g, want)
		}
	}
	orNil := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	f(e.Provider, "Provider", "Name")
	f(orNil(noBraces(providerGUID(e.Provider))), "Provider", "Guid")
	f(e.ID, "EventID", "Value")
	if e.Qualifiers != 0 {
		f(e.Qualifiers, "EventID", "Qualifiers")
	}
	f(e.Version, "Version")
	f(e.Level, "Level")
	f(e.Task, "Task")
	f(e.Opcode, "Opcode")
	f(e.Keywords, "Keywords")
	f((float64(e.Time)-11644473600000*10000)/10000000, "TimeCreated", "SystemTime")
	f(e.RecordID, "EventRecordID")
	f(orNil(noBraces(e.ActivityID)), "Correlation", "ActivityID")
	f(orNil(noBraces(e.RelatedID)), "Correlation", "RelatedActivityID")
	f(e.PID, "Execution", "ProcessID")
	f(e.TID, "Execution", "ThreadID")
	f(e.Channel, "Channel")
	f(e.Computer, "Computer")
	f(orNil(e.UserID), "Security", "UserID")
	for i, v := range e.Values {
		name := e.Schema.Names[i]
		path := append(strings.Split(e.Schema.Payload, "/"), strings.Split(strings.ReplaceAll(name, "@", ""), "/")...)
		g := at(root, path...)
		if e.Schema.Payload == "EventData" && g == nil {
			g = dataNamed(at(root, "EventData", "Data"), name)
		}
		if d, ok := g.(*ordereddict.Dict); ok { // text beside attributes or children
			g, _ = d.Get("Value")
			if g == nil {
				g, _ = d.Get("")
			}
		}
		if !slices.Contains(velocidexForms(v), fmt.Sprint(g)) {
			t.Errorf("record %d: %s %s of kind %#x = %q, want one of %q", e.RecordID, e.Schema.Payload, name, uint8(v.Kind), fmt.Sprint(g), velocidexForms(v))
		}
	}
}

// velocidexForms are the texts that stand for v: that library shows the raw
// bytes of the kinds it does not know, without trailing NULs.
func velocidexForms(v event.Value) []string {
	le := func(size int) []string {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(v.Num >> (8 * i))
		}
		return []string{strings.TrimRight(string(b), "\x00")}
	}
	switch v.Kind {
	case event.KindNull:
		return []string{"<nil>"}
	case event.KindInt8:
		return le(1)
	case event.KindInt16:
		return le(2)
	case event.KindInt32, event.KindReal32:
		return le(4)
	case event.KindInt64, event.KindReal64, event.KindSizeT:
		return le(8)
	case event.KindHex32, event.KindHex64:
		return []string{strconv.FormatUint(v.Num, 10)}
	case event.KindBool:
		return []string{strconv.FormatBool(v.Num != 0)}
	case event.KindBinary:
		return []string{fmt.Sprintf("%d", []byte(v.Str))}
	case event.KindSystemTime:
		return []string{strings.TrimRight(v.Str, "\x00")}
	case event.KindFiletime:
		return []string{fmt.Sprint((float64(v.Num) - 11644473600000*10000) / 10000000)}
	case event.KindGUID:
		return []string{noBraces(v.Str)}
	case event.KindSID: // that library writes a large authority in decimal
		return []string{strings.Replace(v.Str, "0x100000000000", "17592186044416", 1)}
	case event.KindArray | event.KindString:
		return []string{fmt.Sprint(strings.Split(strings.TrimRight(v.Str, "\x00"), "\x00"))}
	}
	return []string{v.Text()}
}
