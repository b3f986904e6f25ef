package convert

import (
	"slices"
	"testing"
)

// TestShareMoved: a share that stands at another folder than before, without
// an event that says so, names paths in its new folder.
func TestShareMoved(t *testing.T) {
	b := newLog().logonEvent()
	b.refuseShare(`a.txt`, 0x2, "%%4417: %%1805")
	b.wait(60_000)
	b.root = `F:\later`
	b.refuseShare(`a.txt`, 0x2, "%%4417: %%1805")
	var got []string
	for _, r := range convertServer(b.events) {
		if r.Rule == "F2" {
			got = append(got, r.Path)
		}
	}
	if want := []string{`E:\data\a.txt`, `F:\later\a.txt`}; !slices.Equal(got, want) {
		t.Errorf("refused at %q, want %q", got, want)
	}
}
