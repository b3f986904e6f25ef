package event

import "testing"

// TestUnread: a text that was not read is read by Clone; places outside of Raw
// are no text, whatever a value says.
func TestUnread(t *testing.T) {
	raw := []byte{'x', 0, 0x42, 0x30, 0x3d, 0xd8, 0x00, 0xde, 0x00, 0xd8}
	e := &Event{Schema: NewSchema("EventData", []string{"a", "b", "c", "d"}), Raw: raw}
	e.Values = []Value{Unread(0, len(raw)), Unread(2, 2), Unread(8, 4), {Kind: KindUTF16, Num: 1<<64 - 1}}
	c := e.Clone()
	for i, want := range []string{"xあ\U0001f600\xed\xa0\x80", "あ", "", ""} {
		if got := c.Values[i]; got != String(want) {
			t.Errorf("value %d: %v, want %q", i, got, want)
		}
	}
	if c.Raw != nil || e.Values[0].Kind != KindUTF16 {
		t.Error("the copy holds the source's bytes, or the original was changed")
	}
	if _, ok := e.UTF16(String("x")); ok {
		t.Error("a text that was read is told to be unread")
	}
	e.Raw = nil
	if _, ok := e.UTF16(e.Values[0]); ok {
		t.Error("a text without its bytes is told to be unread")
	}
}
