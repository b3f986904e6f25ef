package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// maxBackground bounds each list of Background, in entries.
const maxBackground = 10_000

// Background declares what is no person's act. Names are compared without case.
type Background struct {
	Accounts  []string `toml:"accounts"`  // DOMAIN\name, name or SID
	Addresses []string `toml:"addresses"` // client addresses, or CIDR ranges of them
	Processes []string `toml:"processes"` // file names of programs; * at the end stands for anything
}

// validate lists what cannot be used. The key of an entry ends in its number.
func (b *Background) validate() []Problem {
	var l []Problem
	check := func(name string, values []string, bad func(string) string) {
		if len(values) > maxBackground {
			l = append(l, Problem{Key: "background." + name, Reason: fmt.Sprintf("%d entries, want at most %d", len(values), maxBackground)})
			return
		}
		for i, v := range values {
			reason := ""
			switch {
			case strings.TrimSpace(v) == "":
				reason = "an empty entry"
			case strings.ContainsFunc(v, func(r rune) bool { return r < 0x20 || r == 0x7f }):
				reason = fmt.Sprintf("%q has a control character", v)
			case strings.TrimSpace(v) != v:
				reason = fmt.Sprintf("%q begins or ends with a blank", v)
			default:
				reason = bad(v)
			}
			if reason != "" {
				l = append(l, Problem{Key: fmt.Sprintf("background.%s[%d]", name, i), Reason: reason})
			}
		}
	}
	check("accounts", b.Accounts, func(v string) string {
		if strings.Contains(v, "*") {
			return fmt.Sprintf("%q: an account is named in full", v)
		}
		return ""
	})
	check("addresses", b.Addresses, func(v string) string {
		_, err := netip.ParseAddr(v)
		if strings.Contains(v, "/") {
			_, err = netip.ParsePrefix(v)
		}
		if err != nil {
			return fmt.Sprintf("%q is no address and no range such as 192.0.2.0/24", v)
		}
		return ""
	})
	check("processes", b.Processes, func(v string) string {
		switch name := strings.TrimSuffix(v, "*"); {
		case name == "":
			return fmt.Sprintf("%q would name every program", v)
		case strings.Contains(name, "*"):
			return fmt.Sprintf("%q: * can stand at the end only", v)
		case strings.ContainsAny(name, `\/`):
			return fmt.Sprintf("%q: want the name of the file without its folder", v)
		}
		return ""
	})
	return l
}

// keyLines finds the line of each key, below its table and a point, and of each
// entry of a list (key[0], …).
func keyLines(b []byte) map[string]int {
	lines := make(map[string]int)
	var p unstable.Parser
	p.Reset(b)
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		var parts []string
		line := 0
		for it := e.Key(); it.Next(); {
			n := it.Node()
			if parts = append(parts, string(n.Data)); line == 0 {
				line = p.Shape(n.Raw).Start.Line
			}
		}
		key := strings.Join(parts, ".")
		if e.Kind != unstable.KeyValue {
			table = key + "."
			continue
		}
		key = table + key
		lines[key] = line
		v := e.Value()
		if v.Kind != unstable.Array {
			continue
		}
		n := 0
		for it := v.Children(); it.Next(); n++ {
			if at := it.Node(); at.Raw.Length > 0 {
				lines[key+"["+strconv.Itoa(n)+"]"] = p.Shape(at.Raw).Start.Line
			}
		}
	}
	return lines
}

// quote writes a TOML string; validate has refused control characters.
func quote(s string) string {
	if !strings.Contains(s, "'") {
		return "'" + s + "'" // as typed: accounts have backslashes
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
