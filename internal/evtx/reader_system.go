package evtx

import (
	"time"

	"github.com/akashi-audit/akashi/internal/event"
)

// system fills the System fields of e, numbers and provider first. It reports
// false when Options.Want refuses the event; strings are untouched then. A System
// with neither event id nor time is no event: its values were overwritten.
func (d *decoder) system(e *event.Event, c []byte, offs []uint64, p *plan) (bool, error) {
	vals, t, id := e.Values, e.Time, e.RecordID
	*e = p.proto
	e.Values, e.Schema = vals, nil
	if e.RecordID == 0 {
		e.RecordID = id
	}
	if d.want != nil && !d.wanted(e, c, offs, p) {
		return false, nil
	}
	for _, y := range p.sysSlot {
		if uint(y.slot) >= uint(len(offs)) {
			continue
		}
		vt, off, n := split(offs[y.slot])
		if n == 0 {
			continue
		}
		d.sysValue(e, y.field, vt, c, off, n)
	}
	for i := range p.sysMix {
		if v := d.mixed(c, offs, &p.sysMix[i].src); !v.IsNull() {
			setSys(e, p.sysMix[i].field, v)
		}
	}
	if e.Time == 0 {
		if e.ID == 0 {
			return false, errValues
		}
		e.Time = t
	}
	return true, nil
}

// sysValue sets one field from a value; the usual types take no detour.
func (d *decoder) sysValue(e *event.Event, f sysField, vt uint8, c []byte, off, n int) {
	if d.slow {
		setSys(e, f, d.slowValue(vt, c, off, n))
		return
	}
	switch f {
	case sysProvider, sysChannel, sysComputer, sysActivity, sysRelated, sysUserID:
		var v event.Value
		d.value(&v, &d.sysMemo[f], vt, c, off, n)
		setSys(e, f, v)
		return
	}
	switch event.Kind(vt) {
	case event.KindUint8, event.KindUint16, event.KindUint32, event.KindUint64, event.KindHex32,
		event.KindHex64, event.KindFiletime:
		if n <= 8 {
			setNum(e, f, loadUint(c[off:off+n]))
			return
		}
	}
	setSys(e, f, d.slowValue(vt, c, off, n))
}

func setNum(e *event.Event, f sysField, n uint64) {
	switch f {
	case sysEventID:
		e.ID = uint32(n)
	case sysQualifiers:
		e.Qualifiers = uint16(n)
	case sysVersion:
		e.Version = uint8(n)
	case sysLevel:
		e.Level = uint8(n)
	case sysTask:
		e.Task = uint16(n)
	case sysOpcode:
		e.Opcode = uint8(n)
	case sysKeywords:
		e.Keywords = n
	case sysTime:
		e.Time = event.Filetime(n)
	case sysRecordID:
		e.RecordID = n
	case sysPID:
		e.PID = uint32(n)
	case sysTID:
		e.TID = uint32(n)
	}
}

// setSys sets one System field from any value: literal records carry text.
func setSys(e *event.Event, f sysField, v event.Value) {
	if v.IsNull() {
		return
	}
	switch f {
	case sysProvider:
		e.Provider = v.Text()
	case sysChannel:
		e.Channel = v.Text()
	case sysComputer:
		e.Computer = v.Text()
	case sysActivity:
		e.ActivityID = upperGUID(v.Text())
	case sysRelated:
		e.RelatedID = upperGUID(v.Text())
	case sysUserID:
		e.UserID = v.Text()
	case sysTime:
		if t, ok := filetime(v); ok {
			e.Time = t
		}
	default:
		if n, ok := v.Number(); ok {
			setNum(e, f, n)
		}
	}
}

// upperGUID brings a GUID that stood as text into the form of a typed one.
func upperGUID(s string) string {
	lower := false
	for i := range len(s) {
		lower = lower || 'a' <= s[i] && s[i] <= 'f'
	}
	if !lower {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'f' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// filetime reads a time in any of the forms that logs carry.
func filetime(v event.Value) (event.Filetime, bool) {
	switch v.Kind {
	case event.KindSystemTime:
		return systemTime([]byte(v.Str))
	case event.KindString, event.KindANSI:
		t, err := event.ParseFiletime(v.Str)
		return t, err == nil
	}
	n, ok := v.Number()
	return event.Filetime(n), ok
}

// systemTime converts a SYSTEMTIME structure (UTC).
func systemTime(b []byte) (event.Filetime, bool) {
	if len(b) < 16 {
		return 0, false
	}
	y, mo, dd := le16(b, 0), le16(b, 2), le16(b, 6)
	h, mi, s, ms := le16(b, 8), le16(b, 10), le16(b, 12), le16(b, 14)
	if y < 1601 || y > 9999 || mo < 1 || mo > 12 || dd < 1 || dd > 31 || h > 23 || mi > 59 || s > 59 || ms > 999 {
		return 0, false
	}
	const days1601 = 11644473600 // seconds from 1601 to 1970
	t := time.Date(y, time.Month(mo), dd, h, mi, s, 0, time.UTC).Unix() + days1601
	return event.Filetime(t*10_000_000 + int64(ms)*10_000), true
}

// wanted asks Options.Want, once per provider and id.
func (d *decoder) wanted(e *event.Event, c []byte, offs []uint64, p *plan) bool {
	provider, id := e.Provider, e.ID
	for _, y := range p.sysSlot {
		if uint(y.slot) >= uint(len(offs)) || y.field != sysProvider && y.field != sysEventID {
			continue
		}
		vt, off, n := split(offs[y.slot])
		if n == 0 {
			continue
		}
		var tmp event.Event
		d.sysValue(&tmp, y.field, vt, c, off, n)
		if y.field == sysProvider {
			provider = tmp.Provider
		} else {
			id = tmp.ID
		}
	}
	for i := range p.sysMix {
		if f := p.sysMix[i].field; f == sysProvider || f == sysEventID {
			tmp := event.Event{Provider: provider, ID: id}
			setSys(&tmp, f, d.mixed(c, offs, &p.sysMix[i].src))
			provider, id = tmp.Provider, tmp.ID
		}
	}
	return d.wantID(p, provider, id)
}

// wantID is the answer of Options.Want, from the plan's memory as a rule.
func (d *decoder) wantID(p *plan, provider string, id uint32) bool {
	for i := range p.want {
		if w := &p.want[i]; w.id == id && w.provider == provider {
			return w.ok
		}
	}
	k := wantKey{provider, id}
	ok, known := d.wants[k]
	if !known {
		ok = d.want(provider, id)
		if len(d.wants) >= 1<<16 {
			clear(d.wants)
		}
		d.wants[k] = ok
	}
	if len(p.want) < 64 {
		p.want = append(p.want, wantID{provider, id, ok})
	}
	return ok
}
