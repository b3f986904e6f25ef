package verify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	for _, e := range s.entries {
		if e.Kind == seal.KindStamp {
			told[e.Subject] = e.Hash
		}
	}
	names, err := os.ReadDir(filepath.Join(dir, seal.DirName, seal.StampsName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("list stamps: %w", err)
	}
	there := map[string]bool{}
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
		r.stamp(file, b, size, s, roots)
	}
	for name := range told {
		if !there[strings.TrimPrefix(name, seal.StampsName+"/")] {
			r.add(Finding{State: Missing, What: "stamp_missing", File: seal.DirName + "/" + name})
		}
	}
	return nil
}

// stamp checks one stamp of the checkpoint of size leaves.
func (r *Report) stamp(file string, b []byte, size int64, s *logState, roots *x509.CertPool) {
	i := slices.IndexFunc(s.points, func(c *seal.Checkpoint) bool { return c.Size == size })
	if i < 0 {
		r.add(Finding{State: Damaged, What: "stamp", File: file, Detail: fmt.Sprintf("the checkpoint of %d leaves is not there", size)})
		return
	}
	st, err := seal.VerifyStamp(b, hashOf(s.points[i].Text), roots)
	switch {
	case err != nil:
		r.add(Finding{State: Damaged, What: "stamp", File: file, Detail: err.Error()})
	case !st.Trusted:
		r.add(Finding{State: Note, What: "stamp_untrusted", File: file, Detail: st.Authority + ": " + st.Reason})
	case slices.Contains(s.good, s.points[i]):
		r.Anchors = append(r.Anchors, Anchor{Kind: "stamp", Size: size, Time: st.Time.UnixNano(), Name: st.Authority})
	}
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
