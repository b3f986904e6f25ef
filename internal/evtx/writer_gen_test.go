package evtx

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// allKinds are the kinds that every peer can be asked about; arrays and nested
// XML follow in their own tests.
var allKinds = []event.Kind{
	event.KindNull, event.KindString, event.KindANSI, event.KindInt8, event.KindUint8, event.KindInt16, event.KindUint16,
	event.KindInt32, event.KindUint32, event.KindInt64, event.KindUint64, event.KindReal32, event.KindReal64, event.KindBool,
	event.KindBinary, event.KindGUID, event.KindSizeT, event.KindFiletime, event.KindSystemTime, event.KindSID,
	event.KindHex32, event.KindHex64,
}

// draw is what a generator draws from: rapid's or a seeded one.
type draw interface {
	// n is a number in [0, limit).
	n(limit int) int
	// u64 is any number, small and extreme ones often.
	u64() uint64
}

type randDraw struct{ r *rand.Rand }

func (d randDraw) n(limit int) int { return d.r.IntN(limit) }

func (d randDraw) u64() uint64 {
	return [...]uint64{0, 1, math.MaxUint64, d.r.Uint64(), d.r.Uint64N(1000), 1 << 63}[d.r.IntN(6)]
}

var textRunes = []rune("abcXYZ019 \\.-_%<>&\"'\t\r\n共有人事給与㈱髙﨑がガ𠮷😀é")

// drawText draws a string; wild ones have lone surrogates and NUL inside.
func drawText(d draw, maxLen int, wild bool) string {
	var b strings.Builder
	for range d.n(maxLen + 1) {
		switch {
		case wild && d.n(12) == 0:
			// A high one may not stand before a low one: that is a pair.
			b.WriteString("\xed\xb0\x80")
		case wild && d.n(12) == 0:
			b.WriteString("\xed\xa0\xbdx")
		case wild && d.n(20) == 0:
			b.WriteByte(0)
		default:
			b.WriteRune(textRunes[d.n(len(textRunes))])
		}
	}
	return strings.TrimRight(b.String(), "\x00")
}

func drawBytes(d draw, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(d.n(256))
	}
	return string(b)
}

func drawGUID(d draw) string {
	return fmt.Sprintf("{%08X-%04X-%04X-%04X-%012X}", uint32(d.u64()), uint16(d.u64()), uint16(d.u64()), uint16(d.u64()), d.u64()>>16)
}

func drawSID(d draw) string {
	s := "S-1-5"
	switch d.n(8) {
	case 0:
		s = "S-1-0x100000000000"
	case 1:
		s = "S-255-4294967295"
	}
	for range d.n(16) {
		s += fmt.Sprintf("-%d", uint32(d.u64()))
	}
	return s
}

// drawValue draws a value of kind k in the form in which a reader gives it.
func drawValue(d draw, k event.Kind, wild bool) event.Value {
	v := event.Value{Kind: k}
	switch k {
	case event.KindNull:
	case event.KindString:
		v.Str = drawText(d, 40, wild)
	case event.KindANSI:
		v.Str = strings.Repeat("ansi ", d.n(5)) + "."
	case event.KindInt8:
		v.Num = uint64(int64(int8(d.u64())))
	case event.KindInt16:
		v.Num = uint64(int64(int16(d.u64())))
	case event.KindInt32:
		v.Num = uint64(int64(int32(d.u64())))
	case event.KindUint8:
		v.Num = uint64(uint8(d.u64()))
	case event.KindUint16:
		v.Num = uint64(uint16(d.u64()))
	case event.KindUint32, event.KindHex32:
		v.Num = uint64(uint32(d.u64()))
	case event.KindReal32:
		v.Num = uint64(math.Float32bits(float32(d.n(100000)) / 64))
	case event.KindReal64:
		v.Num = math.Float64bits(float64(d.n(100000)) / 64)
	case event.KindBool:
		v.Num = uint64(d.n(2))
		if wild {
			v.Num = d.u64()
		}
	case event.KindInt64, event.KindUint64, event.KindHex64, event.KindSizeT, event.KindFiletime:
		v.Num = d.u64()
	case event.KindBinary:
		v.Str = drawBytes(d, d.n(40))
	case event.KindGUID:
		v.Str = drawGUID(d)
	case event.KindSystemTime:
		v.Str = "\xea\x07\x04\x00\x03\x00\x01\x00\x0a\x00\x05\x00\x18\x00\x83\x00"
	case event.KindSID:
		v.Str = drawSID(d)
	case event.KindXML:
		v.Str = drawXML(d, 3, wild)
	case event.KindArray | event.KindString:
		for range d.n(4) {
			v.Str += strings.ReplaceAll(drawText(d, 10, wild), "\x00", "") + "\x00"
		}
	default:
		v.Str = drawBytes(d, 16*d.n(4))
	}
	return v
}

// drawXML draws nested XML in the form in which the reader writes it.
func drawXML(d draw, depth int, wild bool) string {
	var b strings.Builder
	esc := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
	var elem func(depth int)
	elem = func(depth int) {
		name := []string{"A", "B", "ns:C", "項目"}[d.n(4)]
		b.WriteString("<" + name)
		for i := range d.n(3) {
			fmt.Fprintf(&b, ` a%d="%s"`, i, esc.Replace(strings.ReplaceAll(drawText(d, 8, wild), "\x00", "")))
		}
		b.WriteString(">")
		for range d.n(3) {
			if depth > 0 && d.n(2) == 0 {
				elem(depth - 1)
			} else {
				b.WriteString(esc.Replace(strings.ReplaceAll(drawText(d, 8, wild), "\x00", "")))
			}
		}
		b.WriteString("</" + name + ">")
	}
	elem(depth)
	return b.String()
}

// drawEvent draws an event; schemas are shared by drawing the same names often.
func drawEvent(d draw, kinds []event.Kind, wild bool) *event.Event {
	e := &event.Event{
		Provider: []string{"Microsoft-Windows-Security-Auditing", "Microsoft-Windows-Eventlog", "Some-Provider"}[d.n(3)],
		ID:       uint32(d.n(65536)), Version: uint8(d.n(4)), Level: uint8(d.n(6)), Opcode: uint8(d.n(4)),
		Task: uint16(d.n(65536)), Qualifiers: uint16(d.n(2) * 16384), Keywords: 0x8020000000000000,
		Time: 134195115241311245 + event.Filetime(d.n(1<<30)), RecordID: uint64(d.n(1 << 30)),
		PID: uint32(d.u64()), TID: uint32(d.u64()),
		Channel:  []string{"Security", "Microsoft-Windows-PrintService/Operational", "System"}[d.n(3)],
		Computer: []string{"FS01.example.co.jp", "サーバー", "DC1"}[d.n(3)],
	}
	if d.n(3) == 0 {
		e.ActivityID = event.SimulationActivity
	}
	if d.n(3) == 0 {
		e.RelatedID = drawGUID(d)
	}
	if d.n(3) == 0 {
		e.UserID = "S-1-5-18"
	}
	names := make([]string, d.n(20))
	e.Values = make([]event.Value, len(names))
	for i := range names {
		names[i] = fmt.Sprintf("Field%d", i)
		e.Values[i] = drawValue(d, kinds[d.n(len(kinds))], wild)
	}
	payload := "EventData"
	switch {
	case d.n(6) == 0 && len(names) > 0:
		payload = "UserData/LogFileCleared"
		if len(names) > 3 { // attribute and nested elements
			names[0], names[1], names[2] = "Field0/@id", "Field0/Inner", "Field0/Other"
			if wild { // text beside an element
				names[1], names[2] = "Field0", "Field0/Inner"
			}
			names[3] = "共有/Deep/@x"
			names = append(names[:4], append([]string{"共有/Deep"}, names[4:]...)...)
			e.Values = append(e.Values, event.String("deep"))
		}
	case len(names) == 0 && d.n(2) == 0:
		payload = ""
	}
	e.Schema = event.NewSchema(payload, names)
	return e
}
