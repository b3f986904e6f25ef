package hold

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/seal"
)

// FileName is the register in a data folder.
const FileName = "holds.json"

// maxFile bounds the register, in bytes.
const maxFile = 64 << 20

// Errors that callers tell apart.
var (
	// ErrDamaged: holds.json is not as the entries of the seal say, or one of
	// these does not read. Nothing may be deleted until Rebuild.
	ErrDamaged = errors.New("the register of legal holds is not as the seal says")
	// ErrNoCase: no hold of this case is in force.
	ErrNoCase = errors.New("no hold of this case is in force")
	// ErrReadOnly: the register was opened for reading.
	ErrReadOnly = errors.New("the data folder is open for reading only")
)

// HeldError says that what was to be done would destroy what cases keep.
type HeldError struct{ Cases []string }

func (e *HeldError) Error() string { return fmt.Sprintf("held for case %q", e.Cases) }

// Options of Open.
type Options struct {
	FS   fsx.FS         // nil = the operating system's
	Zone *time.Location // of days in searches
	// Recorder is told of every hold and release before it counts; nil = the
	// register is only read.
	Recorder seal.Recorder
}

// Register is the holds of a data folder.
type Register struct {
	path string
	opt  Options

	mu      sync.Mutex // guards the fields below
	holds   []Hold     // oldest first, released ones too
	damaged error      // why nothing may be deleted
	lost    error      // an entry that does not read; Rebuild cannot help
}

// file is the stored form.
type file struct {
	Format int    `json:"format"`
	Holds  []Hold `json:"holds"`
}

func encode(l []Hold) ([]byte, error) {
	b, err := json.MarshalIndent(file{1, append([]Hold{}, l...)}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", FileName, err)
	}
	return append(b, '\n'), nil
}

// Open reads the entries of a seal and compares holds.json in dir with them. A
// file that is missing or lacks the last steps, because a writer was stopped, is
// written again; one that says something else is left, and Holding and Conflicts
// fail with ErrDamaged.
func Open(dir string, entries iter.Seq2[seal.Leaf, error], opt Options) (*Register, error) {
	if opt.FS == nil {
		opt.FS = fsx.OS{}
	}
	r := &Register{path: filepath.Join(dir, FileName), opt: opt}
	have, err := r.read()
	known := errors.Is(err, os.ErrNotExist)
	if err != nil && !known {
		r.damaged = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	compare := func() error {
		want, err := encode(r.holds)
		known = known || bytes.Equal(want, have)
		return err
	}
	if err := compare(); err != nil {
		return nil, err
	}
	for leaf, err := range entries {
		if err != nil {
			return nil, fmt.Errorf("read the holds of the seal: %w", err)
		}
		if leaf.Entry.Kind != seal.KindHold && leaf.Entry.Kind != seal.KindRelease {
			continue
		}
		if err := r.apply(leaf.Entry); err != nil {
			r.lost = fmt.Errorf("%w: entry %d: %w", ErrDamaged, leaf.Index, err)
			r.damaged = r.lost
			continue
		}
		if err := compare(); err != nil {
			return nil, err
		}
	}
	if !known && r.damaged == nil {
		r.damaged = fmt.Errorf("%w: %s says something else", ErrDamaged, r.path)
	}
	if r.damaged != nil || opt.Recorder == nil || len(r.holds) == 0 {
		return r, nil
	}
	if want, err := encode(r.holds); err != nil || bytes.Equal(want, have) {
		return r, err
	}
	return r, r.write()
}

func (r *Register) read() ([]byte, error) {
	f, err := r.opt.FS.OpenFile(r.path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err = errors.Join(err, f.Close()); err == nil && len(b) > maxFile {
		err = fmt.Errorf("%s is too large", r.path)
	}
	return b, err
}

func (r *Register) write() error {
	b, err := encode(r.holds)
	if err != nil {
		return err
	}
	err = fsx.WriteAtomic(r.opt.FS, r.path, 0o600, func(w io.Writer) error { _, err := w.Write(b); return err })
	if err != nil {
		return fmt.Errorf("write the register of legal holds: %w", err)
	}
	return nil
}

// subject is that of an entry of seal.KindHold; one of seal.KindRelease has the
// case only.
type subject struct {
	Case string `json:"case"`
	Scope
}

// apply takes an entry of the seal.
func (r *Register) apply(e seal.Entry) error {
	var x subject
	d := json.NewDecoder(strings.NewReader(e.Subject))
	d.DisallowUnknownFields()
	if err := d.Decode(&x); err != nil {
		return fmt.Errorf("read a hold: %w", err)
	}
	if e.Kind == seal.KindRelease {
		for i := range r.holds {
			if h := &r.holds[i]; h.Case == x.Case && h.Released == nil {
				h.Released = &Release{Case: x.Case, By: e.By, Ground: e.Ground, Time: e.Time}
			}
		}
		return nil
	}
	h := Hold{Case: x.Case, Scope: x.Scope, By: e.By, Ground: e.Ground, Time: e.Time}
	if err := h.check(r.opt.Zone); err != nil {
		return err
	}
	r.holds = append(r.holds, h)
	return nil
}

// Add puts a hold in force. It counts when the entry of the seal is durable, also
// when writing holds.json then fails.
func (r *Register) Add(ctx context.Context, h Hold) error {
	if err := h.check(r.opt.Zone); err != nil {
		return err
	}
	return r.step(ctx, seal.Entry{Kind: seal.KindHold, By: h.By, Ground: h.Ground, Time: h.Time}, subject{h.Case, h.Scope})
}

// Release ends all holds of a case. ErrNoCase when none is in force.
func (r *Register) Release(ctx context.Context, x Release) error {
	if err := checkName(x.Case, x.By, x.Ground); err != nil {
		return err
	}
	return r.step(ctx, seal.Entry{Kind: seal.KindRelease, By: x.By, Ground: x.Ground, Time: x.Time}, subject{Case: x.Case})
}

// step records an entry and takes it. A hold can be added to a damaged register,
// but none released from it.
func (r *Register) step(ctx context.Context, e seal.Entry, x subject) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.opt.Recorder == nil {
		return ErrReadOnly
	}
	if e.Kind == seal.KindRelease {
		if r.damaged != nil {
			return r.damaged
		}
		if !slices.ContainsFunc(r.holds, func(h Hold) bool { return h.Case == x.Case && h.Released == nil }) {
			return ErrNoCase
		}
	}
	b, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("encode hold: %w", err)
	}
	e.Subject = string(b)
	e.By, e.Ground = strings.ToValidUTF8(e.By, "\ufffd"), strings.ToValidUTF8(e.Ground, "\ufffd") // as the seal keeps them
	if err := r.opt.Recorder.Record(ctx, e); err != nil {
		return fmt.Errorf("write down what is to be done: %w", err)
	}
	if err := r.apply(e); err != nil {
		return err
	}
	if r.damaged != nil {
		return nil
	}
	return r.write()
}

// Rebuild writes holds.json again from the entries of the seal. It fails when one
// of them does not read.
func (r *Register) Rebuild(ctx context.Context, by string, at int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.opt.Recorder == nil {
		return ErrReadOnly
	}
	if r.lost != nil {
		return r.lost
	}
	e := seal.Entry{Kind: seal.KindRebuild, Subject: "register of legal holds", By: by, Time: at}
	if err := r.opt.Recorder.Record(ctx, e); err != nil {
		return fmt.Errorf("write down what is to be done: %w", err)
	}
	if err := r.write(); err != nil {
		return err
	}
	r.damaged = nil
	return nil
}

// Holds lists all holds, oldest first, released ones too. The error is ErrDamaged,
// beside what the entries of the seal say.
func (r *Register) Holds() ([]Hold, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.holds), r.damaged
}

// Holding lists the cases that keep something of an area, each once, in the order
// of their holds. On any error the area must be left as it is.
func (r *Register) Holding(ctx context.Context, a Area, find Finder) ([]string, error) {
	return r.cases(func(h *Hold) (bool, error) { return h.holds(ctx, a, r.opt.Zone, find) })
}

// Conflicts lists the cases that keep something which x finds.
func (r *Register) Conflicts(ctx context.Context, x query.Query, find Finder) ([]string, error) {
	return r.cases(func(h *Hold) (bool, error) { return h.conflicts(ctx, x, r.opt.Zone, find) })
}

func (r *Register) cases(holds func(*Hold) (bool, error)) ([]string, error) {
	l, err := r.Holds()
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range l {
		if slices.Contains(out, l[i].Case) {
			continue
		}
		yes, err := holds(&l[i])
		if err != nil {
			return nil, err
		}
		if yes {
			out = append(out, l[i].Case)
		}
	}
	return out, nil
}
