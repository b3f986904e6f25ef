package verify

import (
	"archive/zip"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// maxMember bounds a member of a bundle that is read whole, in bytes.
const maxMember = 1 << 30

// Bundle checks an evidence bundle.
func Bundle(ctx context.Context, path string, opt Options) (*Report, error) {
	r := &Report{Kind: "bundle", Path: path, Distrust: opt.Distrust, Findings: []Finding{}, Anchors: []Anchor{}}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	err = bundleOf(ctx, f, r, opt)
	r.order()
	return r, errors.Join(err, f.Close())
}

type bundle struct {
	r       *Report
	members map[string]*zip.File
	m       manifest.Bundle
	keys    []string // of the log
	held    []heldStamp
	opt     *Options
	g       *again // the stamps of heads
}

func bundleOf(ctx context.Context, f *os.File, r *Report, opt Options) error {
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open bundle: %w", err)
	}
	z, err := zip.NewReader(f, st.Size())
	if err != nil {
		r.add(Finding{State: Damaged, What: "zip", Detail: err.Error()})
		return nil
	}
	if err := checkZip(f, st.Size(), z); err != nil {
		r.add(Finding{State: Damaged, What: "zip", Detail: err.Error()})
	}
	b := &bundle{r: r, members: map[string]*zip.File{}, opt: &opt}
	for _, x := range z.File {
		if b.members[x.Name] != nil {
			r.add(Finding{State: Extra, What: "extra", File: x.Name})
		}
		b.members[x.Name] = x
	}
	text, ok := b.read(manifest.BundleName)
	if !ok {
		return nil
	}
	if err := manifest.Decode(text, &b.m); err != nil || b.m.Format < 1 || b.m.Format > manifest.AgainFormat {
		r.add(Finding{State: Damaged, What: "bundle", File: manifest.BundleName, Detail: fmt.Sprint(err)})
		return nil
	}
	if _, err := seal.ParseAlgorithm(string(b.m.Again)); err != nil && b.m.Again != "" {
		r.add(Finding{State: Damaged, What: "bundle", File: manifest.BundleName, Detail: err.Error()})
		return nil
	}
	b.g = newAgain(b.m.Again)
	if err := b.check(ctx); err != nil {
		return err
	}
	roots, err := opt.roots()
	if err != nil {
		return err
	}
	if c := b.proofs(roots); c != nil && b.m.Format > 1 {
		b.sealed(text, c, roots)
	}
	if opt.onlySHA256() {
		r.weakAnchors(nil)
	}
	slices.SortStableFunc(b.held, func(x, y heldStamp) int { return cmp.Compare(x.size, y.size) })
	r.expired(b.held, opt.now())
	b.table()
	return nil
}

// read returns a member; a missing or damaged one is a finding.
func (b *bundle) read(name string) ([]byte, bool) {
	f := b.members[name]
	if f == nil {
		b.r.add(Finding{State: Missing, What: "file_missing", File: name})
		return nil, false
	}
	rd, err := f.Open()
	if err != nil {
		b.r.add(Finding{State: Damaged, What: "bundle", File: name, Detail: err.Error()})
		return nil, false
	}
	text, err := io.ReadAll(io.LimitReader(rd, maxMember+1))
	if err = errors.Join(err, rd.Close()); err == nil && len(text) > maxMember {
		err = errors.New("it is too large")
	}
	if err != nil {
		b.r.add(Finding{State: Damaged, What: "bundle", File: name, Detail: err.Error()})
		return nil, false
	}
	return text, true
}

// check compares the members with their list.
func (b *bundle) check(ctx context.Context) error {
	listed := map[string]bool{manifest.BundleName: true}
	if b.m.Format > 1 {
		listed[manifest.SealName] = true
	}
	for _, m := range b.m.Members {
		if err := ctx.Err(); err != nil {
			return err
		}
		listed[m.Name] = true
		f := b.members[m.Name]
		if f == nil {
			b.r.add(Finding{State: Missing, What: "file_missing", File: m.Name})
			continue
		}
		b.r.Files++
		h, fresh := sha256.New(), b.m.Again.New()
		var n int64
		rd, err := f.Open()
		if err == nil {
			n, err = io.Copy(io.MultiWriter(h, fresh), io.LimitReader(rd, m.Size+1))
			err = errors.Join(err, rd.Close())
		}
		b.r.Bytes += n
		if err == nil && n != m.Size {
			err = fmt.Errorf("%d bytes, %d were listed", n, m.Size)
		}
		if err == nil && !b.opt.onlySHA256() && seal.Hash(h.Sum(nil)) != m.SHA256 {
			err = errors.New("another SHA-256")
		}
		if err == nil && b.m.Again != "" && !m.New.Equal(fresh.Sum(nil)) {
			err = fmt.Errorf("another %s", b.m.Again)
		}
		if err != nil {
			b.r.add(Finding{State: Damaged, What: "bundle", File: m.Name, Detail: err.Error()})
		}
	}
	for name := range b.members {
		if !listed[name] {
			b.r.add(Finding{State: Extra, What: "extra", File: name})
		}
	}
	return nil
}

// sortedMembers lists the members in the order of the file.
func sortedMembers(z *zip.Reader) ([]*zip.File, []int64, error) {
	l := slices.Clone(z.File)
	at := make([]int64, len(l))
	for i, f := range l {
		off, err := f.DataOffset()
		if err != nil {
			return nil, nil, err
		}
		if i > 0 && off <= at[i-1] {
			return nil, nil, errors.New("member " + strconv.Quote(f.Name) + " is out of order")
		}
		at[i] = off
	}
	return l, at, nil
}
