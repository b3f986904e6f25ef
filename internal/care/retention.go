package care

import (
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/query"
)

// maxMonths bounds a term.
const maxMonths = 1200

// Term is how long records stay.
type Term struct {
	// Class is what stays: "" = the store, "archive" = archived days, "originals" = kept
	// input files, "marked" = what tells of specific personal information, at least; or one
	// of RecordClasses: records of this class leave the store early.
	Class  string
	Server string // "" = all
	Months int    // 0 = for ever
	Year   bool   // and the rest of the calendar year
	By     string
	Ground string
	Time   int64
}

// Retention is the terms and what they would delete.
type Retention struct {
	InForce []Term
	Waiting []Term
	Due     []DueMonth
	Kept    []KeptMonth // of the archive and of kept files
	Classes []ClassMonth
	Taken   []query.Taken // orders of terms of classes, newest first
}

// RecordClasses are the classes of records that a term can take out of the store early.
func RecordClasses() []string { return []string{"background", "logon", "system"} }

// ClassMonth is the records of a class of a server and month that are past their term.
type ClassMonth struct {
	Class, Server, Month string
	Records              int64    // superseded ones too
	Stays                string   // "", "held", "unarchived", "unsure"
	Cases                []string // that hold some
	Reason               string   // why it is not sure
}

// KeptMonth is a month of archived days, or of kept files, that is past its term.
type KeptMonth struct {
	Server, Month   string
	Things          int // days, or files
	Records, Events int64
	Bytes           int64
	// Stays says what forbids to delete it: "", "stored", "held", "locked", "unsure".
	Stays  string
	Cases  []string // that hold it
	Until  int64    // Unix ns, when its storage lets it go
	Reason string   // why it is not sure
}

// DueMonth is a month of a server that is past its term.
type DueMonth struct {
	Server, Month  string
	Records, Bytes int64
	Events         int64
	Archived       bool
	Held           []string // cases
}

// Check refuses a term that is none.
func (t *Term) Check() error {
	if slices.Contains(RecordClasses(), t.Class) {
		u := *t
		u.Class = ""
		return u.Check()
	}
	switch {
	case t.Class != "" && t.Class != "archive" && t.Class != "originals" && t.Class != "marked", t.Class == "originals" && t.Server != "":
		return wrong("class", "web.retention.bad_term")
	case t.Months < 0 || t.Months > maxMonths:
		return wrong("months", "web.retention.bad_term")
	case t.Months == 0 && t.Year:
		return wrong("year", "web.retention.bad_term")
	case len(t.Ground) > MaxGround:
		return wrong("ground", "web.retention.bad_term")
	}
	return nil
}

// String names a term for the trail.
func (t *Term) String() string {
	return strings.TrimSpace(fmt.Sprintf("%q %d months, year %t %s", t.Server, t.Months, t.Year, t.Class))
}

// Mark names the proposals that wait, so that nothing is confirmed that was not seen.
func (r *Retention) Mark() string {
	var b strings.Builder
	for _, t := range r.Waiting {
		fmt.Fprintf(&b, "%s%q %d %t %d;", t.Class, t.Server, t.Months, t.Year, t.Time)
	}
	return b.String()
}

// Own reports whether the visitor proposed something of what waits. Names of people are
// compared as log-in names are.
func (r *Retention) Own(v *account.Visitor) bool {
	for _, t := range r.Waiting {
		if v == nil || strings.EqualFold(t.By, v.Name) {
			return true
		}
	}
	return false
}

// MayConfirm says why the visitor cannot put what waits in force: ErrNoProposal,
// ErrOwnProposal; ErrChanged when seen is not what waits now.
func (r *Retention) MayConfirm(v *account.Visitor, seen string) error {
	switch {
	case len(r.Waiting) == 0:
		return ErrNoProposal
	case r.Own(v):
		return ErrOwnProposal
	case seen != r.Mark():
		return ErrChanged
	}
	return nil
}
