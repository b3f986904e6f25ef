package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// TestEarlySync: a file that is synced while it is written has all bytes, and any sync
// that fails makes it fail and leaves nothing.
func TestEarlySync(t *testing.T) {
	for failing := -1; failing < 5; failing++ {
		disk := fsx.NewFault(fsx.OS{}, -1)
		s := openTest(t, t.TempDir(), Options{Create: true, FlushRows: -1, FS: disk})
		bad := fsx.NewFault(fsx.OS{}, failing)
		bad.Ops = fsx.OpSync
		s.fs = bad
		const size = 4*writeBuffer + 1234
		n, err := s.writeFileEarly(segmentDir, 7, writeBuffer, func(w io.Writer) error {
			for range size / 2 {
				if _, err := w.Write([]byte("ab")); err != nil {
					return err
				}
			}
			return nil
		})
		s.fs = disk
		name := filepath.Join(s.dir, fileName(segmentDir, 7))
		if failing >= 0 {
			if _, gone := os.Stat(name); !errors.Is(err, fsx.ErrInjected) || !errors.Is(gone, os.ErrNotExist) {
				t.Errorf("sync %d fails: %v; the file: %v", failing, err, gone)
			}
			continue
		}
		if err != nil || n != size || bad.Calls() != 5 {
			t.Errorf("%d bytes, want %d, after %d syncs; %v", n, size, bad.Calls(), err)
		}
	}
}
