package verify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/seal"
)

// roots are those of the options; nil = the system's.
func (o *Options) roots() (*x509.CertPool, error) {
	if o.Roots == nil {
		return nil, nil
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(o.Roots) {
		return nil, errors.New("the trusted certificates: no certificate in PEM form")
	}
	return p, nil
}

// checkStamps checks every stamp that a leaf tells of, and every other one that
// is there.
func checkStamps(r *Report, dir string, s *logState, opt Options) error {
	roots, err := opt.roots()
	if err != nil {
		return err
	}
	told := map[string]seal.Hash{}
	leaf := map[string]int64{} // number of the first leaf of each
	for i, e := range s.entries {
		if e.Kind != seal.KindStamp {
			continue
		}
		if _, ok := told[e.Subject]; !ok {
			leaf[e.Subject] = int64(i)
		}
		told[e.Subject] = e.Hash
	}
	names, err := os.ReadDir(filepath.Join(dir, seal.DirName, seal.StampsName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("list stamps: %w", err)
	}
	there := map[string]bool{}
	var held []heldStamp
	for _, d := range names {
		file := seal.DirName + "/" + seal.StampsName + "/" + d.Name()
		there[d.Name()] = true
		if base, ok := strings.CutSuffix(d.Name(), ".tsq"); ok {
			if slices.ContainsFunc(names, func(x os.DirEntry) bool { return x.Name() == base+".tsr" }) {
				checkQuery(r, dir, file)
			}
			continue
		}
		size, ok := seal.StampSize(d.Name())
		if !ok {
			if !strings.HasSuffix(d.Name(), ".tmp") {
				r.add(Finding{State: Extra, What: "extra", File: file})
			}
			continue
		}
		b, err := readSmall(dir, file)
		if err != nil {
			return err
		}
		if want, ok := told[seal.StampsName+"/"+d.Name()]; ok && hashOf(b) != want {
			r.add(Finding{State: Damaged, What: "stamp", File: file, Detail: "its leaf names other bytes"})
			continue
		}
		if st := r.stamp(file, b, size, s, roots); st != nil {
			at, ok := leaf[seal.StampsName+"/"+d.Name()]
			if !ok {
				at = -1
			}
			held = append(held, heldStamp{file, size, at, st})
		}
	}
	if err := s.again.readStamps(r, dir, roots, &opt); err != nil {
		return err
	}
	if opt.onlySHA256() {
		r.weakAnchors(s.again)
	}
	s.again.expired(r, opt.now())
	r.expired(slices.DeleteFunc(held, func(h heldStamp) bool { return s.again.renewed(h.file, h.Stamp) }), opt.now())
	for name := range told {
		if !there[strings.TrimPrefix(name, seal.StampsName+"/")] {
			r.add(Finding{State: Missing, What: "stamp_missing", File: seal.DirName + "/" + name})
		}
	}
	return nil
}

// heldStamp is a stamp that holds and is trusted.
type heldStamp struct {
	file string
	size int64 // leaves of its checkpoint
	leaf int64 // its own, -1 = none
	*seal.Stamp
}

// expired names stamps whose certificate has ended and that no later stamp renewed
// before it did: one of a checkpoint that covers the leaf of the old one.
func (r *Report) expired(l []heldStamp, now time.Time) {
	for i := len(l) - 1; i >= 0; i-- { // by size, as the names are sorted
		s := &l[i]
		if now.Before(s.Expires) || slices.ContainsFunc(l[i+1:], func(x heldStamp) bool {
			return s.leaf >= 0 && x.size > s.leaf && x.Time.Before(s.Expires)
		}) {
			continue
		}
		r.add(Finding{State: Note, What: "stamp_expired", File: s.file, Detail: s.Authority + ": " + when(s.Expires.UnixNano())})
	}
}

// stamp checks one stamp of the checkpoint of size leaves and returns one that counts.
func (r *Report) stamp(file string, b []byte, size int64, s *logState, roots *x509.CertPool) *seal.Stamp {
	i := s.place(size)
	if i < 0 {
		r.add(Finding{State: Damaged, What: "stamp", File: file, Detail: fmt.Sprintf("the checkpoint of %d leaves is not there", size)})
		return nil
	}
	st, err := seal.VerifyStamp(b, hashOf(s.points[i].Text), roots)
	switch {
	case err != nil:
		r.add(Finding{State: Damaged, What: "stamp", File: file, Detail: err.Error()})
	case !st.Trusted:
		r.add(Finding{State: Note, What: "stamp_untrusted", File: file, Detail: st.Authority + ": " + st.Reason})
	case s.holds(s.points[i]):
		r.Anchors = append(r.Anchors, Anchor{Kind: "stamp", Size: size, Time: st.Time.UnixNano(), Name: st.Authority})
		return st
	}
	return nil
}

// checkQuery checks that a request is the one that its stamp answers.
func checkQuery(r *Report, dir, file string) {
	q, err := readSmall(dir, file)
	if err != nil {
		return
	}
	b, err := readSmall(dir, strings.TrimSuffix(file, "q")+"r")
	if err != nil {
		return
	}
	if err := seal.CheckQuery(q, b); err != nil {
		r.add(Finding{State: Damaged, What: "stamp", File: file, Detail: err.Error()})
	}
}
