package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// Gap is the last sealed gap report of a server, or of an archived day of it.
type Gap struct {
	Server   string `json:"server"`
	Day      string `json:"day,omitempty"` // "" = all that was held after an import
	Leaf     int64  `json:"leaf"`
	Time     int64  `json:"time"`    // Unix ns, by the clock of the folder's machine
	Sealed   bool   `json:"sealed"`  // a checkpoint covers the leaf
	Missing  uint64 `json:"missing"` // record ids
	Gaps     int    `json:"gaps"`    // ranges of them
	Silences int    `json:"silences"`
	Cleared  int    `json:"cleared"`  // events that tell of a cleared log or of lost events
	Unjudged int    `json:"unjudged"` // channels whose holes cannot be told from a filter
}

// lacks says whether something is missing, or cannot be judged.
func (g *Gap) lacks() bool {
	return g.Missing > 0 || g.Silences > 0 || g.Cleared > 0 || g.Unjudged > 0
}

// gapOf reads a leaf of a gap report.
func gapOf(e seal.Entry, i int64) (Gap, error) {
	x, err := manifest.ParseGapReport(e.Subject)
	if err != nil {
		return Gap{}, err
	}
	g := Gap{Server: x.Server, Day: x.Day, Leaf: i, Time: e.Time, Cleared: x.ClearedCount}
	g.Missing, g.Gaps, g.Silences = x.Sums()
	for j := range x.Channels {
		if x.Channels[j].Filtered || x.Channels[j].TooFew {
			g.Unjudged++
		}
	}
	return g, nil
}

// gapReports takes the last gap report of each server and day out of the leaves.
func (r *Report) gapReports(entries []seal.Entry, file string) {
	type key struct{ server, day string }
	last := map[key]Gap{}
	for i, e := range entries {
		if e.Kind != seal.KindGapReport {
			continue
		}
		g, err := gapOf(e, int64(i))
		if err != nil {
			r.add(Finding{State: Damaged, What: "gap_leaf", File: file, Part: leafName(int64(i)), Detail: err.Error()})
			continue
		}
		g.Sealed = g.Leaf < r.Sealed
		last[key{g.Server, g.Day}] = g
	}
	for _, g := range last {
		r.Gaps = append(r.Gaps, g)
	}
	sortGaps(r.Gaps)
}

func sortGaps(l []Gap) {
	slices.SortFunc(l, func(a, b Gap) int {
		return cmp.Or(strings.Compare(a.Server, b.Server), strings.Compare(a.Day, b.Day))
	})
}

// maxGapDays bounds the days of which the text names what is missing.
const maxGapDays = 20

// writeGaps tells what the logs lack, as it was sealed: of each server, and of its
// days those that lack something.
func (r *Report) writeGaps(b *strings.Builder, t Text) {
	days, rest := 0, 0
	for i := range r.Gaps {
		g := &r.Gaps[i]
		key := "verify.gaps.server"
		if g.Day != "" {
			if !g.lacks() {
				continue
			}
			if days++; days > maxGapDays {
				rest++
				continue
			}
			key = "verify.gaps.day"
		}
		args := []any{"server", visible(g.Server), "day", visible(g.Day), "leaf", g.Leaf, "time", when(g.Time)}
		if key += ".lacks"; !g.lacks() {
			fmt.Fprintln(b, t("verify.gaps.server.none", args[:2]...)+" "+t("verify.gaps.leaf", args[4:]...))
			continue
		}
		if g.Day == "" {
			args = append(args[:2], args[4:]...)
		}
		what := append(args[:len(args)-4:len(args)-4], "missing", g.Missing, "gaps", g.Gaps, "silences", g.Silences, "cleared", g.Cleared, "unjudged", g.Unjudged)
		fmt.Fprintln(b, t(key, what...)+" "+t("verify.gaps.leaf", args[len(args)-4:]...))
	}
	if rest > 0 {
		fmt.Fprintln(b, t("verify.gaps.more", "n", rest))
	}
}
