package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/web"
)

// settings shows akashi.toml to the pages, and changes it for them.
type settings struct {
	e   *engine.Engine
	log *slog.Logger

	writing sync.Mutex // held by a change, from the look at what is there to its end

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

var _ web.Settings = (*settings)(nil)

// Values is every key of akashi.toml.
func (s *settings) Values() []care.Setting {
	c := s.e.Config()
	var l []care.Setting
	for _, x := range c.List() {
		l = append(l, care.Setting{Key: x.Key, Value: x.Value, Default: x.Default})
	}
	return l
}

// Background is what counts as background.
func (s *settings) Background() care.Background { return care.Background(s.e.Config().Background) }

// SetBackground changes it.
func (s *settings) SetBackground(ctx context.Context, by care.Author, b care.Background) ([]care.SettingProblem, error) {
	seen := func() any { return s.Background() }
	return s.change(ctx, by, seen, func(c *config.Config) { c.Background = config.Background(b) })
}

// Business is the texts of the business calendar.
func (s *settings) Business() calendar.Settings {
	c := s.e.Config().Calendar
	return c.Settings()
}

// SetBusiness changes them.
func (s *settings) SetBusiness(ctx context.Context, by care.Author, x calendar.Settings) ([]care.SettingProblem, error) {
	seen := func() any { return s.Business() }
	return s.change(ctx, by, seen, func(c *config.Config) {
		c.Calendar = config.Calendar{PublicHolidays: x.PublicHolidays, YearEnd: x.YearEnd, Closed: x.Closed, Worked: x.Worked, Hours: config.HoursOf(x.Hours)}
	})
}

// Language is that of whoever chose none.
func (s *settings) Language() string { return s.e.Config().Language }

// SetLanguage changes it.
func (s *settings) SetLanguage(ctx context.Context, by care.Author, lang string) error {
	bad, err := s.change(ctx, by, func() any { return s.Language() }, func(c *config.Config) { c.Language = lang })
	if err == nil && len(bad) > 0 {
		err = fmt.Errorf("language %q", lang)
	}
	return err
}

// change changes akashi.toml. Problems of texts that pages can set come back by
// their place; others are errors. now is what the author must have seen, when he says
// what he saw.
func (s *settings) change(ctx context.Context, by care.Author, now func() any, fn func(*config.Config)) ([]care.SettingProblem, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if by.Seen != "" && by.Seen != care.Mark(now()) {
		return nil, care.ErrChanged
	}
	err := s.e.Configure(ctx, by.Name, fn)
	var wrong *config.Error
	switch {
	case errors.Is(err, engine.ErrBusy):
		return nil, care.ErrBusy
	case !errors.As(err, &wrong):
		return nil, err
	}
	var l []care.SettingProblem
	for _, p := range wrong.Problems {
		x, ok := problemPlace(p.Key)
		if !ok {
			return nil, err
		}
		l = append(l, x)
	}
	return l, nil
}

// problemPlace reads the key of a problem: background.accounts[2],
// calendar.hours.mon.
func problemPlace(key string) (care.SettingProblem, bool) {
	if day, ok := strings.CutPrefix(key, "calendar.hours."); ok {
		wd := config.Weekdays()
		i := slices.Index(wd[:], day)
		return care.SettingProblem{Key: "calendar.hours", Index: i}, i >= 0
	}
	name, rest, listed := strings.Cut(key, "[")
	i := 0
	if listed {
		var err error
		if i, err = strconv.Atoi(strings.TrimSuffix(rest, "]")); err != nil {
			return care.SettingProblem{}, false
		}
	}
	return care.SettingProblem{Key: name, Index: i}, strings.HasPrefix(name, "background.") || strings.HasPrefix(name, "calendar.") || name == "my_number.folders"
}

// History compares each sealed change with the one before.
func (s *settings) History(ctx context.Context) ([]care.SettingChange, error) {
	l, err := s.e.SettingsHistory(ctx)
	if err != nil {
		return nil, err
	}
	var out []care.SettingChange
	for i, c := range l {
		var before convert.Background
		if i+1 < len(l) {
			before = l[i+1].Now.Background
		}
		x := care.SettingChange{By: c.By, Time: c.Time, Leaf: c.Leaf, Sealed: c.Sealed}
		now := c.Now.Background
		x.Added = care.Background{Accounts: without(now.Accounts, before.Accounts), Addresses: without(now.Addresses, before.Addresses), Processes: without(now.Processes, before.Processes)}
		x.Removed = care.Background{Accounts: without(before.Accounts, now.Accounts), Addresses: without(before.Addresses, now.Addresses), Processes: without(before.Processes, now.Processes)}
		if n := x.Added.Len() + x.Removed.Len(); n > 0 {
			out = append(out, x)
		}
	}
	return out, nil
}

// without is what of a is not in b.
func without(a, b []string) []string {
	var l []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			l = append(l, s)
		}
	}
	return l
}

// SealNow signs a checkpoint, unless an import runs, which ends in one.
func (s *settings) SealNow(ctx context.Context) error {
	st, err := s.e.Status(ctx)
	if err != nil {
		return err
	}
	if st.Running != nil {
		return care.ErrBusy
	}
	_, err = s.e.SealNow(ctx)
	return err
}

// ImportFolders are the folders that may be imported.
func (s *settings) ImportFolders() []string { return s.e.Config().Import.Folders }

// UploadLimit bounds an upload, in bytes.
func (s *settings) UploadLimit() int64 { return int64(s.e.Config().Import.UploadGB) << 30 }

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
