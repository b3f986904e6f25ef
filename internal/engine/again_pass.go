package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/seal"
)

// againPass hashes things under another algorithm.
type againPass struct {
	e        *Engine
	g        *again
	limit    *pace.Rate
	progress func(RenewProgress)
	retry    bool // what was broken is tried again

	broken    []BrokenThing
	tried     map[string]bool // broken things that were tried in this pass
	bytes     int64
	done, sum int
}

// thing is something to hash: it has its SHA-256, or none yet (known false).
type thing struct {
	seal.Again
	known bool
	open  func(ctx context.Context) (io.ReadCloser, error)
	// mayGo: the store may have removed it meanwhile; then it is no loss.
	mayGo bool
}

// fixed hashes what never changes, while imports go on: objects of the archive, what kept
// input files hold, files of the store, and the records of parts.
func (p *againPass) fixed(ctx context.Context) error {
	var before manifest.Folder
	b, err := p.e.seal.LastFolder()
	if err != nil {
		return err
	}
	if b != nil {
		if err := manifest.Decode(b, &before); err != nil {
			return err
		}
	}
	var l []manifest.File
	for _, f := range before.Files {
		if f.Mode == manifest.FileFixed {
			l = append(l, f)
		}
	}
	objects, err := p.objects(ctx)
	if err != nil {
		return err
	}
	things := append(p.files(l, true), objects...)
	p.sum = len(things)
	if err := p.hash(ctx, things); err != nil {
		return err
	}
	if err := p.rows(ctx); err != nil {
		return err
	}
	return p.keep()
}

// keep makes what was hashed durable.
func (p *againPass) keep() error {
	p.e.againMu.Lock()
	defer p.e.againMu.Unlock()
	return p.g.Flush()
}

// follow hashes what is new or other than the list says, of everything that is sealed.
func (p *againPass) follow(ctx context.Context, files []manifest.File) error {
	ending := p.e.ends()
	var objects []thing
	if !ending { // else the archive is closed; when it was sealed, it was open
		var err error
		if objects, err = p.objects(ctx); err != nil {
			return err
		}
	}
	own, err := p.sealFiles()
	if err != nil {
		return err
	}
	trail, err := p.trail()
	if err != nil {
		return err
	}
	things := append(append(append(p.files(files, false), objects...), own...), trail...)
	p.sum = p.done + len(things)
	if err := p.hash(ctx, things); err != nil || ending {
		return err
	}
	return p.rows(ctx)
}

// fresh tells whether a thing is to be hashed.
func (p *againPass) fresh(x *seal.Again, known bool) bool {
	p.e.againMu.Lock()
	defer p.e.againMu.Unlock()
	s, ok := p.g.State(x.Key())
	switch {
	case !ok:
		return true
	case s.Broken:
		return p.retry && !p.tried[x.Key()] || known && s.Old != x.Old
	}
	return s.Size != x.Size || known && s.Old != x.Old
}

// files are the files of a list of the folder, those of the archive as objects.
func (p *againPass) files(l []manifest.File, mayGo bool) (out []thing) {
	for _, f := range l {
		x := thing{Again: seal.Again{Kind: seal.AgainFile, Name: f.Name, Size: f.Size, Old: f.SHA256}, known: true, mayGo: mayGo || f.Mode != manifest.FileFixed || manifest.Derived(f.Name)}
		x.open = p.opener(f.Name, 0, f.Size)
		if rest, ok := strings.CutPrefix(f.Name, archiveDir+"/"); ok && f.Mode == manifest.FileFixed && !strings.HasSuffix(rest, manifest.EncryptedEnd) {
			x.Kind, x.Name, x.mayGo = seal.AgainObject, rest, false
		}
		out = append(out, x)
		if rest, ok := strings.CutPrefix(f.Name, originalsDir+"/"); ok {
			c := thing{Again: seal.Again{Kind: seal.AgainContent, Name: f.Name, Size: -1}, known: true, open: p.unpacked(f.Name)}
			if c.Old.UnmarshalText([]byte(strings.TrimSuffix(rest, ".zst"))) == nil {
				out = append(out, c)
			}
		}
	}
	return out
}

// objects are those of a pool, plain. Without a pool they are files of the folder.
func (p *againPass) objects(ctx context.Context) (out []thing, err error) {
	o := p.e.objects()
	if pl, err := o.pool(); err != nil || pl == nil {
		return nil, err
	}
	names, err := o.List(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		h, ok := manifest.NameHash(n)
		if !ok || strings.HasPrefix(n, manifest.LogDir+"/") {
			continue
		}
		out = append(out, thing{Again: seal.Again{Kind: seal.AgainObject, Name: n, Size: -1, Old: h}, known: true, open: func(ctx context.Context) (io.ReadCloser, error) {
			r, err := o.Open(ctx, n)
			if err != nil {
				return nil, err
			}
			return readCloser{io.NewSectionReader(r, 0, r.Size()), r}, nil
		}})
	}
	return out, nil
}

// sealFiles are the files that prove: the checkpoints, the list of files, stamps, and what
// an earlier renewal consists of. The private key is left out.
func (p *againPass) sealFiles() (out []thing, err error) {
	told := make(map[string]seal.Hash)
	for leaf, err := range p.e.seal.Of(seal.KindStamp, seal.KindFolder) {
		if err != nil {
			return nil, err
		}
		told[leaf.Entry.Subject] = leaf.Entry.Hash
	}
	own := map[string]bool{seal.LeavesName: true, seal.KeyName: true, seal.OldKeyName: true}
	for _, n := range []string{seal.AgainDir, seal.FolderName, seal.StampsName, "."} {
		list, err := p.e.disk().ReadDir(filepath.Join(p.e.dir, seal.DirName, n))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list the seal: %w", err)
		}
		for _, d := range list {
			name := strings.TrimPrefix(n+"/"+d.Name(), "./")
			if d.IsDir() || own[name] || strings.HasSuffix(name, ".tmp") || seal.IsAgain(name) && strings.HasPrefix(name, seal.AgainDir+"/"+string(p.g.Algorithm())+".") {
				continue
			}
			st, err := d.Info()
			if err != nil {
				return nil, fmt.Errorf("list the seal: %w", err)
			}
			x := thing{Again: seal.Again{Kind: seal.AgainFile, Name: seal.DirName + "/" + name, Size: st.Size()}}
			x.Old, x.known = told[name], told[name] != seal.Hash{}
			x.mayGo = n == seal.FolderName
			x.open = p.opener(x.Name, 0, x.Size)
			out = append(out, x)
		}
	}
	return out, nil
}

// trail are the ranges of the trail that leaves tell of.
func (p *againPass) trail() (out []thing, err error) {
	for leaf, err := range p.e.seal.Of(seal.KindTrail) {
		if err != nil {
			return nil, err
		}
		var x manifest.TrailRange
		if json.Unmarshal([]byte(leaf.Entry.Subject), &x) != nil {
			continue // verify names it
		}
		out = append(out, thing{
			Again: seal.Again{Kind: seal.AgainTrail, Name: x.File, From: x.From, Size: x.To - x.From, Old: leaf.Entry.Hash},
			known: true, open: p.opener(x.File, x.From, x.To-x.From),
		})
	}
	return out, nil
}

// rows hashes the records of archived parts: a root over the same lines as that of the
// part's manifest.
func (p *againPass) rows(ctx context.Context) error {
	return p.e.withArchive(ctx, func(a *archive.Archive) error {
		days, err := a.Days(ctx)
		if err != nil {
			return err
		}
		seen := make(map[[2]string]bool)
		for i := range days {
			x, k := rowsThing(&days[i]), [2]string{days[i].Server, days[i].Day}
			if x.Name == "" || seen[k] || !p.fresh(&x, true) {
				continue
			}
			seen[k] = true
			if err := p.rowsOf(ctx, a, k[0], k[1]); err != nil {
				return err
			}
		}
		return nil
	})
}

// rowsOf hashes the records of the parts of a server's day that are to be hashed.
func (p *againPass) rowsOf(ctx context.Context, a *archive.Archive, server, day string) error {
	var x seal.Again
	var old seal.Roots
	fresh := seal.NewDigests(p.g.Algorithm())
	want := func(d *manifest.Day) bool {
		x, old, fresh = rowsThing(d), seal.Roots{}, seal.NewDigests(p.g.Algorithm())
		return x.Name != "" && p.fresh(&x, true)
	}
	return a.Lines(ctx, server, day, want, func(line []byte) error {
		old.Add(seal.LeafHash(line))
		fresh.Add(p.g.Algorithm().Leaf(line))
		if fresh.Len()%1024 == 0 {
			return pace.Yield(ctx)
		}
		return nil
	}, func(_ *manifest.Day, err error) error {
		p.progress(RenewProgress{p.done, p.sum, p.bytes, x.Name})
		if err == nil && (old.Root() != x.Old || fresh.Len() != x.Size) {
			err = errors.New("its records are not those that were sealed")
		}
		x.New = fresh.Root()
		return p.add(&x, err)
	})
}

// rowsThing is that of the records of a part; without a name when it has none.
func rowsThing(d *manifest.Day) seal.Again {
	x := seal.Again{Kind: seal.AgainRows, Size: d.Records, Old: d.RecordsRoot}
	for i := range d.Objects {
		if d.Objects[i].Kind == manifest.KindRecords && d.Records > 0 {
			x.Name = d.Objects[i].Name
		}
	}
	return x
}

// hash hashes the things that are to be hashed.
func (p *againPass) hash(ctx context.Context, l []thing) error {
	for i := range l {
		x := &l[i]
		p.done++
		if x.Size < 0 { // not known before it is read
			if s, ok := p.sized(x); ok {
				x.Size = s
			}
		}
		if !p.fresh(&x.Again, x.known) {
			continue
		}
		p.progress(RenewProgress{p.done, p.sum, p.bytes, x.Name})
		err := p.read(ctx, x)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) && x.mayGo {
			continue
		}
		if errors.Is(err, errOther) && x.mayGo { // it was rewritten since; the next sealing has it
			continue
		}
		if err := p.add(&x.Again, err); err != nil {
			return err
		}
	}
	return nil
}

func (p *againPass) sized(x *thing) (int64, bool) {
	p.e.againMu.Lock()
	defer p.e.againMu.Unlock()
	s, ok := p.g.State(x.Key())
	return s.Size, ok
}

var errOther = errors.New("it is not what its SHA-256 says")

// read hashes a thing under both algorithms.
func (p *againPass) read(ctx context.Context, x *thing) error {
	r, err := x.open(ctx)
	if err != nil {
		return err
	}
	old, fresh := seal.SHA256.New(), p.g.Algorithm().New()
	buf := make([]byte, 1<<18)
	var n int64
	for {
		if err = pace.Yield(ctx); err == nil {
			err = p.limit.Wait(ctx, len(buf))
		}
		if err != nil {
			break
		}
		var k int
		k, err = io.ReadFull(r, buf)
		old.Write(buf[:k])
		fresh.Write(buf[:k])
		n, p.bytes = n+int64(k), p.bytes+int64(k)
		if err != nil {
			break
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	if x.Size >= 0 && n != x.Size && x.Kind != seal.AgainContent && x.Kind != seal.AgainObject {
		return fmt.Errorf("%w: %d bytes, %d were sealed", errOther, n, x.Size)
	}
	got := seal.Hash(old.Sum(nil))
	if x.known && got != x.Old {
		return errOther
	}
	x.Size, x.Old, x.New = n, got, fresh.Sum(nil)
	return nil
}

// add writes a thing into the list; err says why it is broken.
func (p *againPass) add(x *seal.Again, err error) error {
	p.e.againMu.Lock()
	defer p.e.againMu.Unlock()
	if err == nil {
		return p.g.Add(x)
	}
	if p.tried == nil {
		p.tried = make(map[string]bool)
	}
	p.tried[x.Key()] = true
	p.broken = append(p.broken, BrokenThing{x.Name, err.Error()})
	if s, ok := p.g.State(x.Key()); ok && s.Broken && s.Old == x.Old {
		return nil // the list says so
	}
	y := seal.Again{Kind: seal.AgainBroken, Of: x.Kind, Name: x.Name, From: x.From, Size: max(x.Size, 0), Old: x.Old, Why: err.Error()}
	return p.g.Add(&y)
}
