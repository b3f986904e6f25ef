package record

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// AppendJSON appends the record as one JSON object without a line end. Field
// order is that of Fields; empty strings stay, so that each line has the same
// keys, but for "superseded_by", which only a replaced record has; superfluous
// "received" (0) is "". A lone surrogate comes out as its
// \uXXXX escape, any other byte that is not UTF-8 as U+FFFD.
func (r *Record) AppendJSON(b []byte) []byte {
	b = appendKey(b, '{', "id")
	b = AppendString(b, r.ID().String())
	for _, t := range [...]struct {
		k string
		v int64
	}{{"time", r.Time}, {"end_time", r.EndTime}, {"received", r.Received}} {
		b = append(appendKey(b, ',', t.k), '"')
		b = append(AppendTime(b, t.v), '"')
	}
	str := func(k, v string) { b = AppendString(appendKey(b, ',', k), v) }
	str("server", r.Server)
	str("source", r.Source)
	str("user", r.User)
	str("sid", r.SID)
	str("client_ip", r.ClientIP)
	str("client_name", r.ClientName)
	str("session", r.SessionText())
	str("op", r.Op.String())
	str("path", r.Path)
	str("new_path", r.NewPath)
	str("share", r.Share)
	str("object", r.Object.String())
	str("result", r.Result.String())
	str("process", r.Process)
	b = strconv.AppendUint(appendKey(b, ',', "count"), uint64(r.Count), 10)
	str("confidence", r.Confidence.String())
	str("rule", r.Rule)
	str("class", r.Class.String())
	b = append(appendKey(b, ',', "detail"), '{')
	for i, p := range r.Detail {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendString(b, p.Key), ':')
		b = AppendString(b, p.Value)
	}
	b = append(appendKey(append(b, '}'), ',', "raw_record_ids"), '[')
	for i, id := range r.RawIDs {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, id, 10)
	}
	b = strconv.AppendUint(appendKey(append(b, ']'), ',', "rules_version"), uint64(r.RulesVersion), 10)
	if r.SupersededBy != 0 {
		b = strconv.AppendUint(appendKey(b, ',', "superseded_by"), uint64(r.SupersededBy), 10)
	}
	return append(b, '}')
}

// SessionText is the logon id as Windows writes it (0x3e7), or "".
func (r *Record) SessionText() string {
	if r.Session == 0 {
		return ""
	}
	return "0x" + strconv.FormatUint(r.Session, 16)
}

func appendKey(b []byte, sep byte, k string) []byte {
	return append(append(append(b, sep, '"'), k...), '"', ':')
}

// AppendTime appends Unix ns as RFC 3339 in UTC, or nothing for 0.
func AppendTime(b []byte, ns int64) []byte {
	if ns == 0 {
		return b
	}
	return time.Unix(0, ns).UTC().AppendFormat(b, time.RFC3339Nano)
}

const hexDigits = "0123456789abcdef"

// AppendString appends a WTF-8 string as a JSON string.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0 // what is before is in b
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' && c != 0x7f {
				i++
				continue
			}
			b = append(b, s[from:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if whole := r != utf8.RuneError || n > 1; whole && r != 0x2028 && r != 0x2029 {
			i += n
			continue
		}
		b = append(b, s[from:i]...)
		switch {
		case r == utf8.RuneError && c == 0xed && i+2 < len(s) && s[i+1]&0xe0 == 0xa0 && s[i+2]&0xc0 == 0x80:
			u := uint16(0xd000) | uint16(s[i+1]&0x3f)<<6 | uint16(s[i+2]&0x3f)
			b = append(b, '\\', 'u', hexDigits[u>>12], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
			n = 3
		case r == utf8.RuneError:
			b = append(b, `\ufffd`...)
		default: // these end a line for some readers of JSON Lines
			b = append(b, `\u202`...)
			b = append(b, hexDigits[r&15])
		}
		i += n
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

// jsonRecord is the shape that UnmarshalJSON reads.
type jsonRecord struct {
	ID           string            `json:"id"`
	Time         string            `json:"time"`
	EndTime      string            `json:"end_time"`
	Received     string            `json:"received"`
	Source       string            `json:"source"`
	User         string            `json:"user"`
	SID          string            `json:"sid"`
	ClientIP     string            `json:"client_ip"`
	ClientName   string            `json:"client_name"`
	Session      string            `json:"session"`
	Op           Op                `json:"op"`
	Path         string            `json:"path"`
	NewPath      string            `json:"new_path"`
	Share        string            `json:"share"`
	Object       Object            `json:"object"`
	Result       Result            `json:"result"`
	Process      string            `json:"process"`
	Count        uint32            `json:"count"`
	Confidence   Confidence        `json:"confidence"`
	Rule         string            `json:"rule"`
	Class        Class             `json:"class"`
	Detail       map[string]string `json:"detail"`
	RawIDs       []uint64          `json:"raw_record_ids"`
	RulesVersion uint32            `json:"rules_version"`
	SupersededBy uint32            `json:"superseded_by"`
}

// UnmarshalJSON reads what AppendJSON wrote. ShareRoot is not in the JSON and
// comes back 0.
func (r *Record) UnmarshalJSON(b []byte) error {
	var j jsonRecord
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	id, err := ParseID(j.ID)
	if err != nil {
		return err
	}
	*r = Record{
		Server: id.Server, Channel: id.Channel, Generation: id.Generation, FirstID: id.FirstID, Ordinal: id.Ordinal,
		Source: j.Source, User: j.User, SID: j.SID, ClientIP: j.ClientIP, ClientName: j.ClientName,
		Op: j.Op, Path: j.Path, NewPath: j.NewPath, Share: j.Share, Object: j.Object, Result: j.Result,
		Process: j.Process, Count: j.Count, Confidence: j.Confidence, Rule: j.Rule, Class: j.Class,
		RawIDs: j.RawIDs, RulesVersion: j.RulesVersion, SupersededBy: j.SupersededBy,
	}
	for k, v := range j.Detail {
		r.Set(k, v)
	}
	if j.Session != "" {
		if r.Session, err = strconv.ParseUint(strings.TrimPrefix(j.Session, "0x"), 16, 64); err != nil {
			return fmt.Errorf("session %q: %w", j.Session, err)
		}
	}
	for _, t := range [...]struct {
		s string
		p *int64
	}{{j.Time, &r.Time}, {j.EndTime, &r.EndTime}, {j.Received, &r.Received}} {
		if t.s == "" {
			continue
		}
		v, err := time.Parse(time.RFC3339Nano, t.s)
		if err != nil {
			return err
		}
		*t.p = v.UnixNano()
	}
	return nil
}
