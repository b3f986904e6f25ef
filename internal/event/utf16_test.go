package event

import "testing"

// TestUnread: a value that was not read is read by Clone; places outside of Raw
// are no text, whatever a value says.
func TestUnread(t *testing.T) {
	raw := []byte{'x', 0, 0x42, 0x30, 0x3d, 0xd8, 0x00, 0xde, 0x00, 0xd8}
	sid := []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0}
	raw = append(raw, sid...)
	e := &Event{Schema: NewSchema("EventData", []string{"a", "b", "c", "d", "e", "f", "g"}), Raw: raw}
	e.Values = []Value{
		Unread(KindString, 0, 10), Unread(KindString, 2, 2), Unread(KindString, len(raw)-2, 4), {Kind: KindUnread, Num: 1<<64 - 1},
		Unread(KindSID, 10, 16), Unread(KindGUID, 10, 16), Unread(KindGUID, 10, 15),
	}
	c := e.Clone()
	for i, want := range []Value{
		String("xあ\U0001f600\xed\xa0\x80"), String("あ"), String(""), String(""),
		{Kind: KindSID, Str: "S-1-5-32-544"}, {Kind: KindGUID, Str: "{00000201-0000-0500-2000-000020020000}"}, {Kind: KindGUID},
	} {
		if got := c.Values[i]; got != want {
			t.Errorf("value %d: %v, want %v", i, got, want)
		}
	}
	if c.Raw != nil || e.Values[0].Kind != KindUnread {
		t.Error("the copy holds the source's bytes, or the original was changed")
	}
	if _, _, ok := e.Unread(String("x")); ok {
		t.Error("a text that was read is told to be unread")
	}
	e.Raw = nil
	if _, _, ok := e.Unread(e.Values[0]); ok {
		t.Error("a text without its bytes is told to be unread")
	}
}
