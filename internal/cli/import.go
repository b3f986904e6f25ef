package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

type importOptions struct {
	Data         string
	KeepOriginal bool
	Quiet, JSON  bool
}

func (a *app) newImport() *cobra.Command {
	var opts importOptions
	c := &cobra.Command{
		Use: "import --data DIR [--keep-original] PATH…", Short: a.p.T("cli.import.short"), Long: a.p.T("cli.import.long"), Args: a.needArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runImport(cmd.Context(), opts, args) },
	}
	a.dataFlag(c, &opts.Data)
	c.Flags().BoolVar(&opts.KeepOriginal, "keep-original", false, a.p.T("cli.import.keep"))
	c.Flags().BoolVarP(&opts.Quiet, "quiet", "q", false, a.p.T("cli.import.quiet"))
	c.Flags().BoolVar(&opts.JSON, "json", false, a.p.T("cli.import.json"))
	return c
}

func (a *app) dataFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "data", a.Getenv("AKASHI_DATA"), a.p.T("cli.flag.data"))
}

func (a *app) needData(dir string) error {
	if dir == "" {
		return usage(errors.New(a.p.T("cli.error.data")))
	}
	return nil
}

func (a *app) runImport(ctx context.Context, opts importOptions, args []string) error {
	defer pace.Memory()()
	if err := a.needData(opts.Data); err != nil {
		return err
	}
	req := engine.ImportRequest{KeepOriginal: opts.KeepOriginal, Importer: importer()}
	for _, p := range args {
		abs, err := filepath.Abs(p)
		if err != nil {
			return err
		}
		req.Paths = append(req.Paths, abs)
	}
	show := a.newProgress(opts.Quiet)
	sum, err := a.importHere(ctx, opts.Data, req, show.update)
	if errors.Is(err, store.ErrLocked) {
		if sum, err = a.handOver(ctx, opts.Data, req, show.update); errors.Is(err, errNoServer) {
			err = store.ErrLocked
		}
	}
	show.end()
	if err != nil {
		return err
	}
	if opts.JSON {
		if err := json.NewEncoder(a.Stdout).Encode(sum); err != nil {
			return err
		}
	} else {
		a.printImport(sum)
	}
	return outcome(sum.Skipped > 0, sum.Damaged > 0)
}

func (a *app) importHere(ctx context.Context, dir string, req engine.ImportRequest, progress func(engine.Progress)) (sum *engine.Summary, err error) {
	e, err := engine.Open(ctx, dir, engine.Options{Create: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	return e.ImportConsole(ctx, req, progress)
}

func importer() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		name += "@" + h
	}
	return name
}

func (a *app) printImport(s *engine.Summary) {
	p := a.p
	fmt.Fprintln(a.Stdout, p.T("cli.import.done", "files", len(s.Files)-s.Skipped, "events", s.Events, "duplicates", s.Duplicates,
		"records", s.Records, "time", p.Duration(s.Elapsed)))
	for _, w := range s.Again {
		key := "cli.import.window"
		if w.Whole {
			key = "cli.import.window_end"
		}
		fmt.Fprintln(a.Stdout, "  "+p.T(key, "server", record.Visible(w.Server), "from", p.Time(w.From), "to", p.Time(w.To), "events", w.Events))
	}
	for _, f := range s.Files {
		if f.Error != "" {
			fmt.Fprintln(a.Stdout, "  "+p.T("cli.skipped", "file", f.Path, "reason", a.reason(f.Error)))
		}
		for _, d := range f.Damage {
			fmt.Fprintln(a.Stdout, "  "+p.T("cli.damage.file", "file", f.Path, "damage", a.damage(d.Chunk, d.Offset, d.Kind, d.Lost)))
		}
	}
}

// progress shows a running import: one line that is rewritten on a terminal,
// else a line every few seconds.
type progress struct {
	a     *app
	quiet bool
	tty   bool
	last  time.Time
	shown bool
	line  func(engine.Progress) string
}

func (a *app) newProgress(quiet bool) *progress {
	f, ok := a.Stderr.(*os.File)
	return &progress{a: a, line: a.importLine, quiet: quiet, tty: ok && term.IsTerminal(int(f.Fd())), last: time.Now()}
}

// readProgress shows the reading of a server's log, on a terminal only.
func (a *app) readProgress(server string) *progress {
	s := a.newProgress(false)
	s.quiet = !s.tty
	s.line = func(p engine.Progress) string {
		return a.p.T("cli.read.progress", "server", record.Visible(server), "events", p.Events)
	}
	return s
}

func (s *progress) update(p engine.Progress) {
	every := 5 * time.Second
	if s.tty {
		every = 200 * time.Millisecond
	}
	if s.quiet || time.Since(s.last) < every {
		return
	}
	s.last, s.shown = time.Now(), true
	line := s.line(p)
	if s.tty {
		fmt.Fprint(s.a.Stderr, "\r\x1b[K"+line)
		return
	}
	fmt.Fprintln(s.a.Stderr, line)
}

// importLine words a moment of an import.
func (a *app) importLine(p engine.Progress) string {
	pr := a.p
	if p.Phase == "reconvert" && p.Again > 0 {
		return pr.T("cli.import.again", "events", p.Again, "records", p.Records)
	}
	rate := 0.0
	if p.Elapsed > 0 {
		rate = float64(p.BytesDone) / p.Elapsed.Seconds()
	}
	left := "–"
	if p.Left > 0 {
		left = pr.Duration(p.Left)
	}
	return pr.T("cli.import.progress", "done", p.FilesDone, "files", p.Files, "bytes", pr.Bytes(p.BytesDone), "total", pr.Bytes(p.Bytes),
		"rate", pr.Bytes(int64(rate)), "events", p.Events, "records", p.Records, "left", left)
}

func (s *progress) end() {
	if s.tty && s.shown {
		fmt.Fprint(s.a.Stderr, "\r\x1b[K")
	}
}

// reason words the stored reason of a skipped file.
func (a *app) reason(text string) string {
	for key, known := range map[string]error{"cli.error.empty": errEmpty, "cli.error.foreign": errForeign} {
		if text == known.Error() {
			return a.p.T(key)
		}
	}
	return text
}
