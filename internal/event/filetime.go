package event

import (
	"math"
	"time"
)

// Filetime counts 100 ns steps since 1601-01-01 UTC, the time of Windows and
// the grain of the store. Any value is legal: damaged logs carry absurd ones.
type Filetime uint64

// unixEpoch is 1970-01-01 as a Filetime.
const unixEpoch = 116444736000000000

// FromUnixNano converts; times before 1601 become 0, finer digits are dropped.
func FromUnixNano(ns int64) Filetime {
	t := floorDiv(ns, 100) + unixEpoch
	if t < 0 {
		return 0
	}
	return Filetime(t)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// UnixNano converts, saturating outside the years 1678 to 2262.
func (t Filetime) UnixNano() int64 {
	const lo, hi = unixEpoch - math.MaxInt64/100, unixEpoch + math.MaxInt64/100
	switch {
	case t < lo:
		return math.MinInt64
	case t > hi:
		return math.MaxInt64
	}
	return (int64(t) - unixEpoch) * 100
}

// Time converts to UTC without saturation for the years 1601 to 9999; later
// values become the end of the year 9999.
func (t Filetime) Time() time.Time {
	const max9999 = 2650467743999999999 // 9999-12-31T23:59:59.9999999Z
	t = min(t, max9999)
	s := int64(t / 10_000_000)
	return time.Unix(s-unixEpoch/10_000_000, int64(t%10_000_000)*100).UTC()
}

// AppendText appends the time as Windows writes it in event XML:
// 2026-04-01T01:02:03.1234567Z.
func (t Filetime) AppendText(b []byte) []byte {
	return t.Time().AppendFormat(b, "2006-01-02T15:04:05.0000000Z")
}

// String is AppendText as a string.
func (t Filetime) String() string { return string(t.AppendText(nil)) }

// ParseFiletime reads an ISO 8601 time with zone, as in event XML.
func ParseFiletime(s string) (Filetime, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, err
	}
	f := t.Unix() + unixEpoch/10_000_000
	if f < 0 {
		return 0, nil
	}
	return Filetime(f*10_000_000 + int64(t.Nanosecond()/100)), nil
}
