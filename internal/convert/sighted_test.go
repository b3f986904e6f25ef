package convert

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
)

// TestSighted compares the sightings in memory with a plain search.
func TestSighted(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	schema := event.NewSchema("EventData", []string{"TargetUserName", "TargetDomainName", "TargetSid", "IpAddress", "Status"})
	people, places := []string{"alice", "bob", "CAROL"}, []string{"192.0.2.1", "::ffff:192.0.2.2", "2001:db8::3", "::1", "-"}
	var seen Sighted
	var all []Sighting
	if !seen.Empty() {
		t.Error("not empty at first")
	}
	for i := range 3000 {
		n := rng.IntN(len(people))
		e := &event.Event{
			Provider: "Microsoft-Windows-Security-Auditing", ID: []uint32{4768, 4769, 4771}[rng.IntN(3)],
			Time: t0 + event.Filetime(rng.IntN(2000))*60*10_000_000, Schema: schema,
			Values: []event.Value{
				event.String(people[n]), event.String("CORP.EXAMPLE.TEST"), event.String("S-1-5-21-1-2-3-" + itoa(uint64(n))),
				event.String(places[rng.IntN(len(places))]), event.Uint(event.KindHex32, uint64(rng.IntN(2))*0x12),
			},
		}
		seen.Add(e)
		all = append(all, Sightings(e)...)
		if i%100 != 99 {
			continue
		}
		for range 50 {
			who := []string{whoName(people[n], "corp"), "S-1-5-21-1-2-3-" + itoa(uint64(n)), "nobody"}[rng.IntN(3)]
			minute := t0.UnixNano()/60e9 + int64(rng.IntN(3000)) - 300
			var l []Sighting
			for _, s := range all {
				if s.Who == who && s.Minute <= minute && s.Minute >= minute-SightingAge {
					l = append(l, s)
				}
			}
			slices.SortFunc(l, func(a, b Sighting) int {
				return cmp.Or(cmp.Compare(b.Minute, a.Minute), strings.Compare(a.Where, b.Where))
			})
			l = slices.Compact(l)
			var want Sighting
			if len(l) > 0 {
				want = l[0]
				if len(l) > 1 && l[1].Minute == want.Minute {
					want.Where = ""
				}
			}
			at, where, ok := seen.Last(who, minute)
			if ok != (len(l) > 0) || at != want.Minute || where != want.Where {
				t.Fatalf("Last(%q, %d) = %d, %q, %v, want %+v", who, minute, at, where, ok, want)
			}
		}
	}
}
