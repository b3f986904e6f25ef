package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckRealLogs: healthy logs of Windows pass; those with a wrong checksum,
// the dirty flag or a stale header are counted and named, not judged.
func TestCheckRealLogs(t *testing.T) {
	roots := []string{"../../../shared/corpus", "../../../shared/lab"}
	if _, err := os.Stat(roots[0]); err != nil {
		t.Skip("shared corpus is absent: ", err)
	}
	healthy, other := 0, 0
	for _, root := range roots {
		files, _ := filepath.Glob(root + "/*/*.evtx")
		for _, path := range files {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			err = Check(bytes.NewReader(b), int64(len(b)))
			switch {
			case err == nil:
				healthy++
			case strings.Contains(path, "hostile"):
				other++
			default:
				other++
				t.Logf("%s: %v", path, err)
			}
		}
	}
	t.Logf("%d logs pass, %d do not", healthy, other)
}

var _ = binary.LittleEndian
var _ = errors.New
