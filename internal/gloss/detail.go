package gloss

import (
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/record"
)

// DetailName is the name of a detail in words, or the key itself.
func DetailName(p *i18n.Printer, key string) string {
	if p.Has("detail." + key) {
		return p.T("detail." + key)
	}
	return record.Visible(key)
}

// DetailValue is the value of a detail in words; times are in zone. A value
// without words stands for itself.
func DetailValue(p *i18n.Printer, zone *time.Location, key, value string) string {
	words, ok := detailWords(p, key, value)
	switch {
	case ok && (key == "logon_type" || key == "category" || key == "subcategory"):
		return words + " (" + record.Visible(value) + ")"
	case ok:
		return words
	}
	switch key {
	case "bytes", "pages", "copies", "capacity", "lost", "absent", "holes", "printed_pages":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return i18n.Number(n)
		}
	case "clock_offset":
		if n, err := strconv.ParseInt(value, 10, 32); err == nil {
			if n < 0 {
				return p.T("value.clock.back", "by", p.Duration(time.Duration(-n)*time.Second))
			}
			return p.T("value.clock.ahead", "by", p.Duration(time.Duration(n)*time.Second))
		}
	case "uptime":
		if n, err := strconv.ParseInt(value, 10, 32); err == nil {
			return p.Duration(time.Duration(n) * time.Second)
		}
	case "old_time", "new_time", "from_time", "to_time", "opened", "detected":
		if t, err := event.ParseFiletime(value); err == nil {
			return t.Time().In(zone).Format("2006-01-02 15:04:05.000")
		}
	case "status":
		if n, ok := number(value); ok {
			for _, table := range [...]string{"status.", "kerberos."} {
				if k := table + strconv.FormatUint(n, 16); n != 0 && p.Has(k) {
					return record.Visible(value) + " (" + p.T(k) + ")"
				}
			}
		}
	}
	return record.Visible(value)
}

// detailWords finds the words of a value; ok is false for an unknown one.
func detailWords(p *i18n.Printer, key, value string) (words string, ok bool) {
	for _, k := range [...]string{"value." + key + "." + value, "value.any." + value} {
		if p.Has(k) {
			return p.T(k), true
		}
	}
	switch key {
	case "denied_rights", "requested":
		return each(p, "right.", strings.Fields(value))
	case "change":
		return each(p, "value.change.", strings.Split(value, ", "))
	case "account_control":
		return options(p, value)
	case "subcategory":
		return subcategory(p, value)
	case "category":
		if n, ok := strings.CutPrefix(value, "%%"); ok && p.Has("code."+n) {
			return p.T("code." + n), true
		}
	}
	return "", false
}

// each words the parts of a list; an unknown part stands for itself, and ok is
// false when one is.
func each(p *i18n.Printer, prefix string, parts []string) (words string, ok bool) {
	ok = len(parts) > 0
	var l []string
	for _, s := range parts {
		if p.Has(prefix + s) {
			l = append(l, p.T(prefix+s))
			continue
		}
		ok = false
		l = append(l, record.Visible(s))
	}
	return strings.Join(l, comma(p)), ok
}

// options words "+set, -taken away".
func options(p *i18n.Printer, value string) (words string, ok bool) {
	var l []string
	for _, s := range strings.Split(value, ", ") {
		sign, name := "", s
		if strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-") {
			sign, name = s[:1], s[1:]
		}
		k := "value.account_control." + name
		if !p.Has(k) {
			return "", false
		}
		l = append(l, sign+p.T(k))
	}
	return strings.Join(l, comma(p)), len(l) > 0
}

func comma(p *i18n.Printer) string {
	if p.Lang() == i18n.Japanese {
		return "、"
	}
	return ", "
}

// Subcategory names an audit subcategory by its GUID, and by name where there are no words
// for it.
func Subcategory(p *i18n.Printer, guid, name string) string {
	if words, ok := subcategory(p, guid); ok {
		return words
	}
	return name
}

// subcategory names an audit subcategory by its GUID.
func subcategory(p *i18n.Printer, guid string) (string, bool) {
	g, _, _ := strings.Cut(strings.ToUpper(strings.Trim(guid, "{}")), "-")
	if g == "" || !p.Has("subcategory."+g) {
		return "", false
	}
	return p.T("subcategory." + g), true
}

// telling are the details that say most about a record in one line, in order.
var telling = [...]string{
	"time_in_log", "clock_offset", "change", "member", "threat", "action", "kind", "printer", "pages", "logon_type", "reason", "denied_rights", "description", "subcategory",
	"account_control", "subcategory_name", "new_time", "lost", "backup", "vendor", "product", "recycle_bin", "transaction",
}

// Summary is a record's telling details in one line, "" when it has none. A
// member without a name is told by its SID, of many rights the first two.
func Summary(p *i18n.Printer, zone *time.Location, r *record.Record) string {
	var l []string
	for _, k := range telling {
		v := r.Get(k)
		if k == "member" && v == "" {
			k, v = "member_sid", r.Get("member_sid")
		}
		switch v {
		case "":
		case "yes":
			l = append(l, DetailName(p, k))
		default:
			text := DetailValue(p, zone, k, v)
			switch rights := strings.Fields(v); {
			case k == "subcategory":
				if r.Get("subcategory_name") != "" {
					continue
				}
				if name, ok := subcategory(p, v); ok { // without its GUID
					text = name
				}
			case k == "denied_rights" && len(rights) > 2:
				text, _ = each(p, "right.", rights[:2])
				text += " +" + strconv.Itoa(len(rights)-2)
			}
			l = append(l, DetailName(p, k)+": "+text)
		}
	}
	return strings.Join(l, comma(p))
}

// Why says why a record is inferred, nothing when it is certain. mayBeCertain
// tells whether its rule is certain at best.
func Why(p *i18n.Printer, r *record.Record, mayBeCertain bool) []string {
	if r.Confidence == record.Certain {
		return nil
	}
	var l []string
	if v := r.Get("uncertain"); v != "" { // the converter says it itself
		return []string{DetailValue(p, time.UTC, "uncertain", v)}
	}
	if r.Get("requested") != "" && r.Result == record.Success {
		l = append(l, p.T("why.requested"))
	}
	if v := r.Get("transaction"); v == "yes" || v == "outcome not in the log" {
		l = append(l, p.T("why.transaction"))
	}
	if r.Get("gap") != "" {
		l = append(l, p.T("why.gap"))
	}
	if r.Get("filtered") != "" {
		l = append(l, p.T("why.filtered"))
	}
	if v := r.Get("reason"); v == "name concluded from the temporary file" || v == "name not in the log" || v == "new name not in the log" {
		l = append(l, p.T("why.name"))
	}
	switch {
	case !mayBeCertain && len(l) == 0:
		l = append(l, p.T("why.rule"))
	case len(l) == 0:
		l = append(l, p.T("why.lowered"))
	}
	return l
}

// IDs lists record ids, runs as from–to.
func IDs(l []uint64) string {
	var b strings.Builder
	for i := 0; i < len(l); {
		j := i
		for j+1 < len(l) && l[j+1] == l[j]+1 {
			j++
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.FormatUint(l[i], 10))
		if j > i {
			b.WriteString("–" + strconv.FormatUint(l[j], 10))
		}
		i = j + 1
	}
	return b.String()
}
