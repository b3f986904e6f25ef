package bench

import (
	"context"
	"testing"
)

// BenchmarkCheck is the check of b.N records without the store; the generator runs
// beside it. cpu-ns/op is of both.
func BenchmarkCheck(b *testing.B) {
	r := &runner{opt: Options{Records: max(b.N, 1000), Servers: 1, Seed: 1}}
	gens, err := r.generators()
	if err != nil {
		b.Fatal(err)
	}
	r.samples = newSamples(gens)
	for _, q := range questions() {
		for v := range variants {
			what := q.query(&r.samples, v)
			r.res.Answers = append(r.res.Answers, Answer{ID: q.id, Variant: v, Values: valuesOf(&what)})
		}
	}
	b.ResetTimer()
	cpu := cpuTime()
	if err := r.check(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(cpuTime()-cpu)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(r.res.Check.PeakRSS)/1e6, "peak-MB")
}
