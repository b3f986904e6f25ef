package evtx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// A Rotator writes one channel into files of bounded size, as Windows does with
// "archive the log when full": NAME.evtx is the live file; when it is full it
// becomes Archive-NAME-YYYY-MM-DD-hh-mm-ss-mmm.evtx and a new one starts. The
// time is the UTC time of the event that did not fit any more, so the names are
// a function of the events. Record headers number on across the files.
//
// A Rotator serves one goroutine.
type Rotator struct {
	dir, name string
	opt       WriterOptions

	file  *os.File
	w     *Writer
	done  []string // archives, oldest first
	ended bool
}

// NewRotator makes dir/name.evtx, which must not exist. A "/" in name becomes
// "%4", as in the file names of Windows. opt.MaxSize bounds each file.
func NewRotator(dir, name string, opt WriterOptions) (*Rotator, error) {
	r := &Rotator{dir: dir, name: strings.ReplaceAll(name, "/", "%4"), opt: opt}
	if err := r.start(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Rotator) live() string { return filepath.Join(r.dir, r.name+".evtx") }

func (r *Rotator) start() error {
	f, err := os.OpenFile(r.live(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("start log: %w", err)
	}
	w, err := NewWriter(f, r.opt)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	r.file, r.w = f, w
	return nil
}

// Write adds an event and rotates when the file is full. Errors are those of
// Writer.Write and of the files.
func (r *Rotator) Write(e *event.Event) error {
	if r.ended {
		return errClosed
	}
	err := r.w.Write(e)
	if !errors.Is(err, ErrFull) || r.w.chunks == 0 {
		return err
	}
	if err := r.rotate(e.Time); err != nil {
		return err
	}
	return r.w.Write(e)
}

func (r *Rotator) rotate(at event.Filetime) error {
	if err := r.finish(); err != nil {
		return err
	}
	stamp := strings.ReplaceAll(at.Time().Format("2006-01-02-15-04-05.000"), ".", "-")
	base := filepath.Join(r.dir, "Archive-"+r.name+"-"+stamp)
	path := base + ".evtx"
	for n := 1; ; n++ {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return fmt.Errorf("archive log: %w", err)
		}
		path = fmt.Sprintf("%s-%02d.evtx", base, n)
	}
	if err := os.Rename(r.live(), path); err != nil {
		return fmt.Errorf("archive log: %w", err)
	}
	r.done = append(r.done, path)
	r.opt.FirstHeaderID = r.w.next
	return r.start()
}

func (r *Rotator) finish() error {
	r.ended = true
	if err := errors.Join(r.w.Close(), r.file.Close()); err != nil {
		return fmt.Errorf("finish log %s: %w", r.live(), err)
	}
	r.ended = false
	return nil
}

// Files are the paths of all files, oldest first; the last is the live one.
func (r *Rotator) Files() []string { return append(r.done[:len(r.done):len(r.done)], r.live()) }

// Size is the size of the live file if it were closed now, in bytes.
func (r *Rotator) Size() int64 { return r.w.Size() }

// Close finishes the live file. A second Close does nothing.
func (r *Rotator) Close() error {
	if r.ended {
		return nil
	}
	err := r.finish()
	r.ended = true
	return err
}
