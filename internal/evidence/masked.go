package evidence

import (
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
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

// event is e as it may be shown; e itself when nothing is masked. Values that are
// numbers or plain bytes are not looked into.
func (m *maker) event(e *event.Event) (*event.Event, []seal.Hash) {
	c := e.Clone()
	l := []*string{&c.Computer, &c.Channel, &c.UserID}
	for i := range c.Values {
		switch k := c.Values[i].Kind &^ event.KindArray; k {
		case event.KindString, event.KindANSI, event.KindXML, event.KindSID:
			l = append(l, &c.Values[i].Str)
		}
	}
	if commits := m.texts(l...); len(commits) > 0 {
		return c, commits
	}
	return e, nil
}
