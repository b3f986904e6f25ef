package server

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/web"
)

func openEngine(t *testing.T) *engine.Engine {
	t.Helper()
	e, err := engine.Open(t.Context(), filepath.Join(t.TempDir(), "data"), engine.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// TestEveryKeyHasWords: a key of akashi.toml that pages list without saying what it
// means is of no use.
func TestEveryKeyHasWords(t *testing.T) {
	c := config.Default()
	for _, lang := range []string{"ja", "en"} {
		p := i18n.For(lang)
		for _, s := range c.List() {
			if !p.Has("web.key." + s.Key) {
				t.Errorf("%s: no words for %s", lang, s.Key)
			}
		}
	}
}

func TestAllowedPaths(t *testing.T) {
	e := openEngine(t)
	root, outside := t.TempDir(), t.TempDir()
	for _, name := range []string{filepath.Join(root, "logs", "a.evtx"), filepath.Join(outside, "secret.evtx")} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	i := imported{e}
	f := func(path string, want bool) {
		t.Helper()
		if _, err := i.Allowed(path); (err == nil) != want || err != nil && !errors.Is(err, web.ErrNotAllowed) {
			t.Errorf("%q: %v, want allowed %v", path, err, want)
		}
	}
	f(filepath.Join(root, "logs"), false) // no folder is allowed yet
	if err := e.Configure(t.Context(), "t", func(c *config.Config) { c.Import.Folders = []string{root, filepath.Dir(e.Dir())} }); err != nil {
		t.Fatal(err)
	}
	f(root, true)
	f(filepath.Join(root, "logs"), true)
	f(filepath.Join(root, "logs", "a.evtx"), true)
	f(filepath.Join(root, "none"), false)
	f(outside, false)
	f(filepath.Join(root, "..", filepath.Base(outside)), false)
	f("logs", false)
	f("", false)
	f(root+"\x00", false)
	f(e.Dir(), false) // the data folder itself is no log
	f(filepath.Join(e.Dir(), "akashi.toml"), false)
	f(filepath.Dir(e.Dir()), false) // it lies below
	if runtime.GOOS == "windows" {
		return // links need a right there
	}
	if err := os.Symlink(outside, filepath.Join(root, "way")); err != nil {
		t.Fatal(err)
	}
	f(filepath.Join(root, "way"), false)
	f(filepath.Join(root, "way", "secret.evtx"), false)
}

func TestSettingsOfPages(t *testing.T) {
	e := openEngine(t)
	s := newSettings(Config{Engine: e})
	bad, err := s.SetBackground(t.Context(), care.Author{Name: "yamamoto"}, care.Background{Addresses: []string{"192.0.2.1", "host"}})
	if err != nil || len(bad) != 1 || bad[0] != (care.SettingProblem{Key: "background.addresses", Index: 1}) {
		t.Errorf("problems %v, %v", bad, err)
	}
	if bad, err = s.SetBackground(t.Context(), care.Author{Name: "yamamoto"}, care.Background{Accounts: []string{"a", "b"}}); err != nil || len(bad) > 0 {
		t.Fatalf("problems %v, %v", bad, err)
	}
	if bad, err = s.SetBackground(t.Context(), care.Author{Name: "sato"}, care.Background{Accounts: []string{"b", "c"}}); err != nil || len(bad) > 0 {
		t.Fatalf("problems %v, %v", bad, err)
	}
	l, err := s.History(t.Context())
	if err != nil || len(l) != 2 {
		t.Fatalf("history %+v, %v", l, err)
	}
	if x := l[0]; x.By != "sato" || !x.Sealed || len(x.Added.Accounts) != 1 || x.Added.Accounts[0] != "c" || len(x.Removed.Accounts) != 1 || x.Removed.Accounts[0] != "a" {
		t.Errorf("the newest change is %+v", x)
	}
	c := s.Business()
	c.Hours = [7]string{1: "x", 3: "09:00-17:00"}
	if bad, err = s.SetBusiness(t.Context(), care.Author{Name: "sato"}, c); err != nil || len(bad) != 1 || bad[0] != (care.SettingProblem{Key: "calendar.hours", Index: 1}) {
		t.Errorf("problems %v, %v", bad, err)
	}
	c.Hours[1] = ""
	if bad, err = s.SetBusiness(t.Context(), care.Author{Name: "sato"}, c); err != nil || len(bad) > 0 {
		t.Fatalf("problems %v, %v", bad, err)
	}
	monday := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	if s.calendar().Of(monday).Off != calendar.Weekend || s.calendar().Of(monday.AddDate(0, 0, 2)).Off != calendar.Workday {
		t.Error("the calendar of now is not that which was saved")
	}
	if err := s.SetLanguage(t.Context(), care.Author{Name: "sato"}, "en"); err != nil || s.Language() != "en" {
		t.Errorf("language %s, %v", s.Language(), err)
	}
	if err := s.SealNow(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSteps(t *testing.T) {
	s := steps{openEngine(t)}
	for range 2 {
		if err := s.Done(t.Context(), web.StepCheck, "t"); err != nil {
			t.Fatal(err)
		}
	}
	if ok, err := s.IsDone(t.Context(), web.StepCheck); !ok || err != nil {
		t.Errorf("done %v, %v", ok, err)
	}
	if ok, err := s.IsDone(t.Context(), web.StepClose); ok || err != nil {
		t.Errorf("another step: %v, %v", ok, err)
	}
	if n, err := s.People(t.Context()); n != 0 || err != nil {
		t.Errorf("%d people, %v", n, err)
	}
}

func TestLately(t *testing.T) {
	life, end := context.WithCancel(context.Background())
	e := &errands{ctx: life}
	var n atomic.Int32
	hold := make(chan struct{}, 10)
	l := &lately[int32]{find: func(context.Context) (int32, error) { <-hold; return n.Add(1), nil }}
	if _, known, _ := l.get(t.Context(), e, "a", time.Millisecond); known {
		t.Error("known before it was found")
	}
	hold <- struct{}{}
	if v, known, err := l.get(t.Context(), e, "a", 10*time.Second); !known || v != 1 || err != nil {
		t.Errorf("%d, %v, %v", v, known, err)
	}
	if v, known, _ := l.get(t.Context(), e, "b", 0); !known || v != 1 {
		t.Errorf("of a later version: %d, %v", v, known)
	}
	if n.Load() > 2 {
		t.Errorf("found out %d times", n.Load())
	}
	close(hold)
	end()
	e.wg.Wait()
	e.run(func(context.Context) { t.Error("ran after the end") })
	e.wg.Wait()
}
