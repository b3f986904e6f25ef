package i18n

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestOneVocabulary: pages, command line and Japanese documents call the store 記録庫, the
// archive 保管庫, a volume of it 保管先 and what lies there twice コピー, a hole in the record
// ids of a log 欠測 and what a case protects 保全, and by no other name.
func TestOneVocabulary(t *testing.T) {
	other := regexp.MustCompile(`アーカイブ|ボリューム|書庫|(リ)?ストア|写[しすせ]|保全（リーガルホールド）|リーガルホールド|法的保全|欠落|満杯`)
	say := map[string]string{"アーカイブ": "保管庫", "ボリューム": "保管先", "書庫": "保管庫", "ストア": "記録庫", "写し": "コピー", "写す": "コピーする", "写せ": "コピーせ", "リーガルホールド": "保全", "法的保全": "保全", "欠落": "欠測", "満杯": "いっぱい"}
	windows := []string{"event.log.1105", "value.device_class.Volume", "detail.volume_serial"} // as Windows calls them
	check := func(where, text string) {
		t.Helper()
		for _, w := range other.FindAllString(text, -1) {
			if say[w] != "" {
				t.Errorf("%s says %s: %s is the word", where, w, say[w])
			}
		}
	}
	names, err := filepath.Glob("*_ja.json")
	if err != nil || len(names) < 10 {
		t.Fatal(names, err)
	}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(b, &texts); err != nil {
			t.Fatal(n, err)
		}
		for k, text := range texts {
			if !slices.Contains(windows, k) {
				check(n+" "+k, text)
			}
		}
	}
	for _, n := range []string{"../../README.ja.md", "../../docs/OPERATING.ja.md"} {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			check(fmt.Sprint(n, ":", i+1), line)
		}
	}
}
