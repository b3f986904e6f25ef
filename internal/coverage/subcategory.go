package coverage

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// subcategory rows: windows-events.md section 1 and Microsoft's pages of the
// events. Task 0 = any.
var subcategories = [...]struct {
	guid, name string
	task       uint16
	ids        []uint32
	kind       rowKind
}{
	{"0CCE921D", "File System", 12800, []uint32{4656, 4663, 4660, 4659, 4664, 4985}, sacl},
	{"0CCE9223", "Handle Manipulation", 0, []uint32{4658, 4690}, optional},
	{"0CCE9224", "File Share", 0, []uint32{5140, 5142, 5143, 5144, 5168}, plain},
	{"0CCE9244", "Detailed File Share", 0, []uint32{5145}, plain},
	{"0CCE9245", "Removable Storage", 12812, []uint32{4656, 4658, 4663}, plain},
	{"0CCE9215", "Logon", 0, []uint32{4624, 4648}, plain}, // 4625 is Account Lockout as well
	{"0CCE9216", "Logoff", 0, []uint32{4634, 4647}, plain},
	{"0CCE921B", "Special Logon", 0, []uint32{4672}, plain},
	{"0CCE9235", "User Account Management", 0, []uint32{4720, 4722, 4723, 4724, 4725, 4726, 4738, 4740, 4767, 4781}, plain},
	{"0CCE9237", "Security Group Management", 0, []uint32{4727, 4728, 4729, 4730, 4731, 4732, 4733, 4734, 4735, 4737, 4754, 4755, 4756, 4757, 4758}, plain},
	{"0CCE922F", "Audit Policy Change", 0, []uint32{4719, 4907}, plain},
	{"0CCE9231", "Authorization Policy Change", 0, []uint32{4670}, plain},
	{"0CCE9248", "Plug and Play Events", 0, []uint32{6416}, plain},
	{"0CCE923F", "Credential Validation", 0, []uint32{4776}, controller},
	{"0CCE9242", "Kerberos Authentication Service", 0, []uint32{4768, 4771, 4772}, controller},
	{"0CCE9240", "Kerberos Service Ticket Operations", 0, []uint32{4769, 4770, 4773}, controller},
	{"0CCE9236", "Computer Account Management", 0, []uint32{4741, 4742, 4743}, controller},
}

// rowKind says when a row is told and what its remedy needs.
type rowKind uint8

const (
	plain      rowKind = iota
	sacl               // the command alone gives no event: the folders need a SACL
	optional           // Microsoft advises to leave it off
	controller         // of domain controllers; told when the log is one's, or has an event of it
)

// ofController reports whether only a domain controller writes e: Kerberos
// tickets, computer accounts, objects of the directory.
func ofController(e *event.Event) bool {
	if e.Provider != provider {
		return false
	}
	switch e.ID {
	case 4741, 4742, 4743, 4768, 4769, 4770, 4771, 4772, 4773, 5136, 5137, 5138, 5139, 5141:
		return true
	}
	return false
}

const guidTail = "-69AE-11D9-BED3-505054503030}"

const provider = "Microsoft-Windows-Security-Auditing"

// subcategoryOf is the row that e proves to be on, or -1. The task tells a
// file from a registry key (12801), a kernel object (12802) and a removable
// disk (12812); an event without a task must name a File.
func subcategoryOf(e *event.Event) int {
	if e.Provider != provider {
		return -1
	}
	for i := range subcategories {
		s := &subcategories[i]
		for _, id := range s.ids {
			if id != e.ID {
				continue
			}
			switch {
			case s.task == 0 && e.Task == 12812: // 4658 of a removable disk
			case s.task == 0, s.task == e.Task:
				return i
			case e.Task == 0 && s.task == 12800 && e.Get(event.ObjectType).Text() == "File":
				return i
			}
		}
	}
	return -1
}

// switchedOff is the row that the 4719 e takes success or failure away from,
// or -1 for a row that is not in the table, and whether it takes any away. A row
// without success has nothing but refusals left: it counts as off.
func switchedOff(e *event.Event) (row int, off, success bool) {
	change := e.Get(event.AuditPolicyChanges).Text()
	success = strings.Contains(change, "%%8448")
	if !success && !strings.Contains(change, "%%8450") {
		return -1, false, false
	}
	guid := strings.ToUpper(strings.Trim(e.Get(event.SubcategoryGuid).Text(), "{}"))
	for i := range subcategories {
		if strings.HasPrefix(guid, subcategories[i].guid) {
			return i, true, success
		}
	}
	return -1, true, success
}

func remedy(i int) string {
	return `auditpol /set /subcategory:"{` + subcategories[i].guid + guidTail + `" /success:enable /failure:enable`
}
