package engine

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/query"
)

// BenchmarkEvidence writes a bundle of all records, of every class, of the data folder
// AKASHI_EVIDENCE_FOLDER, which BenchmarkSealLargeDay can make (AKASHI_BENCH_FOLDER).
func BenchmarkEvidence(b *testing.B) {
	dir := os.Getenv("AKASHI_EVIDENCE_FOLDER")
	if dir == "" {
		b.Skip("AKASHI_EVIDENCE_FOLDER names no data folder")
	}
	e, err := Open(b.Context(), dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	}()
	for b.Loop() {
		start := time.Now()
		out := filepath.Join(b.TempDir(), "b.zip")
		res, err := e.Evidence(b.Context(), evidence.Options{Case: "C", By: "bench", Query: query.Query{Classes: query.AllClasses()}, Out: out})
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%d records, %d events, %d proven, %v", res.Records, res.Events, res.Proven, time.Since(start))
	}
}
