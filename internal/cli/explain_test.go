package cli

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/store"
)

// TestExplainWriteErrors: what stops writing is told in the reader's language, with
// what to do.
func TestExplainWriteErrors(t *testing.T) {
	f := func(cause error, en, ja string) {
		t.Helper()
		err := fmt.Errorf("store events of fs01: append to log/000001.akl: %w", &fs.PathError{Op: "write", Path: "000001.akl", Err: cause})
		for lang, want := range map[string]string{"en": en, "ja": ja} {
			a := &app{p: i18n.For(lang)}
			if got := a.explain(err); !strings.Contains(got, want) || !strings.Contains(got, "000001.akl") {
				t.Errorf("%v in %s: %q, want %q in it", cause, lang, got, want)
			}
		}
	}
	f(syscall.ENOSPC, "the disk is full", "ディスクがいっぱいです")
	f(syscall.EDQUOT, "raise its quota", "ディスクの上限")
	f(syscall.EFBIG, "ulimit -f", "ファイルの大きさの上限")
}

// TestExplainOwn: no log says what akashi noted of itself.
func TestExplainOwn(t *testing.T) {
	r := convert.BackgroundChange("", "accounts: svc", 1, 0)
	for lang, want := range map[string]string{"en": "its own settings", "ja": "自身の設定"} {
		a := &app{p: i18n.For(lang)}
		if got := a.explanation(&r, nil).Rule.Certainty; !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q in it", lang, got, want)
		}
	}
}

// TestStatsWithoutSegments: while all records are in the log there is no figure for
// segments.
func TestStatsWithoutSegments(t *testing.T) {
	f := func(perRecord float64, want string) {
		t.Helper()
		var out bytes.Buffer
		a := &app{Env: Env{Stdout: &out}, p: i18n.For("en")}
		a.printStats(&store.Stats{Records: 5, PerRecord: perRecord}, time.UTC)
		if first, _, _ := strings.Cut(out.String(), "\n"); !strings.HasSuffix(first, want) {
			t.Errorf("%v: %q, want %q at its end", perRecord, first, want)
		}
	}
	f(0, "log 0 B")
	f(16.04, "; 16.0 bytes per record in segments and catalogue")
}
