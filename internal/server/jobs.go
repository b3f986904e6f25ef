package server

import (
	"context"
	"time"

	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/seal"
)

// newJobs makes the jobs of the folder, with every kind that the server knows.
func newJobs(ctx context.Context, cfg Config, data *dataSource) (*job.Runner, error) {
	db, err := cfg.Engine.State(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := cfg.Engine.SealedRows(seal.KindJob)
	if err != nil {
		return nil, err
	}
	return job.Open(ctx, job.Options{Rows: rows, DB: db, Dir: cfg.Engine.Dir(), Kinds: jobKinds(cfg, data), Log: cfg.Log})
}

// jobKinds is what can run in the background.
func jobKinds(cfg Config, data *dataSource) []job.Kind {
	if cfg.gate == nil {
		cfg.gate = newGate(defaultGate())
	}
	w := work{e: cfg.Engine, data: data, gate: cfg.gate, version: cfg.Version, now: time.Now}
	return append([]job.Kind{
		{Name: "export", Lane: job.Out, Restart: true, Run: w.export},
		{Name: "import", Lane: job.In, Restart: true, Run: w.importLogs},
		{Name: "reconvert", Lane: job.In, Restart: true, Run: w.reconvert},
		{Name: "evidence", Lane: job.Out, Restart: true, Run: w.evidence},
	}, append(w.care(), w.restoring()...)...)
}
