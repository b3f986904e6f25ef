package server

import (
	"context"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/web"
)

// settings shows akashi.toml to the pages, and changes it for them.
type settings struct {
	e   *engine.Engine
	log *slog.Logger

	mu  sync.Mutex // guards the fields below
	cal *calendar.Calendar
	of  config.Calendar // what cal was made of
}

func newSettings(cfg Config) *settings { return &settings{e: cfg.Engine, log: cfg.Log} }

// calendar is the business calendar of now.
func (s *settings) calendar() *calendar.Calendar {
	c := s.e.Config().Calendar
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cal == nil || !reflect.DeepEqual(s.of, c) {
		s.cal, _ = calendar.New(c.Settings()) // akashi.toml was refused if a text is wrong
		s.of = c
	}
	return s.cal
}

// steps remembers the guided first start in the state database.
type steps struct{ e *engine.Engine }

var _ web.Steps = steps{}

// People counts those who may log in.
func (s steps) People(ctx context.Context) (int, error) {
	db, err := s.e.State(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM people WHERE disabled = 0").Scan(&n)
	return n, err
}

// IsDone reports whether somebody is done with a step.
func (s steps) IsDone(ctx context.Context, step string) (bool, error) {
	db, err := s.e.State(ctx)
	if err != nil {
		return false, err
	}
	var by string
	_, _, ok, err := db.Known(ctx, "start "+step, &by)
	return ok, err
}

// Done writes down that by is done with a step.
func (s steps) Done(ctx context.Context, step, by string) error {
	db, err := s.e.State(ctx)
	if err != nil {
		return err
	}
	return db.Keep(ctx, "start "+step, "", time.Now(), by)
}
