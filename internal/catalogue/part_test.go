package catalogue

import (
	"bytes"
	"io"
	"testing"
)

// write makes a part and opens it.
func write(t testing.TB, fn func(io.Writer) error) *Part {
	t.Helper()
	var buf bytes.Buffer
	if err := fn(&buf); err != nil {
		t.Fatal(err)
	}
	p, err := Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()), NewCache(0))
	if err != nil {
		t.Fatal(err)
	}
	if errs := p.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	return p
}
