package convert

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// A program that edits a document keeps an owner or lock file beside it from
// the opening to the closing (windows-events.md section 6, rule S2: ~$F is the
// best sign of editing as against preview). A read of F by the session that
// made the owner file, at the moment when it was made, is the opening of the
// document; when the same session saves F while the owner file stands, opening
// and saving are one act, the write. A document that is closed without a save
// was read. A read in between is told: a person may copy a document that is
// open.
const (
	editOpening = mergeWindow    // between the first read and the owner file
	editClosing = moveWindow     // a save may become final after the closing
	editLongest = 8 * 3600 * sec // a read does not wait longer for its save
	maxEdits    = 20_000
)

// edit is a standing owner file.
type edit struct {
	Made, Closed tick     // Closed is 0 while it stands
	Reads        []uint64 // acts: reads at the opening
}

// editOpened notes that a session made an owner file.
func (c *Converter) editOpened(s *session, owner string, now tick) {
	if len(c.s.Edits) >= maxEdits-maxEdits/8 {
		c.s.Crowded++
	}
	if len(c.s.Edits) >= maxEdits {
		for _, k := range oldest(maps.All(c.s.Edits), func(e *edit) tick { return e.Made }, comparePaths) {
			c.editForgotten(k)
		}
	}
	k := pathKey{s.Logon, owner}
	if ed := c.s.Edits[k]; ed != nil && ed.Closed == 0 {
		return
	}
	c.editForgotten(k)
	c.s.Edits[k] = &edit{Made: now}
	s.Edits++
}

func comparePaths(a, b pathKey) int {
	return cmp.Or(cmp.Compare(a.Logon, b.Logon), strings.Compare(a.Key, b.Key))
}

// editClosed notes that an owner file was deleted.
func (c *Converter) editClosed(logon uint64, owner string, now tick) {
	ed := c.s.Edits[pathKey{logon, owner}]
	if ed == nil || ed.Closed != 0 {
		return
	}
	ed.Closed = now
	c.s.setTimer(timer{Due: now + editClosing, Kind: timeEdit, Seq: logon, Key: owner})
}

// editForgotten ends the wait of the reads of an edit: no save came.
func (c *Converter) editForgotten(k pathKey) {
	ed := c.s.Edits[k]
	if ed == nil {
		return
	}
	delete(c.s.Edits, k)
	if s := c.s.Sessions.get(k.Logon); s != nil {
		s.Edits--
	}
	for _, q := range ed.Reads {
		if a := c.s.Acts.get(q); a != nil && a.Held {
			c.settle(a)
		}
	}
}

// editsEnded forgets the owner files of a session that is over.
func (c *Converter) editsEnded(logon uint64) {
	var keys []pathKey
	for k := range c.s.Edits {
		if k.Logon == logon {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, comparePaths)
	for _, k := range keys {
		c.editForgotten(k)
	}
}

// editOf finds the edit of a document by a session.
func (c *Converter) editOf(logon uint64, key string) *edit {
	s := c.s.Sessions.get(logon)
	if s == nil || s.Edits == 0 {
		return nil
	}
	dir := dirOf(key)
	for _, name := range ownerNames(baseOf(key)) {
		if ed := c.s.Edits[pathKey{logon, strings.TrimSuffix(dir, `\`) + `\` + name}]; ed != nil {
			return ed
		}
	}
	return nil
}

// opensEdit reports whether a read that is over began an edit: it waits for the
// save.
func (c *Converter) opensEdit(a *act) bool {
	if a.Held || a.Object != record.ObjectFile {
		return false
	}
	ed := c.editOf(a.Logon, a.Key)
	if ed == nil || ed.Closed != 0 || ed.Made > a.Last+editOpening || a.First > ed.Made+editOpening || len(ed.Reads) == 4 {
		return false
	}
	a.Held, a.Timer = true, 1<<63-1
	ed.Reads = append(ed.Reads, a.Seq)
	c.due(a, max(a.Last+editLongest, c.s.Now))
	return true
}

// savesEdit gives a finished write the reads with which its edit began.
func (c *Converter) savesEdit(a *act) {
	if a.Result != record.Success || a.Object != record.ObjectFile {
		return
	}
	ed := c.editOf(a.Logon, a.Key)
	if ed == nil {
		return
	}
	n := 0
	for _, q := range ed.Reads {
		r := c.s.Acts.get(q)
		if r == nil || !r.Held || r.Op != record.OpRead || r.Key != a.Key || r.First > a.Time {
			ed.Reads[n] = q
			n++
			continue
		}
		if a.Get("opened") == "" {
			a.detail("opened", event.Filetime(max(r.Time, 0)).Time().UTC().Format("2006-01-02T15:04:05.0000000Z"))
		}
		c.absorb(a, r)
	}
	ed.Reads = ed.Reads[:n]
}

// ownerNames are the names that programs give to the owner or lock file of a
// document, folded: Office (~$ before the name or in place of its first one or
// two characters, by program, version and length), LibreOffice, AutoCAD, Access, vim, emacs.
func ownerNames(base string) []string {
	ext := extOf(base)
	stem := strings.TrimSuffix(base, ext)
	l := []string{"~$" + base}
	r := []rune(stem)
	for n := 1; n <= 2 && n < len(r); n++ {
		l = append(l, "~$"+string(r[n:])+ext)
	}
	if u := utf16.Encode(r); len(u) > len(r) && len(u) > 2 {
		l = append(l, "~$"+lateHalf(u[1:])+ext, "~$"+lateHalf(u[2:])+ext)
	}
	switch ext {
	case ".DWG":
		return append(l, stem+".DWL", stem+".DWL2")
	case ".ACCDB", ".MDB":
		return append(l, stem+".LACCDB", stem+".LDB")
	}
	return append(l, ".~LOCK."+base+"#", "."+base+".SWP", ".#"+base)
}

// lateHalf is text without the half of a character at its beginning.
func lateHalf(u []uint16) string {
	if len(u) > 0 && u[0] >= 0xdc00 && u[0] < 0xe000 {
		u = u[1:]
	}
	return string(utf16.Decode(u))
}
