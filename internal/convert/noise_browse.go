package convert

import (
	"slices"

	"github.com/akashi-audit/akashi/internal/record"
)

// Opening a folder in Explorer reads icons and previews of its files
// (windows-events.md section 8, 6). These reads become part of the list record:
// they are in the burst that follows the list, each shorter than 300 ms.
const (
	burstGap    = sec
	burstLength = 3 * sec
	previewOpen = 300 * milli
	burstFiles  = 5
)

// touch notes that a file of a folder was looked at right after its list. read
// is the act of a read, nil for a look at attributes.
func (c *Converter) touch(s *session, key string, read *act, now tick) {
	dir := c.dir(key)
	d := c.deskIf(s.Logon, dir)
	if d == nil || c.s.Acts.get(d.List) == nil || now-d.ListAt > burstLength || now-d.Burst > burstGap {
		if d = c.lostList(s, dir, now); d == nil {
			return
		}
	}
	list := c.s.Acts.get(d.List)
	if now != d.Burst {
		d.Pause = now - d.Burst
	}
	d.Burst = now
	if len(list.Touched) < burstFiles && !noiseProbe(key) && !slices.Contains(list.Touched, key) {
		list.Touched = append(list.Touched, key)
	}
	if read != nil {
		read.Burst = list.Seq
		read.ListOpen = (list.Open || d.Pause <= previewOpen && explorerLook(list, read)) && now-d.ListAt <= burstGap
		c.due(list, max(list.Due, now+mergeWindow+sec))
	}
}

// lostList makes the list of a folder whose use is lost: the folder was opened
// for it a moment ago, and events are missing since.
func (c *Converter) lostList(s *session, dir string, now tick) *desk {
	if c.s.Gaps == 0 {
		return nil
	}
	h := c.s.Handles.get(s.Listing)
	if h == nil || h.Logon != s.Logon || h.Key != dir || h.Used&readData != 0 || now-h.Open > burstLength || !c.lostSince(h.Open) || c.s.Acts.get(h.Act) != nil {
		return nil
	}
	a := c.actOf(s, h, s.Listing, record.OpList, ruleB2)
	a.Open = true
	c.paths(s.Logon, dir).List = a.Seq
	d := c.desk(s.Logon, dir, now)
	d.List, d.ListAt, d.Burst = a.Seq, h.Open, now
	c.due(a, now+mergeWindow)
	return d
}

// listedSince reports whether the folder of a read was listed again after it: a
// read that comes now is of another burst.
func (c *Converter) listedSince(s *session, a *act) bool {
	d := c.deskIf(s.Logon, dirOf(a.Key))
	return d != nil && d.ListAt > a.Last
}

// explorerLook reports whether two share accesses are Explorer's list of a
// folder and look into one of its files. Share accesses have no handle that
// would still be open; but what follows a list without a pause of 300 ms is no
// person's choice. Tools that list and read ask for other rights, or read files
// of which Explorer shows nothing.
func explorerLook(list, read *act) bool {
	const listing, look = synchro | readAttr | readData, synchro | readCtl | readAttr | 0x8 | readData
	return list.Requested && read.Requested && list.Mask&listing == listing && read.Mask == look && shownInside(read.Key)
}

// shownInside reports files of which Explorer shows the content or an icon of
// their own: pictures, films, music, documents, programs, links.
func shownInside(key string) bool {
	switch extOf(key) {
	case ".JPG", ".JPEG", ".PNG", ".GIF", ".BMP", ".TIF", ".TIFF", ".WEBP", ".HEIC", ".PSD", ".AI", ".EPS", ".DWG",
		".MP4", ".MOV", ".AVI", ".MKV", ".WMV", ".MP3", ".M4A", ".WMA", ".FLAC",
		".PDF", ".VSDX", ".ODT", ".ODS", ".ODP", ".XDW", ".XBD", ".JTD",
		".EXE", ".SCR", ".MSI", ".ICO", ".LNK", ".URL":
		return true
	}
	return officeDocument(key)
}

// preview reports whether a finished read was part of opening its folder.
func (c *Converter) preview(a *act) *act {
	list := c.s.Acts.get(a.Burst)
	if a.Burst == 0 || list == nil || a.Open && c.s.Sees4658 && !c.lostSince(a.First) || a.End-a.Time > previewOpen && a.Count == 1 || a.Count > 1 && a.Last-a.Time > sec {
		return nil
	}
	if a.Requested && !explorerLook(list, a) {
		return nil
	}
	if len(list.Touched) < burstFiles && !a.ListOpen {
		return nil
	}
	return list
}

// longAgo is before every window of every event.
const longAgo tick = -1 << 40

// changed notes that the session changed something in a folder. Explorer lists
// a folder again after that, and before it writes into it: such a list is no
// person's look at the folder (B3).
func (c *Converter) changed(logon uint64, dir string, now tick) {
	d := c.desk(logon, dir, now)
	d.Change = max(d.Change, now)
	if a := c.s.Acts.get(d.List); a != nil && now-a.Last <= addWindow && a.Op == record.OpList {
		a.Refresh = true
	}
}
