package score

import (
	"math/rand/v2"
	"testing"

	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// TestLostEvents drops one event in fifty: fewer acts can be found, and what a
// rule concludes from the absence of events may not be called certain. What
// remains is a proven deletion that was the second half of a move whose first
// half was lost: the scorer calls it wrong, the log does say it.
func TestLostEvents(t *testing.T) {
	for seed := range uint64(6) {
		events, truth := simulate.Day(seed+70, 30)
		rnd := rand.New(rand.NewPCG(seed, 1))
		c := convert.New(events[0].Computer, convert.Options{})
		for _, e := range events {
			if rnd.IntN(50) > 0 {
				c.Add(e)
			}
		}
		r := Run(truth, append(c.Take(), c.Tail()...))
		t.Logf("seed %d: precision %.4f, recall %.4f, wrong although certain %d", seed, r.Files.Precision, r.Files.Recall, r.CertainWrong)
		if r.CertainWrong > 1 || r.Files.Precision < 0.9 || r.Files.Recall < 0.9 {
			t.Errorf("seed %d: precision %.4f, recall %.4f, wrong although certain %d", seed, r.Files.Precision, r.Files.Recall, r.CertainWrong)
			for i, s := range r.Samples {
				if i < 6 {
					t.Log(s)
				}
			}
		}
	}
}
