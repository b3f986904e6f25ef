package deliver

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// Folder is a folder on another machine or disk, such as a share. It must be there:
// a folder that is made anew where a share is not mounted would be no other place.
type Folder struct{ Path string }

// Kind is KindFolder.
func (Folder) Kind() string { return KindFolder }

// Address is the path.
func (f Folder) Address() string { return f.Path }

// Send puts a file of the checkpoint there and reads it back.
func (f Folder) Send(_ context.Context, m *Message) error {
	if st, err := os.Stat(f.Path); err != nil {
		return fmt.Errorf("folder for checkpoints: %w", err)
	} else if !st.IsDir() {
		return fmt.Errorf("folder for checkpoints: %s is no folder", f.Path)
	}
	path := filepath.Join(f.Path, m.FileName())
	if b, err := os.ReadFile(path); err == nil && !bytes.Equal(b, m.Text) {
		return fmt.Errorf("folder for checkpoints: %s is there and has other bytes", path)
	}
	if err := fsx.WriteFileAtomic(path, m.Text, 0o644); err != nil {
		return fmt.Errorf("folder for checkpoints: %w", err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("folder for checkpoints: read back: %w", err)
	}
	if !bytes.Equal(b, m.Text) {
		return fmt.Errorf("folder for checkpoints: %s reads back other bytes", path)
	}
	return nil
}
