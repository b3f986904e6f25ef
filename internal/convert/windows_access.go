package convert

import "strings"

// Access rights of files and folders (windows-events.md section 4).
const (
	readData   uint32 = 0x1 // ListDirectory
	writeData  uint32 = 0x2 // AddFile
	appendData uint32 = 0x4 // AddSubdirectory
	writeEA    uint32 = 0x10
	execute    uint32 = 0x20 // Traverse
	delChild   uint32 = 0x40
	readAttr   uint32 = 0x80
	writeAttr  uint32 = 0x100
	delete_    uint32 = 0x10000
	readCtl    uint32 = 0x20000
	writeDAC   uint32 = 0x40000
	writeOwner uint32 = 0x80000
	synchro    uint32 = 0x100000
	sysSec     uint32 = 0x1000000
	maxAllowed uint32 = 0x2000000

	writing = writeData | appendData
	meta    = writeEA | writeAttr
)

// mapGeneric replaces generic rights by what they stand for on a file.
func mapGeneric(m uint32) uint32 {
	if m&(0xf0000000|maxAllowed) == 0 {
		return m
	}
	for _, g := range [...]struct{ bit, rights uint32 }{
		{0x10000000, 0x1f01ff}, {0x20000000, 0x1200a0}, {0x40000000, 0x120116}, {0x80000000, 0x120089},
	} {
		if m&g.bit != 0 {
			m = m&^g.bit | g.rights
		}
	}
	if m&maxAllowed != 0 {
		m = m&^maxAllowed | readData
	}
	return m
}

// folderMask reports masks that are asked for on folders only: listing, adding
// a child, deleting a folder.
func folderMask(m uint32) bool {
	switch m {
	case 0x100081, 0x100001, 0x100020, 0x1000a1, 0x110081, 0x100021, 0x100002, 0x100004, 0x100006:
		return true
	}
	return false
}

// deniedRights reads an AccessReason ("%%4416:\t%%1805\r\n…"): the rights that
// were not granted, 0 when it does not say (section 4).
func deniedRights(reason string) uint32 {
	var denied, right uint32
	for {
		n := strings.Index(reason, "%%")
		if n < 0 {
			return denied
		}
		reason = reason[n+2:]
		code := 0
		for len(reason) > 0 && '0' <= reason[0] && reason[0] <= '9' && code < 1<<20 {
			code = code*10 + int(reason[0]-'0')
			reason = reason[1:]
		}
		if strings.HasPrefix(reason, ":") {
			right = rightOf(code)
			continue
		}
		switch code {
		case 1802, 1803, 1805, 1807, 1810, 1812, 1814, 1816:
			denied |= right
		}
		right = 0
	}
}

// rightOf maps a message number of a right to its bit.
func rightOf(code int) uint32 {
	switch {
	case code >= 4416 && code <= 4424:
		return 1 << (code - 4416)
	case code >= 1537 && code <= 1541:
		return 0x10000 << (code - 1537)
	case code == 1542:
		return sysSec
	}
	return 0
}

// rightNames are the words of the rights in a record's detail.
var rightNames = [...]struct {
	bit  uint32
	name string
}{
	{readData, "read_data"}, {writeData, "write_data"}, {appendData, "append_data"}, {0x8, "read_ea"}, {writeEA, "write_ea"},
	{execute, "execute"}, {delChild, "delete_child"}, {readAttr, "read_attributes"}, {writeAttr, "write_attributes"},
	{delete_, "delete"}, {readCtl, "read_control"}, {writeDAC, "write_dac"}, {writeOwner, "write_owner"}, {sysSec, "access_system_security"},
}

func rightsText(m uint32) string {
	var l []string
	for _, r := range rightNames {
		if m&r.bit != 0 {
			l = append(l, r.name)
		}
	}
	return strings.Join(l, " ")
}
