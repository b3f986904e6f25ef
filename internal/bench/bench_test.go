package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

func TestRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "m")
	opt := Options{Records: 12_000, Servers: 2, Seed: 3, Dir: dir}
	stages := make(map[string]bool)
	opt.Progress = func(p Progress) { stages[p.Stage] = true }
	first, err := Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if !first.Loaded || first.RecordsPerSecond <= 0 || first.BytesPerRecord < 1 || first.Days != 20 || len(first.BytesByColumn) == 0 {
		t.Errorf("figures of the load: %+v", first)
	}
	if d := cmp.Diff(map[string]bool{"load": true, "settle": true, "ask": true}, stages); d != "" {
		t.Errorf("stages:\n%s", d)
	}
	if len(first.Queries) != len(questions()) || len(first.Answers) != variants*len(questions()) {
		t.Errorf("%d questions, %d answers", len(first.Queries), len(first.Answers))
	}
	for _, q := range first.Queries {
		if q.Rows == 0 && !slices.Contains([]string{"a2", "a4", "b1r", "b3", "b3n"}, q.ID) { // too rare for so few records
			t.Errorf("%s found nothing", q.ID)
		}
	}
	again, err := Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if again.Loaded || again.RecordsPerSecond != first.RecordsPerSecond {
		t.Errorf("the kept folder was not used again: %+v", again)
	}
	if d := cmp.Diff(first.Answers, again.Answers); d != "" {
		t.Errorf("other answers of the same folder:\n%s", d)
	}
	opt.Seed++
	if _, err := Run(context.Background(), opt); !errors.Is(err, ErrForeign) {
		t.Errorf("the folder of another seed: %v", err)
	}
	if err := Remove(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder stayed: %v", err)
	}
}

// The answers are those of the plain model over all records.
func TestAnswersAreTheModels(t *testing.T) {
	opt := Options{Records: 12_000, Servers: 2, Seed: 9, Dir: filepath.Join(t.TempDir(), "m")}
	res, err := Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{opt: opt}
	gens, err := r.generators()
	if err != nil {
		t.Fatal(err)
	}
	var all []record.Record
	for _, g := range gens {
		l := make([]record.Record, opt.Records)
		all = append(all, l[:g.Next(l)]...)
	}
	s := newSamples(gens)
	at := 0
	for _, q := range questions() {
		for v := range variants {
			a := res.Answers[at]
			at++
			if a.ID != q.id || a.Variant != v {
				t.Fatalf("answer %d is %s %d, want %s %d", at-1, a.ID, a.Variant, q.id, v)
			}
			what := q.query(&s, v)
			m, n := query.NewMatcher(what), 0
			for i := range all {
				if m.Match(&all[i]) {
					n++
				}
			}
			got := int(a.Total)
			if q.page {
				got, n = len(a.Rows), min(n, what.Limit)
			}
			if got != n {
				t.Errorf("%s %d found %d records, want %d", q.id, v, got, n)
			}
		}
	}
}

func TestNothingIsAskedTwice(t *testing.T) {
	r := &runner{opt: Options{Records: 1_000_000, Servers: 1}}
	gens, err := r.generators()
	if err != nil {
		t.Fatal(err)
	}
	s := newSamples(gens)
	for _, q := range questions() {
		var seen []query.Query
		for v := range variants {
			now := q.query(&s, v)
			for _, o := range seen {
				if cmp.Equal(o, now) {
					t.Errorf("%s asks the same twice: %+v", q.id, now)
				}
			}
			seen = append(seen, now)
		}
	}
}

func TestForeignFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.docx"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), Options{Records: 10, Servers: 1, Dir: dir}); !errors.Is(err, ErrForeign) {
		t.Errorf("a folder with other things in it: %v", err)
	}
}
