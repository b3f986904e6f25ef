package convert

import (
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
)

// tells makes the test of a log that play makes: say is what is told of a record, "" for
// one that does not matter.
func tells(t *testing.T, say func(r record.Record) string) func(name string, play func(b *logBuilder), want ...string) {
	return func(name string, play func(b *logBuilder), want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Helper()
			b := newLog()
			play(b)
			mergeOrder(b.events)
			var got []string
			for _, r := range convertAll(b.events) {
				if text := say(r); text != "" {
					got = append(got, text)
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("records (-want +got):\n%s", d)
			}
		})
	}
}
