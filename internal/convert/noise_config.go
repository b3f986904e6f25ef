package convert

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// Background lists what an operator declares to be no person's act (section 8).
// Names are compared without case.
type Background struct {
	Accounts  []string // DOMAIN\name, name or SID
	Addresses []string // client addresses, or ranges of them in CIDR form
	Processes []string // file names of programs; one may end in * for a prefix
}

// ParseAddresses reads an address or a CIDR range as Background.Addresses has
// it. Bits behind the length of the prefix are cleared.
func ParseAddresses(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		return p.Masked(), err
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// prefixes are the usable ranges of a list; the configuration has refused others.
func prefixes(l []string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range l {
		if p, err := ParseAddresses(s); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// backgroundAddress reports whether a client's address is declared background.
func (o *Options) backgroundAddress(ip string) bool {
	if len(o.ranges) == 0 || ip == "" {
		return false
	}
	a, err := netip.ParseAddr(ip)
	return err == nil && slices.ContainsFunc(o.ranges, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Text names the lists in one line, the same for equal lists in any order; ""
// when they are empty.
func (b Background) Text() string {
	var parts []string
	add := func(name string, l []string) {
		l = slices.Clone(l)
		for i := range l {
			l[i] = strings.ToLower(l[i])
		}
		slices.Sort(l)
		if l = slices.Compact(l); len(l) > 0 {
			parts = append(parts, name+": "+strings.Join(l, ", "))
		}
	}
	add("accounts", b.Accounts)
	add("addresses", b.Addresses)
	add("processes", b.Processes)
	return strings.Join(parts, "; ")
}

// Where the records of the program's own settings stand: no Windows computer
// has such a name.
const (
	SettingsServer  = record.OwnServer
	SettingsChannel = "akashi.toml"
)

// BackgroundChange is the record of a change of what counts as background, the
// n-th (from 1) of a data folder, seen at a time (Unix ns). Conversions from
// then on go by the new lists; earlier records keep their class until they are
// converted again.
func BackgroundChange(before, after string, n uint64, at int64) record.Record {
	r := record.Record{
		Server: SettingsServer, Channel: SettingsChannel, FirstID: n, Ordinal: uint32(record.OpAuditPolicyChanged),
		Time: at, EndTime: at, Source: "akashi", Op: record.OpAuditPolicyChanged, Path: "akashi.toml [background]",
		Object: record.ObjectPolicy, Result: record.Success, Count: 1, Confidence: record.Certain,
		Rule: ruleTable[ruleZ1].ID, Class: record.ClassSystem, RulesVersion: RulesVersion,
	}
	none := func(s string) string {
		if s == "" {
			return "(none)"
		}
		return s
	}
	r.Set("old", none(before))
	r.Set("new", none(after))
	r.Set("holds", "for conversions from this time on; earlier records after akashi reconvert")
	return r
}

// ChangedBackground is the inverse: the lists that a record of BackgroundChange
// made valid.
func ChangedBackground(r *record.Record) string {
	if s := r.Get("new"); s != "(none)" {
		return s
	}
	return ""
}
