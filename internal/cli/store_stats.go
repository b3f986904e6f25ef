package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

func (a *app) newStats() *cobra.Command {
	var dir string
	var asJSON bool
	c := &cobra.Command{
		Use: "stats --data DIR [--json]", Short: a.p.T("cli.store.stats.short"), Long: a.p.T("cli.store.stats.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runStats(cmd.Context(), dir, asJSON) },
	}
	a.dataFlag(c, &dir)
	c.Flags().BoolVar(&asJSON, "json", false, a.p.T("cli.store.json"))
	return c
}

func (a *app) runStats(ctx context.Context, dir string, asJSON bool) error {
	if err := a.needData(dir); err != nil {
		return err
	}
	return a.withEngine(ctx, dir, true, func(e *engine.Engine) error {
		s, err := e.Stats(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return json.NewEncoder(a.Stdout).Encode(s)
		}
		conf := e.Config()
		zone, err := conf.Location()
		if err != nil {
			return err
		}
		a.printStats(s, zone)
		return nil
	})
}

func (a *app) printStats(s *store.Stats, zone *time.Location) {
	p := a.p
	line := func(key string, args ...any) { fmt.Fprintln(a.Stdout, p.T(key, args...)) }
	for _, sv := range s.Servers {
		fmt.Fprintln(a.Stdout, record.Visible(sv.Server))
		for _, w := range sv.Weeks {
			var records, events, bytes, gaps int64
			for _, d := range w.Days {
				records, events, bytes, gaps = records+d.Records, events+d.Events, bytes+d.Bytes, gaps+d.Gaps
			}
			line("cli.store.stats.week", "monday", w.Monday, "marks", marks(w), "records", records, "events", events, "bytes", p.Bytes(bytes), "gaps", gaps)
		}
	}
	each := "" // nothing is in segments while it is in the log
	if s.PerRecord > 0 {
		each = p.T("cli.store.stats.each", "bytes", fmt.Sprintf("%.1f", s.PerRecord))
	}
	line("cli.store.stats.total", "records", s.Records, "events", s.Events, "bytes", p.Bytes(s.Bytes), "segments", p.Bytes(s.Segments),
		"raw", p.Bytes(s.Raw), "paths", p.Bytes(s.Paths), "log", p.Bytes(s.Log), "each", each)
	if s.Restored > 0 {
		line("cli.restore.stats", "bytes", p.Bytes(s.Restored))
	}
	if len(s.Columns) > 0 {
		line("cli.store.stats.columns")
		names := slices.SortedFunc(maps.Keys(s.Columns), func(x, y string) int {
			if s.Columns[x] != s.Columns[y] {
				return int(max(-1, min(1, s.Columns[y]-s.Columns[x])))
			}
			return strings.Compare(x, y)
		})
		for _, n := range names {
			line("cli.store.stats.column", "column", n, "bytes", p.Bytes(s.Columns[n]))
		}
	}
	line("cli.store.stats.free", "free", p.Bytes(s.Free), "rate", p.Bytes(s.PerDay))
	if s.Full != 0 {
		line("cli.store.stats.full", "day", time.Unix(0, s.Full).In(zone).Format(time.DateOnly))
	}
	if s.Damage > 0 {
		line("cli.store.stats.damage", "n", s.Damage)
	}
}

// marks is a letter for each day from Monday to Sunday.
func marks(w store.WeekStats) string {
	out := []byte(".......")
	letter := map[string]byte{
		store.DayOpen: 'o', store.DaySegment: 's', store.DayMerged: 'm', store.DayDamaged: 'D', store.DayDeleted: 'x',
	}
	for _, d := range w.Days {
		if t, err := time.Parse(time.DateOnly, d.Day); err == nil {
			out[(int(t.Weekday())+6)%7] = letter[d.State]
		}
	}
	return string(out)
}
