package simulate

import (
	"strconv"
	"strings"
)

// Access mask bits of a file or folder (windows-events.md section 4).
const (
	maskRead       = 0x1
	maskWrite      = 0x2 // AddFile on a folder
	maskAppend     = 0x4 // AddSubdirectory on a folder
	maskTimes      = 0x100
	maskDelete     = 0x10000
	maskWriteDAC   = 0x40000
	maskWriteOwner = 0x80000

	openRead    = 0x120089
	openWrite   = 0x120196
	openBoth    = 0x12019f
	openTemp    = 0x13019f
	openCopy    = 0x17019f
	openList    = 0x100081
	openStat    = 0x100080
	openShort   = 0x80
	openRename  = 0x110080
	openPurge   = 0x110081 // a folder that is removed
	openKill    = 0x10080
	openDAC     = 0x60080
	openOwner   = 0x1a0080
	openAudit   = 0x1120080
	openAddFile = 0x100002
	openAddDir  = 0x100004
)

// right is one bit of a mask and its message number; the order is that of the
// lists in the events: standard rights first.
type right struct {
	bit uint32
	msg int
}

var rights = [...]right{
	{0x10000, 1537}, {0x20000, 1538}, {0x40000, 1539}, {0x80000, 1540}, {0x100000, 1541}, {0x1000000, 1542}, {0x2000000, 1543},
	{0x1, 4416}, {0x2, 4417}, {0x4, 4418}, {0x8, 4419}, {0x10, 4420}, {0x20, 4421}, {0x40, 4422}, {0x80, 4423}, {0x100, 4424},
}

const listEnd = "\r\n\t\t\t\t"

// accessList is the AccessList of a mask.
func accessList(mask uint32) string {
	var b strings.Builder
	for _, r := range rights {
		if mask&r.bit != 0 {
			b.WriteString("%%" + strconv.Itoa(r.msg) + listEnd)
		}
	}
	return b.String()
}

// accessReason is the AccessReason of a mask: granted rights name the ACE,
// refused ones carry 1805 (not granted).
func accessReason(mask, refused uint32, ace string) string {
	var b strings.Builder
	for _, r := range rights {
		switch {
		case mask&r.bit == 0:
		case refused&r.bit != 0:
			b.WriteString("%%" + strconv.Itoa(r.msg) + ":\t%%1805" + listEnd)
		default:
			b.WriteString("%%" + strconv.Itoa(r.msg) + ":\t%%1801\t" + ace + listEnd)
		}
	}
	return b.String()
}

// Access control entries that the reasons quote.
const (
	aceShare    = "D:(A;;FA;;;WD)"
	aceShareLow = "D:(A;;0x1200a9;;;WD)"
	aceFolder   = "D:(A;OICIID;0x1301bf;;;DU)"
	aceReadOnly = "D:(A;OICIID;0x1200a9;;;DU)"
)

type listKey struct {
	mask, refused uint32
	ace           string
}

// listCache keeps the few lists that occur; it serves one goroutine.
type listCache struct {
	lists   map[uint32]string
	reasons map[listKey]string
}

func (c *listCache) list(mask uint32) string {
	s, ok := c.lists[mask]
	if !ok {
		s = accessList(mask)
		c.lists[mask] = s
	}
	return s
}

func (c *listCache) reason(mask, refused uint32, ace string) string {
	k := listKey{mask, refused, ace}
	s, ok := c.reasons[k]
	if !ok {
		s = accessReason(mask, refused, ace)
		c.reasons[k] = s
	}
	return s
}
