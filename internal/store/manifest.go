package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// The manifest says what the files beside the log hold, up to which commit they
// hold it, and where the log begins. There are two, written in turn: a damaged
// one is answered from the other, whose files and log are kept until the next
// one is written.
var manifestNames = [...]string{"manifest-a", "manifest-b"}

// manifest is the content of a manifest file: a line of JSON, and a line with
// its CRC32C.
type manifest struct {
	Generation uint64 `json:"generation"` // the higher one counts
	Absorbed   uint64 `json:"absorbed"`   // commits up to here are in the files below
	Chain      []byte `json:"chain"`      // hash of commit Absorbed
	FirstLog   uint32 `json:"first_log"`  // the log goes on in this file
	NextFile   uint32 `json:"next_file"`

	Imports  []Import         `json:"imports,omitempty"`
	Spread   uint64           `json:"spread,omitempty"`
	Facts    []manifestFact   `json:"facts,omitempty"`
	Servers  []manifestServer `json:"servers,omitempty"`
	Segments []manifestFile   `json:"segments,omitempty"`
	Raw      []manifestFile   `json:"raw,omitempty"`
	Paths    []manifestFile   `json:"paths,omitempty"`
	Erasures []Erasure        `json:"erasures,omitempty"`
	Schedule Schedule         `json:"schedule,omitzero"`
	Expired  []Expired        `json:"expired,omitempty"`
}

// manifestFile is one immutable file.
type manifestFile struct {
	Num    uint32 `json:"num"`
	Server string `json:"server,omitempty"`
	Size   int64  `json:"size"` // bytes
	Rows   int64  `json:"rows,omitempty"`
	First  int64  `json:"first,omitempty"` // of a segment: times of its records, Unix ns
	Last   int64  `json:"last,omitempty"`
}

// manifestRef is a block in a file of kept blocks.
type manifestRef struct {
	File uint32 `json:"file"`
	Off  int64  `json:"off"`
	Size uint32 `json:"size"`
	CRC  uint32 `json:"crc"`
	N    int    `json:"n"`
}

type manifestFact struct {
	Ref manifestRef `json:"ref"`
	Seq uint64      `json:"seq"`
	Min int64       `json:"min"`
	Max int64       `json:"max"`
}

type manifestRecords struct {
	Ref manifestRef   `json:"ref"`
	Seq uint64        `json:"seq"`
	Min int64         `json:"min"`
	Max int64         `json:"max"`
	IDs []manifestIDs `json:"ids"`
}

type manifestIDs struct {
	Channel    string `json:"channel"`
	Generation uint32 `json:"generation"`
	Lo         uint64 `json:"lo"`
	Hi         uint64 `json:"hi"`
}

type manifestCheckpoint struct {
	Ref       manifestRef `json:"ref"`
	Seq       uint64      `json:"seq"`
	Watermark Key         `json:"watermark"`
	Basis     Basis       `json:"basis"`
	// Traces since format 5.
	Traces []manifestRef `json:"traces,omitempty"`
}

type manifestServer struct {
	Name        string               `json:"name"`
	Rewind      [2]uint64            `json:"rewind"`
	Voids       []void               `json:"voids,omitempty"`
	Pending     *Key                 `json:"pending,omitempty"` // of format 4 and older
	Spans       []Span               `json:"spans,omitempty"`
	Order       []piece              `json:"order,omitempty"`
	Shifts      []shift              `json:"shifts,omitempty"`
	Unread      bool                 `json:"unread,omitempty"`
	Checkpoints []manifestCheckpoint `json:"checkpoints,omitempty"`
	Tail        []manifestRecords    `json:"tail,omitempty"`
	Old         []manifestRecords    `json:"old,omitempty"`
	Drafts      []manifestRecords    `json:"drafts,omitempty"`
	Gone        []manifestGone       `json:"gone,omitempty"`
}

func (r *blockRef) manifest() manifestRef { return manifestRef{r.file, r.off, r.size, r.crc, r.n} }

func (m manifestRef) ref() blockRef { return blockRef{m.File, m.Off, m.Size, m.CRC, m.N} }

func manifestBlocks(l []*recBlock) []manifestRecords {
	var out []manifestRecords
	for _, b := range l {
		m := manifestRecords{Ref: b.manifest(), Seq: b.seq, Min: b.min, Max: b.max}
		for _, r := range b.ids {
			m.IDs = append(m.IDs, manifestIDs{r.channel, r.gen, r.lo, r.hi})
		}
		out = append(out, m)
	}
	return out
}

func recBlocks(server string, l []manifestRecords) []*recBlock {
	var out []*recBlock
	for _, m := range l {
		b := &recBlock{blockRef: m.Ref.ref(), server: server, seq: m.Seq, min: m.Min, max: m.Max}
		for _, r := range m.IDs {
			b.ids = append(b.ids, idRange{r.Channel, r.Generation, r.Lo, r.Hi})
		}
		out = append(out, b)
	}
	return out
}

// encodeManifest writes the two lines.
func encodeManifest(m *manifest) ([]byte, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	return fmt.Appendf(append(b, '\n'), "crc32c %08x\n", checksum(b)), nil
}

var errManifest = errors.New("manifest does not follow its format")

func decodeManifest(b []byte) (*manifest, error) {
	text, sum, ok := bytes.Cut(b, []byte("\n"))
	if !ok {
		return nil, errManifest
	}
	want, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(string(sum), "crc32c "), "\n"), 16, 32)
	if err != nil || len(sum) != len("crc32c 00000000\n") || uint32(want) != checksum(text) {
		return nil, errManifest
	}
	m := &manifest{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("%w: %w", errManifest, err)
	}
	return m, nil
}

// manifestGeneration reads only the number of a manifest; 0 when there is none.
func (s *Store) manifestGeneration(name string) uint64 {
	f, err := s.fs.OpenFile(filepath.Join(s.dir, name), os.O_RDONLY, 0)
	if err != nil {
		return 0
	}
	b := make([]byte, 64)
	n, _ := f.ReadAt(b, 0) // a short file gives no number
	_ = f.Close()          // was only read
	var g uint64
	if _, err := fmt.Sscanf(string(b[:n]), `{"generation":%d,`, &g); err != nil {
		return 0
	}
	return g
}

// readManifests returns the manifests that are there and whole, the newest
// first. A damaged one is noted.
func (s *Store) readManifests() ([]*manifest, error) {
	var l []*manifest
	for _, name := range manifestNames {
		f, err := s.fs.OpenFile(filepath.Join(s.dir, name), os.O_RDONLY, 0)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("open manifest: %w", err)
		}
		b, err := io.ReadAll(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		m, err := decodeManifest(b)
		if err != nil {
			s.damaged(&DamageError{File: name, Size: int64(len(b)), Reason: err.Error()})
			continue
		}
		if len(l) > 0 && m.Generation > l[0].Generation {
			l = append([]*manifest{m}, l...)
		} else {
			l = append(l, m)
		}
	}
	return l, nil
}

// writeManifest makes m the newest manifest, in place of the older one.
func (s *Store) writeManifest(m *manifest) error {
	b, err := encodeManifest(m)
	if err != nil {
		return err
	}
	path := filepath.Join(s.dir, manifestNames[m.Generation%uint64(len(manifestNames))])
	err = fsx.WriteAtomic(s.fs, path, 0o600, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}
