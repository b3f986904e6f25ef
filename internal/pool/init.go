package pool

import (
	"context"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// init is where each change begins: it reads what other processes wrote, and labels
// the first volume and writes pool.json when that was not done yet. The label is first: a volume that says what it is is found again.
func (p *Pool) init(ctx context.Context) error {
	if p.opt.ReadOnly {
		return ErrReadOnly
	}
	have, err := Configured(p.opt.FS, p.root)
	if err != nil {
		return err
	}
	if have { // what others wrote
		return p.look(true)
	}
	cfg := fresh()
	at := &cfg.Volumes[0]
	at.Added = p.opt.Now().UnixNano()
	d, err := p.openDriver(at)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // it is opened again when it is a volume
	if err := makeFolder(d); err != nil {
		return err
	}
	l, err := readLabel(ctx, d)
	if err != nil {
		return err
	}
	if l != nil && l.Pool != "" { // the folder pool was lost, or never written
		at.ID, cfg.ID = l.ID, l.Pool
	} else if err := writeLabel(ctx, d, p.labelOf(at, cfg.ID, at.Added)); err != nil {
		return err
	}
	err = p.change(ctx, func() error {
		if p.cfg.Generation > 0 { // another process was faster
			return nil
		}
		if err := writeConfig(p.opt.FS, p.dir, cfg); err != nil {
			return err
		}
		return p.follow(cfg)
	})
	if err != nil {
		return err
	}
	_, err = p.Rescan(ctx, at.Name, nil)
	return err
}

func (p *Pool) labelOf(v *Volume, pool string, created int64) *Label {
	return &Label{ID: v.ID, Name: v.Name, Created: created, Pool: pool, Data: p.host + ":" + p.root}
}

// makeFolder makes the root of a volume that is a folder.
func makeFolder(d driver) error {
	if f, ok := unwrap(d).(*folder); ok {
		return fsx.MakeDir(f.fs, f.dir, 0o700)
	}
	return nil
}

// unwrap is the driver itself.
func unwrap(d driver) driver {
	if w, ok := d.(interface{ inner() driver }); ok {
		return w.inner()
	}
	return d
}
