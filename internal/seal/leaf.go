package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLeaf bounds a leaf, in bytes.
const maxLeaf = 4 << 20

// The stored form of a leaf is a line {"hash":"…","leaf":…}; that of the second
// and later ones that one sync made durable says cont for hash.
const (
	linePrefix = `{"hash":"`
	lineCont   = `{"cont":"`
	lineMiddle = `","leaf":`
	lineFixed  = len(linePrefix) + 2*len(Hash{}) + len(lineMiddle)
)

// Leaf is a leaf of the log with its place.
type Leaf struct {
	Index int64 // from 0
	Data  []byte
	Entry Entry
}

// EncodeLeaf is the canonical JSON of an entry: what LeafHash is of. Text that is
// not UTF-8 is made so.
func EncodeLeaf(e Entry) ([]byte, error) {
	for _, s := range [...]*string{&e.Kind, &e.Subject, &e.By, &e.Ground} {
		*s = strings.ToValidUTF8(*s, "\ufffd")
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, fmt.Errorf("encode leaf: %w", err)
	}
	data := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(data) > maxLeaf {
		return nil, fmt.Errorf("leaf of %d bytes, want at most %d", len(data), maxLeaf)
	}
	return data, nil
}

// ParseLeaf reads a leaf; only the canonical form is one.
func ParseLeaf(data []byte) (Entry, error) {
	var e Entry
	if len(data) > maxLeaf {
		return e, fmt.Errorf("leaf of %d bytes, want at most %d", len(data), maxLeaf)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return e, fmt.Errorf("leaf: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return e, errors.New("leaf: bytes behind its end")
	}
	again, err := EncodeLeaf(e)
	if err != nil {
		return e, err
	}
	if !bytes.Equal(again, data) {
		return e, errors.New("leaf: it is not in the canonical form")
	}
	return e, nil
}

// appendLine appends the stored form of a leaf.
func appendLine(b, data []byte, h Hash, cont bool) []byte {
	if cont {
		b = append(b, lineCont...)
	} else {
		b = append(b, linePrefix...)
	}
	b = hex.AppendEncode(b, h[:])
	b = append(b, lineMiddle...)
	b = append(b, data...)
	return append(b, "}\n"...)
}

// ParseLine reads a stored line without its end. data is part of line.
func ParseLine(line []byte) (data []byte, h Hash, err error) {
	if len(line) <= lineFixed || !bytes.HasPrefix(line, []byte(linePrefix)) && !bytes.HasPrefix(line, []byte(lineCont)) || line[len(line)-1] != '}' ||
		string(line[lineFixed-len(lineMiddle):lineFixed]) != lineMiddle {
		return nil, h, errors.New("it does not follow the format")
	}
	data = line[lineFixed : len(line)-1]
	h = LeafHash(data)
	if string(hex.AppendEncode(nil, h[:])) != string(line[len(linePrefix):lineFixed-len(lineMiddle)]) {
		return data, h, errors.New("its hash is another one")
	}
	return data, h, nil
}
