package verify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/seal"
)

// ParseDistrust reads the name of an algorithm that is not trusted, "" = none.
func ParseDistrust(s string) (seal.Algorithm, error) {
	if s == "" || s == string(seal.SHA256) {
		return seal.Algorithm(s), nil
	}
	return seal.ParseAlgorithm(s)
}

// AgainReport says how far everything is hashed anew under another algorithm.
type AgainReport struct {
	Hash   seal.Algorithm `json:"hash"`
	Leaves int64          `json:"leaves"` // that its last signed head covers
	Lines  int64          `json:"lines"`
	Broken int            `json:"broken"` // things that could not be carried over
}

// readStamps checks the stamps of the heads of a folder.
func (g *again) readStamps(r *Report, dir string, roots *x509.CertPool, opt *Options) error {
	if g == nil {
		return nil
	}
	for _, h := range g.heads {
		file := seal.DirName + "/" + seal.AgainStampFile(g.a, h.Leaves, h.Lines)
		b, err := readSmall(dir, file)
		if errors.Is(err, os.ErrNotExist) {
			if g.lines[seal.AgainFile+" "+file] != nil {
				r.add(Finding{State: Missing, What: "stamp_missing", File: file})
			}
			continue
		}
		if err != nil {
			return err
		}
		checkQuery(r, dir, strings.TrimSuffix(file, "r")+"q")
		g.stamp(r, file, b, h, roots, opt)
	}
	return nil
}

// stamp checks the stamp of a head.
func (g *again) stamp(r *Report, file string, b []byte, h *seal.Head, roots *x509.CertPool, opt *Options) {
	st, err := g.a.VerifyStamp(b, h.Digest(), roots)
	switch {
	case err != nil:
		r.add(Finding{State: Damaged, What: "stamp", File: file, Detail: err.Error()})
	case !st.Trusted:
		r.add(Finding{State: Note, What: "stamp_untrusted", File: file, Detail: st.Authority + ": " + st.Reason})
	case opt.distrusted(st.Signed):
		r.add(Finding{State: Note, What: "stamp_weak", File: file, Detail: st.Authority + ": " + string(st.Signed)})
	default:
		g.stamps = append(g.stamps, againStamp{file, h, st})
		r.Anchors = append(r.Anchors, Anchor{Kind: "stamp", Size: h.Leaves, Time: st.Time.UnixNano(), Name: st.Authority, again: true})
	}
}

// expired names stamps of heads whose certificate has ended and that nothing renewed.
func (g *again) expired(r *Report, now time.Time) {
	if g == nil {
		return
	}
	for _, s := range g.stamps {
		if !now.Before(s.Expires) && !g.renewed(s.file, s.Stamp) {
			r.add(Finding{State: Note, What: "stamp_expired", File: s.file, Detail: s.Authority + ": " + when(s.Expires.UnixNano())})
		}
	}
}

// weakAnchors takes out what rests on SHA-256 alone when that proves nothing any more: an
// earlier checkpoint, and stamps that no stamped list of a renewal covers. Those that one
// covers stay: when it was stamped, SHA-256 still held (RFC 4998, section 5.3).
func (r *Report) weakAnchors(g *again) {
	kept := slices.DeleteFunc(slices.Clone(r.Anchors), func(a Anchor) bool {
		return !a.again && (a.Kind != "stamp" || !g.covers(seal.DirName+"/"+seal.StampFile(a.Size)))
	})
	if n := len(r.Anchors) - len(kept); n > 0 {
		r.add(Finding{State: Note, What: "anchors_weak", File: seal.DirName, Detail: fmt.Sprintf("%d", n)})
	}
	r.Anchors = kept
}

// againFiles compares the files of the seal itself with the list of the renewal.
func (f *folder) againFiles(s *logState) error {
	if s.again == nil {
		return nil
	}
	for _, x := range s.again.lines {
		name, ok := strings.CutPrefix(x.Name, seal.DirName+"/")
		if x.Kind != seal.AgainFile || !ok {
			continue
		}
		if _, there := f.have[x.Name]; !there {
			if !strings.HasPrefix(name, seal.FolderName+"/") && !strings.HasPrefix(name, seal.StampsName+"/") && !seal.IsAgainStamp(name) {
				f.r.add(Finding{State: Missing, What: "file_missing", File: x.Name})
			}
			continue // old lists of files go; stamps are missed by their leaf
		}
		b, err := readSmall(f.dir, x.Name)
		if err != nil {
			return err
		}
		if int64(len(b)) < x.Size || !s.again.a.Sum(b[:min(x.Size, int64(len(b)))]).Equal(x.New) {
			f.r.add(Finding{State: Damaged, What: "file_damaged", File: x.Name, Detail: fmt.Sprintf("%s, bytes 0-%d", s.again.a, x.Size-1)})
		}
	}
	return nil
}
