package coverage

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// subcategory rows: windows-events.md section 1 and Microsoft's pages of the
// events. Task 0 = any. optional: Microsoft advises to leave it off.
var subcategories = [...]struct {
	guid, name string
	task       uint16
	ids        []uint32
	optional   bool
}{
	{"0CCE921D", "File System", 12800, []uint32{4656, 4663, 4660, 4659, 4664, 4985}, false},
	{"0CCE9223", "Handle Manipulation", 0, []uint32{4658, 4690}, true},
	{"0CCE9224", "File Share", 0, []uint32{5140, 5142, 5143, 5144, 5168}, false},
	{"0CCE9244", "Detailed File Share", 0, []uint32{5145}, false},
	{"0CCE9245", "Removable Storage", 12812, []uint32{4656, 4658, 4663}, false},
	{"0CCE9215", "Logon", 0, []uint32{4624, 4648}, false}, // 4625 is Account Lockout as well
	{"0CCE9216", "Logoff", 0, []uint32{4634, 4647}, false},
	{"0CCE921B", "Special Logon", 0, []uint32{4672}, false},
	{"0CCE9235", "User Account Management", 0, []uint32{4720, 4722, 4723, 4724, 4725, 4726, 4738, 4740, 4767, 4781}, false},
	{"0CCE9237", "Security Group Management", 0, []uint32{4727, 4728, 4729, 4730, 4731, 4732, 4733, 4734, 4735, 4737, 4754, 4755, 4756, 4757, 4758}, false},
	{"0CCE922F", "Audit Policy Change", 0, []uint32{4719, 4907}, false},
	{"0CCE9231", "Authorization Policy Change", 0, []uint32{4670}, false},
	{"0CCE9248", "Plug and Play Events", 0, []uint32{6416}, false},
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
// or -1 for a row that is not in the table, and whether it takes any away.
func switchedOff(e *event.Event) (row int, off bool) {
	change := e.Get(event.AuditPolicyChanges).Text()
	if !strings.Contains(change, "%%8448") && !strings.Contains(change, "%%8450") {
		return -1, false
	}
	guid := strings.ToUpper(strings.Trim(e.Get(event.SubcategoryGuid).Text(), "{}"))
	for i := range subcategories {
		if strings.HasPrefix(guid, subcategories[i].guid) {
			return i, true
		}
	}
	return -1, true
}

func remedy(i int) string {
	return `auditpol /set /subcategory:"{` + subcategories[i].guid + guidTail + `" /success:enable /failure:enable`
}
