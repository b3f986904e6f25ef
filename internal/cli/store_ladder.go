package cli

import (
	"encoding/json"
	"fmt"
)

// proposal is a step of the ladder of terms. None is law for access logs: why says
// what each is taken from.
type proposal struct {
	Term    string `json:"term"` // for --set
	Default bool   `json:"default,omitempty"`
	why     string // key
}

// ladder are the terms that others use as a measure (IPA 2016), with what the
// requirements of the My Number guideline lead to as the proposal of akashi.
func ladder() []proposal {
	return []proposal{
		{"1m", false, "cli.store.retention.ladder.1m"},
		{"3m", false, "cli.store.retention.ladder.3m"},
		{"1y", false, "cli.store.retention.ladder.1y"},
		{"3y", false, "cli.store.retention.ladder.3y"},
		{"5y", false, "cli.store.retention.ladder.5y"},
		{"7y", false, "cli.store.retention.ladder.7y"},
		{"7y+", true, "cli.store.retention.ladder.7yplus"},
		{"10y", false, "cli.store.retention.ladder.10y"},
	}
}

// printLadder shows what could be proposed, and that no law says it.
func (a *app) printLadder(asJSON bool) error {
	type line struct {
		proposal
		Source string `json:"source"`
	}
	var l []line
	for _, p := range ladder() {
		l = append(l, line{p, a.p.T(p.why)})
	}
	if asJSON {
		return json.NewEncoder(a.Stdout).Encode(map[string]any{"law": false, "note": a.p.T("cli.store.retention.ladder.nolaw"), "proposals": l, "classes": a.classLadder()})
	}
	fmt.Fprintln(a.Stdout, a.p.T("cli.store.retention.ladder.nolaw"))
	for _, p := range l {
		mark := " "
		if p.Default {
			mark = "*"
		}
		fmt.Fprintf(a.Stdout, "%s %-4s %s\n", mark, p.Term, p.Source)
	}
	a.line("cli.class.ladder")
	for _, p := range a.classLadder() {
		fmt.Fprintf(a.Stdout, "  %-10s %-4s %s\n", p.Class, p.Term, p.Source)
	}
	fmt.Fprintln(a.Stdout, a.p.T("cli.store.retention.ladder.end"))
	return nil
}
