package evtx

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	velocidex "www.velocidex.com/golang/evtx"
)

const sharedDir = "../../../shared"

// shared is a folder of the shared test data; the test is skipped without it.
func shared(t testing.TB, name string) string {
	t.Helper()
	p := filepath.Join(sharedDir, name)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("shared test data absent: %v", err)
	}
	return p
}

func tsv(t testing.TB, path string) (rows []map[string]string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	head := strings.Split(lines[0], "\t")
	for _, l := range lines[1:] {
		row := map[string]string{}
		for i, v := range strings.Split(l, "\t") {
			if i < len(head) {
				row[head[i]] = v
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// inspectQuick inspects and demands that no file takes longer than half a minute,
// some hundred times what the slowest takes alone: a loop without end shows, a busy machine does not.
func inspectQuick(t *testing.T, path string) (*Summary, error) {
	t.Helper()
	start := time.Now()
	s, err := Inspect(context.Background(), path)
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("Inspect(%s) took %v", filepath.Base(path), d)
	}
	return s, err
}

func TestCorpus(t *testing.T) {
	dir := shared(t, "corpus")
	for _, row := range tsv(t, filepath.Join(dir, "MANIFEST.tsv")) {
		if !strings.HasSuffix(row["file"], ".evtx") || strings.HasPrefix(row["file"], "hostile/") {
			continue
		}
		want, err := strconv.ParseInt(row["records"], 10, 64)
		if err != nil {
			continue
		}
		s, err := inspectQuick(t, filepath.Join(dir, row["file"]))
		if err != nil || s.Records < want {
			t.Errorf("Inspect(%s): %d records, %v, want %d; damage %v", row["file"], s.Records, err, want, s.Damage)
		}
		if testing.Verbose() && (len(s.Damage) > 0 || s.Records != want || s.Recovered > 0) {
			t.Logf("%s: %d records (manifest %d), %d distinct, %d recovered, damage %v", row["file"], s.Records, want, s.DistinctRecords, s.Recovered, s.Damage)
		}
	}
}

func TestHostileCorpus(t *testing.T) {
	dir := shared(t, "corpus/hostile")
	want := map[string]int64{
		"00_good_8chunks.evtx": 711, "03_header_only.evtx": 0, "05_zero_chunk3.evtx": 622,
		"07_bad_header_crc3.evtx": 711, "08_bad_data_crc3.evtx": 711, "09_dirty_stale_header.evtx": 711,
		"11_record_size_huge.evtx": 710, "12_record_size_zero.evtx": 710, "14_record_size_past_chunk.evtx": 710,
		"15_size_copy_mismatch.evtx": 711, "17_template_offset_into_record.evtx": 710,
		"19_value_sizes_past_record.evtx": 710, "20_deep_nesting_5999.evtx": 622, "21_template_next_loop.evtx": 711,
		"23_string_table_loops.evtx": 711, "24_chunk_count_65535.evtx": 711, "26_duplicate_chunks.evtx": 883,
		"28_random_body.evtx": 0, "29_16_zero_chunks_first.evtx": 711, "32_bad_chunk_magic2.evtx": 711,
		"33_no_crc32_flag.evtx": 711,
	}
	for _, row := range tsv(t, filepath.Join(dir, "HOSTILE.tsv")) {
		s, err := inspectQuick(t, filepath.Join(dir, row["file"]))
		n, ok := want[row["file"]]
		if !ok {
			if err == nil {
				t.Errorf("Inspect(%s): no error, want one", row["file"])
			}
			continue
		}
		if err != nil || s.Records < n {
			t.Errorf("Inspect(%s): %d records, %v, want %d; damage %v", row["file"], s.Records, err, n, s.Damage)
		}
		t.Logf("%s (%s): %d records, %d distinct, %d recovered, damage %v", row["file"], row["expected"], s.Records, s.DistinctRecords, s.Recovered, s.Damage)
	}
}

// TestCorpusVelocidex compares every field of every record of the healthy files
// with another decoder.
func TestCorpusVelocidex(t *testing.T) {
	dir := shared(t, "corpus")
	files, records, fields := 0, 0, 0
	for _, row := range tsv(t, filepath.Join(dir, "MANIFEST.tsv")) {
		path := filepath.Join(dir, row["file"])
		if !strings.HasSuffix(path, ".evtx") || strings.HasPrefix(row["file"], "hostile/") {
			continue
		}
		mine := healthyEvents(t, path)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		theirs := map[uint64]any{}
		chunks, _ := velocidex.GetChunks(f)
		for _, c := range chunks {
			recs, _ := c.Parse(0)
			for _, r := range recs {
				theirs[r.Header.RecordID] = r.Event
			}
		}
		f.Close()
		if len(mine) == 0 || len(mine) != len(theirs) {
			continue // damaged, or the other one failed
		}
		files++
		for id, e := range mine {
			records++
			fields += compareShown(t, e, theirs[id])
		}
		if t.Failed() {
			t.Logf("in %s", row["file"])
			return
		}
	}
	t.Logf("%d fields of %d records of %d files are equal", fields, records, files)
}

// compareShown compares the fields that the other decoder shows under the same
// name and returns how many. It has no names for the values of records without a
// template.
func compareShown(t *testing.T, e *event.Event, got any) (n int) {
	t.Helper()
	root := at(got, "Event")
	if at(root, "System", "EventRecordID") == nil {
		return 0 // a record without a template: the other decoder shows nothing
	}
	f := func(want, got any) {
		t.Helper()
		if n++; fmt.Sprint(want) != fmt.Sprint(got) {
			t.Errorf("record %d: %v, want %v", e.RecordID, want, got)
		}
	}
	f(e.RecordID, at(root, "System", "EventRecordID"))
	f(e.ID, at(root, "System", "EventID", "Value"))
	f(e.Computer, at(root, "System", "Computer"))
	f(e.Channel, at(root, "System", "Channel"))
	for i, v := range e.Values {
		g := at(root, "EventData", e.Schema.Names[i])
		if g == nil || e.Schema.Payload != "EventData" {
			continue
		}
		n++
		if s := fmt.Sprint(g); !slices.Contains(velocidexForms(v), s) && strings.TrimRight(s, "\x00 ") != strings.TrimRight(v.Text(), " ") {
			t.Errorf("record %d: %s of kind %#x = %q, want %q", e.RecordID, e.Schema.Names[i], uint8(v.Kind), v.Text(), s)
		}
	}
	return n
}

// healthyEvents reads a file by header id; nothing when it is damaged.
func healthyEvents(t *testing.T, path string) map[uint64]*event.Event {
	t.Helper()
	r, err := Open(path, Options{})
	if err != nil {
		return nil
	}
	defer r.Close()
	out := map[uint64]*event.Event{}
	if err := r.Events(context.Background(), func(rec *Record) error {
		out[rec.HeaderID] = rec.Event.Clone()
		return nil
	}); err != nil || len(r.Damage()) > 0 {
		return nil
	}
	return out
}
