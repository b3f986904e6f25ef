package verify

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/akashi-audit/akashi/internal/seal"
)

// Check finds out what lies at path and checks it: a ZIP file is a bundle, a
// folder with a seal or a record store a data folder, another folder a volume.
func Check(ctx context.Context, path string, opt Options) (*Report, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	if !st.IsDir() {
		return Bundle(ctx, path, opt)
	}
	for _, name := range []string{seal.DirName, "format", seal.FileName} {
		if _, err := os.Stat(filepath.Join(path, name)); err == nil {
			return Folder(ctx, path, opt)
		}
	}
	return Volume(ctx, path, opt)
}
