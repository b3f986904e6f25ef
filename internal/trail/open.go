package trail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// Open opens the trail of a data folder. Files are made with the first entry. What
// an earlier process wrote and did not seal is sealed now.
func Open(ctx context.Context, dir string, opt Options) (*Log, error) {
	if opt.FS == nil {
		opt.FS = fsx.OS{}
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	l := &Log{base: dir, opt: opt, merged: map[Entry]*merge{}}
	leaf, ok, err := opt.Seal.Last(seal.KindTrail)
	if err != nil {
		return nil, err
	}
	if ok {
		var r manifest.TrailRange
		if err := json.Unmarshal([]byte(leaf.Entry.Subject), &r); err != nil {
			return nil, fmt.Errorf("last leaf of the trail: %w", err)
		}
		n, ok := parseName(r.File)
		if !ok {
			return nil, fmt.Errorf("last leaf of the trail: file %q", r.File)
		}
		l.sealed = position{n, r.To}
	}
	if err := l.recover(ctx); err != nil {
		return nil, errors.Join(err, l.closeFiles())
	}
	return l, nil
}

// recover opens the newest file, cuts what was never acknowledged, and seals what is
// not sealed.
func (l *Log) recover(ctx context.Context) error {
	names, err := listNames(l.opt.FS, l.base)
	if err != nil {
		return err
	}
	for i, n := range names {
		if n.before(l.sealed.name) {
			continue
		}
		if err := l.take(n, i == len(names)-1); err != nil {
			return err
		}
		if l.f == nil {
			continue
		}
		if err := l.sealRest(ctx, Found); err != nil {
			return err
		}
	}
	// A sealed file that is gone or shorter stays as it is: the next entry begins a new one.
	if l.f == nil || l.name.before(l.sealed.name) {
		l.name = l.sealed.name
	}
	return nil
}

// take makes n the current file, if it can be gone on with.
func (l *Log) take(n fileName, newest bool) error {
	f, err := l.opt.FS.OpenFile(l.path(n), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open the trail: %w", err)
	}
	st, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("open the trail: %w", err), f.Close())
	}
	from := int64(0)
	if n == l.sealed.name {
		from = l.sealed.at
	}
	if st.Size() < from {
		l.opt.Log.Error("the trail is shorter than its seal", slog.String("file", n.String()))
		l.f = nil
		return f.Close()
	}
	end, waits, err := tail(f, from, st.Size())
	if err == nil && newest && end < st.Size() {
		err = errors.Join(f.Truncate(end), f.Sync())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("read the end of the trail: %w", err), f.Close())
	}
	if l.f != nil {
		l.files = append(l.files, l.f)
	}
	l.f, l.name, l.end, l.waits = f, n, end, waits
	if n != l.sealed.name {
		l.sealed = position{n, 0}
	}
	l.synced = position{n, end}
	return nil
}

// tail finds where the whole entries end, and how many follow from.
func tail(f io.ReaderAt, from, size int64) (end int64, n int, err error) {
	b := make([]byte, size-from)
	if _, err := f.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
		return 0, 0, err
	}
	end, at := from, from
	lines := 0
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if !whole {
			break
		}
		lines++
		at += int64(len(line)) + 1
		if _, err := decode(line); err == nil {
			end, n = at, lines
		}
		b = rest
	}
	return end, n, nil
}
