package server

import (
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/web"
)

// largeFolder is the server over the folder that AKASHI_BIG_DATA names, such as one that
// `akashi bench store --keep` left (its folder store), and pages for an owner at the time of
// its newest record. Without the folder the test is skipped.
func largeFolder(t *testing.T) (Config, web.Config) {
	t.Helper()
	dir := os.Getenv("AKASHI_BIG_DATA")
	if dir == "" {
		t.Skip("AKASHI_BIG_DATA names no folder")
	}
	e, err := engine.Open(t.Context(), dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	cfg := Config{Engine: e, Log: slog.New(slog.DiscardHandler), gate: newGate(defaultGate())}
	src, err := newSource(cfg)
	if err != nil {
		t.Fatal(err)
	}
	st, err := e.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	newest := int64(0)
	for i := range st.Servers {
		newest = max(newest, st.Servers[i].Last)
	}
	owner := &account.Visitor{Name: "t", Rights: account.AllRights}
	return cfg, web.Config{
		Source: src, Language: "ja", Calendar: newSettings(cfg).calendar,
		Now: func() time.Time { return time.Unix(0, newest) }, Visitor: func(*http.Request) *account.Visitor { return owner },
	}
}
