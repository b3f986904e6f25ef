package engine

import (
	"errors"
	"iter"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/event"
)

// TestExportEndsWhenTheDiskIsFull: a file that takes no more bytes ends the export; no
// event is named as one that EVTX cannot hold.
func TestExportEndsWhenTheDiskIsFull(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "Security.evtx")
	given := 0
	events := iter.Seq2[*event.Event, error](func(yield func(*event.Event, error) bool) {
		for id := uint64(1); id < 200_000; id++ {
			given++
			e := &event.Event{Provider: "P", ID: 4663, Channel: "Security", Computer: "FS1", RecordID: id, Time: event.Filetime(id)}
			if !yield(e, nil) {
				return
			}
		}
	})
	out := &exporting{Exported: &Exported{Refused: []string{}}}
	full := errors.New("no space left on device")
	err := exportEvents(path, archive.Stream{Events: events}, out, func(name string) (syncedFile, error) {
		f, err := newFile(name)
		return &fullFile{f, full}, err
	})
	if !errors.Is(err, full) || len(out.Refused) > 0 || given > 20_000 {
		t.Errorf("after %d events: %d refused, %v", given, len(out.Refused), err)
	}
}

// fullFile takes what comes for the first time only: the head of the file.
type fullFile struct {
	syncedFile
	full error
}

func (f *fullFile) Write(b []byte) (int, error) {
	if len(b) > 4096 {
		return 0, f.full
	}
	return f.syncedFile.Write(b)
}

// TestExportTellsHowFarItIs: the last thing that is told is the whole.
func TestExportTellsHowFarItIs(t *testing.T) {
	e := openEngine(t, t.TempDir(), fakeDeps(16))
	importAll(t, e, fakeFiles(t, 3, 20)...)
	if _, err := e.SealArchive(t.Context(), SealRequest{All: true, By: "t"}); err != nil {
		t.Fatal(err)
	}
	var last ExportProgress
	x, err := e.ExportArchive(t.Context(), filepath.Join(t.TempDir(), "out"), "", "", func(p ExportProgress) { last = p })
	if err != nil || x.Records == 0 || x.Events == 0 {
		t.Fatalf("%+v, %v", x, err)
	}
	if want := (ExportProgress{x.Records, x.Records, x.Events, x.Events}); last != want {
		t.Errorf("told %+v, want %+v", last, want)
	}
}
