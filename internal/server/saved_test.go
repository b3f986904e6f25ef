package server

import (
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/web"
)

// TestSharedSearchesWithinScope: what others search for can name what a restricted
// visitor may not see.
func TestSharedSearchesWithinScope(t *testing.T) {
	e, err := engine.Open(t.Context(), t.TempDir(), engine.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s := newSaved(e)
	for _, owner := range []string{"tanaka", "suzuki"} {
		if err := s.Add(t.Context(), web.SavedSearch{Owner: owner, Name: "of " + owner, URL: "/search?path=x", Shared: true, Made: time.Unix(1, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	for want, scope := range map[int]account.Scope{2: {}, 1: {Folders: []string{`D:\a`}}} {
		l, err := s.List(account.With(t.Context(), &account.Visitor{Name: "suzuki", Rights: account.See, Scope: scope}), "suzuki")
		if err != nil || len(l) != want {
			t.Errorf("within %+v: %d searches, %v, want %d", scope, len(l), err, want)
		}
	}
}
