package evtx

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
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

// inspectQuick inspects and demands that no file takes more than two seconds.
func inspectQuick(t *testing.T, path string) (*Summary, error) {
	t.Helper()
	start := time.Now()
	s, err := Inspect(context.Background(), path)
	if d := time.Since(start); d > 2*time.Second {
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
