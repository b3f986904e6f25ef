package record

import (
	"strconv"
	"strings"
)

// CSV returns the record's cells in the order of Fields. Detail is a JSON
// object, raw record ids are separated by blanks. No cell is guarded against
// spreadsheet formulas: that belongs to the writer, which can reverse it.
func (r *Record) CSV() []string {
	var ids strings.Builder
	for i, id := range r.RawIDs {
		if i > 0 {
			ids.WriteByte(' ')
		}
		ids.WriteString(strconv.FormatUint(id, 10))
	}
	superseded := ""
	if r.SupersededBy != 0 {
		superseded = strconv.FormatUint(uint64(r.SupersededBy), 10)
	}
	detail := []byte{}
	if len(r.Detail) > 0 {
		detail = append(detail, '{')
		for i, p := range r.Detail {
			if i > 0 {
				detail = append(detail, ',')
			}
			detail = append(AppendString(detail, p.Key), ':')
			detail = AppendString(detail, p.Value)
		}
		detail = append(detail, '}')
	}
	return []string{
		r.ID().String(), string(AppendTime(nil, r.Time)), string(AppendTime(nil, r.EndTime)), string(AppendTime(nil, r.Received)),
		r.Server, r.Source, r.User, r.SID, r.ClientIP, r.ClientName, r.SessionText(), r.Op.String(),
		Visible(r.Path), Visible(r.NewPath), r.Share, r.Object.String(), r.Result.String(), r.Process,
		strconv.FormatUint(uint64(r.Count), 10), r.Confidence.String(), r.Rule, r.Class.String(),
		string(detail), ids.String(), strconv.FormatUint(uint64(r.RulesVersion), 10), superseded,
	}
}

// Visible makes a name safe to show: control characters, bidirectional
// overrides, zero-width characters and lone surrogates become \u{XXXX}, and so
// reads back unambiguously because a backslash followed by "u{" cannot stand in
// a Windows name.
func Visible(s string) string {
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := decodeWTF8(s[i:])
		if hidden(r) || r >= 0xd800 && r <= 0xdfff {
			b.WriteString(`\u{`)
			b.WriteString(strconv.FormatUint(uint64(uint32(r)), 16))
			b.WriteByte('}')
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}
