package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/seal"
)

// settingsLeaf is the subject of a leaf of seal.KindSettings: what holds from it on.
type settingsLeaf struct {
	Zone       string             `json:"zone"`
	Demo       bool               `json:"demo"`
	Language   string             `json:"language"`
	Listen     string             `json:"listen"`
	Background convert.Background `json:"background"`
	Seal       config.Seal        `json:"seal,omitzero"`
	Serve      config.Serve       `json:"serve,omitzero"`
	Calendar   *config.Calendar   `json:"calendar,omitempty"`
	MyNumber   []string           `json:"my_number,omitempty"` // folders
}

// batchLeaf is the subject of a leaf of seal.KindRawBatch.
type batchLeaf struct {
	Server string `json:"server"`
	Commit uint64 `json:"commit"`
	Events int    `json:"events"`
}

// outsideLeaf is the subject of a leaf of seal.KindOutside.
type outsideLeaf struct {
	Files int      `json:"files"`
	First []string `json:"first"` // up to maxOutside names
}

// importLeaf is the subject of a leaf of seal.KindImport.
type importLeaf struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	Events int64  `json:"events"`
}

// noteBatch keeps a commit of events until sealImport writes it down. Its hash
// is that of the chain of commits.
func (e *Engine) noteBatch(server string, commit uint64, events int) {
	b, err := json.Marshal(batchLeaf{server, commit, events})
	if err != nil {
		return // two numbers and a text are always JSON
	}
	x := seal.Entry{Kind: seal.KindRawBatch, Subject: string(b), By: "akashi", Time: e.deps.now().UnixNano()}
	if seq, hash := e.st.Chain(); seq == commit {
		x.Hash = hash
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.batches = append(e.batches, x)
}

// sealImport writes down what an import brought, and seals the folder.
func (e *Engine) sealImport(ctx context.Context, s *Summary) error {
	if err := e.sealBatches(ctx); err != nil {
		return err
	}
	var l []seal.Entry
	for i := range s.Files {
		im := &s.Files[i]
		b, err := json.Marshal(importLeaf{im.Name, im.Size, im.Events})
		if err != nil {
			return fmt.Errorf("encode leaf: %w", err)
		}
		x := seal.Entry{Kind: seal.KindImport, Subject: string(b), By: im.Importer, Time: im.Time}
		if im.SHA256 != "" {
			if err := x.Hash.UnmarshalText([]byte(im.SHA256)); err != nil {
				return fmt.Errorf("seal import of %s: %w", im.Name, err)
			}
		}
		l = append(l, x)
	}
	if _, err := e.seal.RecordAll(ctx, l); err != nil {
		return fmt.Errorf("seal import: %w", err)
	}
	if err := e.sealImportGaps(ctx); err != nil {
		return err
	}
	return e.sealFolder(ctx)
}

func (e *Engine) sealBatches(ctx context.Context) error {
	e.mu.Lock()
	l := e.batches
	e.batches = nil
	e.mu.Unlock()
	if _, err := e.seal.RecordAll(ctx, l); err != nil {
		return fmt.Errorf("seal received events: %w", err)
	}
	return nil
}

// sealSettings writes down what of akashi.toml and of the rules is another than
// the log says; by answers for it. A calendar that nobody set is not written down.
func (e *Engine) sealSettings(ctx context.Context, cfg config.Config, by string) error {
	leaf := settingsLeaf{Zone: cfg.Zone, Demo: cfg.Demo, Language: cfg.Language, Listen: cfg.Listen, Background: e.options().Background, Seal: cfg.Seal, Serve: cfg.Serve, MyNumber: cfg.MyNumber.Folders}
	if !cfg.Calendar.IsDefault() {
		leaf.Calendar = &cfg.Calendar
	}
	now, err := json.Marshal(leaf)
	if err != nil {
		return fmt.Errorf("encode leaf: %w", err)
	}
	var l []seal.Entry
	for _, x := range []seal.Entry{
		{Kind: seal.KindSettings, Subject: string(now)},
		{Kind: seal.KindRules, Subject: strconv.FormatUint(uint64(e.deps.rules), 10)},
	} {
		last, ok, err := e.seal.Last(x.Kind)
		if err != nil {
			return err
		}
		if !ok || last.Entry.Subject != x.Subject {
			x.By, x.Time = by, e.deps.now().UnixNano()
			l = append(l, x)
		}
	}
	_, err = e.seal.RecordAll(ctx, l)
	return err
}

// sealFolder lists the files of the folder and signs the head of the log, when
// something changed since the last time. Without the private key it tells so in
// the program's log and leaves the leaves unsigned: what was received matters more.
func (e *Engine) sealFolder(ctx context.Context) error {
	if err := e.sealBatches(ctx); err != nil {
		return err
	}
	if err := e.sealPool(ctx); err != nil {
		return fmt.Errorf("seal the volumes: %w", err)
	}
	var before manifest.Folder
	b, err := e.seal.LastFolder()
	if err == nil && b != nil && manifest.Decode(b, &before) != nil {
		before = manifest.Folder{} // verify names it; here every file is hashed again
	}
	if err != nil {
		return err
	}
	files, err := e.listFolder(before.Files)
	if err != nil {
		return fmt.Errorf("list the data folder: %w", err)
	}
	if e.seal.Unsealed() == 0 && b != nil && slices.Equal(files, before.Files) {
		if !e.againCovers() {
			if err := e.followAgain(ctx, files); err != nil {
				return err
			}
		}
		e.stampOwed(ctx)
		e.sendOwed(ctx)
		return nil
	}
	seq, _ := e.st.Chain()
	text, err := manifest.Encode(manifest.Folder{Format: manifest.Format, Time: e.deps.now().UnixNano(), Commit: seq, Files: files})
	if err != nil {
		return err
	}
	_, err = e.seal.SealFolder(ctx, text)
	if errors.Is(err, seal.ErrNoKey) {
		e.log.ErrorContext(ctx, "the folder is not sealed", slog.String("error", err.Error()))
		return nil
	}
	if err == nil {
		err = e.followAgain(ctx, files)
	}
	if err == nil {
		e.stampOwed(ctx)
		e.sendOwed(ctx)
	}
	return err
}

// sealAtRest seals when the store is closed and the lock still held.
func (e *Engine) sealAtRest() error {
	if e.seal == nil { // it could not be opened
		return nil
	}
	return e.sealFolder(e.closing)
}

// maxOutside bounds how many changed files an entry names.
const maxOutside = 100

// noteOutside writes down which files are not as the last sealing left them, before
// anything else is sealed: the next list of files would cover what was done to a
// closed folder. A program that was killed leaves such files too.
func (e *Engine) noteOutside(ctx context.Context) error {
	b, err := e.seal.LastFolder()
	var before manifest.Folder
	if err != nil || b == nil || manifest.Decode(b, &before) != nil {
		return err
	}
	files, err := e.listFolder(before.Files)
	if err != nil {
		return fmt.Errorf("list the data folder: %w", err)
	}
	have := make(map[string]manifest.File, len(files))
	for _, f := range files {
		have[f.Name] = f
	}
	var names []string
	for _, f := range before.Files {
		if ownLeaf(f.Name) {
			continue
		}
		if now, ok := have[f.Name]; !ok || now.Size != f.Size || now.SHA256 != f.SHA256 {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	text, err := json.Marshal(outsideLeaf{len(names), names[:min(len(names), maxOutside)]})
	if err != nil {
		return fmt.Errorf("encode leaf: %w", err)
	}
	last, ok, err := e.seal.Last(seal.KindOutside)
	if err != nil || ok && last.Entry.Subject == string(text) {
		return err
	}
	return e.seal.Record(ctx, seal.Entry{Kind: seal.KindOutside, Subject: string(text), By: "akashi", Time: e.deps.now().UnixNano()})
}

// ownLeaf tells whether changes of a file are in leaves of their own: settings, and
// the pool, which other processes change too.
func ownLeaf(name string) bool {
	return name == config.FileName || strings.HasPrefix(name, pool.DirName+"/") || name == archiveDir+"/"+manifest.VolumeName
}

// listFolder describes the files of the folder. A file that never changes is
// read once: its hash is that of before while its size is the same.
func (e *Engine) listFolder(before []manifest.File) ([]manifest.File, error) {
	known := make(map[string]manifest.File, len(before))
	for _, f := range before {
		known[f.Name] = f
	}
	fs := e.deps.fs
	if fs == nil {
		fs = fsx.OS{}
	}
	out := []manifest.File{}
	var walk func(rel string) error
	walk = func(rel string) error {
		list, err := fs.ReadDir(filepath.Join(e.dir, filepath.FromSlash(rel)))
		if err != nil {
			return ignoreGone(err)
		}
		for _, d := range list {
			name := strings.TrimPrefix(rel+"/"+d.Name(), "/")
			switch {
			case d.IsDir():
				err = walk(name)
			case manifest.Listed(name) && d.Type().IsRegular():
				var f manifest.File
				if f, err = describeFile(fs, e.dir, name, known[name]); err == nil {
					out = append(out, f)
				}
				err = ignoreGone(err)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	err := walk("")
	slices.SortFunc(out, func(a, b manifest.File) int { return strings.Compare(a.Name, b.Name) })
	return out, err
}

// ignoreGone: the store removes files that it no longer needs at any time.
func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func describeFile(fs fsx.FS, dir, name string, known manifest.File) (manifest.File, error) {
	f, err := fs.OpenFile(filepath.Join(dir, filepath.FromSlash(name)), os.O_RDONLY, 0)
	if err != nil {
		return manifest.File{}, err
	}
	out, err := fileState(f, name, known)
	return out, errors.Join(err, f.Close())
}

func fileState(f fsx.File, name string, known manifest.File) (manifest.File, error) {
	st, err := f.Stat()
	if err != nil {
		return manifest.File{}, err
	}
	out := manifest.File{Name: name, Mode: manifest.FileMode(name), Size: st.Size()}
	if known.Name == name && known.Mode == manifest.FileFixed && known.Size == out.Size {
		out.SHA256 = known.SHA256
		return out, nil
	}
	if h, ok := manifest.NameHash(name); ok && strings.HasPrefix(name, archiveDir+"/") {
		out.SHA256 = h
		return out, nil
	}
	h := sha256.New()
	n, err := io.Copy(h, io.NewSectionReader(f, 0, out.Size))
	out.Size, out.SHA256 = n, seal.Hash(h.Sum(nil))
	return out, err
}
