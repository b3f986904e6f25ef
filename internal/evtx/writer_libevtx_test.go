package evtx

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/akashi-audit/akashi/internal/event"
)

// TestLibevtxAgrees: evtxexport gives every field as it was written.
func TestLibevtxAgrees(t *testing.T) {
	tool, err := exec.LookPath("evtxexport")
	if err != nil {
		t.Skip("SKIPPED: evtxexport is not installed (Debian: apt-get install libevtx-utils), so libevtx did not judge the writer")
	}
	events := peerEvents(1000, libevtxCan)
	path := writeLog(t, events)
	out, err := exec.Command(tool, "-f", "xml", path).Output()
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	_, out, _ = bytes.Cut(out, []byte("\n")) // its name and version
	dec := xml.NewDecoder(io.MultiReader(strings.NewReader("<r>"), bytes.NewReader(out), strings.NewReader("</r>")))
	var all struct {
		Events []xmlNode `xml:"Event"`
	}
	if err := dec.Decode(&all); err != nil {
		t.Fatal(err)
	}
	if len(all.Events) != len(events) {
		t.Fatalf("%d events, want %d", len(all.Events), len(events))
	}
	for i, e := range events {
		compareLibevtx(t, e, &all.Events[i])
	}
}

// libevtxCan turns v into what libevtx 20181227 shows rightly: it decodes
// surrogate pairs wrongly (low half minus DFFF), shows negative numbers as sign
// and magnitude, times beyond its calendar as raw numbers, and does not escape
// attributes. It gives up on a string array in an attribute and on one with an
// element that is a lone "<", ">" or "&", and leaves out an element whose text is
// null with its attributes.
func libevtxCan(name string, v *event.Value) {
	if strings.Contains(name, "@") && v.Kind&event.KindArray != 0 {
		*v = event.String("array")
	}
	if name == "共有/Deep" && v.IsNull() {
		*v = event.String("")
	}
	switch v.Kind {
	case event.KindString, event.KindArray | event.KindString:
		v.Str = strings.Map(func(r rune) rune {
			if utf16.RuneLen(r) == 2 {
				return '木'
			}
			if (strings.Contains(name, "@") || v.Kind != event.KindString) && strings.ContainsRune("<>&\"\r\n\t", r) {
				return '+'
			}
			return r
		}, v.Str)
	case event.KindInt8:
		v.Num &= math.MaxInt8
	case event.KindInt16:
		v.Num &= math.MaxInt16
	case event.KindInt32:
		v.Num &= math.MaxInt32
	case event.KindInt64:
		v.Num &= math.MaxInt64
	case event.KindFiletime:
		v.Num %= 1 << 60
	}
}

// xmlNode is any element.
type xmlNode struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Kids    []xmlNode  `xml:",any"`
}

// fields lists the payload as event.Schema names it: name, text.
func (n *xmlNode) fields(path string, eventData bool, out [][2]string) [][2]string {
	for i := range n.Kids {
		k := &n.Kids[i]
		if eventData {
			name := ""
			for _, a := range k.Attrs {
				name = a.Value
			}
			out = append(out, [2]string{name, k.Text})
			continue
		}
		p := joinPath(path, k.XMLName.Local)
		for _, a := range k.Attrs {
			out = append(out, [2]string{p + "/@" + a.Name.Local, a.Value})
		}
		out = append(out, [2]string{p, k.Text})
		out = k.fields(p, false, out)
	}
	return out
}

func (n *xmlNode) kid(name string) *xmlNode {
	for i := range n.Kids {
		if n.Kids[i].XMLName.Local == name {
			return &n.Kids[i]
		}
	}
	return &xmlNode{}
}

func (n *xmlNode) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func compareLibevtx(t *testing.T, e *event.Event, got *xmlNode) {
	t.Helper()
	sys := got.kid("System")
	f := func(what, got string, want any) {
		t.Helper()
		if got != fmt.Sprint(want) {
			t.Errorf("record %d: %s = %q, want %q", e.RecordID, what, got, fmt.Sprint(want))
		}
	}
	f("Provider", sys.kid("Provider").attr("Name"), e.Provider)
	f("Guid", sys.kid("Provider").attr("Guid"), providerGUID(e.Provider))
	f("EventID", sys.kid("EventID").Text, e.ID)
	if e.Qualifiers != 0 {
		f("Qualifiers", sys.kid("EventID").attr("Qualifiers"), e.Qualifiers)
	}
	f("Version", sys.kid("Version").Text, e.Version)
	f("Level", sys.kid("Level").Text, e.Level)
	f("Task", sys.kid("Task").Text, e.Task)
	f("Opcode", sys.kid("Opcode").Text, e.Opcode)
	f("Keywords", sys.kid("Keywords").Text, fmt.Sprintf("0x%016x", e.Keywords))
	f("TimeCreated", sys.kid("TimeCreated").attr("SystemTime"), strings.Replace(e.Time.String(), "Z", "00Z", 1))
	f("EventRecordID", sys.kid("EventRecordID").Text, e.RecordID)
	f("ActivityID", sys.kid("Correlation").attr("ActivityID"), e.ActivityID)
	f("RelatedActivityID", sys.kid("Correlation").attr("RelatedActivityID"), e.RelatedID)
	f("ProcessID", sys.kid("Execution").attr("ProcessID"), e.PID)
	f("ThreadID", sys.kid("Execution").attr("ThreadID"), e.TID)
	f("Channel", sys.kid("Channel").Text, e.Channel)
	f("Computer", sys.kid("Computer").Text, e.Computer)
	f("UserID", sys.kid("Security").attr("UserID"), e.UserID)
	payload := got
	eventData := e.Schema.Payload == "EventData"
	for _, p := range strings.Split(e.Schema.Payload, "/") {
		payload = payload.kid(p)
	}
	fields := payload.fields("", eventData, nil)
	for i, v := range e.Values {
		want := libevtxTexts(v)
		for _, w := range want {
			j := slices.IndexFunc(fields, func(p [2]string) bool { return p[0] == e.Schema.Names[i] })
			if j < 0 {
				t.Errorf("record %d: no %s (%q)", e.RecordID, e.Schema.Names[i], w)
				continue
			}
			// An XML parser turns CR into LF; beside children libevtx indents.
			w = strings.ReplaceAll(strings.ReplaceAll(w, "\r\n", "\n"), "\r", "\n")
			if g := fields[j][1]; !sameText(v, g, w, eventData) {
				t.Errorf("record %d: %s of kind %#x = %q, want %q", e.RecordID, e.Schema.Names[i], uint8(v.Kind), g, w)
			}
			fields = slices.Delete(fields, j, j+1)
		}
	}
}

// libevtxTexts is what libevtx shows for v: an array becomes several elements.
func libevtxTexts(v event.Value) []string {
	switch v.Kind {
	case event.KindNull:
		return nil
	case event.KindHex32:
		return []string{fmt.Sprintf("0x%08x", v.Num)}
	case event.KindHex64:
		return []string{fmt.Sprintf("0x%016x", v.Num)}
	case event.KindSID: // libevtx writes a large authority in decimal
		return []string{strings.Replace(v.Str, "0x100000000000", "17592186044416", 1)}
	case event.KindBinary:
		return []string{strings.ToUpper(hex.EncodeToString([]byte(v.Str)))}
	case event.KindFiletime:
		return []string{strings.Replace(event.Filetime(v.Num).String(), "Z", "00Z", 1)}
	case event.KindSystemTime:
		return []string{"2026-04-01T10:05:24.131Z"}
	case event.KindArray | event.KindString:
		return strings.Split(strings.TrimSuffix(v.Str, "\x00"), "\x00")
	}
	return []string{v.Text()}
}

// sameText compares what libevtx shows with what is wanted. It cuts real
// numbers at seven digits.
func sameText(v event.Value, got, want string, exact bool) bool {
	if v.Kind == event.KindReal32 || v.Kind == event.KindReal64 {
		g, err := strconv.ParseFloat(got, 64)
		w, _ := strconv.ParseFloat(want, 64)
		return err == nil && math.Abs(g-w) <= 1e-6*math.Abs(w)
	}
	if !exact {
		got, want = strings.TrimSpace(got), strings.TrimSpace(want)
	}
	return got == want
}
