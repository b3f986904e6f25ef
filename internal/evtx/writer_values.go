package evtx

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/akashi-audit/akashi/internal/event"
)

var errTooLarge = errors.New("larger than a chunk holds")

// maxValueBytes bounds a value before it is transcoded: 3 bytes of WTF-8 for
// each UTF-16 unit that a chunk could hold.
const maxValueBytes = 3 * chunkSize / 2

// appendValue appends v as a value of a template instance and returns its type.
func (w *Writer) appendValue(b []byte, v event.Value) ([]byte, event.Kind, error) {
	if len(v.Str) > maxValueBytes {
		return b, v.Kind, errTooLarge
	}
	le := binary.LittleEndian
	ok := true
	switch v.Kind {
	case event.KindNull:
	case event.KindString, event.KindArray | event.KindString:
		b = appendUTF16(b, v.Str)
	case event.KindANSI, event.KindBinary:
		b = append(b, v.Str...)
	case event.KindInt8, event.KindUint8:
		b = append(b, byte(v.Num))
	case event.KindInt16, event.KindUint16:
		b = le.AppendUint16(b, uint16(v.Num))
	case event.KindInt32, event.KindUint32, event.KindReal32, event.KindHex32:
		b = le.AppendUint32(b, uint32(v.Num))
	case event.KindInt64, event.KindUint64, event.KindReal64, event.KindHex64, event.KindSizeT, event.KindFiletime:
		b = le.AppendUint64(b, v.Num)
	case event.KindBool:
		if v.Num>>32 == 0 {
			b = le.AppendUint32(b, uint32(v.Num))
		} else {
			b = le.AppendUint64(b, v.Num)
		}
	case event.KindSystemTime:
		ok = len(v.Str) == 16
		b = append(b, v.Str...)
	case event.KindGUID:
		b, ok = packGUID(b, v.Str)
	case event.KindSID:
		b, ok = packSID(b, v.Str)
	case event.KindXML:
		var err error
		if b, err = w.appendFragment(b, v.Str); err != nil {
			return b, v.Kind, err
		}
	default:
		if v.Kind&event.KindArray == 0 || !arrayElement(v.Kind&^event.KindArray) {
			return b, v.Kind, fmt.Errorf("no value type 0x%02x", uint8(v.Kind))
		}
		b = append(b, v.Str...)
	}
	if !ok {
		return b, v.Kind, fmt.Errorf("%q is not a value of type 0x%02x", v.Str, uint8(v.Kind))
	}
	return b, v.Kind, nil
}

// arrayElement reports whether arrays of k exist: the numbers, strings and
// fixed structures of [MS-EVEN6] 2.2.12, and SIDs.
func arrayElement(k event.Kind) bool {
	return k >= event.KindString && k <= event.KindHex64 && k != event.KindBinary
}

// setValue fills value descriptor i of the array at offset at.
func setValue(b []byte, at, i, size int, k event.Kind) {
	d := at + 4*i
	binary.LittleEndian.PutUint16(b[d:], uint16(size))
	b[d+2], b[d+3] = byte(k), 0
}

// appendDescriptors appends the count and n zero descriptors; at is where they
// start.
func appendDescriptors(b []byte, n int) (_ []byte, at int) {
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	at = len(b)
	for range n {
		b = append(b, 0, 0, 0, 0)
	}
	return b, at
}

// appendSystem appends the values of the System template but the payload.
func (w *Writer) appendSystem(b []byte, e *event.Event, at int) []byte {
	le := binary.LittleEndian
	b = append(b, e.Level, e.Opcode)
	setValue(b, at, outLevel, 1, event.KindUint8)
	setValue(b, at, outOpcode, 1, event.KindUint8)
	b = le.AppendUint16(b, e.Task)
	setValue(b, at, outTask, 2, event.KindUint16)
	if e.ID>>16 == 0 {
		b = le.AppendUint16(b, uint16(e.ID))
		setValue(b, at, outEventID, 2, event.KindUint16)
	} else {
		b = le.AppendUint32(b, e.ID)
		setValue(b, at, outEventID, 4, event.KindUint32)
	}
	if e.Qualifiers != 0 {
		b = le.AppendUint16(b, e.Qualifiers)
		setValue(b, at, outQualifiers, 2, event.KindUint16)
	}
	b = le.AppendUint64(b, e.Keywords)
	setValue(b, at, outKeywords, 8, event.KindHex64)
	b = le.AppendUint64(b, uint64(e.Time))
	setValue(b, at, outTime, 8, event.KindFiletime)
	b = w.appendTyped(b, e.ActivityID, at, outActivity, event.KindGUID)
	b = le.AppendUint32(b, e.PID)
	setValue(b, at, outPID, 4, event.KindUint32)
	b = le.AppendUint32(b, e.TID)
	setValue(b, at, outTID, 4, event.KindUint32)
	b = le.AppendUint64(b, e.RecordID)
	setValue(b, at, outRecordID, 8, event.KindUint64)
	b = append(b, e.Version)
	setValue(b, at, outVersion, 1, event.KindUint8)
	b = w.appendTyped(b, e.UserID, at, outUserID, event.KindSID)
	b = w.appendTyped(b, e.RelatedID, at, outRelated, event.KindGUID)
	b = w.appendTyped(b, e.Provider, at, outProvider, event.KindString)
	b = w.appendTyped(b, providerGUID(e.Provider), at, outGUID, event.KindGUID)
	return w.appendTyped(b, e.Channel, at, outChannel, event.KindString)
}

// appendTyped appends a text of the System element in its binary form; "" is
// null, and what does not have that form stays text, so that it is not lost.
func (w *Writer) appendTyped(b []byte, s string, at, i int, k event.Kind) []byte {
	if s == "" {
		return b
	}
	m := &w.memo[i]
	if m.text != s {
		m.text, m.kind = s, k
		ok := false
		switch k {
		case event.KindGUID:
			m.bytes, ok = packGUID(m.bytes[:0], s)
		case event.KindSID:
			m.bytes, ok = packSID(m.bytes[:0], s)
		}
		if !ok {
			m.bytes, m.kind = appendUTF16(m.bytes[:0], s), event.KindString
		}
	}
	setValue(b, at, i, len(m.bytes), m.kind)
	return append(b, m.bytes...)
}

// packed is the last text that a value of System had, in its binary form: most
// events repeat their neighbour's.
type packed struct {
	text  string
	bytes []byte
	kind  event.Kind
}

// providerGUID is the published GUID of the providers that akashi reads, or "".
func providerGUID(name string) string {
	switch name {
	case "Microsoft-Windows-Security-Auditing":
		return "{54849625-5478-4994-A5BA-3E3B0328C30D}"
	case "Microsoft-Windows-Eventlog":
		return "{FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148}"
	case "Microsoft-Windows-PrintService":
		return "{747EF6FD-E535-4D16-B510-42C90F6873A1}"
	}
	return ""
}
