package collect

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/akashi-audit/akashi/internal/event"
)

// maxXMLEvent bounds one event of an XML export, in bytes; Windows writes at
// most 64 KiB of binary XML.
const maxXMLEvent = 4 << 20

// decodeXML reads <Event> elements wherever they stand: below <Events>, one
// after another, in UTF-8 or UTF-16 with a byte order mark. A damaged event is
// reported and the reading goes on at the next "<Event".
func decodeXML(ctx context.Context, in *bufio.Reader, bad func(int64, string), fn func(*event.Event) error) error {
	r := utf8Reader(in)
	schemas := newSchemas()
	var pos int64
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		skipped, err := skipTo(r, []byte("<Event"))
		pos += skipped
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		text, err := readEvent(r)
		start := pos
		pos += int64(len(text))
		switch {
		case text == nil && err == nil: // <Events> or another name
			pos += int64(len("<Event"))
			continue
		case errors.Is(err, io.EOF):
			bad(start, "xml_cut")
			return nil
		case err != nil:
			return err
		}
		e, err := parseXMLEvent(text, schemas)
		if err != nil {
			bad(start, "xml_event")
			continue
		}
		if err := fn(e); err != nil {
			return err
		}
	}
}

func utf8Reader(in *bufio.Reader) *bufio.Reader {
	head, _ := in.Peek(4)
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		dec := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()
		return bufio.NewReaderSize(transform.NewReader(in, dec), 1<<18)
	}
	return in
}

// skipTo discards bytes up to the mark, which stays unread.
func skipTo(r *bufio.Reader, mark []byte) (skipped int64, err error) {
	for {
		b, err := r.Peek(len(mark))
		if len(b) < len(mark) {
			if err == nil {
				err = io.EOF
			}
			return skipped, err
		}
		buf, _ := r.Peek(max(r.Buffered(), len(mark)))
		if i := bytes.Index(buf, mark); i >= 0 {
			_, err := r.Discard(i)
			return skipped + int64(i), err
		}
		n := len(buf) - len(mark) + 1
		if _, err := r.Discard(n); err != nil {
			return skipped, err
		}
		skipped += int64(n)
	}
}

// readEvent reads from "<Event" to "</Event>". Another element whose name only
// begins so gives nil and leaves the reader behind "<Event".
func readEvent(r *bufio.Reader) ([]byte, error) {
	const open, end = "<Event", "</Event>"
	head, _ := r.Peek(len(open) + 1)
	if len(head) <= len(open) || !strings.ContainsRune(" \t\r\n>", rune(head[len(open)])) {
		_, err := r.Discard(len(open))
		return nil, err
	}
	var text []byte
	for len(text) < maxXMLEvent {
		part, err := r.ReadSlice('>')
		text = append(text, part...)
		if bytes.HasSuffix(text, []byte(end)) {
			return text, nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return text, err
		}
	}
	return text, nil
}

type xmlNode struct {
	name  string
	attrs []xml.Attr
	text  strings.Builder
	kids  []*xmlNode
}

func parseXMLTree(text []byte) (*xmlNode, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	root := &xmlNode{}
	stack := []*xmlNode{root}
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch t := t.(type) {
		case xml.StartElement:
			if len(stack) > 64 {
				return nil, errors.New("elements nested too deep")
			}
			n := &xmlNode{name: t.Name.Local, attrs: t.Copy().Attr}
			top.kids = append(top.kids, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text.Write(t)
		}
	}
	if len(root.kids) != 1 {
		return nil, errors.New("no event")
	}
	return root.kids[0], nil
}

func (n *xmlNode) attr(name string) string {
	for _, a := range n.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func parseXMLEvent(text []byte, schemas *schemas) (*event.Event, error) {
	root, err := parseXMLTree(text)
	if err != nil {
		return nil, err
	}
	b := &builder{schemas: schemas}
	seen := false
	for _, k := range root.kids {
		switch k.name {
		case "System":
			seen = true
			for _, s := range k.kids {
				b.system(s.name, s.text.String(), s.attr)
			}
		case "EventData":
			b.payload = "EventData"
			for _, d := range k.kids {
				b.add(d.attr("Name"), d.text.String())
			}
		case "UserData":
			for _, top := range k.kids {
				b.payload = "UserData/" + top.name
				b.userData("", top)
				break
			}
		}
	}
	if !seen {
		return nil, errors.New("no System element")
	}
	return b.finish()
}

// userData adds the leaves below n with their path.
func (b *builder) userData(path string, n *xmlNode) {
	for _, a := range n.attrs {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			continue
		}
		b.add(strings.TrimPrefix(path+"/@"+a.Name.Local, "/"), a.Value)
	}
	for _, k := range n.kids {
		p := strings.TrimPrefix(path+"/"+k.name, "/")
		if len(k.kids) == 0 {
			b.add(p, k.text.String())
			continue
		}
		b.userData(p, k)
	}
}
