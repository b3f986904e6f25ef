package seal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// AgainStampFile is the name in DirName of the stamp of the head of so many leaves and lines.
func AgainStampFile(a Algorithm, leaves, lines int64) string {
	return fmt.Sprintf("%s/%s.%012d-%012d.tsr", AgainDir, a, leaves, lines)
}

// IsAgain tells whether a file of DirName belongs to the renewal itself and grows with it.
func IsAgain(name string) bool {
	for _, a := range Algorithms() {
		list, leaves, heads := AgainFiles(a)
		if name == list || name == leaves || name == heads {
			return true
		}
	}
	return false
}

// IsAgainStamp tells whether a file of DirName can be the stamp of a head.
func IsAgainStamp(name string) bool {
	return strings.HasPrefix(name, AgainDir+"/") && (strings.HasSuffix(name, ".tsr") || strings.HasSuffix(name, ".tsq"))
}

// Text gives the stored lines from (counted from 0) to to, without it.
func (g *AgainLog) Text(from, to int64) ([]byte, error) {
	var out []byte
	n := int64(0)
	err := g.each(func(line []byte) error {
		if n >= from && n < to {
			out = append(append(out, line...), '\n')
		}
		n++
		return nil
	})
	if err == nil && n < to {
		err = fmt.Errorf("the list of the renewal has %d lines, want %d", n, to)
	}
	return out, err
}

// Walk gives every line that is written with its digest, in order.
func (g *AgainLog) Walk(fn func(data []byte, x *Again, h Digest) error) error {
	return g.each(func(line []byte) error {
		data, h, err := ParseAgainLine(g.a, line)
		if err != nil {
			return err
		}
		x, err := ParseAgain(data)
		if err != nil {
			return err
		}
		return fn(data, x, h)
	})
}

func (g *AgainLog) each(fn func(line []byte) error) error {
	if err := g.Flush(); err != nil || g.list == nil {
		return err
	}
	r := bufio.NewReaderSize(io.NewSectionReader(g.list, 0, g.listN), 1<<16)
	for {
		line, err := readLine(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = fn(line)
		}
		if err != nil {
			return err
		}
	}
}

// LeafDigests reads the digests of the first n leaves.
func (g *AgainLog) LeafDigests(n int64) ([]Digest, error) {
	if n > g.tree.Len() {
		return nil, fmt.Errorf("the renewal covers %d leaves, want %d", g.tree.Len(), n)
	}
	b := make([]byte, n*int64(g.a.Size()))
	if n > 0 {
		if _, err := g.leaves.ReadAt(b, 0); err != nil {
			return nil, fmt.Errorf("read the digests of leaves: %w", err)
		}
	}
	out := make([]Digest, n)
	for i := range out {
		out[i] = b[i*g.a.Size() : (i+1)*g.a.Size()]
	}
	return out, nil
}
