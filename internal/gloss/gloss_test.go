package gloss

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/record"
)

func tokyo() *time.Location { return time.FixedZone("JST", 9*3600) }

func raw(id uint32, kv ...string) *event.Event {
	e := &event.Event{Provider: "Microsoft-Windows-Security-Auditing", ID: id}
	var names []string
	for i := 0; i < len(kv); i += 2 {
		names = append(names, kv[i])
		e.Values = append(e.Values, event.String(kv[i+1]))
	}
	e.Schema = event.NewSchema("EventData", names)
	return e
}

func TestFieldNotes(t *testing.T) {
	f := func(e *event.Event, lang string, want ...Line) {
		t.Helper()
		if d := cmp.Diff(want, Fields(i18n.For(lang), tokyo(), e)[0].Lines); d != "" {
			t.Errorf("%s (-want +got):\n%s", lang, d)
		}
	}
	f(raw(4663, "ObjectName", "D:\\a\nb"), "en", Line{`D:\a\u{a}b`, ""})
	f(raw(4663, "AccessMask", "0x10080"), "en", Line{"0x10080", "read attributes, delete (also rename, move)"})
	f(raw(4663, "AccessMask", "0x1"), "ja", Line{"0x1", "データの読み取り・一覧"})
	f(raw(4663, "AccessList", "%%1538\r\n\t\t\t\t%%4416\r\n\t\t\t\t"), "en", Line{"%%1538", "read permissions"}, Line{"%%4416", "read data / list folder"})
	f(raw(4656, "AccessReason", "%%4416:\t%%1801\tD:(A;;FA;;;WD)\r\n\t\t%%4417:\t%%1805"), "en",
		Line{"%%4416: %%1801 D:(A;;FA;;;WD)", "read data / list folder: granted"}, Line{"%%4417: %%1805", "write data / add file: not granted"})
	f(raw(4663, "AccessList", "x\u202e"), "en", Line{`x\u{202e}`, ""})
	f(raw(4624, "LogonType", "10"), "ja", Line{"10", "リモート デスクトップ"})
	f(raw(4625, "SubStatus", "0xc000006a"), "en", Line{"0xc000006a", "wrong password"})
	f(raw(4625, "SubStatus", "-1073741718"), "en", Line{"-1073741718", "wrong password"})
	f(raw(4771, "Status", "0x18"), "en", Line{"0x18", "wrong password"})
	f(raw(4625, "FailureReason", "%%2313"), "en", Line{"%%2313", "wrong name or password"})
	f(raw(4663, "SubjectLogonId", "0x3e7"), "en", Line{"0x3e7", "the system itself"})
	f(raw(4719, "SubcategoryGuid", "{0cce9244-69ae-11d9-bed3-505054503030}"), "ja", Line{"{0cce9244-69ae-11d9-bed3-505054503030}", "詳細なファイル共有"})
	f(raw(4616, "NewTime", "2026-04-01T00:00:00.0000000Z"), "en", Line{"2026-04-01T00:00:00.0000000Z", "2026-04-01 09:00:00.000 +09:00"})
}

// A mask of a registry key reuses the bits of a file's (section 4).
func TestMaskOfAnotherTypeHasNoWords(t *testing.T) {
	for _, x := range Fields(i18n.For("en"), tokyo(), raw(4663, "ObjectType", "Key", "AccessMask", "0x1")) {
		if x.Lines[0].Note != "" {
			t.Errorf("%s: %q", x.Name, x.Lines[0].Note)
		}
	}
}

func TestOrder(t *testing.T) {
	e := raw(4663, "ProcessName", "p", "Extra", "x", "AccessMask", "0x1", "", "y", "HandleId", "0x5", "SubjectUserName", "u")
	var got []string
	for _, f := range Fields(i18n.For("en"), tokyo(), e) {
		got = append(got, f.Name)
	}
	if d := cmp.Diff([]string{"SubjectUserName", "HandleId", "AccessMask", "ProcessName", "Extra", "#4"}, got); d != "" {
		t.Error(d)
	}
	if n := EventName(i18n.For("en"), e); n != "a right was used" {
		t.Errorf("EventName = %q", n)
	}
	if e.Provider = "Other"; EventName(i18n.For("en"), e) != "" {
		t.Error("another provider's event has a name")
	}
}

func TestDetailValue(t *testing.T) {
	f := func(lang, key, value, want string) {
		t.Helper()
		if got := DetailValue(i18n.For(lang), tokyo(), key, value); got != want {
			t.Errorf("%s %s %q: %q, want %q", lang, key, value, got, want)
		}
	}
	f("en", "logon_type", "3", "network (3)")
	f("ja", "logon_type", "99", "99")
	f("en", "change", "success removed, failure removed", "auditing of success switched off, auditing of failure switched off")
	f("ja", "denied_rights", "read_data delete", "データの読み取り・一覧、削除（名前の変更・移動も）")
	f("en", "denied_rights", "read_data else", "read_data else")
	f("ja", "reason", "the event log service stopped", "イベント ログ サービスが停止した")
	f("ja", "transaction", "yes", "はい")
	f("en", "transaction", "committed", "committed")
	f("ja", "account_control", "+account disabled, -password never expires", "+アカウント無効、-パスワード無期限")
	f("ja", "account_control", "+unheard of", "+unheard of")
	f("en", "bytes", "1234567", "1,234,567")
	f("en", "old_time", "2026-04-01T00:00:00.5000000Z", "2026-04-01 09:00:00.500")
	f("en", "status", "0xc0000234", "0xc0000234 (account locked)")
	f("en", "subcategory", "{0CCE921D-69AE-11D9-BED3-505054503030}", "File System ({0CCE921D-69AE-11D9-BED3-505054503030})")
	f("en", "printer", "a\u202eb", `a\u{202e}b`)
}

func TestSummaryAndWhy(t *testing.T) {
	en := i18n.For("en")
	r := &record.Record{Confidence: record.Inferred}
	r.Set("change", "member added")
	r.Set("member_sid", "S-1-5-21-7")
	r.Set("transaction", "outcome not in the log")
	if got, want := Summary(en, tokyo(), r), "Change: member added, SID of the member: S-1-5-21-7, Part of a transaction: outcome not in the log"; got != want {
		t.Errorf("Summary = %q, want %q", got, want)
	}
	r2 := &record.Record{}
	r2.Set("denied_rights", "read_data write_data write_dac delete")
	if got, want := Summary(i18n.For("ja"), tokyo(), r2), "拒否された権利: データの読み取り・一覧、データの書き込み・ファイルの追加 +2"; got != want {
		t.Errorf("Summary = %q, want %q", got, want)
	}
	f := func(r *record.Record, mayBeCertain bool, want ...string) {
		t.Helper()
		var texts []string
		for _, k := range want {
			texts = append(texts, en.T(k))
		}
		if d := cmp.Diff(texts, Why(en, r, mayBeCertain)); d != "" {
			t.Errorf("%v (-want +got):\n%s", r.Detail, d)
		}
	}
	f(r, true, "why.transaction")
	doubt := &record.Record{Confidence: record.Inferred}
	doubt.Set("uncertain", "lost_events")
	doubt.Set("transaction", "yes")
	f(doubt, true, "value.uncertain.lost_events")
	f(&record.Record{Confidence: record.Inferred}, true, "why.lowered")
	f(&record.Record{Confidence: record.Inferred}, false, "why.rule")
	f(&record.Record{Confidence: record.Certain}, true)
	r = &record.Record{Confidence: record.Inferred, Result: record.Success}
	r.Set("requested", "read_data")
	f(r, false, "why.requested")
}

func TestIDs(t *testing.T) {
	f := func(want string, l ...uint64) {
		t.Helper()
		if got := IDs(l); got != want {
			t.Errorf("IDs(%v) = %q, want %q", l, got, want)
		}
	}
	f("")
	f("7", 7)
	f("7–8, 10, 12–14", 7, 8, 10, 12, 13, 14)
}
