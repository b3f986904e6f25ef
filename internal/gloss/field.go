package gloss

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/record"
)

// Field is one field of a raw event. A list has one line per entry, any other
// value one line.
type Field struct {
	Name  string
	Lines []Line
}

// Line is a value as its source wrote it and in words, "" for none.
type Line struct{ Value, Note string }

// first are the fields that tell most, in the order in which people ask: who,
// on what, through which handle, for what, from where.
var first = [...]string{
	"SubjectUserName", "SubjectDomainName", "SubjectUserSid", "SubjectLogonId",
	"TargetUserName", "TargetDomainName", "TargetUserSid", "TargetSid", "TargetLogonId", "LogonType",
	"MemberName", "MemberSid",
	"ObjectName", "ObjectType", "ShareName", "ShareLocalPath", "RelativeTargetName", "FileName", "LinkName",
	"HandleId", "AccessMask", "AccessList", "AccessReason", "OldSd", "NewSd",
	"Status", "SubStatus", "FailureReason",
	"IpAddress", "IpPort", "WorkstationName", "Workstation", "ProcessId", "ProcessName",
}

// Fields are the fields of an event: those of first in their order, then the
// others in the order of the source.
func Fields(p *i18n.Printer, zone *time.Location, e *event.Event) []Field {
	if e.Schema == nil {
		return nil
	}
	type at struct{ rank, i int }
	var order []at
	for i, n := range e.Schema.Names {
		if i >= len(e.Values) {
			break
		}
		rank := slices.Index(first[:], n)
		if rank < 0 {
			rank = len(first)
		}
		order = append(order, at{rank, i})
	}
	slices.SortStableFunc(order, func(a, b at) int { return cmp.Compare(a.rank, b.rank) })
	l := make([]Field, 0, len(order))
	for _, o := range order {
		n := e.Schema.Names[o.i]
		f := Field{Name: record.Visible(n)}
		if n == "" {
			f.Name = "#" + strconv.Itoa(o.i+1)
		}
		switch n {
		case "AccessList", "AccessReason", "AuditPolicyChanges", "UserAccountControl", "PrivilegeList":
			f.Lines = list(p, e.Values[o.i].Text())
		default:
			x := Line{Value: record.Visible(e.Values[o.i].Text())}
			x.Note = note(p, zone, e, n, e.Values[o.i])
			f.Lines = []Line{x}
		}
		l = append(l, f)
	}
	return l
}

// EventName is what an event says in a few words, by provider and id
// (windows-events.md section 3), or "".
func EventName(p *i18n.Printer, e *event.Event) string {
	group := ""
	switch e.Provider {
	case "Microsoft-Windows-Security-Auditing":
		group = "audit"
	case "Microsoft-Windows-Eventlog":
		group = "log"
	case "Microsoft-Windows-PrintService":
		group = "print"
	case "EventLog":
		group = "system"
	case "Microsoft-Windows-Kernel-General":
		group = "kernel"
	case "Microsoft-Windows-Kernel-Power":
		group = "power"
	case "User32", "USER32":
		group = "user32"
	case "Microsoft-Windows-DriverFrameworks-UserMode":
		group = "driver"
	case "Microsoft-Windows-Partition":
		group = "partition"
	case "Microsoft-Windows-TerminalServices-LocalSessionManager":
		group = "terminal"
	case "Microsoft-Windows-SMBServer":
		group = "smb"
	case "Microsoft-Windows-Windows Defender":
		group = "defender"
	}
	if k := "event." + group + "." + strconv.FormatUint(uint64(e.ID), 10); group != "" && p.Has(k) {
		return p.T(k)
	}
	return ""
}

// note is a field's value in words, "" for none.
func note(p *i18n.Printer, zone *time.Location, e *event.Event, name string, v event.Value) string {
	raw := v.Text()
	find := func(key string) string {
		if p.Has(key) {
			return p.T(key)
		}
		return ""
	}
	n, isNumber := v.Number()
	hex := strconv.FormatUint(n, 16)
	switch name {
	case "AccessMask":
		if t := e.Get(event.ObjectType).Text(); isNumber && (t == "" || t == "File") {
			return mask(p, uint32(n))
		}
	case "SubjectLogonId", "TargetLogonId", "TargetLinkedLogonId":
		return find("logon_id." + hex)
	case "SubjectUserSid", "TargetUserSid", "TargetSid", "MemberSid":
		return find("sid." + strings.ToLower(raw))
	case "LogonType":
		return find("value.logon_type." + strings.TrimSpace(raw))
	case "Status", "SubStatus":
		switch {
		case isNumber && e.ID >= 4768 && e.ID <= 4771:
			return find("kerberos." + hex)
		case isNumber:
			return find("status." + strconv.FormatUint(uint64(uint32(n)), 16))
		}
	case "TicketEncryptionType":
		return find("encryption." + hex)
	case "HandleId":
		if isNumber && n == 0 {
			return p.T("field.none")
		}
	case "ProcessId":
		if isNumber && n == 4 {
			return p.T("field.pid4")
		}
	case "SubcategoryGuid":
		s, _ := subcategory(p, raw)
		return s
	case "PreviousTime", "NewTime":
		if t, err := event.ParseFiletime(raw); err == nil {
			return t.Time().In(zone).Format("2006-01-02 15:04:05.000 -07:00")
		}
	case "IpAddress":
		if raw == "::1" || strings.HasPrefix(raw, "127.") {
			return p.T("field.local")
		}
	}
	if c, ok := strings.CutPrefix(strings.TrimSpace(raw), "%%"); ok {
		return find("code." + c)
	}
	return ""
}

// list splits a list that Windows pads with tabs and line ends (section 2) into
// lines and words its message numbers. The result of a check, %%1801 to %%1816,
// and the entry of the access list behind it belong to the right before.
func list(p *i18n.Printer, raw string) []Line {
	var l []Line
	for _, w := range strings.Fields(raw) {
		digits, isCode := strings.CutPrefix(strings.TrimRight(w, ":,"), "%%")
		x := Line{Value: record.Visible(w)}
		if isCode && p.Has("code."+digits) {
			x.Note = p.T("code." + digits)
		}
		result := isCode && len(digits) == 4 && digits >= "1801" && digits <= "1816"
		if i := len(l) - 1; i >= 0 && (result || strings.HasPrefix(w, "D:") || strings.HasPrefix(w, "S:")) {
			l[i].Value += " " + x.Value
			if x.Note != "" {
				l[i].Note += ": " + x.Note
			}
			continue
		}
		l = append(l, x)
	}
	return l
}

// bits are the rights of a file's mask by bit (section 4); a generic right
// stands for several.
var bits = [...]struct {
	bit  uint32
	name string
}{
	{0x1, "read_data"}, {0x2, "write_data"}, {0x4, "append_data"}, {0x8, "read_ea"}, {0x10, "write_ea"}, {0x20, "execute"},
	{0x40, "delete_child"}, {0x80, "read_attributes"}, {0x100, "write_attributes"}, {0x10000, "delete"}, {0x20000, "read_control"},
	{0x40000, "write_dac"}, {0x80000, "write_owner"}, {0x100000, "synchronize"}, {0x1000000, "access_system_security"},
	{0x2000000, "maximum_allowed"}, {0x10000000, "generic_all"}, {0x20000000, "generic_execute"}, {0x40000000, "generic_write"},
	{0x80000000, "generic_read"},
}

func mask(p *i18n.Printer, m uint32) string {
	var l []string
	for _, b := range bits {
		if m&b.bit != 0 {
			l = append(l, p.T("right."+b.name))
		}
	}
	return strings.Join(l, comma(p))
}

func number(s string) (uint64, bool) { return event.String(s).Number() }
