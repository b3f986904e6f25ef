package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/store"
)

// Months and archived days that tell of a registered folder stay until their own term
// is over; those beside them go.
func TestMarkedStaysLonger(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte("[my_number]\nfolders = ['\\\\FS01\\特定']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2028, 6, 1, 0, 0, 0, 0, time.UTC)
	d := at2028(nil)
	d.now = func() time.Time { return now }
	e := openEngine(t, dir, d)
	var b strings.Builder
	for i, path := range []string{`D:\share\特定\a`, `D:\share\x`, `D:\share\特定`, `D:\share\特定の友\a`} { // January to April
		at := time.Date(2026, time.Month(1+i), 10, 9, 0, 0, 0, time.UTC)
		for k := range 2 {
			fmt.Fprintf(&b, "Security 0 %d %d %d %s\n", 10+2*i+k, event.FromUnixNano(at.Add(time.Duration(k)*time.Minute).UnixNano()), 1+k, path)
		}
	}
	p := filepath.Join(t.TempDir(), "A.Security.0")
	if err := os.WriteFile(p, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	importAll(t, e, p)
	sealAll(t, e)
	agreed(t, e, store.Term{Months: 12}, store.Term{Class: store.KeepMarked, Months: 84})
	months := func(l []store.Due) (out []string) {
		for _, x := range l {
			out = append(out, x.Period)
		}
		return out
	}
	x, err := e.Expire(t.Context(), false)
	if err != nil || !slices.Equal(months(x.Deleted), []string{"2026-02", "2026-04"}) || !slices.Equal(months(x.Kept), []string{"2026-01", "2026-03"}) || !slices.Contains(x.Kept[0].Held, MarkedCase) {
		t.Fatalf("%+v, %v", x, err)
	}
	if _, err := e.ExpireKept(t.Context()); err == nil {
		t.Error("a term of what stays deletes something")
	}
	agreed(t, e, store.Term{Class: store.KeepArchive, Months: 24})
	y, err := e.ExpireKept(t.Context())
	if err != nil || len(y.Deleted.Days) != 2 || len(y.Kept.Days) != 2 || !slices.Contains(y.Kept.Days[0].Held, MarkedCase) {
		t.Fatalf("%+v, %v", y, err)
	}
	now = time.Date(2033, 3, 1, 0, 0, 0, 0, time.UTC) // January's term is over
	if x, err = e.Expire(t.Context(), false); err != nil || !slices.Equal(months(x.Deleted), []string{"2026-01"}) {
		t.Fatalf("%+v, %v", x, err)
	}
	if y, err = e.ExpireKept(t.Context()); err != nil || len(y.Deleted.Days) != 1 || y.Deleted.Days[0].Day != "2026-01-10" {
		t.Fatalf("%+v, %v", y, err)
	}
}
