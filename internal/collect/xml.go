package collect

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// maxXMLEvent bounds the text of one event. Windows writes at most 64 KiB of
// data per event; longer text is damage.
const maxXMLEvent = 4 << 20

// xmlStart and xmlEnd frame one event. Text cannot hold them: "<" is escaped.
func xmlStart() []byte { return []byte("<Event") }
func xmlEnd() []byte   { return []byte("</Event>") }

// findEvent finds the next <Event …> start tag in b. partial is where a tag may
// begin that b does not hold completely, or len(b).
func findEvent(b []byte) (at, partial int) {
	for off := 0; ; {
		i := bytes.Index(b[off:], xmlStart())
		if i < 0 {
			return -1, max(off, len(b)-len("<Event"))
		}
		i += off
		if i+6 == len(b) {
			return -1, i
		}
		switch b[i+6] {
		case ' ', '>', '\t', '\r', '\n':
			return i, i
		}
		off = i + 6
	}
}

// window is a sliding view of a stream. Offsets count bytes of the text.
type window struct {
	r    io.Reader
	buf  []byte
	pos  int64 // offset of buf[0]
	done bool
	// end is the offset of the first end tag behind pos, where it is known;
	// before searched there is no other one.
	end, searched int64
	err           error // what ended the stream, other than its end
}

// more reads on; false when nothing came.
func (w *window) more() bool {
	if w.done {
		return false
	}
	if cap(w.buf)-len(w.buf) < 64<<10 {
		w.buf = append(make([]byte, 0, max(256<<10, 2*len(w.buf)+64<<10)), w.buf...)
	}
	n, err := w.r.Read(w.buf[len(w.buf):cap(w.buf)])
	w.buf = w.buf[:len(w.buf)+n]
	if err != nil {
		w.done = true
		if !errors.Is(err, io.EOF) {
			w.err = err
		}
	}
	return n > 0 || !w.done
}

// drop forgets the first n bytes.
func (w *window) drop(n int) {
	w.pos += int64(n)
	w.buf = w.buf[n:]
}

// endTag finds the first </Event> in the window, reading on as long as an event
// may be; -1 when there is none. No byte is searched twice.
func (w *window) endTag() int {
	if w.end >= w.pos {
		return int(w.end - w.pos)
	}
	for {
		from := int(max(w.searched-w.pos, 0))
		if i := bytes.Index(w.buf[from:], xmlEnd()); i >= 0 {
			w.end = w.pos + int64(from+i)
			w.searched = w.end + 1
			return from + i
		}
		w.searched = max(w.searched, w.pos+int64(max(0, len(w.buf)-len("</Event>")+1)))
		if len(w.buf) >= maxXMLEvent || !w.more() {
			return -1
		}
	}
}

// decodeXML calls fn for each event of an event XML text: an <Events> document,
// or <Event> elements one after the other, in UTF-8 or UTF-16. What does not
// parse is reported to bad and the reading goes on at the next event.
func decodeXML(ctx context.Context, in *bufio.Reader, bad func(int64, string), fn func(*event.Event) error) error {
	w := &window{r: textReader(in), end: -1}
	schemas := newSchemas()
	for n := 0; ; n++ {
		if n&0xff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		at, partial := findEvent(w.buf)
		if at < 0 {
			w.drop(partial)
			if !w.more() {
				break
			}
			continue
		}
		w.drop(at)
		end := w.endTag()
		// An event that lost its end must not swallow the next one.
		limit := end
		if limit < 0 {
			limit = len(w.buf)
		}
		if next, _ := findEvent(w.buf[6:limit]); next >= 0 {
			bad(w.pos, "xml_cut")
			w.drop(6 + next)
			continue
		}
		if end < 0 {
			bad(w.pos, "xml_cut")
			w.drop(min(6, len(w.buf)))
			continue
		}
		end += len("</Event>")
		e, err := parseXMLEvent(w.buf[:end], schemas)
		if err != nil {
			bad(w.pos, "xml_event")
		} else if err := fn(e); err != nil {
			return err
		}
		w.drop(end)
	}
	return w.err
}

func parseXMLEvent(text []byte, schemas *schemas) (*event.Event, error) {
	p := xmlParser{b: text}
	root, err := p.element(0)
	if err != nil {
		return nil, err
	}
	b := &builder{schemas: schemas}
	sys := root.kid("System")
	if sys == nil {
		return nil, errors.New("no System element")
	}
	for _, s := range sys.kids {
		b.system(s.name, s.text, s.attr)
	}
	if data := root.kid("EventData"); data != nil {
		b.payload = "EventData"
		for _, d := range data.kids {
			switch {
			case d.name == "Data":
				b.add(d.attr("Name"), d.text)
			case len(d.kids) == 0:
				b.add(d.name, d.text)
			default:
				b.userData(d.name, d)
			}
		}
	} else if data := root.kid("UserData"); data != nil && len(data.kids) > 0 {
		b.payload = "UserData/" + data.kids[0].name
		b.userData("", data.kids[0])
	}
	return b.finish()
}

// userData adds the leaves below n with their path.
func (b *builder) userData(path string, n *xmlNode) {
	for _, a := range n.attrs {
		b.add(strings.TrimPrefix(path+"/@"+a.name, "/"), a.value)
	}
	for _, k := range n.kids {
		p := strings.TrimPrefix(path+"/"+k.name, "/")
		if len(k.kids) > 0 {
			b.userData(p, k)
			continue
		}
		for _, a := range k.attrs {
			b.add(p+"/@"+a.name, a.value)
		}
		b.add(p, k.text)
	}
}
