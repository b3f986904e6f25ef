package convert

import "testing"

// TestHot: a remembered look-up answers as the table itself, for the key that an
// empty slot looks like too.
func TestHot(t *testing.T) {
	all := map[pathKey]*desk{{}: {List: 1}}
	var h hot[desk]
	if d := h.get(all, pathKey{}); d == nil || d.List != 1 {
		t.Fatalf("the empty key: %v", d)
	}
	k := pathKey{Logon: 256, Key: "X"}
	if h.get(all, k) != nil {
		t.Error("something under a key that was never set")
	}
	h.set(all, k, &desk{List: 2})
	if d := h.get(all, k); d == nil || d.List != 2 || all[k] != d {
		t.Errorf("after set: %v", d)
	}
	h.set(all, k, nil)
	if h.get(all, k) != nil || all[k] != nil {
		t.Error("still there after it was taken away")
	}
}
