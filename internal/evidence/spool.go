package evidence

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// spool is a temporary file of lines, with the root over the leaves of what stood in
// them before masking.
type spool struct {
	f     *os.File
	w     *bufio.Writer
	count int64
	roots seal.Roots
}

func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, "lines-*")
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	return &spool{f: f, w: bufio.NewWriterSize(f, 1<<16)}, nil
}

func (s *spool) add(line []byte, leaf seal.Hash) error {
	s.count++
	s.roots.Add(leaf)
	_, err := s.w.Write(append(line, '\n'))
	return err
}

func (s *spool) flush() error { return s.w.Flush() }
func (s *spool) close() error { return s.f.Close() }

// lines calls fn with each line, without its end, which is fn's until it returns.
func (s *spool) lines(ctx context.Context, fn func([]byte) error) error {
	r := bufio.NewReaderSize(io.NewSectionReader(s.f, 0, 1<<62), 1<<16)
	for n := 0; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err == nil && n%1024 == 0 {
			err = ctx.Err()
		}
		if err == nil {
			err = fn(bytes.TrimSuffix(line, []byte("\n")))
		}
		if err != nil {
			return err
		}
	}
}

// zipper writes members and notes their sizes and hashes.
type zipper struct {
	z       *zip.Writer
	at      time.Time
	members []manifest.Member
	again   seal.Algorithm // "" = SHA-256 alone

	ctx       context.Context       // of the call that writes
	tell      func(done, all int64) // nil = nobody
	done, all int64                 // bytes of files
}

func (z *zipper) member(name string, write func(io.Writer) error) error {
	w, err := z.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: z.at.UTC()})
	if err != nil {
		return fmt.Errorf("member %s: %w", name, err)
	}
	sum := sha256.New()
	c := &counter{}
	to := []io.Writer{w, sum, c}
	fresh := z.again.New()
	if z.again != "" {
		to = append(to, fresh)
	}
	if err := write(io.MultiWriter(to...)); err != nil {
		return fmt.Errorf("member %s: %w", name, err)
	}
	m := manifest.Member{Name: name, Size: c.n, SHA256: seal.Hash(sum.Sum(nil))}
	if z.again != "" {
		m.New = fresh.Sum(nil)
	}
	z.members = append(z.members, m)
	return nil
}

func (z *zipper) bytes(name string, b []byte) error {
	return z.member(name, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

func (z *zipper) file(name string, f *os.File) error {
	return z.member(name, func(w io.Writer) error {
		_, err := io.Copy(w, &filed{z, io.NewSectionReader(f, 0, 1<<62)})
		return err
	})
}

// filed reads a file into the ZIP, until the context ends, and tells how far it is.
type filed struct {
	z *zipper
	r io.Reader
}

func (f *filed) Read(b []byte) (int, error) {
	if err := f.z.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := f.r.Read(b)
	f.z.done += int64(n)
	if f.z.tell != nil {
		f.z.tell(min(f.z.done, f.z.all), f.z.all)
	}
	return n, err
}

// gathered is the bytes of what was put aside.
func (m *maker) gathered() (n int64) {
	l := []*os.File{m.spool.f}
	for _, f := range m.raw.files {
		l = append(l, f.lines.f, f.evtx)
	}
	for _, f := range l {
		if st, err := f.Stat(); err == nil {
			n += st.Size()
		}
	}
	return n
}

type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return len(b), nil
}

// safe is a text as a part of a member's name: letters and digits of ASCII, the
// rest as hyphens.
func safe(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' && i > 0 || c == '_' {
			continue
		}
		b[i] = '-'
	}
	return filepath.Base(string(b[:min(len(b), 60)]))
}
