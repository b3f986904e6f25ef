package verify

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
	"time"
)

// sparse is a file of which pieces of zeros are not kept.
type sparse struct {
	size   int64
	at     []int64
	pieces [][]byte
}

func (s *sparse) Write(b []byte) (int, error) {
	if !bytes.Equal(b, noughts[:len(b)]) {
		from := bytes.IndexFunc(b, func(r rune) bool { return r != 0 })
		s.at, s.pieces = append(s.at, s.size+int64(from)), append(s.pieces, bytes.TrimRight(bytes.Clone(b[from:]), "\x00"))
	}
	s.size += int64(len(b))
	return len(b), nil
}

func (s *sparse) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off >= s.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), s.size-off))
	clear(b[:n])
	i, found := slices.BinarySearch(s.at, off)
	if !found && i > 0 {
		i--
	}
	for ; i < len(s.at) && s.at[i] < off+int64(n); i++ {
		if from := s.at[i] - off; from >= 0 {
			copy(b[from:n], s.pieces[i])
		} else if from > -int64(len(s.pieces[i])) {
			copy(b[:n], s.pieces[i][-from:])
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// noughts is a piece of zeros.
var noughts = make([]byte, 1<<20)

// zeros writes n bytes of zeros.
func zeros(w io.Writer, n int64) error {
	for n > 0 {
		k := min(n, int64(len(noughts)))
		if _, err := w.Write(noughts[:k]); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// zipOf writes members as a bundle has them: sizes behind them, a time.
func zipOf(t *testing.T, out io.Writer, sizes ...int64) {
	t.Helper()
	z := zip.NewWriter(out)
	for i, n := range sizes {
		w, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("m%d", i), Method: zip.Store, Modified: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)})
		if err == nil {
			err = zeros(w, n)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// inMember reports whether a byte is one of a member's content.
func inMember(t *testing.T, s *sparse, at int64) bool {
	t.Helper()
	z, err := zip.NewReader(s, s.size)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(z.File, func(f *zip.File) bool {
		off, err := f.DataOffset()
		return err == nil && off <= at && at < off+int64(f.CompressedSize64)
	})
}

func check(s *sparse) error {
	z, err := zip.NewReader(s, s.size)
	if err != nil {
		return err
	}
	return checkZip(s, s.size, z)
}

// Members of more than 4 GiB, behind 4 GiB, and more than 65,535 of them: what the
// writer makes holds, and no byte of it outside of members can be another one.
func TestZIP64(t *testing.T) {
	for name, sizes := range map[string][]int64{
		"small": {10, 20}, "large member": {100, zip32Max + 9, 100}, "many": make([]int64, zip16Max+2), "as many": make([]int64, zip16Max),
		"large first": {5 << 30, 3}, "behind": {3 << 30, 3 << 30, 1}, "edge": {zip32Max, 1}, "below": {zip32Max - 1, 1},
	} {
		if len(sizes) < 10 && sizes[0] > 1<<20 && os.Getenv("AKASHI_LONG") == "" {
			continue // they take a minute
		}
		s := &sparse{}
		zipOf(t, s, sizes...)
		if err := check(s); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(sizes) > 10 {
			continue
		}
		for i, p := range s.pieces {
			for at := range p {
				if inMember(t, s, s.at[i]+int64(at)) {
					continue
				}
				p[at] ^= 1 << (at % 8)
				if err := check(s); err == nil {
					t.Errorf("%s: byte %d, %d of piece %d, is another one, and nobody sees it", name, s.at[i]+int64(at), at, i)
				}
				p[at] ^= 1 << (at % 8)
			}
		}
		if _, err := s.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
		if check(s) == nil {
			t.Errorf("%s: a byte behind the end", name)
		}
	}
}

// A large member in another form is refused in clear words.
func TestZIP64Refused(t *testing.T) {
	s := &sparse{}
	z := zip.NewWriter(s)
	const n = zip32Max
	w, err := z.CreateRaw(&zip.FileHeader{Name: "m", Method: zip.Store, CompressedSize64: n, UncompressedSize64: n, CreatorVersion: zipPlain, ReaderVersion: zipPlain})
	if err := errors.Join(err, zeros(w, n), z.Close()); err != nil {
		t.Fatal(err)
	}
	if err := check(s); err == nil || !bytes.Contains([]byte(err.Error()), []byte("4 GiB")) {
		t.Errorf("%v", err)
	}
}
