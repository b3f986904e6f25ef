package collect

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evtx"
)

// Format is how a log is written.
type Format string

// The formats that are read.
const (
	FormatEVTX Format = "evtx"
	FormatXML  Format = "xml"
	FormatJSON Format = "json"
)

// Errors of a file that is no log.
var (
	ErrEmpty     = errors.New("the file is empty")
	ErrIrregular = errors.New("not a regular file")
	ErrForeign   = errors.New("not a log that akashi reads (EVTX, event XML or JSON Lines of events)")
)

// source reads the events of one file in file order. The event is valid only
// during the call of fn.
type source interface {
	events(ctx context.Context, fn func(*event.Event) error) error
	damage() []evtx.Damage
	close() error
}

// needed tells which payload fields are wanted; nil wants all.
type needed = func(provider string, id uint32, failed bool) *event.Fields

// noFields is enough to know what a file holds.
func noFields(string, uint32, bool) *event.Fields { return event.FieldsOf() }

// open looks at the content of a file and opens it. Of EVTX only the payload
// fields of need are decoded (evtx.Options).
func open(path string, need needed) (source, Format, error) {
	if st, err := os.Stat(path); err != nil {
		return nil, "", err
	} else if !st.Mode().IsRegular() { // opening a pipe would wait for ever
		return nil, "", ErrIrregular
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, "", err
	}
	if st.Size() == 0 {
		return nil, "", ErrEmpty
	}
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, "", fmt.Errorf("read %s: %w", path, err)
	}
	head = head[:n]
	gz := bytes.HasPrefix(head, []byte{0x1f, 0x8b})
	if gz {
		if head, err = gunzipHead(path); err != nil {
			return nil, "", err
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("ElfFile\x00")), bytes.HasPrefix(head, []byte("ElfChnk\x00")), strings.HasSuffix(strings.ToLower(path), ".evtx"):
		s, err := openEVTX(path, gz, need)
		return s, FormatEVTX, err
	}
	switch looksText(head) {
	case FormatXML:
		return &textSource{path: path, gz: gz, decode: decodeXML}, FormatXML, nil
	case FormatJSON:
		return &textSource{path: path, gz: gz, decode: decodeJSON}, FormatJSON, nil
	}
	return nil, "", ErrForeign
}

func gunzipHead(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	head := make([]byte, 4096)
	n, err := io.ReadFull(z, head)
	if n == 0 {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return head[:n], nil
}

// looksText tells event XML from JSON Lines by the first bytes of a text.
func looksText(head []byte) Format {
	text, err := io.ReadAll(textReader(bytes.NewReader(head)))
	if err != nil {
		return ""
	}
	text = bytes.TrimLeft(text, " \t\r\n")
	if bytes.HasPrefix(text, []byte("Record ")) { // evtx_dump puts a line before each event
		if i := bytes.IndexByte(text, '\n'); i > 0 && i < 64 {
			text = bytes.TrimLeft(text[i:], " \t\r\n")
		}
	}
	switch {
	case bytes.HasPrefix(text, []byte("<?xml")), bytes.HasPrefix(text, []byte("<Event")), bytes.HasPrefix(text, []byte("<!--")):
		return FormatXML
	case bytes.HasPrefix(text, []byte("[")):
		text = bytes.TrimLeft(text[1:], " \t\r\n")
	}
	if bytes.HasPrefix(text, []byte("{")) {
		return FormatJSON
	}
	return ""
}

// evtxSource is an EVTX file; a gzipped one is unpacked to a temporary file
// because chunks are read by position.
type evtxSource struct {
	r    *evtx.Reader
	temp string
}

func openEVTX(path string, gz bool, need needed) (source, error) {
	s := &evtxSource{}
	if gz {
		var err error
		if s.temp, err = gunzipTemp(path); err != nil {
			return nil, err
		}
		path = s.temp
	}
	r, err := evtx.Open(path, evtx.Options{Fields: need})
	if err != nil {
		s.r = nil
		return nil, errors.Join(err, s.close())
	}
	s.r = r
	return s, nil
}

func gunzipTemp(path string) (name string, err error) {
	in, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	z, err := gzip.NewReader(bufio.NewReader(in))
	if err != nil {
		return "", fmt.Errorf("gzip: %w", err)
	}
	out, err := os.CreateTemp("", "akashi-*.evtx")
	if err != nil {
		return "", err
	}
	if _, err = io.Copy(out, z); errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // a cut file: the chunks before the cut are good
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return "", errors.Join(err, os.Remove(out.Name()))
	}
	return out.Name(), nil
}

func (s *evtxSource) events(ctx context.Context, fn func(*event.Event) error) error {
	return s.r.Events(ctx, func(r *evtx.Record) error { return fn(r.Event) })
}

func (s *evtxSource) damage() []evtx.Damage { return s.r.Damage() }

func (s *evtxSource) close() error {
	var err error
	if s.r != nil {
		err = s.r.Close()
	}
	if s.temp != "" {
		err = errors.Join(err, os.Remove(s.temp))
	}
	return err
}

// textSource is a file of XML or JSON that is decoded from its beginning at
// each pass.
type textSource struct {
	path   string
	gz     bool
	decode func(ctx context.Context, r *bufio.Reader, bad func(offset int64, kind string), fn func(*event.Event) error) error
	bad    []evtx.Damage
}

func (s *textSource) events(ctx context.Context, fn func(*event.Event) error) error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	if s.gz {
		if r, err = gzip.NewReader(bufio.NewReaderSize(f, 1<<18)); err != nil {
			return fmt.Errorf("gzip: %w", err)
		}
	}
	s.bad = s.bad[:0]
	report := func(offset int64, kind string) {
		if n := len(s.bad); n > 0 && s.bad[n-1].Kind == kind || n >= 1000 {
			s.bad[n-1].Lost++
			return
		}
		s.bad = append(s.bad, evtx.Damage{Chunk: -1, Offset: offset, Kind: kind, Lost: 1})
	}
	return s.decode(ctx, bufio.NewReaderSize(r, 1<<18), report, fn)
}

func (s *textSource) damage() []evtx.Damage { return s.bad }
func (s *textSource) close() error          { return nil }

// String is the format's name.
func (f Format) String() string { return string(f) }
