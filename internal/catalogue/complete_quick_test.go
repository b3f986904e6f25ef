package catalogue

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestCompleteQuickly: what is found among the paths with the most records is what all
// names give.
func TestCompleteQuickly(t *testing.T) {
	quick := 0
	for seed := range uint64(6) {
		g := rand.New(rand.NewPCG(seed, 7))
		b := NewBuilder("FS", time.UTC)
		l := made(g, 400)
		for i := range 9000 {
			p := fmt.Sprintf(`D:\共有\%s\%s%d.%s`, []string{"人事", "Abc", "見積"}[g.IntN(3)], []string{"見積書", "abc", "Report", "稀"}[min(g.IntN(40), 3)], i, []string{"xlsx", "txt"}[g.IntN(2)])
			r := record.Record{Server: "FS", Channel: "Security", FirstID: uint64(1000 + i), Time: time.Date(2026, time.Month(1+g.IntN(6)), 1, 0, 0, i, 0, time.UTC).UnixNano(), Op: record.OpRead, Object: record.ObjectFile, Class: record.ClassUser, Path: p}
			if g.IntN(4) == 0 {
				r.Share, r.ShareRoot = `\\FS\人事`, uint32(len(`D:\共有\人事`))
				r.Path = `D:\共有\人事` + p[len(`D:\共有`):]
			}
			for range 1 + g.IntN(3) {
				l = append(l, r)
			}
		}
		for i := range l {
			b.Add(&l[i])
		}
		p := write(t, b.Write)
		for _, typed := range []string{"", "a", "x", ".xlsx", "D:", `D:\`, `d:\共有\人事`, "見積", "人事", "稀", "report", `\\fs\人`, `\\fs\人事\見`, `01\`, "ない", "1", `有\a`} {
			for _, limit := range []int{1, 5, 20} {
				p.quick = 1 << 30
				want, err := Parts{p}.Complete(t.Context(), typed, limit, query.Extent{})
				if err != nil {
					t.Fatal(err)
				}
				p.quick = 0
				c := &completing{p: p, ctx: t.Context(), a: &asks(p.roots, typed, query.Extent{})[0]}
				if _, err := c.folders(); err != nil {
					t.Fatal(err)
				}
				if _, err := c.named(4 * limit); err != nil {
					t.Fatal(err)
				}
				if c.set == nil {
					quick++
				}
				got, err := Parts{p}.Complete(t.Context(), typed, limit, query.Extent{})
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(want, got, cmp.AllowUnexported(Hit{}), cmpopts.EquateEmpty()); d != "" {
					t.Errorf("seed %d, %q, %d hits (-all names +quick): %s", seed, typed, limit, d)
				}
			}
		}
	}
	if quick < 20 {
		t.Errorf("only %d completions did without a search of all names", quick)
	}
}
