package evtx

import "github.com/akashi-audit/akashi/internal/event"

// trimNUL drops the trailing NUL units of raw UTF-16, and an odd last byte.
func trimNUL(raw []byte) []byte {
	n := len(raw) &^ 1
	for n >= 2 && raw[n-1] == 0 && raw[n-2] == 0 {
		n -= 2
	}
	return raw[:n]
}

// appendStringArray appends a string array: strings each ended by NUL.
func appendStringArray(b, raw []byte) []byte {
	start := len(b)
	b = event.AppendUTF16(b, raw)
	if len(b) > start && b[len(b)-1] != 0 {
		b = append(b, 0)
	}
	return b
}
