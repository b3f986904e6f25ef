package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/query"
)

// A bundle that is stopped while it is written leaves nothing, and one that is not tells
// how far it is, up to all of it.
func TestEvidenceStoppedWhileWritten(t *testing.T) {
	e, _, _ := stampedFolder(t, nil, nil)
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	dir := t.TempDir()
	opt := evidence.Options{Case: "c", By: "t", Query: query.Query{Classes: query.AllClasses()}, Out: filepath.Join(dir, "b.zip")}
	ctx, cancel := context.WithCancel(t.Context())
	opt.Writing = func(int64, int64) { cancel() }
	if _, err := e.Evidence(ctx, opt); !errors.Is(err, context.Canceled) {
		t.Fatalf("it went on: %v", err)
	}
	if l, err := os.ReadDir(dir); err != nil || len(l) > 0 {
		t.Errorf("%v is left, %v", l, err)
	}
	var last, all int64
	opt.Writing = func(done, of int64) {
		if done < last {
			t.Errorf("%d bytes after %d", done, last)
		}
		last, all = done, of
	}
	if _, err := e.Evidence(t.Context(), opt); err != nil || last == 0 || last != all {
		t.Errorf("%d of %d bytes, %v", last, all, err)
	}
}
