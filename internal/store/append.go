package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// reserve is the free space that a commit must leave: the folder's small files
// and the next clean-up still fit.
const reserve = 64 << 20

// SpaceError says that a commit was refused because the disk is nearly full.
// Nothing of it was stored; everything stored before is intact.
type SpaceError struct {
	Dir        string
	Free, Need uint64 // bytes
}

func (e *SpaceError) Error() string {
	return fmt.Sprintf("disk of %s is nearly full: %d MiB free, %d MiB needed; free some space and start again, nothing stored is lost", e.Dir, e.Free>>20, e.Need>>20)
}

// Append makes the commit durable and then visible. It returns the commit's
// sequence number. On an error nothing of the commit is stored.
func (s *Store) Append(ctx context.Context, c *Commit) (uint64, error) {
	if s.opt.ReadOnly {
		return 0, errors.New("append: the data folder is open for reading only")
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := s.wait(ctx); err != nil {
		return 0, err
	}
	s.append.Lock()
	defer s.append.Unlock()
	s.mu.RLock()
	failed, closed, seq := s.failed, s.closed, s.index.seq+1
	s.mu.RUnlock()
	switch {
	case closed:
		return 0, os.ErrClosed
	case failed != nil:
		return 0, fmt.Errorf("the data folder must be opened again after an earlier failure: %w", failed)
	}
	c.arrange()
	taken := s.takeBeside(c, seq)
	f, body, err := s.buildFrame(c, seq)
	if err == nil {
		err = s.write(f, body)
	}
	s.tookAhead(c, f, taken, err)
	if err != nil {
		return 0, err
	}
	s.wake()
	return seq, nil
}

// keptBody is the most memory that stays for the bodies of commits, in bytes.
const keptBody = 32 << 20

// buildFrame packs the blocks of a commit that is arranged. Offsets count from the body's start; the
// body is valid until the next call.
func (s *Store) buildFrame(c *Commit, seq uint64) (*frame, []byte, error) {
	f := &frame{
		version: metaVersion, seq: seq, server: c.Server, received: c.Received, late: c.Late,
		setTail: c.SetTail, watermark: c.Watermark, imports: c.Imports,
		basis: c.Basis, step: c.step,
		factsRead: c.FactsRead, spread: c.Spread, erasures: c.erasures, schedule: c.schedule,
	}
	if c.Server != "" {
		s.mu.RLock()
		sv := s.index.servers[c.Server]
		if sv == nil {
			sv = newServerIndex(c.Server)
		}
		sv.put(f, c, s.manifest.Absorbed)
		s.mu.RUnlock()
	}
	body := s.body[:0]
	added := func(at, n int) blockRef {
		p := body[at:]
		return blockRef{off: int64(at), size: uint32(len(p)), crc: checksum(p), n: n}
	}
	put := func(b []byte, n int) blockRef {
		at := len(body)
		body = s.codec.enc.EncodeAll(b, body)
		return added(at, n)
	}
	var form []byte // of one block
	for _, g := range c.Raw {
		for _, part := range cutRaw(g.Events) {
			b, err := rawMeta(g.Channel, part)
			if err != nil {
				return nil, nil, err
			}
			form = s.raw.AppendBlock(form[:0], ungenerated(part))
			b.blockRef = put(form, len(part))
			f.raw = append(f.raw, b)
		}
	}
	recs := func(l []record.Record) []*recBlock {
		var out []*recBlock
		for part := range slices.Chunk(l, record.BlockRecords) {
			b := recMeta(c.Server, seq, part, false)
			form = s.records.AppendBlock(form[:0], part)
			b.blockRef = put(form, len(part))
			out = append(out, b)
		}
		return out
	}
	for part := range newestParts(c.Records, c.rises) {
		b := recMeta(c.Server, seq, part, c.rises)
		if c.rises {
			form = s.records.AppendBlockBack(form[:0], part)
		} else {
			form = s.records.AppendBlock(form[:0], part)
		}
		if at := len(body); len(part) == record.BlockRecords { // many at once: a flush follows
			body = appendPlain(body, form)
			b.blockRef = added(at, len(part))
		} else {
			b.blockRef = put(form, len(part))
		}
		f.records = append(f.records, b)
	}
	f.tail, f.superseded = recs(c.Tail), recs(c.superseded)
	for part := range slices.Chunk(sortFacts(c.Facts), factBlocks) {
		b := &factBlock{seq: seq, min: part[0].Minute, max: part[len(part)-1].Minute}
		b.blockRef = put(appendFacts(part), len(part))
		f.facts = append(f.facts, b)
	}
	if c.Checkpoint != nil {
		r := put(c.Checkpoint, 0)
		f.checkpoint = &r
		if c.Trace != nil {
			r := put(appendTrace(nil, c.Trace), 0)
			f.trace = &r
		}
	}
	if cap(body) <= keptBody {
		s.body = body
	}
	if len(body) > maxFrame {
		return nil, nil, fmt.Errorf("append: commit of %d bytes is too large", len(body))
	}
	return f, body, nil
}

// ungenerated returns the events without their generation, which is derived.
func ungenerated(l []*event.Event) []*event.Event {
	out := make([]*event.Event, len(l))
	for i, e := range l {
		c := *e
		c.Generation = 0
		out[i] = &c
	}
	return out
}

// pause ends a block, so that a new life of the channel never begins inside one.
const pause = 3600 * 10_000_000 // 100 ns

// cutRaw cuts events in record order into what becomes blocks.
func cutRaw(l []*event.Event) [][]*event.Event {
	var out [][]*event.Event
	from := 0
	for i := range l {
		if i > from && (i-from == event.BlockEvents || l[i].Time > l[i-1].Time+pause) {
			out = append(out, l[from:i])
			from = i
		}
	}
	if from < len(l) {
		out = append(out, l[from:])
	}
	return out
}

func rawMeta(channel string, part []*event.Event) (*rawBlock, error) {
	b := &rawBlock{channel: channel, first: part[0].Time, last: part[len(part)-1].Time, min: part[0].Time, max: part[0].Time}
	for i, e := range part {
		if i > 0 && e.RecordID <= part[i-1].RecordID {
			return nil, fmt.Errorf("append: events of channel %s are not in record order at %d", channel, e.RecordID)
		}
		b.min, b.max = min(b.min, e.Time), max(b.max, e.Time)
		if n := len(b.runs); n > 0 && b.runs[n-1].hi+1 == e.RecordID {
			b.runs[n-1].hi++
		} else {
			b.runs = append(b.runs, run{e.RecordID, e.RecordID})
		}
	}
	return b, nil
}

// write puts the frame at the end of the log, syncs it and publishes it.
func (s *Store) write(f *frame, body []byte) error {
	f.digest = sha256.Sum256(body)
	s.mu.RLock()
	f.prev = s.index.chain
	s.mu.RUnlock()
	meta, err := f.encode(0)
	if err != nil {
		return err
	}
	f.hash = sha256.Sum256(meta)
	meta = s.codec.pack(meta)
	h := header{kind: frameCommit, version: metaVersion, metaLen: uint32(len(meta)), body: uint32(len(body)), seq: f.seq, metaCRC: checksum(meta)}
	b := h.append(slices.Grow(s.written[:0], int(h.size())))
	b = append(append(b, meta...), body...)
	if cap(b) <= keptBody {
		s.written = b
	}
	need := 2*uint64(len(b)) + reserve
	free, err := s.fs.Free(s.dir)
	if err != nil {
		return err
	}
	if free < need {
		return &SpaceError{Dir: s.dir, Free: free, Need: need}
	}
	l, err := s.current()
	if err != nil {
		return err
	}
	if err := s.put(l, b); err != nil {
		return fmt.Errorf("append to %s: %w", l.name, err)
	}
	f.place(l.num, l.end+headerSize+int64(len(meta)))
	s.mu.Lock()
	defer s.mu.Unlock()
	l.end += int64(len(b))
	s.index.apply(f)
	s.index.settle()
	return nil
}

// place turns offsets in the body into offsets in the file.
func (f *frame) place(file uint32, base int64) {
	fix := func(r *blockRef) { r.file, r.off = file, r.off+base }
	for _, b := range f.raw {
		fix(&b.blockRef)
	}
	for _, b := range f.records {
		fix(&b.blockRef)
	}
	for _, b := range f.tail {
		fix(&b.blockRef)
	}
	for _, b := range f.superseded {
		fix(&b.blockRef)
	}
	for _, b := range f.facts {
		fix(&b.blockRef)
	}
	if f.checkpoint != nil {
		fix(f.checkpoint)
	}
	if f.trace != nil {
		fix(f.trace)
	}
}

// put writes b behind the last good frame and syncs it. When that fails the
// file is cut back; when that fails too the store takes nothing more until it
// was opened again, because what the file holds is not known.
func (s *Store) put(l *logFile, b []byte) error {
	_, err := l.f.WriteAt(b, l.end)
	if err == nil {
		err = l.f.Sync()
	}
	if err == nil {
		return nil
	}
	cut := l.f.Truncate(l.end)
	if cut == nil {
		cut = l.f.Sync()
	}
	if cut != nil {
		s.mu.Lock()
		s.failed = err
		s.mu.Unlock()
	}
	return err
}

// current is the file that takes the next frame; a full one is followed by the
// next.
func (s *Store) current() (*logFile, error) {
	s.mu.Lock()
	var num uint32
	if n := len(s.files); n > 0 {
		switch l := s.files[n-1]; {
		case l.num >= s.nextLog && l.end > 0 && l.end < s.opt.FileSize:
			s.mu.Unlock()
			return l, nil
		case l.num >= s.nextLog && l.end == 0: // made by an append that failed before its first byte
			num = l.num
		}
	}
	if num == 0 {
		if num = s.nextLog; len(s.files) > 0 && s.files[len(s.files)-1].num >= num {
			num = s.nextFile
		}
		num = max(num, 1)
		s.nextFile = max(s.nextFile, num+1)
	}
	s.mu.Unlock()
	l, err := s.openLog(num, true)
	if err != nil {
		return nil, err
	}
	_, err = l.f.WriteAt([]byte(fileMagic), 0)
	if err == nil {
		err = l.f.Sync()
	}
	if err == nil {
		err = s.fs.SyncDir(filepath.Join(s.dir, logDir))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin %s: %w", l.name, err), l.f.Truncate(0), l.f.Close())
	}
	l.end = int64(len(fileMagic))
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.files); n > 0 && s.files[n-1].num == num {
		old := s.files[n-1]
		s.files[n-1] = l
		return l, old.f.Close()
	}
	s.files = append(slices.Clone(s.files), l)
	return l, nil
}
