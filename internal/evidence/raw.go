package evidence

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evtx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

// life is a life of a channel of a server.
type life struct {
	server, channel string
	generation      uint32
}

// rawFile is what the bundle has of one life: lines of JSON and a log.
type rawFile struct {
	name  string // of the members, without their ends
	lines *spool
	evtx  *os.File
	w     *evtx.Writer
	seen  idSet
}

// idSet is record ids, a bit for each in pieces of 4,096: those of a bundle lie together.
type idSet map[uint64]*[64]uint64

// add adds an id; false when it was there.
func (s idSet) add(id uint64) bool {
	p := s[id>>12]
	if p == nil {
		p = new([64]uint64)
		s[id>>12] = p
	}
	word, bit := &p[id>>6&63], uint64(1)<<(id&63)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}

// rawSet is the raw events of a bundle, each once.
type rawSet struct {
	m      *maker
	byLife map[life]*rawFile
	files  []*rawFile // in the order of their first events
	count  int64
	left   int64 // events that the form of EVTX cannot hold
}

func (s *rawSet) file(l life) (*rawFile, error) {
	if f := s.byLife[l]; f != nil {
		return f, nil
	}
	name := fmt.Sprintf("raw/%03d-%s-%s", len(s.files)+1, safe(s.m.text(l.server)), safe(s.m.text(l.channel)))
	f := &rawFile{name: name, seen: make(idSet)}
	var err error
	if f.lines, err = newSpool(s.m.tmp); err != nil {
		return nil, err
	}
	s.byLife[l], s.files = f, append(s.files, f)
	if f.evtx, err = os.CreateTemp(s.m.tmp, "evtx-*"); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	if f.w, err = evtx.NewWriter(f.evtx, evtx.WriterOptions{FirstHeaderID: 1}); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	return f, nil
}

func (s *rawSet) add(server string, e *event.Event) error {
	f, err := s.file(life{server, e.Channel, e.Generation})
	if err != nil || !f.seen.add(e.RecordID) {
		return err
	}
	s.count++
	line := AppendEvent(nil, e)
	leaf := seal.LeafHash(line)
	shown, commits := s.m.event(e)
	if len(commits) > 0 {
		s.m.proofs.Masked = append(s.m.proofs.Masked, manifest.MaskedLine{Member: f.name + ".jsonl", Line: f.lines.count, Leaf: leaf, Commits: commits})
		line = AppendEvent(nil, shown)
	}
	if err := f.lines.add(line, leaf); err != nil {
		return err
	}
	if err := f.w.Write(shown); err != nil {
		s.left++ // the line of JSON has it
	}
	return nil
}

// finish ends the files.
func (s *rawSet) finish() error {
	for _, f := range s.files {
		if err := errors.Join(f.lines.flush(), f.w.Close()); err != nil {
			return fmt.Errorf("evidence: %s: %w", f.name, err)
		}
	}
	return nil
}

func (s *rawSet) close() error {
	var l []error
	for _, f := range s.files {
		l = append(l, f.lines.close())
		if f.evtx != nil {
			l = append(l, f.evtx.Close())
		}
	}
	return errors.Join(l...)
}

func (m *maker) writeRaw(_ context.Context, z *zipper) error {
	for _, f := range m.raw.files {
		if err := z.file(f.name+".jsonl", f.lines.f); err != nil {
			return err
		}
		if err := z.file(f.name+".rebuilt.evtx", f.evtx); err != nil {
			return err
		}
	}
	return nil
}

// AppendEvent appends the canonical JSON of an event, the leaf of its proof: the
// keys in this order, no blanks, empty texts and zero numbers left out but for
// values. Bytes that are no text are WTF-8 in record.AppendString's form.
func AppendEvent(b []byte, e *event.Event) []byte {
	text := func(key, s string) {
		if s != "" {
			b = append(append(append(b, ','), '"'), key...)
			b = record.AppendString(append(b, `":`...), s)
		}
	}
	num := func(key string, n uint64) {
		if n != 0 {
			b = append(append(append(b, ','), '"'), key...)
			b = strconv.AppendUint(append(b, `":`...), n, 10)
		}
	}
	b = strconv.AppendUint(append(b, `{"record_id":`...), e.RecordID, 10)
	num("generation", uint64(e.Generation))
	text("channel", e.Channel)
	text("computer", e.Computer)
	text("provider", e.Provider)
	num("event_id", uint64(e.ID))
	num("version", uint64(e.Version))
	num("level", uint64(e.Level))
	num("opcode", uint64(e.Opcode))
	num("task", uint64(e.Task))
	num("qualifiers", uint64(e.Qualifiers))
	num("keywords", e.Keywords)
	num("filetime", uint64(e.Time))
	num("pid", uint64(e.PID))
	num("tid", uint64(e.TID))
	text("activity_id", e.ActivityID)
	text("related_id", e.RelatedID)
	text("user_id", e.UserID)
	if e.Schema == nil {
		return append(b, '}')
	}
	text("payload", e.Schema.Payload)
	b = append(b, `,"values":[`...)
	for i, v := range e.Values {
		if i > 0 {
			b = append(b, ',')
		}
		name := ""
		if i < len(e.Schema.Names) {
			name = e.Schema.Names[i]
		}
		b = record.AppendString(append(b, '['), name)
		b = strconv.AppendUint(append(b, ','), uint64(v.Kind), 10)
		b = record.AppendString(append(b, ','), v.Text())
		b = append(b, ']')
	}
	return append(b, "]}"...)
}
