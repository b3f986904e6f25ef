package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/akashi-audit/akashi/internal/bench"
	"github.com/akashi-audit/akashi/internal/i18n"
)

type benchOptions struct {
	Records, Servers    int
	Seed                uint64
	Data, Parquet, Dump string
	Keep, JSON, Check   bool
}

func (a *app) newBench() *cobra.Command {
	c := &cobra.Command{
		Use: "bench", Short: a.p.T("cli.bench.short"), Long: a.p.T("cli.bench.long"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(errors.New(a.p.T("cli.error.command", "name", args[0])))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(a.newBenchStore())
	return c
}

func (a *app) newBenchStore() *cobra.Command {
	var opts benchOptions
	c := &cobra.Command{
		Use: "store [--records N]", Short: a.p.T("cli.bench.store.short"), Long: a.p.T("cli.bench.store.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBenchStore(cmd.Context(), opts) },
	}
	f, t := c.Flags(), a.p.T
	f.IntVar(&opts.Records, "records", 1_000_000, t("cli.bench.records"))
	f.IntVar(&opts.Servers, "servers", 1, t("cli.bench.servers"))
	f.Uint64Var(&opts.Seed, "seed", 1, t("cli.bench.seed"))
	f.StringVar(&opts.Data, "data", "", t("cli.bench.data"))
	f.BoolVar(&opts.Keep, "keep", false, t("cli.bench.keep"))
	f.BoolVar(&opts.JSON, "json", false, t("cli.bench.json"))
	f.BoolVar(&opts.Check, "check", false, t("cli.bench.check"))
	f.StringVar(&opts.Parquet, "parquet", "", t("cli.bench.parquet"))
	f.StringVar(&opts.Dump, "dump-answers", "", t("cli.bench.dump"))
	return c
}

func (a *app) runBenchStore(ctx context.Context, opts benchOptions) (err error) {
	if opts.Records < 1 || opts.Servers < 1 || opts.Servers > 99 || opts.Records < opts.Servers {
		return usage(errors.New(a.p.T("cli.bench.error.records")))
	}
	dir := opts.Data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "akashi-bench-"); err != nil {
			return err
		}
	}
	if !opts.Keep {
		defer func() {
			if !errors.Is(err, bench.ErrForeign) {
				err = errors.Join(err, bench.Remove(dir))
			}
		}()
	}
	show := a.newBenchProgress()
	res, err := bench.Run(ctx, bench.Options{
		Records: opts.Records, Servers: opts.Servers, Seed: opts.Seed, Dir: dir, Parquet: opts.Parquet, Check: opts.Check, Progress: show.update,
	})
	show.end()
	if errors.Is(err, bench.ErrForeign) {
		return &exit{exitUsage, fmt.Errorf("%s%w", a.p.T("cli.bench.error.foreign", "dir", dir), silent{err})}
	}
	if err != nil {
		return err
	}
	if opts.Dump != "" {
		if err := dumpAnswers(opts.Dump, res.Answers); err != nil {
			return err
		}
	}
	if opts.JSON {
		err = json.NewEncoder(a.Stdout).Encode(res)
	} else {
		err = a.printBench(res)
	}
	if err == nil && opts.Keep {
		a.note("cli.bench.kept", "dir", dir)
	}
	if err == nil && res.Check != nil && res.Check.Different > 0 {
		return &exit{exitError, errors.New(a.p.T("cli.bench.error.different", "n", res.Check.Different))}
	}
	return err
}

// silent is an error that is there to be asked for, not to be read.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }

func dumpAnswers(path string, l []bench.Answer) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write answers: %w", err)
	}
	w := bufio.NewWriter(f)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range l {
		if err := enc.Encode(&l[i]); err != nil {
			return errors.Join(fmt.Errorf("write answers: %w", err), f.Close())
		}
	}
	return errors.Join(w.Flush(), f.Close())
}

// benchProgress shows a running measurement.
type benchProgress struct {
	a     *app
	tty   bool
	last  time.Time
	stage string
}

func (a *app) newBenchProgress() *benchProgress {
	f, ok := a.Stderr.(*os.File)
	return &benchProgress{a: a, tty: ok && term.IsTerminal(int(f.Fd())), last: time.Now()}
}

func (s *benchProgress) update(p bench.Progress) {
	every := 5 * time.Second
	if s.tty {
		every = 200 * time.Millisecond
	}
	if p.Stage == s.stage && time.Since(s.last) < every {
		return
	}
	s.last, s.stage = time.Now(), p.Stage
	key := "cli.bench." + p.Stage
	if p.Stage == "parquet" || p.Stage == "check" {
		key += ".progress"
	}
	line := s.a.p.T(key, "done", p.Done, "n", p.N, "what", p.What, "time", s.a.p.Duration(p.Elapsed))
	if s.tty {
		fmt.Fprint(s.a.Stderr, "\r\x1b[K"+line)
		return
	}
	fmt.Fprintln(s.a.Stderr, line)
}

func (s *benchProgress) end() {
	if s.tty && s.stage != "" {
		fmt.Fprint(s.a.Stderr, "\r\x1b[K")
	}
}

func (a *app) printBench(r *bench.Result) error {
	p := a.p
	line := func(key string, args ...any) { fmt.Fprintln(a.Stdout, p.T(key, args...)) }
	line("cli.bench.head", "n", r.Records, "servers", r.Servers, "days", r.Days)
	key := "cli.bench.reused"
	if r.Loaded {
		key = "cli.bench.rate"
	}
	line(key, "rate", int64(r.RecordsPerSecond), "cpu", decimals(r.LoadCPU, 2), "gen", decimals(r.GeneratorCPU, 2))
	line("cli.bench.size", "size", p.Bytes(r.Bytes), "per", decimals(r.BytesPerRecord, 2))
	if r.ParquetBytes > 0 {
		line("cli.bench.parquet.size", "size", p.Bytes(r.ParquetBytes), "per", decimals(float64(r.ParquetBytes)/float64(r.Records), 2),
			"time", p.Duration(time.Duration(r.ParquetSeconds*float64(time.Second))))
	}
	line("cli.bench.memory", "load", p.Bytes(r.LoadPeakRSS), "ask", p.Bytes(r.QueryPeakRSS))
	line("cli.bench.open", "ms", decimals(r.OpenMillis, 1))
	w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\n"+p.T("cli.bench.columns"))
	names := slices.SortedFunc(maps.Keys(r.BytesByColumn), func(x, y string) int { return int(r.BytesByColumn[y] - r.BytesByColumn[x]) })
	for _, n := range names {
		fmt.Fprintf(w, "%s\t%s\t%s\n", n, p.Bytes(r.BytesByColumn[n]), decimals(float64(r.BytesByColumn[n])/float64(r.Records), 3))
	}
	fmt.Fprintln(w, "\n"+p.T("cli.bench.table"))
	for i := range r.Queries {
		q := &r.Queries[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", q.ID, decimals(q.ColdMS, 1), decimals(q.WarmMS, 1), decimals(q.CPUMS, 1), q.Rows, questionText(p, q.ID))
	}
	if err := w.Flush(); err != nil || r.Check == nil {
		return err
	}
	return a.printBenchCheck(r.Check)
}

// printBenchCheck tells for each question how many answers are what the records say.
func (a *app) printBenchCheck(c *bench.Check) error {
	p := a.p
	fmt.Fprintln(a.Stdout, "\n"+p.T("cli.bench.check.head", "n", c.Records, "cpu", decimals(c.CPU, 2), "memory", p.Bytes(c.PeakRSS),
		"time", p.Duration(time.Duration(c.Seconds*float64(time.Second)))))
	w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, p.T("cli.bench.check.table"))
	for i := range c.Questions {
		q := &c.Questions[i]
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", q.ID, q.Equal, len(q.Different), questionText(p, q.ID))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i := range c.Questions {
		for _, d := range c.Questions[i].Different {
			fmt.Fprintln(a.Stdout, p.T("cli.bench.check.different", "id", c.Questions[i].ID, "variant", d.Variant, "what", d.What, "store", d.Store, "records", d.Records))
		}
	}
	key := "cli.bench.check.equal"
	if c.Different > 0 {
		key = "cli.bench.check.some"
	}
	_, err := fmt.Fprintln(a.Stdout, p.T(key, "equal", c.Equal, "different", c.Different))
	return err
}

func questionText(p *i18n.Printer, id string) string { return p.T("cli.bench.q." + id) }

func decimals(x float64, n int) string { return strconv.FormatFloat(x, 'f', n, 64) }
