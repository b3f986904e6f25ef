package simulate

import (
	"context"
	"os"
	"testing"
	"time"
)

// TestDemoFull makes the demonstration of the default size.
func TestDemoFull(t *testing.T) {
	if os.Getenv("AKASHI_DEMO_DIR") == "" {
		t.Skip("AKASHI_DEMO_DIR is not set: the default demonstration takes 200 MB")
	}
	start := time.Now()
	res, err := Demo(context.Background(), os.Getenv("AKASHI_DEMO_DIR"), DemoOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d events, %d acts in %v: %q", res.Events, res.Actions, time.Since(start), res.Files)
}
