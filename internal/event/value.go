package event

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"
)

// Kind is the type of a Value. The numbers are those of BinXML
// ([MS-EVEN6] 2.2.12, value types) and are stored: never renumber.
type Kind uint8

// Value kinds. KindArray is or-ed to an element kind.
const (
	KindNull       Kind = 0x00
	KindString     Kind = 0x01 // Str: WTF-8
	KindANSI       Kind = 0x02 // Str: the bytes, as text in the writer's code page
	KindInt8       Kind = 0x03 // Num: sign-extended; likewise the other signed kinds
	KindUint8      Kind = 0x04
	KindInt16      Kind = 0x05
	KindUint16     Kind = 0x06
	KindInt32      Kind = 0x07
	KindUint32     Kind = 0x08
	KindInt64      Kind = 0x09
	KindUint64     Kind = 0x0a
	KindReal32     Kind = 0x0b // Num: bits of the float32
	KindReal64     Kind = 0x0c // Num: bits of the float64
	KindBool       Kind = 0x0d // Num: the stored number (true is not always 1)
	KindBinary     Kind = 0x0e // Str: raw bytes
	KindGUID       Kind = 0x0f // Str: "{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}"
	KindSizeT      Kind = 0x10 // Num
	KindFiletime   Kind = 0x11 // Num: Filetime
	KindSystemTime Kind = 0x12 // Str: the 16 raw bytes
	KindSID        Kind = 0x13 // Str: "S-1-…"
	KindHex32      Kind = 0x14 // Num
	KindHex64      Kind = 0x15 // Num
	KindXML        Kind = 0x21 // Str: nested XML as text
	KindUnread     Kind = 0x7f // text, SID or GUID not yet read: see Event.Unread. Never stored
	KindArray      Kind = 0x80 // Str: strings each ended by NUL, other kinds as raw little-endian bytes
)

// Value is one value of an event. The zero Value is null: no such value.
type Value struct {
	Str  string
	Num  uint64
	Kind Kind
}

// String makes a string value.
func String(s string) Value { return Value{Kind: KindString, Str: s} }

// Uint makes a number of the given kind.
func Uint(k Kind, n uint64) Value { return Value{Kind: k, Num: n} }

// IsNull reports whether there is no value.
func (v Value) IsNull() bool { return v.Kind == KindNull }

// textual reports whether Str is the value as text.
func (k Kind) textual() bool {
	switch k {
	case KindString, KindANSI, KindGUID, KindSID, KindXML:
		return true
	}
	return false
}

// Text is the value as Windows writes it in event XML. Strings come back
// exactly; arrays are joined with ",".
func (v Value) Text() string {
	if v.Kind.textual() {
		return v.Str
	}
	return string(v.AppendText(nil))
}

// AppendText appends Text to b.
func (v Value) AppendText(b []byte) []byte {
	switch v.Kind {
	case KindNull:
		return b
	case KindInt8, KindInt16, KindInt32, KindInt64:
		return strconv.AppendInt(b, int64(v.Num), 10)
	case KindUint8, KindUint16, KindUint32, KindUint64, KindSizeT:
		return strconv.AppendUint(b, v.Num, 10)
	case KindHex32, KindHex64:
		return strconv.AppendUint(append(b, "0x"...), v.Num, 16)
	case KindReal32:
		return strconv.AppendFloat(b, float64(math.Float32frombits(uint32(v.Num))), 'g', -1, 32)
	case KindReal64:
		return strconv.AppendFloat(b, math.Float64frombits(v.Num), 'g', -1, 64)
	case KindBool:
		return strconv.AppendBool(b, v.Num != 0)
	case KindFiletime:
		return Filetime(v.Num).AppendText(b)
	case KindBinary, KindSystemTime:
		return append(b, strings.ToUpper(hex.EncodeToString([]byte(v.Str)))...)
	case KindArray | KindString:
		return append(b, strings.ReplaceAll(strings.TrimSuffix(v.Str, "\x00"), "\x00", ",")...)
	}
	if v.Kind&KindArray != 0 {
		return append(b, strings.ToUpper(hex.EncodeToString([]byte(v.Str)))...)
	}
	return append(b, v.Str...)
}

// Number is the value as an unsigned number: numeric kinds as they are, text in
// decimal or as 0x… (literal records carry every value as text), negative
// decimals in two's complement. ok is false when it is no number.
func (v Value) Number() (n uint64, ok bool) {
	switch v.Kind {
	case KindString, KindANSI:
		return parseNumber(v.Str)
	case KindNull, KindBinary, KindGUID, KindSystemTime, KindSID, KindXML, KindReal32, KindReal64:
		return 0, false
	}
	if v.Kind&KindArray != 0 {
		return 0, false
	}
	return v.Num, true
}

func parseNumber(s string) (uint64, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		n, err := strconv.ParseUint(s[2:], 16, 64)
		return n, err == nil
	}
	if strings.HasPrefix(s, "-") {
		n, err := strconv.ParseInt(s, 10, 64)
		return uint64(n), err == nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil
}

// Uint is Number, or 0 when it is no number.
func (v Value) Uint() uint64 {
	if k := v.Kind; k == KindHex64 || k == KindHex32 {
		return v.Num
	}
	n, _ := v.Number()
	return n
}

// Name is the text of a value in which "-" and "" mean none
// (windows-events.md section 2).
func (v Value) Name() string {
	s := v.Text()
	if s == "-" {
		return ""
	}
	return s
}
