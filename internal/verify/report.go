package verify

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/seal"
)

// The states of a finding. The first three are damage.
const (
	Damaged  = "damaged"  // its bytes are other ones than those that were sealed
	Missing  = "missing"  // it was sealed and is not there
	Extra    = "extra"    // it is there and nothing names it
	Unsealed = "unsealed" // it is newer than the last checkpoint: nothing is proven of it
	Edited   = "edited"   // settings, or a file that akashi rewrites, changed since the last checkpoint
	Note     = "note"     // no fault, but a reader must know it
)

// Finding is one thing that is not simply in order.
type Finding struct {
	State  string `json:"state"`
	What   string `json:"what"` // key of the sentence, "verify.what.…"
	File   string `json:"file,omitempty"`
	Server string `json:"server,omitempty"`
	Period string `json:"period,omitempty"`
	Part   string `json:"part,omitempty"` // "rows 0-8191", "leaf 12", "bytes 5-9"
	Detail string `json:"detail,omitempty"`
}

// Report is what a check found.
type Report struct {
	Kind        string         `json:"kind"` // folder, volume, bundle
	Path        string         `json:"path"`
	Origin      string         `json:"origin,omitempty"`
	Findings    []Finding      `json:"findings"`
	Files       int            `json:"files"`
	Bytes       int64          `json:"bytes"`
	Leaves      int64          `json:"leaves"`
	Checkpoints int            `json:"checkpoints"`
	Sealed      int64          `json:"sealed"`      // leaves that the last good checkpoint covers
	SealedTime  int64          `json:"sealed_time"` // Unix ns, by the clock of the folder's machine
	Anchors     []Anchor       `json:"anchors"`     // outside proofs, oldest first
	Distrust    seal.Algorithm `json:"distrust,omitempty"`
	// Again says of each renewal under another hash algorithm how far it goes.
	Again []AgainReport `json:"again,omitempty"`
	// Gaps are the last sealed reports on what the logs lack, by server and day.
	Gaps []Gap `json:"gaps,omitempty"`
}

// Anchor is a proof that did not come out of the folder alone.
type Anchor struct {
	Kind  string `json:"kind"` // stamp, since
	Size  int64  `json:"size"` // leaves that it fixes
	Time  int64  `json:"time"` // Unix ns
	Name  string `json:"name"` // of the authority, or of the file
	again bool   // it is of a head of a renewal
}

// Damage says whether something differs from what was sealed.
func (r *Report) Damage() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.State == Damaged || f.State == Missing || f.State == Extra })
}

func (r *Report) add(f Finding) { r.Findings = append(r.Findings, f) }

// order sorts findings so that two runs say the same.
func (r *Report) order() {
	rank := []string{Damaged, Missing, Extra, Unsealed, Edited, Note}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		if d := slices.Index(rank, a.State) - slices.Index(rank, b.State); d != 0 {
			return d
		}
		return strings.Compare(a.File, b.File)
	})
}

// Text gives the sentence of a key in the reader's language; the arguments are
// pairs of name and value.
type Text func(key string, args ...any) string

// Write tells the report in words.
func (r *Report) Write(w io.Writer, t Text) error {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s: %s", t("verify.state."+f.State), t("verify.what."+f.What, "file", visible(f.File), "server", visible(f.Server),
			"period", visible(f.Period), "part", visible(f.Part), "detail", visible(f.Detail)))
		for _, x := range []struct{ key, value string }{{"server", f.Server}, {"period", f.Period}, {"part", f.Part}, {"detail", f.Detail}} {
			if x.value != "" {
				fmt.Fprintf(&b, " | %s %s", t("verify.field."+x.key), visible(x.value))
			}
		}
		b.WriteByte('\n')
	}
	fmt.Fprintln(&b, t("verify.sum", "files", r.Files, "bytes", r.Bytes, "leaves", r.Leaves, "checkpoints", r.Checkpoints, "sealed", r.Sealed))
	if r.Distrust == seal.SHA256 {
		fmt.Fprintln(&b, t("verify.distrust"))
	}
	for _, g := range r.Again {
		fmt.Fprintln(&b, t("verify.again", "hash", string(g.Hash), "leaves", g.Leaves, "lines", g.Lines, "broken", g.Broken))
	}
	r.writeGaps(&b, t)
	for _, a := range r.Anchors {
		fmt.Fprintln(&b, t("verify.anchor."+a.Kind, "size", a.Size, "time", when(a.Time), "name", visible(a.Name)))
	}
	switch {
	case r.Damage():
		fmt.Fprintln(&b, t("verify.damaged"))
	case r.Sealed == 0:
		fmt.Fprintln(&b, t("verify.nothing"))
	case len(r.Anchors) == 0:
		fmt.Fprintln(&b, t("verify.self"))
	default:
		var size int64
		for _, a := range r.Anchors {
			size = max(size, a.Size)
		}
		fmt.Fprintln(&b, t("verify.proven", "size", size, "rest", r.Leaves-size))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func when(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339) }

// visible shows hostile names without letting them act on a terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\ufffd'
		}
		return r
	}, s)
}

func leafName(i int64) string { return fmt.Sprintf("leaf %d", i) }

func shortHash(h seal.Hash) string { return fmt.Sprintf("%x…", h[:6]) }
