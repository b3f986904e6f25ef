package segment

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// zoneRows are rows of one March, in local time of a zone, hours from to to of each day.
func zoneRows(zone *time.Location, from, to int) []stored {
	g := rand.New(rand.NewPCG(9, 9))
	var l []stored
	for i := range 900 {
		x := testRecord(g, i, false)
		x.r.Time = time.Date(2026, 3, 1+i%31, from+g.IntN(to-from), g.IntN(60), g.IntN(60), 0, zone).UnixNano()
		x.r.EndTime = x.r.Time
		l = append(l, x)
	}
	return l
}

// TestZones: a counter whose zone has another name than the segment's is counted by
// numbers where their days agree, by roll-ups where their hours do, and rightly always.
func TestZones(t *testing.T) {
	load := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	east := time.FixedZone("JST", 9*3600)
	est, edt := time.FixedZone("EST", -5*3600), time.FixedZone("EDT", -4*3600)
	for _, x := range []struct {
		name        string
		own, of     *time.Location
		from, to    int
		days, hours bool
	}{
		{"the same name", east, time.FixedZone("JST", 9*3600), 0, 24, true, true},
		{"Tokyo by its hours", load("Asia/Tokyo"), east, 0, 24, true, true},
		{"hours without a place", east, load("Asia/Tokyo"), 0, 24, true, false},
		{"Seoul", load("Asia/Tokyo"), load("Asia/Seoul"), 0, 24, true, true},
		{"an hour off, at night", load("Asia/Tokyo"), load("Asia/Shanghai"), 0, 24, false, false},
		{"an hour off, by day", load("Asia/Tokyo"), load("Asia/Shanghai"), 6, 20, true, false},
		{"UTC", load("Asia/Tokyo"), time.UTC, 0, 24, false, false},
		{"of UTC", time.UTC, time.FixedZone("GMT", 0), 0, 24, true, true},
		{"half of March", load("America/New_York"), est, 0, 24, false, false},
		{"half of March, by day", load("America/New_York"), edt, 6, 20, true, false},
		{"the switch itself", load("America/New_York"), load("America/Toronto"), 0, 24, true, true},
	} {
		rows := zoneRows(x.own, x.from, x.to)
		b := NewBuilder("FS01.example.co.jp", false, Options{Zone: x.own})
		for i := range rows {
			b.Add(&rows[i].r, rows[i].seq)
		}
		var buf bytes.Buffer
		if _, err := b.WriteMonth(&buf, b.Months()[0]); err != nil {
			t.Fatal(err)
		}
		s := openSegment(t, buf.Bytes())
		if days, hours := s.agrees(x.of); days != x.days || hours != x.hours {
			t.Errorf("%s: days %v, hours %v, want %v, %v", x.name, days, hours, x.days, x.hours)
		}
		g := rand.New(rand.NewPCG(1, uint64(x.from)))
		for range 25 {
			q := testQuery(g)
			if g.IntN(2) == 0 {
				q = query.Query{Classes: query.AllClasses()}
			}
			q.Lists = pick(g, query.ListPeople, query.ListHours, query.ListHours|query.ListDays, query.ListDays|query.ListPaths)
			want, got := facets.New(&q, x.of), facets.New(&q, x.of)
			for _, r := range naive(rows, q, View{}, nil) {
				want.Add(&r.r)
			}
			if err := s.Count(context.Background(), NewFilter(q), View{}, got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(facetsOf(t, want), facetsOf(t, got), cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("%s, %+v: %s", x.name, q, d)
			}
		}
	}
}
