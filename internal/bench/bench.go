package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/akashi-audit/akashi/internal/store"
)

// Options of Run.
type Options struct {
	Records int    // all servers together
	Servers int    // 1 to 99
	Seed    uint64 // of the simulation
	Dir     string // made by Run, or left by an earlier Run with the same options
	// Parquet, when set, is a folder for the same records as Parquet files,
	// one per server and day.
	Parquet string
	// Check compares every answer with one that is counted record by record.
	Check bool
	// Progress is told what is going on; it may be nil.
	Progress func(Progress)
}

// Progress is a moment of a Run.
type Progress struct {
	Stage   string // load, settle, parquet, ask or check
	Done, N int    // records, or questions
	What    string // of ask: the question
	Elapsed time.Duration
}

// Result of Run. The names of the JSON are a contract.
type Result struct {
	Records          int              `json:"records"`
	RecordsPerSecond float64          `json:"records_per_second"` // wall clock, from the generator to sealed segments
	BytesPerRecord   float64          `json:"bytes_per_record"`   // all files of the data folder
	BytesByColumn    map[string]int64 `json:"bytes_by_column"`
	PeakRSS          int64            `json:"peak_rss_bytes"` // of load and questions
	Queries          []Query          `json:"queries"`

	Servers        int     `json:"servers"`
	Seed           uint64  `json:"seed"`
	Days           int     `json:"days"`
	Loaded         bool    `json:"loaded"`               // false: the folder was there
	LoadSeconds    float64 `json:"load_seconds"`         // Append calls, with the generator beside them
	SettleSeconds  float64 `json:"settle_seconds"`       // after the last Append
	LoadCPU        float64 `json:"load_cpu_us"`          // µs of processor time per record, generator included
	GeneratorCPU   float64 `json:"generator_cpu_us"`     // µs per record, of that
	Bytes          int64   `json:"bytes"`                // all files of the data folder
	LoadPeakRSS    int64   `json:"load_peak_rss_bytes"`  // of the load
	QueryPeakRSS   int64   `json:"query_peak_rss_bytes"` // of the questions
	OpenMillis     float64 `json:"open_ms"`              // opening the folder with cold caches, median
	ParquetBytes   int64   `json:"parquet_bytes,omitempty"`
	ParquetSeconds float64 `json:"parquet_seconds,omitempty"`

	Check *Check `json:"check,omitempty"`

	Answers []Answer `json:"-"` // of every question and value that was asked
}

// Query is the figures of one question.
type Query struct {
	ID       string  `json:"id"`
	ColdMS   float64 `json:"cold_ms"` // wall clock, folder opened anew, files out of the system's cache
	WarmMS   float64 `json:"warm_ms"` // wall clock of a store that stays open, median of five
	CPUMS    float64 `json:"cpu_ms"`  // processor time of the process, warm, median of five
	Rows     int     `json:"rows"`    // of the cold answer
	ColdCPU  float64 `json:"cold_cpu_ms"`
	Total    uint64  `json:"total"`     // records that were counted, of facets
	What     string  `json:"what"`      // in words
	WarmRows []int   `json:"warm_rows"` // of each timed answer
}

// The names below Dir.
const (
	noteName  = "bench.json"
	storeName = "store"
)

// ErrForeign: the folder holds something that Run did not make with these
// options.
var ErrForeign = errors.New("the folder is not empty and not of a measurement with the same options")

// StoreDir is the data folder of a Run in dir.
func StoreDir(dir string) string { return filepath.Join(dir, storeName) }

// Run loads the records unless an earlier Run in opt.Dir did, and measures.
// The folder stays.
func Run(ctx context.Context, opt Options) (*Result, error) {
	r := &runner{opt: opt, began: time.Now()}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	if opt.Parquet != "" { // first: its memory is not that of the store
		if err := r.export(ctx); err != nil {
			return nil, err
		}
	}
	if !r.ready {
		if err := r.load(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	if r.res.Bytes, err = diskUse(StoreDir(opt.Dir)); err != nil {
		return nil, err
	}
	r.res.BytesPerRecord = float64(r.res.Bytes) / float64(opt.Records)
	if err := r.ask(ctx); err != nil {
		return nil, err
	}
	if opt.Check {
		if err := r.check(ctx); err != nil {
			return nil, err
		}
	}
	r.res.PeakRSS = max(r.res.LoadPeakRSS, r.res.QueryPeakRSS)
	return &r.res, nil
}

// runner is one Run.
type runner struct {
	opt     Options
	res     Result
	ready   bool // the folder was loaded before
	samples samples
	began   time.Time
	st      *store.Store
}

func (r *runner) progress(stage string, done, n int, what string) {
	if r.opt.Progress != nil {
		r.opt.Progress(Progress{Stage: stage, Done: done, N: n, What: what, Elapsed: time.Since(r.began)})
	}
}

// prepare makes the folder, or finds it loaded.
func (r *runner) prepare() error {
	o := &r.opt
	if o.Records < 1 || o.Servers < 1 || o.Servers > 99 || o.Records < o.Servers {
		return fmt.Errorf("bench: %d records of %d servers", o.Records, o.Servers)
	}
	r.res = Result{Records: o.Records, Servers: o.Servers, Seed: o.Seed}
	gens, err := r.generators()
	if err != nil {
		return err
	}
	r.samples, r.res.Days = newSamples(gens), gens[0].Days()
	b, err := os.ReadFile(filepath.Join(o.Dir, noteName))
	if err == nil {
		var old Result
		if json.Unmarshal(b, &old) != nil || old.Records != o.Records || old.Servers != o.Servers || old.Seed != o.Seed {
			return fmt.Errorf("%s: %w", o.Dir, ErrForeign)
		}
		old.Queries, old.Loaded = nil, false
		r.res, r.ready = old, true
		return nil
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("folder of the measurement: %w", err)
	}
	for _, e := range entries {
		if filepath.Join(o.Dir, e.Name()) != filepath.Clean(o.Parquet) {
			return fmt.Errorf("%s: %w", o.Dir, ErrForeign)
		}
	}
	return os.MkdirAll(o.Dir, 0o700)
}

// note keeps the figures of the load for a later Run in the folder.
func (r *runner) note() error {
	b, err := json.MarshalIndent(&r.res, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.opt.Dir, noteName), append(b, '\n'), 0o600)
}

// diskUse sums the sizes of the files below dir.
func diskUse(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		st, err := d.Info()
		if err == nil {
			n += st.Size()
		}
		return err
	})
	return n, err
}

// Remove deletes what a Run left in dir, and dir itself when nothing else is in
// it.
func Remove(dir string) error {
	err := errors.Join(os.RemoveAll(StoreDir(dir)), os.RemoveAll(filepath.Join(dir, noteName)))
	if entries, rerr := os.ReadDir(dir); rerr == nil && len(entries) == 0 {
		err = errors.Join(err, os.Remove(dir))
	}
	return err
}
