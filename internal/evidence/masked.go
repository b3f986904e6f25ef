package evidence

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

// text is s as it may be shown.
func (m *maker) text(s string) string {
	if m.opt.Unmask {
		return s
	}
	s, _ = m.masker.Text(s)
	return s
}

// texts masks in place and returns the commitments.
func (m *maker) texts(l ...*string) (commits []seal.Hash) {
	if m.opt.Unmask {
		return nil
	}
	for _, s := range l {
		shown, c := m.masker.Text(*s)
		*s = shown
		for _, h := range c {
			commits = append(commits, h)
		}
	}
	m.masked += int64(len(commits))
	return commits
}

// record is r as it may be shown; r itself when nothing is masked.
func (m *maker) record(r *record.Record) (*record.Record, []seal.Hash) {
	c := *r
	c.Detail = slices.Clone(r.Detail)
	l := []*string{&c.Server, &c.Channel, &c.User, &c.SID, &c.ClientIP, &c.ClientName, &c.Path, &c.NewPath, &c.Share, &c.Process}
	for i := range c.Detail {
		l = append(l, &c.Detail[i].Key, &c.Detail[i].Value)
	}
	if commits := m.texts(l...); len(commits) > 0 {
		return &c, commits
	}
	return r, nil
}

// event is e as it may be shown; e itself when nothing is masked.
func (m *maker) event(e *event.Event) (*event.Event, []seal.Hash) {
	if m.opt.Unmask {
		return e, nil
	}
	c := e // a clone as soon as something is masked, which is seldom
	computer, channel, user := e.Computer, e.Channel, e.UserID
	commits := m.texts(&computer, &channel, &user)
	if len(commits) > 0 {
		c = e.Clone()
		c.Computer, c.Channel, c.UserID = computer, channel, user
	}
	for i := range e.Values {
		v := e.Values[i]
		var found []seal.Hash
		switch v.Kind &^ event.KindArray {
		case event.KindString, event.KindANSI, event.KindXML, event.KindSID:
			found = m.texts(&v.Str)
		case event.KindGUID: // random bits, whose digits are no number
		default:
			found = m.opaque(&v)
		}
		if len(found) == 0 {
			continue
		}
		if c == e {
			c = e.Clone()
		}
		c.Values[i] = v
		commits = append(commits, found...)
	}
	return c, commits
}

// opaque masks a value that is a number or bytes, in every form that a reader could
// see a number in. Such a value becomes text: its own with stars in place of the
// number, or, when the number lies in the bytes, stars alone.
func (m *maker) opaque(v *event.Value) []seal.Hash {
	text := v.Text()
	if shown, found := m.masker.Text(text); len(found) > 0 {
		if len(v.Str) > 0 { // digits of bytes in hexadecimal
			shown = strings.Repeat("*", len(text))
		}
		return m.replace(v, shown, found)
	}
	for _, form := range readings(v) {
		if _, found := m.masker.Text(form); len(found) > 0 {
			return m.replace(v, strings.Repeat("*", len(text)), found)
		}
	}
	return nil
}

func (m *maker) replace(v *event.Value, shown string, found [][sha256.Size]byte) (commits []seal.Hash) {
	*v = event.String(shown)
	for _, h := range found {
		commits = append(commits, h)
	}
	m.masked += int64(len(commits))
	return commits
}

// readings are the other forms in which a value can be read: a number in decimal,
// bytes as text of one or two bytes a character, arrays of numbers in decimal.
func readings(v *event.Value) (l []string) {
	switch v.Kind {
	case event.KindHex32, event.KindHex64:
		return []string{strconv.FormatUint(v.Num, 10)}
	}
	b := []byte(v.Str)
	if len(b) < 8 { // a number of 12 digits does not fit
		return nil
	}
	l = append(l, v.Str)
	for at := range 2 {
		var wide []uint16
		for i := at; i+1 < len(b); i += 2 {
			wide = append(wide, binary.LittleEndian.Uint16(b[i:]))
		}
		l = append(l, string(utf16.Decode(wide)))
	}
	if v.Kind&event.KindArray != 0 || v.Kind == event.KindBinary {
		for i := 0; i+8 <= len(b); i += 8 {
			l = append(l, strconv.FormatUint(binary.LittleEndian.Uint64(b[i:]), 10))
		}
	}
	return l
}

// keepKey keeps what masked numbers can be revealed with, before the bundle is
// out: DIR/evidence/<hash of the selection>.key, for its owner only.
func (m *maker) keepKey(of seal.Hash) error {
	if len(m.proofs.Masked) == 0 {
		return nil
	}
	dir := filepath.Join(m.opt.Data, "evidence")
	if err := m.fs.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	err := fsx.WriteAtomic(m.fs, filepath.Join(dir, fmt.Sprintf("%x.key", of)), 0o600, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%x\n", m.key)
		return err
	})
	if err != nil {
		return fmt.Errorf("evidence: keep key: %w", err)
	}
	return nil
}
