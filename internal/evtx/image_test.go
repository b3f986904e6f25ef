package evtx

import (
	"bytes"
	"context"
	"testing"
)

// TestImages: a definition that differs from that of an earlier chunk in a name,
// a literal or its shape is never taken for it, and one that is the same is.
func TestImages(t *testing.T) {
	log := goodLog(t, 3000)
	if len(log) < fileHeaderSize+3*chunkSize {
		t.Fatal("the log has too few chunks")
	}
	second := log[fileHeaderSize+chunkSize : fileHeaderSize+2*chunkSize]
	name := utf16le("SubjectUserName")
	at := bytes.Index(second, name)
	if at < 0 {
		t.Fatal("no such name in the second chunk")
	}
	second[at] ^= 0x20 // subjectUserName
	other := 0
	for _, opt := range []Options{{}, {reference: true}} {
		r, err := NewReader(bytes.NewReader(log), int64(len(log)), opt)
		if err != nil {
			t.Fatal(err)
		}
		renamed := 0
		if err := r.Events(context.Background(), func(rec *Record) error {
			for _, n := range rec.Event.Schema.Names {
				if n == "subjectUserName" {
					if rec.Chunk != 1 {
						t.Fatalf("chunk %d has the name of chunk 1", rec.Chunk)
					}
					renamed++
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if renamed == 0 || other != 0 && renamed != other {
			t.Errorf("%d events with the changed name, want %d", renamed, other)
		}
		other = renamed
	}
	d := newDecoder(nil, nil)
	s := &scanner{d: d, emit: func(*Record) error { return nil }}
	parsed := func(chunk int) int {
		before := len(d.plans)
		at := int64(fileHeaderSize + chunk*chunkSize)
		if err := s.scan(chunkInfo{num: chunk, off: at, size: chunkSize}, log[at:at+chunkSize]); err != nil {
			t.Fatal(err)
		}
		return len(d.plans) - before
	}
	if parsed(0) == 0 || parsed(1) == 0 || parsed(2) != 0 {
		t.Error("plans are not made once for each shape")
	}
	if n := len(d.images); n == 0 {
		t.Error("no definition is remembered")
	}
}

func utf16le(s string) (b []byte) {
	for _, c := range []byte(s) {
		b = append(b, c, 0)
	}
	return b
}
