package verify

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

// maxLine bounds a line of a member, in bytes.
const maxLine = 1 << 28

// eachLine calls fn for the lines of a member, without their ends and one at a time;
// a missing or damaged member is a finding, and false. An error of fn ends it and is
// returned.
func (b *bundle) eachLine(name string, fn func(line []byte) error) (ok bool, err error) {
	f := b.members[name]
	if f == nil {
		b.r.add(Finding{State: Missing, What: "file_missing", File: name})
		return false, nil
	}
	damaged := func(err error) (bool, error) {
		b.r.add(Finding{State: Damaged, What: "bundle", File: name, Detail: err.Error()})
		return false, nil
	}
	rd, err := f.Open()
	if err != nil {
		return damaged(err)
	}
	in := bufio.NewReaderSize(rd, 1<<16)
	var line []byte
	for {
		part, rerr := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case errors.Is(rerr, bufio.ErrBufferFull):
			if len(line) > maxLine {
				return damaged(errors.Join(errors.New("a line is too long"), rd.Close()))
			}
			continue
		case rerr != nil && !errors.Is(rerr, io.EOF):
			return damaged(errors.Join(rerr, rd.Close()))
		}
		if len(line) > 0 {
			if err := fn(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
				return true, errors.Join(err, rd.Close())
			}
		}
		if line = line[:0]; rerr != nil {
			break
		}
	}
	if err := rd.Close(); err != nil {
		return damaged(err)
	}
	return true, nil
}

// lines calls fn with the leaf hashes of the lines of a member, and counts them.
func (b *bundle) lines(name string, masked map[int64]seal.Hash, fn func(seal.Hash)) (n int64) {
	_, _ = b.eachLine(name, func(line []byte) error { // fn has no error
		h, hidden := masked[n]
		if !hidden {
			h = seal.LeafHash(line)
		}
		n++
		fn(h)
		return nil
	})
	return n
}

// table makes records.csv again from records.jsonl and compares them.
func (b *bundle) table() {
	f := b.members[manifest.TableName]
	if f == nil || b.members[manifest.RecordsName] == nil {
		return
	}
	err := func() error {
		want := sha256.New()
		t, err := record.NewTable(want)
		if err != nil {
			return err
		}
		n := 0
		ok, err := b.eachLine(manifest.RecordsName, func(line []byte) error {
			n++
			var r record.Record
			if err := json.Unmarshal(line, &r); err != nil {
				return fmt.Errorf("line %d of %s: %w", n, manifest.RecordsName, err)
			}
			return t.Write(&r)
		})
		if err != nil || !ok {
			return err
		}
		if err := t.Flush(); err != nil {
			return err
		}
		rd, err := f.Open()
		if err != nil {
			return err
		}
		got := sha256.New()
		_, err = io.Copy(got, io.LimitReader(rd, int64(min(f.UncompressedSize64, 1<<62))+1))
		if err := errors.Join(err, rd.Close()); err != nil {
			return err
		}
		if !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
			return fmt.Errorf("made again from %s it is another file", manifest.RecordsName)
		}
		return nil
	}()
	if err != nil {
		b.r.add(Finding{State: Damaged, What: "table", File: manifest.TableName, Detail: err.Error()})
	}
}
