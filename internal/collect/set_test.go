package collect

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evtx"
)

const second = 10_000_000

// made is an event of the project's own test log.
func made(id uint64) *event.Event {
	return &event.Event{
		Provider: "Microsoft-Windows-Security-Auditing", ID: 4663, Version: 1, Task: 12800, Keywords: 1<<63 | event.AuditSuccess,
		Time: event.Filetime(134195115240000000 + id*second), RecordID: id, PID: 4, TID: 8, Channel: "Security", Computer: "FS-A.example.test",
		Schema: event.NewSchema("EventData", []string{"SubjectUserName", "ObjectName"}),
		Values: []event.Value{event.String("田中"), event.String(fmt.Sprintf(`D:\共有\%d & <x>.txt`, id))},
	}
}

// asXML writes events as wevtutil and Get-WinEvent do.
func asXML(ids ...uint64) string {
	var b strings.Builder
	esc := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	for _, id := range ids {
		e := made(id)
		fmt.Fprintf(&b, `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='%s' Guid='{0}'/>`+
			`<EventID>%d</EventID><Version>%d</Version><Level>0</Level><Task>%d</Task><Opcode>0</Opcode><Keywords>0x%x</Keywords>`+
			`<TimeCreated SystemTime='%s'/><EventRecordID>%d</EventRecordID><Correlation/><Execution ProcessID='4' ThreadID='8'/>`+
			`<Channel>Security</Channel><Computer>%s</Computer><Security/></System><EventData><Data Name='SubjectUserName'>%s</Data>`+
			`<Data Name='ObjectName'>%s</Data></EventData></Event>`+"\r\n",
			e.Provider, e.ID, e.Version, e.Task, e.Keywords, e.Time, id, e.Computer, e.Values[0].Str, esc.Replace(e.Values[1].Str))
	}
	return b.String()
}

func asJSON(ids ...uint64) string {
	var b strings.Builder
	for _, id := range ids {
		e := made(id)
		fmt.Fprintf(&b, `{"Event":{"System":{"Provider":{"#attributes":{"Name":%q}},"EventID":%d,"Version":1,"Task":12800,"Keywords":"0x%x",`+
			`"TimeCreated":{"#attributes":{"SystemTime":%q}},"EventRecordID":%d,"Execution":{"#attributes":{"ProcessID":4,"ThreadID":8}},`+
			`"Channel":"Security","Computer":%q},"EventData":{"SubjectUserName":%q,"ObjectName":%q}}}`+"\n",
			e.Provider, e.ID, e.Keywords, e.Time, id, e.Computer, e.Values[0].Str, e.Values[1].Str)
	}
	return b.String()
}

func utf16le(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func gz(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func asEVTX(t *testing.T, ids ...uint64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.evtx")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := evtx.NewWriter(f, evtx.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if err := w.Write(made(id)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func openSet(t *testing.T, paths ...string) *Set {
	t.Helper()
	s, err := OpenSet(t.Context(), paths, SetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func read(t *testing.T, s *Set) []*event.Event {
	t.Helper()
	var l []*event.Event
	for _, server := range s.Servers() {
		if err := s.Events(t.Context(), server, func(e *event.Event) error {
			l = append(l, e.Clone())
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func ids(from, to uint64) []uint64 {
	var l []uint64
	for id := from; id <= to; id++ {
		l = append(l, id)
	}
	return l
}

func TestEveryFormatGivesTheSameEvents(t *testing.T) {
	want := ids(1, 300)
	reversed := slices.Clone(want)
	slices.Reverse(reversed)
	f := func(name, content string, format Format) {
		t.Helper()
		s := openSet(t, write(t, t.TempDir(), map[string]string{"file.without-a-known-name": content}))
		file := s.Files()[0]
		if file.Err != nil || len(file.Damage) > 0 || file.Format != format {
			t.Fatalf("%s: format %q, error %v, damage %v", name, file.Format, file.Err, file.Damage)
		}
		got := read(t, s)
		if len(got) != len(want) {
			t.Fatalf("%s: %d events, want %d", name, len(got), len(want))
		}
		for i, e := range got {
			w := made(want[i])
			e.Schema, w.Schema = nil, nil
			if d := cmp.Diff(w, e); d != "" {
				t.Fatalf("%s: event %d differs (-want +got):\n%s", name, i, d)
			}
		}
	}
	f("evtx", asEVTX(t, want...), FormatEVTX)
	f("evtx gzip", gz(asEVTX(t, want...)), FormatEVTX)
	f("xml elements", asXML(want...), FormatXML)
	f("xml document", `<?xml version="1.0" encoding="utf-8"?>`+"\r\n<Events>\r\n"+asXML(want...)+"</Events>", FormatXML)
	f("xml newest first", asXML(reversed...), FormatXML)
	f("xml utf-16", utf16le("<Events>"+asXML(want...)+"</Events>"), FormatXML)
	f("xml gzip with mark", gz("\xef\xbb\xbf"+asXML(want...)), FormatXML)
	f("json", asJSON(want...), FormatJSON)
	f("json newest first, gzip", gz(asJSON(reversed...)), FormatJSON)
	f("json array", "["+strings.TrimSuffix(strings.ReplaceAll(asJSON(want...), "\n", ",\n"), ",\n")+"]", FormatJSON)
	f("json utf-16", utf16le(asJSON(want...)), FormatJSON)
}

func TestOverlappingArchives(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{
		"a.xml": asXML(ids(1, 100)...), "b.evtx": asEVTX(t, ids(80, 200)...), "c.json.gz": gz(asJSON(ids(150, 220)...)), "d.xml": asXML(ids(1, 100)...),
	})
	var got []uint64
	for _, e := range read(t, openSet(t, dir)) {
		if e.Generation != 0 {
			t.Fatalf("event %d is of generation %d, want 0", e.RecordID, e.Generation)
		}
		got = append(got, e.RecordID)
	}
	if d := cmp.Diff(ids(1, 220), got); d != "" {
		t.Errorf("ids (-want +got):\n%s", d)
	}
}

func TestBadFilesDoNotStopTheOthers(t *testing.T) {
	cut := asXML(1, 2, 3)
	dir := write(t, t.TempDir(), map[string]string{
		"empty.evtx": "", "random.evtx": strings.Repeat("\x93\x01zufall", 3000), "notes.txt": "buy milk", "other.jsonl": `{"a":1}` + "\n" + `{"b":2}`,
		"page.xml": "<?xml version='1.0'?><html><p>hello</p></html>", "broken.gz": "\x1f\x8b\x08\x00 no", "good.xml": asXML(1, 2),
		"cut.xml": cut[:len(cut)-200], "cut.jsonl": asJSON(4)[:100] + "\n" + asJSON(5),
	})
	if err := os.Symlink(dir, filepath.Join(dir, "loop")); err != nil {
		t.Skip("no links here:", err)
	}
	if err := makePipe(filepath.Join(dir, "pipe")); err != nil {
		t.Skip("no pipes here:", err)
	}
	s := openSet(t, dir)
	bad := map[string]bool{}
	damaged := map[string]int{}
	for _, f := range s.Files() {
		bad[f.Name] = f.Err != nil
		for _, d := range f.Damage {
			damaged[f.Name] += d.Lost
		}
	}
	for _, name := range []string{"empty.evtx", "random.evtx", "notes.txt", "other.jsonl", "page.xml", "broken.gz"} {
		if !bad[name] {
			t.Errorf("%s is not reported as skipped", name)
		}
	}
	if bad["good.xml"] || damaged["cut.xml"] != 1 || damaged["cut.jsonl"] != 1 {
		t.Errorf("good.xml skipped %v, cut.xml lost %d, cut.jsonl lost %d; want false, 1, 1", bad["good.xml"], damaged["cut.xml"], damaged["cut.jsonl"])
	}
	var got []uint64
	for _, e := range read(t, s) {
		got = append(got, e.RecordID)
	}
	if d := cmp.Diff([]uint64{1, 2, 5}, got); d != "" {
		t.Errorf("ids (-want +got):\n%s", d)
	}
}

func TestGenerations(t *testing.T) {
	later := strings.ReplaceAll(asJSON(ids(1, 50)...), "2026-", "2027-")
	dir := write(t, t.TempDir(), map[string]string{"z-old.json": asJSON(ids(1000, 1100)...), "a-new.json": later})
	last, n := uint32(0), 0
	for _, e := range read(t, openSet(t, dir)) {
		want := uint32(0)
		if e.RecordID <= 50 {
			want = 1
		}
		if e.Generation != want || e.Generation < last {
			t.Fatalf("event %d has generation %d after %d, want %d", e.RecordID, e.Generation, last, want)
		}
		last = e.Generation
		n++
	}
	if n != 151 {
		t.Errorf("%d events, want 151", n)
	}
}

// TestShippedLogs reads the JSON Lines of other people's collectors.
func TestShippedLogs(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "corpus", "otrf-json")
	files, err := filepath.Glob(filepath.Join(dir, "*.gz"))
	if err != nil || len(files) == 0 {
		t.Skip("the shared corpus is not beside the repository")
	}
	want := []int{570, 29, 636, 343, 174, 7171, 126, 1243}
	slices.Sort(files)
	for i, name := range []string{"cmd_dumping", "cmd_wevtutil", "covenant_dcom", "covenant_psremoting", "empire_mimikatz", "empire_persistence", "metasploit", "purplesharp"} {
		s := openSet(t, files[i])
		f := s.Files()[0]
		if f.Err != nil || len(f.Damage) > 0 || f.Events != int64(want[i]) || !strings.HasPrefix(f.Name, name) {
			t.Errorf("%s: %d events, error %v, damage %v; want %d events", f.Name, f.Events, f.Err, f.Damage, want[i])
		}
		gens := 0
		got := read(t, s)
		for _, e := range got {
			if e.Provider == "" || e.Channel != "Security" || e.Computer == "" || e.Time == 0 || e.RecordID == 0 {
				t.Fatalf("%s: incomplete event %+v", f.Name, e)
			}
			if e.Generation > 0 {
				gens++
			}
		}
		if gens > 0 || len(got) > want[i] || len(got) < want[i]*9/10 {
			t.Errorf("%s: %d events after merging, %d of them of a later generation", f.Name, len(got), gens)
		}
	}
}
