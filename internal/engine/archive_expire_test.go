package engine

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/verify"
)

// yearFiles are logs of two servers over the year 2026: n acts each.
func yearFiles(t *testing.T, n int) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for s, server := range []string{"A", "B"} {
		var b strings.Builder
		for i := range n {
			at := time.Date(2026, 1, 3+s, 9, 0, 0, 0, time.UTC).Add(time.Duration(i) * 350 * 24 * time.Hour / time.Duration(n))
			for k := range 2 {
				fmt.Fprintf(&b, "Security 0 %d %d %d h%d\n", 10+2*i+k, event.FromUnixNano(at.Add(time.Duration(k)*time.Minute).UnixNano()), 1+k, i%5)
			}
		}
		p := filepath.Join(dir, server+".Security.0")
		if err := os.WriteFile(p, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	return paths
}

func at2028(fs fsx.FS) deps {
	d := laterDeps(fs)
	d.batch = 1000
	return d
}

// agreed proposes and confirms terms.
func agreed(t *testing.T, e *Engine, l ...store.Term) {
	t.Helper()
	for _, x := range l {
		x.By = "担当"
		if err := e.ProposeRetention(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.ConfirmRetention(t.Context(), "責任者", "規程 第5条"); err != nil {
		t.Fatal(err)
	}
}

// daysIn counts the records by server and day, as the folder has days.
func daysIn(l []record.Record) map[[2]string]int {
	out := make(map[[2]string]int)
	for i := range l {
		out[[2]string{l[i].Server, time.Unix(0, l[i].Time).In(japan()).Format(time.DateOnly)}]++
	}
	return out
}

// Whatever terms, holds, stored days and damaged copies there are: exactly those days
// go that a plain reading of the rules lets go, the others stay whole, the volumes
// prove it, and a folder made from them takes the deleted events for no loss.
func TestKeptDeletionAgainstModel(t *testing.T) {
	seeds := []uint64{0, 23} // 23 damages a day that is another one in UTC
	for seed := uint64(0); seed < uint64(inLong(0, 60)); seed++ {
		seeds = append(seeds, seed)
	}
	gone, kept := 0, 0
	for _, seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 21))
		dir := filepath.Join(t.TempDir(), "d")
		e := openEngine(t, dir, at2028(nil))
		importAll(t, e, yearFiles(t, 7+rng.IntN(8))...)
		dirs := pooledFolder(t, e, "b")
		sealAll(t, e)
		before := archived(t, e)
		months := map[string]int{"A": 16 + rng.IntN(14), "B": 16 + rng.IntN(14)}
		terms := []store.Term{{Months: 1}, {Class: store.KeepArchive, Months: months["A"]}, {Class: store.KeepArchive, Server: "B", Months: months["B"], Year: rng.IntN(3) == 0}}
		storeMonths := 1
		if rng.IntN(3) == 0 { // the store keeps some of what the archive should not
			storeMonths = 18 + rng.IntN(6)
			terms[0].Months = storeMonths
		}
		agreed(t, e, terms...)
		if _, err := e.Expire(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		h := hold.Hold{Case: "事案", By: "法務", Ground: "訴訟"}
		switch rng.IntN(4) {
		case 0:
			h.Servers = []string{"A"}
		case 1:
			h.From, h.To = time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC).UnixNano(), time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC).UnixNano()
		case 2:
			h.Query = "h3"
		default:
			h.Case = ""
		}
		if h.Case != "" {
			if err := e.AddHold(t.Context(), h); err != nil {
				t.Fatal(err)
			}
		}
		spoilt := [2]string{}
		if rng.IntN(2) == 0 {
			spoilt = spoil(t, rng, dirs["b"], before)
		}
		now := e.deps.now().In(japan())
		free := func(server, day string) bool {
			d, err := time.ParseInLocation(time.DateOnly, day, japan())
			if err != nil {
				t.Fatal(err)
			}
			last := time.Date(d.Year(), d.Month()+time.Month(months[server])+1, 1, 0, 0, 0, 0, japan())
			if server == "B" && terms[2].Year {
				last = time.Date(d.Year(), d.Month()+time.Month(months[server]), 1, 0, 0, 0, 0, japan())
				last = time.Date(last.Year()+1, 1, 1, 0, 0, 0, 0, japan())
			}
			from, to := d.UnixNano(), d.AddDate(0, 0, 1).UnixNano()
			held := h.Case != "" && (len(h.Servers) == 0 || server == "A") && (h.From == 0 || to > h.From-hold.Edge && from < h.To+hold.Edge)
			if held && h.Query != "" {
				held = slices.ContainsFunc(before, func(r record.Record) bool {
					return r.Server == server && from <= r.Time && r.Time < to && strings.HasSuffix(r.Path, "h3")
				})
			}
			stored := d.Year()*12+int(d.Month()) >= now.Year()*12+int(now.Month())-storeMonths
			return !now.Before(last) && !held && !stored && spoilt != [2]string{server, day}
		}
		plan, err := e.KeptDue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		x, err := e.ExpireKept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.Days) != len(x.Deleted.Days)+len(x.Kept.Days) {
			t.Errorf("seed %d: the plan has %d days, the work %d and %d", seed, len(plan.Days), len(x.Deleted.Days), len(x.Kept.Days))
		}
		want := daysIn(before)
		for k := range want {
			if free(k[0], k[1]) {
				delete(want, k)
				gone++
			} else {
				kept++
			}
		}
		same(t, fmt.Sprintf("seed %d (%+v, %+v)", seed, terms, h), want, daysIn(archived(t, e)))
		for name, v := range map[string]string{"archive": filepath.Join(dir, archiveDir), "b": dirs["b"]} {
			r, err := verify.Volume(t.Context(), v, verify.Options{})
			if err != nil || r.Damage() && spoilt[0] == "" {
				t.Errorf("seed %d: volume %s: %+v, %v", seed, name, r.Findings, err)
			}
			told := slices.ContainsFunc(r.Findings, func(f verify.Finding) bool {
				return f.What == "days_deleted" && strings.Contains(f.Detail, "責任者: 規程")
			})
			if told != (len(x.Deleted.Days) > 0) {
				t.Errorf("seed %d: volume %s tells of deletions: %t", seed, name, told)
			}
		}
		again := openEngine(t, filepath.Join(t.TempDir(), "d"), at2028(nil))
		if _, err := again.RebuildFromArchive(t.Context(), filepath.Join(dir, archiveDir), nil); err != nil && len(want) > 0 {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("seed %d, made again", seed), want, daysIn(records(t, again)))
		for i := range x.Deleted.Days {
			d := &x.Deleted.Days[i]
			if l, _ := filepath.Glob(filepath.Join(dirs["b"], d.Server, d.Day, "*")); len(l) > 0 {
				t.Errorf("seed %d: volume b still has %v", seed, l)
			}
		}
		if len(want) > 0 {
			wantNoLoss(t, again, x.Deleted.Days)
		}
	}
	t.Logf("%d days deleted, %d kept", gone, kept)
	if gone == 0 || kept == 0 {
		t.Error("choose other seeds")
	}
}

func same(t *testing.T, name string, want, got map[[2]string]int) {
	t.Helper()
	for k, n := range want {
		if got[k] != n {
			t.Errorf("%s: %v has %d records, want %d", name, k, got[k], n)
		}
	}
	for k, n := range got {
		if want[k] == 0 {
			t.Errorf("%s: %v is there with %d records and should not be", name, k, n)
		}
	}
}

// wantNoLoss sees that deleted events are known as such in a folder made again.
func wantNoLoss(t *testing.T, e *Engine, l []archive.DueDay) {
	t.Helper()
	for _, d := range l {
		var n uint64
		for _, g := range e.st.AllGone(d.Server) {
			for _, r := range g.Runs {
				n += r[1] - r[0] + 1
			}
		}
		if n == 0 {
			t.Errorf("%s of %s: the events that were deleted are taken for lost", d.Day, d.Server)
		}
	}
}

// spoil removes or changes a copy of some archived day on a volume, and tells which.
func spoil(t *testing.T, rng *rand.Rand, volume string, l []record.Record) [2]string {
	t.Helper()
	r := &l[rng.IntN(len(l))]
	k := [2]string{r.Server, time.Unix(0, r.Time).In(japan()).Format(time.DateOnly)}
	files, err := filepath.Glob(filepath.Join(volume, k[0], k[1], "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no files of %v: %v", volume, k, err)
	}
	f := files[rng.IntN(len(files))]
	if rng.IntN(2) == 0 {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
		return k
	}
	b, err := os.ReadFile(f)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(f, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return k
}
