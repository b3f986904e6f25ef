package web

import (
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
)

func TestRecordSaysWhatItProves(t *testing.T) {
	m := company(50)
	r := &m.records[0]
	r.Op, r.Object, r.Rule, r.Confidence, r.Count, r.EndTime = record.OpRead, record.ObjectFile, "X1", record.Inferred, 3, r.Time+2e9
	r.Set("transaction", "yes")
	r.Set("denied_rights", "read_data write_dac")
	f := func(lang string, want ...string) {
		t.Helper()
		_, body := get(t, newSite(t, m), recordURL(r.ID()), "Accept-Language", lang)
		checkHTML(t, lang, body)
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: the page does not hold %q", lang, w)
			}
		}
	}
	f("en", "What it proves", "a read", "that a person looked", "Why it is inferred", "part of a transaction", "3 raw repeats merged",
		"read data / list folder, change permissions", "a right was used", "<span>read data / list folder</span>", "generation 0, record ids")
	f("ja", "証明できること", "人が見たこと", "推定とした理由", "3 回の繰り返し", "拒否された権利", "アクセス許可の変更", "権利の使用")
	r.Confidence, r.Detail, r.RawIDs = record.Certain, nil, make([]uint64, shownRaw+1)
	for i := range r.RawIDs {
		r.RawIDs[i] = r.FirstID + uint64(i)
	}
	f("en", "Show all 201 events", "201 events", "raw=all#raw")
	if _, body := get(t, newSite(t, m), recordURL(r.ID())+"?raw=all"); strings.Count(body, `<details class="event"`) != shownRaw+1 {
		t.Errorf("all events: %d", strings.Count(body, `<details class="event"`))
	}
	if _, body := get(t, newSite(t, m), recordURL(r.ID()), "Accept-Language", "en"); strings.Contains(body, "Why it is inferred") {
		t.Error("a certain record says why it is inferred")
	}
	f("en", "The log says so.")
	r.Server = record.OwnServer
	f("en", "in its own settings")
	f("ja", "自身の設定")
}
