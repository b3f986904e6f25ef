package job_test

import (
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/job"
)

func TestRate(t *testing.T) {
	begin := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	j := job.Job{State: job.Running, Started: begin.UnixNano(), Done: 100, All: 400}
	if r, left := j.Rate(begin.Add(10*time.Second)), j.Left(begin.Add(10*time.Second)); r != 10 || left != 30*time.Second || j.Percent() != 25 {
		t.Errorf("rate %v, left %v, %d %%", r, left, j.Percent())
	}
	if j.All = 0; j.Left(begin.Add(time.Hour)) != 0 || j.Percent() != -1 {
		t.Error("an estimate out of nothing")
	}
}
