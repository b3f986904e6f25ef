package evidence

import (
	"archive/zip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/mask"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

// ErrNone: the query finds no record, so there is nothing to prove.
var ErrNone = errors.New("no record meets the query")

// Source is what a bundle is made of.
type Source interface {
	Search(ctx context.Context, q query.Query) (*query.Page, error)
	// Raw returns the events behind each of some records, by record id.
	Raw(ctx context.Context, l []record.Record) ([][]*event.Event, error)
	// Coverage tells how complete the stored events of a server are.
	Coverage(ctx context.Context, server string) (*coverage.Report, error)
}

// Log is the Merkle log that a bundle's records are sealed in; *seal.Log is one.
type Log interface {
	RecordAll(ctx context.Context, entries []seal.Entry) (first int64, err error)
	Entry(i int64) (seal.Leaf, error)
	Prove(i, size int64) ([]seal.Hash, error)
	// Checkpoint signs the head and gets its time stamp when an authority is set
	// and answers.
	Checkpoint(ctx context.Context) (*seal.Checkpoint, error)
	Keys() []seal.KeyChange
	Consistency(old, now int64) ([]seal.Hash, error)
	// Of gives the leaves of some kinds, oldest first.
	Of(kinds ...string) iter.Seq2[seal.Leaf, error]
	StampSizes() ([]int64, error)
	StampOf(size int64) (*seal.Stamped, error)
}

// renewer is a Log that is hashed anew under another algorithm: Renewal is nil when none
// is in force.
type renewer interface{ Renewal() Renewal }

// Options say what a bundle is and where it goes.
type Options struct {
	Case     string
	By       string
	Ground   string // why numbers are shown; needed with Unmask
	Unmask   bool
	Query    query.Query
	Zone     *time.Location
	Now      time.Time
	Software string
	Data     string  // data folder; the key of the commitments is kept below it
	Out      string  // the ZIP
	FS       fsx.FS  // nil = the operating system's
	Archive  Archive // nil = records are proven from the bundle's own sealing on only
	Narrow   *Narrow // nil = whoever gets it may see everything of the servers of its records
	// Progress is told how much was gathered; nil = nobody.
	Progress func(records, events int64)
	// Writing is told how much of what was gathered is in the file, in bytes; nil = nobody.
	Writing func(done, all int64)
}

// Result says what was written.
type Result struct {
	File     string    `json:"file"`
	Case     string    `json:"case"`
	Records  int64     `json:"records"`
	Events   int64     `json:"events"`
	Masked   int64     `json:"masked"`
	Left     int64     `json:"not_in_evtx,omitempty"`
	Manifest seal.Hash `json:"manifest"` // SHA-256 of manifest.json
	Point    int64     `json:"checkpoint"`
	Anchored bool      `json:"anchored"` // a time stamp of all of it is in the bundle
	Stamps   int       `json:"stamps"`   // of this and of earlier checkpoints
	Proven   int64     `json:"proven"`   // records that are proven out of the sealed archive
	Unproven []Day     `json:"unproven"` // days of which some are not
}

type maker struct {
	opt    Options
	src    Source
	log    Log
	fs     fsx.FS
	tmp    string // folder of temporary files
	masker *mask.Masker
	key    []byte
	masked int64

	sel    manifest.Selection
	proofs manifest.Proofs
	gapped []sealedGaps // gap reports of the servers and days of the records
	point  *seal.Checkpoint
	stats  *stats
	covers []*coverage.Report
	spool  *spool
	raw    *rawSet

	days     map[Day]int64       // records of each day
	lineOf   map[seal.Hash]int64 // line of each record's leaf, for proveParts or gatherRows; nil without an archive
	renewal  Renewal
	again    []againPart // of the parts, in their order
	heads    []seal.StampedHead
	parts    []provenPart
	unproven []Day
	stamps   []stamped
	anchored bool
	reached  query.Reached // by the search
}

// Make writes the bundle of everything that the query finds. The days of its records
// are sealed in the archive, the answer is sealed and a checkpoint is signed before
// anything of it leaves; the list of all members is sealed before the file gets its
// name. No matching record is ErrNone. When ctx ends, nothing is left of the file.
func Make(ctx context.Context, src Source, log Log, opt Options) (res *Result, err error) {
	if strings.TrimSpace(opt.Case) == "" || strings.TrimSpace(opt.By) == "" || opt.Unmask && strings.TrimSpace(opt.Ground) == "" {
		return nil, errors.New("evidence: a case, a name and, to show numbers, a ground are needed")
	}
	m := &maker{opt: opt, src: src, log: log, fs: opt.FS}
	if r, ok := log.(renewer); ok {
		m.renewal = r.Renewal()
	}
	if m.fs == nil {
		m.fs = fsx.OS{}
	}
	if m.opt.Zone == nil {
		m.opt.Zone = time.UTC
	}
	if m.opt.Progress == nil {
		m.opt.Progress = func(int64, int64) {}
	}
	m.key = make([]byte, sha256.Size)
	if _, err := rand.Read(m.key); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	m.masker = mask.New(m.key)
	m.opt.By, m.opt.Case = m.text(opt.By), m.text(opt.Case) // the leaf of the selection is in the bundle as it is
	if m.tmp, err = os.MkdirTemp(filepath.Dir(opt.Out), ".evidence-*"); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	defer func() { err = errors.Join(err, m.close()) }()
	if err := m.gather(ctx); err != nil {
		return nil, err
	}
	if err := m.seal(ctx); err != nil {
		return nil, err
	}
	res = &Result{File: opt.Out, Case: opt.Case, Records: m.sel.Records, Events: m.raw.count, Left: m.raw.left, Point: m.point.Size}
	err = fsx.WriteAtomic(m.fs, opt.Out, 0o600, func(w io.Writer) error {
		res.Manifest, err = m.write(ctx, w)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("write bundle %s: %w", opt.Out, err)
	}
	res.Masked, res.Anchored, res.Stamps, res.Unproven = m.masked, m.anchored, len(m.stamps), append([]Day{}, m.unproven...)
	for _, p := range m.parts {
		res.Proven += int64(p.Records)
	}
	return res, nil
}

func (m *maker) close() error {
	var l []error
	if m.spool != nil {
		l = append(l, m.spool.close())
	}
	if m.raw != nil {
		l = append(l, m.raw.close())
	}
	return errors.Join(append(l, os.RemoveAll(m.tmp))...)
}

// gather asks for the records and their events and puts them aside, masked.
func (m *maker) gather(ctx context.Context) (err error) {
	m.stats = newStats(m.opt.Zone)
	if m.spool, err = newSpool(m.tmp); err != nil {
		return err
	}
	if m.opt.Archive != nil {
		m.lineOf = make(map[seal.Hash]int64)
	}
	m.raw = &rawSet{m: m, byLife: make(map[life]*rawFile)}
	q := m.opt.Query
	q.Oldest, q.Cursor = true, ""
	most := q.Limit
	var done int64
	for {
		q.Limit = pageSize
		if most > 0 {
			q.Limit = min(pageSize, most-int(done))
		}
		page, err := m.src.Search(ctx, q)
		if err != nil {
			return fmt.Errorf("evidence: search: %w", err)
		}
		events, err := m.src.Raw(ctx, page.Records)
		if err != nil {
			return fmt.Errorf("evidence: raw events: %w", err)
		}
		for i := range page.Records {
			if err := m.add(&page.Records[i], events[i]); err != nil {
				return err
			}
		}
		m.reached.Add(&page.Reached)
		done += int64(len(page.Records))
		m.opt.Progress(done, m.raw.count)
		if page.Next == "" || most > 0 && done >= int64(most) {
			break
		}
		q.Cursor = page.Next
	}
	if done == 0 {
		return ErrNone
	}
	if m.opt.Narrow != nil { // it tells of all of a server
		m.covers = []*coverage.Report{}
		return errors.Join(m.spool.flush(), m.raw.finish())
	}
	for _, s := range m.stats.serverNames() {
		c, err := m.src.Coverage(ctx, s)
		if err != nil {
			return fmt.Errorf("evidence: coverage of %s: %w", s, err)
		}
		c.Server = m.text(c.Server)
		for i := range c.Notices {
			n := &c.Notices[i]
			n.User, n.Detail = m.text(n.User), m.text(n.Detail)
		}
		m.covers = append(m.covers, c)
	}
	return errors.Join(m.spool.flush(), m.raw.finish())
}

// pageSize is how many records are asked for at once, and with them the events behind
// them, some ten each: a block of events is read once for all of them.
const pageSize = 4000

func (m *maker) add(r *record.Record, events []*event.Event) error {
	if m.opt.Narrow != nil { // what is left out of a record is in no hash that could be guessed at either
		c := m.opt.Narrow.Shown(r)
		r = &c
	}
	line := r.AppendJSON(nil)
	leaf := seal.LeafHash(line)
	shown, commits := m.record(r)
	if len(commits) > 0 {
		m.proofs.Masked = append(m.proofs.Masked, manifest.MaskedLine{Member: manifest.RecordsName, Line: m.spool.count, Leaf: leaf, Commits: commits, New: m.newLeaf(line)})
		line = shown.AppendJSON(nil)
	}
	if m.lineOf != nil {
		m.lineOf[leaf] = m.spool.count
	}
	m.stats.add(shown, r.Server)
	m.onDay(r.Server, r.Time)
	if err := m.spool.add(line, leaf); err != nil {
		return err
	}
	for _, e := range events {
		if err := m.raw.add(r.Server, e); err != nil {
			return err
		}
	}
	return nil
}

// seal fixes the selection in the log, and signs the head that covers it.
func (m *maker) seal(ctx context.Context) error {
	if m.opt.Archive != nil {
		if err := m.opt.Archive.Seal(ctx, m.allDays()); err != nil {
			return fmt.Errorf("evidence: seal the days of the records: %w", err)
		}
	}
	m.sel.Format, m.sel.Made = m.format(), m.opt.Now.UnixNano()
	m.sel.Records, m.sel.RecordsRoot = m.spool.count, m.spool.roots.Root()
	for _, f := range m.raw.files {
		m.sel.Raw = append(m.sel.Raw, manifest.RawRoot{Member: f.name + ".jsonl", Events: f.lines.count, Root: f.lines.roots.Root()})
	}
	b, err := manifest.Encode(m.sel)
	if err != nil {
		return err
	}
	e := seal.Entry{Kind: seal.KindExport, Subject: manifest.SelectionName, By: m.opt.By, Time: m.sel.Made, Hash: sha256.Sum256(b)}
	entries := []seal.Entry{e}
	if m.opt.Unmask {
		entries = append(entries, seal.Entry{Kind: seal.KindUnmask, Subject: m.opt.Case, By: m.opt.By, Ground: m.opt.Ground, Time: m.sel.Made, Hash: e.Hash})
	} else if err := m.keepKey(e.Hash); err != nil {
		return err
	}
	rows, err := m.gatherRows(ctx)
	if err != nil {
		return err
	}
	own := int64(len(entries))
	for i := range rows {
		entries = append(entries, rows[i].entry)
	}
	at, err := m.log.RecordAll(ctx, entries)
	if err != nil {
		return fmt.Errorf("evidence: seal: %w", err)
	}
	if m.point, err = m.log.Checkpoint(ctx); err != nil {
		return fmt.Errorf("evidence: checkpoint: %w", err)
	}
	leaf, err := m.log.Entry(at)
	if err != nil {
		return fmt.Errorf("evidence: leaf: %w", err)
	}
	path, err := m.log.Prove(at, m.point.Size)
	if err != nil {
		return fmt.Errorf("evidence: proof: %w", err)
	}
	m.proofs.Format = m.format()
	m.proofs.Selection = manifest.LeafProof{Index: at, Leaf: string(leaf.Data), Path: path}
	for _, k := range m.log.Keys() {
		m.proofs.Keys = append(m.proofs.Keys, k.Key)
	}
	if m.opt.Narrow != nil {
		if m.opt.Archive == nil {
			m.unproven = m.allDays()
		}
		err = m.proveRows(rows, at+own)
	} else if err = m.proveParts(ctx); err == nil {
		err = errors.Join(m.proveGaps(), m.proveAgain())
	}
	if err != nil {
		return err
	}
	return m.addStamps()
}

// write writes the members and returns the hash of manifest.json, the last.
func (m *maker) write(ctx context.Context, out io.Writer) (h seal.Hash, err error) {
	z := &zipper{z: zip.NewWriter(out), at: m.opt.Now, again: m.algorithm(), ctx: ctx, tell: m.opt.Writing, all: m.gathered()}
	z.z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) })
	for _, step := range []func(context.Context, *zipper) error{m.writeReports, m.writeRecords, m.writeRaw, m.writeProofs} {
		if err := step(ctx, z); err != nil {
			return h, err
		}
	}
	b, err := manifest.Encode(manifest.Bundle{
		Format: m.format(), Again: m.algorithm(), Software: m.opt.Software, Case: m.text(m.opt.Case), Query: m.text(m.opt.Query.Text(m.opt.Zone)), By: m.text(m.opt.By),
		Made: m.sel.Made, Records: m.sel.Records, Events: m.raw.count, Masked: m.masked, Narrow: m.opt.Narrow != nil, Members: z.members,
	})
	if err != nil {
		return h, err
	}
	if err := z.bytes(manifest.BundleName, b); err != nil {
		return h, err
	}
	h = sha256.Sum256(b)
	x := manifest.BundleSubject{Case: m.opt.Case, Query: m.text(m.opt.Query.Text(m.opt.Zone)), Records: m.sel.Records, Masked: m.masked}
	if m.renewal != nil {
		x.Hash, x.New = m.algorithm(), m.algorithm().Sum(b)
	}
	subject, err := json.Marshal(x)
	if err != nil {
		return h, fmt.Errorf("evidence: %w", err)
	}
	sealed, err := m.sealManifest(ctx, h, string(subject))
	if err != nil {
		return h, err
	}
	if b, err = manifest.Encode(sealed); err != nil {
		return h, err
	}
	if err := z.bytes(manifest.SealName, b); err != nil {
		return h, err
	}
	return h, z.z.Close()
}
