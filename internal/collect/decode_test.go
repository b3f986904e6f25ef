package collect

import (
	"bufio"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
)

func xmlEvents(t *testing.T, text string) (l []*event.Event, bad int) {
	t.Helper()
	return decoded(t, text, decodeXML)
}

func decoded(t *testing.T, text string, decode func(context.Context, *bufio.Reader, func(int64, string), func(*event.Event) error) error) (l []*event.Event, bad int) {
	t.Helper()
	err := decode(t.Context(), bufio.NewReader(strings.NewReader(text)), func(int64, string) { bad++ }, func(e *event.Event) error {
		l = append(l, e.Clone())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, bad
}

func TestXMLPayloads(t *testing.T) {
	f := func(payload, want string, pairs ...string) {
		t.Helper()
		l, bad := xmlEvents(t, `<Event><System><EventID Qualifiers="16384">1102</EventID><Version>101.3</Version><TimeCreated SystemTime="2026-04-01T01:02:03.123456700Z"/>`+
			`<EventRecordID>7</EventRecordID><Channel>Security</Channel><Computer>A</Computer></System>`+payload+`</Event>`)
		if len(l) != 1 || bad != 0 {
			t.Fatalf("%s: %d events, %d bad", payload, len(l), bad)
		}
		e := l[0]
		if e.ID != 1102 || e.Qualifiers != 16384 || e.Version != 101 || e.Time.String() != "2026-04-01T01:02:03.1234567Z" {
			t.Errorf("system fields: %+v", e)
		}
		var got []string
		for i, n := range e.Schema.Names {
			got = append(got, n, e.Values[i].Text())
		}
		if d := cmp.Diff(pairs, got); d != "" || e.Schema.Payload != want {
			t.Errorf("%s: payload %q, want %q; values (-want +got):\n%s", payload, e.Schema.Payload, want, d)
		}
	}
	f("", "")
	f(`<EventData><Data Name="A">x&amp;y&#10;&#x1;&#xD83D;</Data><Data Name='B'/><Data>bare</Data><Binary>00FF</Binary></EventData>`, "EventData",
		"A", "x&y\n\x01\xed\xa0\xbd", "B", "", "", "bare", "Binary", "00FF")
	f(`<UserData><LogFileCleared xmlns="http://x"><SubjectUserSid>S-1</SubjectUserSid><In at="1"><Deep>d</Deep></In></LogFileCleared></UserData>`,
		"UserData/LogFileCleared", "SubjectUserSid", "S-1", "In/@at", "1", "In/Deep", "d")
	f(`<UserData><EventXML><User>u</User></EventXML></UserData><RenderingInfo><Message>m</Message></RenderingInfo>`, "UserData/EventXML", "User", "u")
	f(`<EventData><Data Name="A"><![CDATA[<x>]]>y<!-- z --></Data></EventData>`, "EventData", "A", "<x>y")
}

func TestXMLDamage(t *testing.T) {
	good := asXML(1)
	f := func(name, text string, events, bad int) {
		t.Helper()
		l, b := xmlEvents(t, text)
		if len(l) != events || b != bad {
			t.Errorf("%s: %d events, %d bad; want %d, %d", name, len(l), b, events, bad)
		}
	}
	f("cut inside", good+good[:300]+good+good, 3, 1)
	f("cut at the end", good+good[:300], 1, 1)
	f("wrong nesting", good+strings.Replace(good, "</Data>", "</Datum>", 1)+good, 2, 1)
	f("too deep", "<Event>"+strings.Repeat("<a>", 1000)+strings.Repeat("</a>", 1000)+"</Event>"+good, 1, 1)
	f("many starts", strings.Repeat("<Event>", 200_000)+good, 1, 200_000)
	f("many starts before a far end", strings.Repeat("<Event x", 100_000)+strings.Repeat(" ", 1<<20)+"</Event>", 0, 100_000)
	f("nothing", "<Events></Events>", 0, 0)
	f("without System", "<Event><EventData/></Event>"+good, 1, 1)
}

func TestJSONShapes(t *testing.T) {
	f := func(name, text string, wantID uint32, wantTime, wantUser string) {
		t.Helper()
		l, bad := decoded(t, text, decodeJSON)
		if len(l) != 1 || bad != 0 {
			t.Fatalf("%s: %d events, %d bad", name, len(l), bad)
		}
		e := l[0]
		user := e.Get(event.SubjectUserName).Text()
		if e.ID != wantID || e.Time.String() != wantTime || user != wantUser || !e.Failed() && e.Keywords&event.AuditSuccess == 0 {
			t.Errorf("%s: %+v, user %q", name, e, user)
		}
	}
	f("NXLog, local time", `{"EventID":4663,"EventTime":"2020-10-09 18:30:08","@timestamp":"2020-10-09T22:30:09.790Z","Keywords":-9214364837600034816,"Channel":"security","RecordNumber":5,"Hostname":"A","SubjectUserName":"u"}`,
		4663, "2020-10-09T22:30:08.0000000Z", "u")
	f("NXLog, late arrival", `{"EventID":4663,"EventTime":"2020-10-09 18:30:08","@timestamp":"2020-11-09T22:30:09.790Z","Keywords":-9214364837600034816,"RecordNumber":5,"Hostname":"A","SubjectUserName":"u"}`,
		4663, "2020-11-09T22:30:09.7900000Z", "u")
	f("flat with zone", `{"EventID":4663,"TimeCreated":"2023-07-19T09:02:19.922Z","@timestamp":"2023-07-19T10:02:19.922Z","Keywords":"0x8010000000000000","Hostname":"A","SubjectUserName":"\ud83d\ude00\ud83d"}`,
		4663, "2023-07-19T09:02:19.9220000Z", "😀\xed\xa0\xbd")
	f("winlogbeat", `{"@timestamp":"2023-07-19T09:02:19.922Z","winlog":{"event_id":4663,"record_id":8,"channel":"Security","computer_name":"A","keywords":["Audit Success"],"event_data":{"SubjectUserName":"u"}}}`,
		4663, "2023-07-19T09:02:19.9220000Z", "u")
	f("pretty", "Record 8\n{\n  \"Event\": {\n    \"System\": {\"EventID\": {\"#text\": 4663, \"#attributes\": {\"Qualifiers\": 1}}, \"Keywords\": \"0x8020000000000000\",\n"+
		"      \"TimeCreated\": {\"#attributes\": {\"SystemTime\": \"2023-07-19T09:02:19.922000Z\"}}},\n    \"EventData\": {\"SubjectUserName\": \"u\"}\n  }\n}\n",
		4663, "2023-07-19T09:02:19.9220000Z", "u")
}

func FuzzXML(f *testing.F) {
	f.Add(asXML(1, 2))
	f.Add(utf16le("<Events>" + asXML(1) + "</Events>"))
	f.Add("<Event><System/><EventData><Data Name='x'>&#xD800;&bad;</Data></EventData></Event><Event ")
	f.Fuzz(func(t *testing.T, text string) { fuzzDecoder(t, text, decodeXML) })
}

func FuzzJSON(f *testing.F) {
	f.Add(asJSON(1, 2))
	f.Add(`[{"EventID":1,"TimeCreated":"2023-07-19T09:02:19.922Z","a":"\ud800"},{"winlog":{"event_id":1}}]`)
	f.Fuzz(func(t *testing.T, text string) { fuzzDecoder(t, text, decodeJSON) })
}

// fuzzDecoder proves that a decoder ends, does not panic and gives no more
// events than the text has room for.
func fuzzDecoder(t *testing.T, text string, decode func(context.Context, *bufio.Reader, func(int64, string), func(*event.Event) error) error) {
	n := 0
	err := decode(t.Context(), bufio.NewReader(strings.NewReader(text)), func(int64, string) { n++ }, func(e *event.Event) error {
		if n++; len(e.Values) != len(e.Schema.Names) {
			t.Errorf("%d values of %d names", len(e.Values), len(e.Schema.Names))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if n > len(text) {
		t.Errorf("%d events and damages from %d bytes", n, len(text))
	}
}
