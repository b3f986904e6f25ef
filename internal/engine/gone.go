package engine

import (
	"slices"
	"strconv"

	"github.com/akashi-audit/akashi/internal/record"
)

// withoutOwnHoles drops the records of missing record ids when it was an erasure
// or a deletion that left the holes: these are sealed, and no loss.
func (e *Engine) withoutOwnHoles(l []record.Record) []record.Record {
	return slices.DeleteFunc(l, func(r record.Record) bool {
		if r.Op != record.OpRecordsLost {
			return false
		}
		number := func(keys ...string) uint64 {
			for _, k := range keys {
				if n, err := strconv.ParseUint(r.Get(k), 10, 64); err == nil {
					return n
				}
			}
			return 0
		}
		from, to, lost := number("from_id"), number("to_id"), number("lost", "absent")
		return from > 0 && lost > 0 && e.st.Gone(r.Server, r.Channel, r.Generation, from, to) == lost
	})
}
