package server

import (
	"context"
	"time"

	"github.com/akashi-audit/akashi/internal/job"
)

// newJobs makes the jobs of the folder, with every kind that the server knows.
func newJobs(ctx context.Context, cfg Config) (*job.Runner, error) {
	db, err := cfg.Engine.State(ctx)
	if err != nil {
		return nil, err
	}
	return job.Open(ctx, job.Options{DB: db, Dir: cfg.Engine.Dir(), Kinds: jobKinds(cfg), Log: cfg.Log})
}

// jobKinds is what can run in the background.
func jobKinds(cfg Config) []job.Kind {
	w := work{e: cfg.Engine, version: cfg.Version, now: time.Now}
	return []job.Kind{
		{Name: "export", Lane: job.Out, Restart: true, Run: w.export},
		{Name: "evidence", Lane: job.Out, Restart: true, Run: w.evidence},
	}
}
