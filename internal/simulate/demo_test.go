package simulate

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/evtx"
)

func demoOptions() DemoOptions {
	return DemoOptions{Seed: 7, EndDay: time.Date(2026, 5, 30, 0, 0, 0, 0, time.UTC), Days: 9, People: 12, MaxBytes: 16 << 20}
}

func TestDemo(t *testing.T) {
	opt := demoOptions()
	steps := 0
	opt.Progress = func(done, total int) {
		steps++
		if done != steps || total != 18 {
			t.Errorf("progress %d of %d at step %d", done, total, steps)
		}
	}
	res, err := Demo(context.Background(), t.TempDir(), opt)
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, name := range res.Files[:len(res.Files)-1] {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		st, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		sum += st.Size()
		if err := evtx.Check(f, st.Size()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if sum > opt.MaxBytes || sum < opt.MaxBytes/8 {
		t.Errorf("the logs have %d bytes, want at most %d and not much less", sum, opt.MaxBytes)
	}
	t.Logf("%d files, %d bytes, %d events, %d acts", len(res.Files), sum, res.Events, res.Actions)
}
