package care

import "github.com/akashi-audit/akashi/internal/query"

// Bounds of a hold, bytes.
const (
	maxCase  = 200
	maxQuery = 4096
)

// Hold is a legal hold.
type Hold struct {
	Case     string
	Servers  []string // empty = all
	Query    string   // in the text language, "" = everything
	From, To int64    // Unix ns, 0 = no bound
	By       string
	Ground   string
	Time     int64
	Released *Released // nil = in force
}

// Released is how a hold ended.
type Released struct {
	By, Ground string
	Time       int64
}

// Check refuses a hold that does not say what it keeps and why. One of everything of all
// servers must be meant: all.
func (h *Hold) Check(all bool, clock query.Clock) error {
	switch {
	case h.Case == "":
		return missing("case", "web.holds.needs_case")
	case len(h.Case) > maxCase:
		return wrong("case", "web.holds.needs_case")
	}
	if err := CheckGround(h.Ground); err != nil {
		return err
	}
	if len(h.Servers) == 0 && h.Query == "" && !all {
		return missing("all", "web.holds.needs_what")
	}
	if h.From != 0 && h.To != 0 && h.From >= h.To {
		return wrong("to", "web.problem.range")
	}
	if _, err := query.Parse(h.Query, clock); err != nil || len(h.Query) > maxQuery {
		return wrong("q", "web.holds.bad_query")
	}
	return nil
}

// CheckRelease refuses to end the holds of a case for no reason.
func CheckRelease(name, ground string) error {
	if name == "" {
		return missing("case", "web.holds.needs_case")
	}
	return CheckGround(ground)
}
