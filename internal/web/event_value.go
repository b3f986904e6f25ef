package web

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// eventValue is a value of a raw event, safe to show. Windows pads its lists of
// rights with tabs and line ends: each right gets a line of its own, with the
// name that the message table gives to its number.
func eventValue(name, value string) string {
	switch name {
	case "AccessList", "AccessReason", "PrivilegeList", "AuditPolicyChanges":
	default:
		return record.Visible(value)
	}
	var lines []string
	for _, w := range strings.Fields(value) {
		code, rest, more := strings.Cut(w, ":")
		if right := rightName(code); right != "" {
			code += " " + right
		}
		if more {
			code += ":" + rest
		}
		if strings.HasPrefix(w, "%%1801") || strings.HasPrefix(w, "D:") || strings.HasPrefix(w, "%%1805") {
			if n := len(lines); n > 0 { // the reason belongs to the right before it
				lines[n-1] += " " + code
				continue
			}
		}
		lines = append(lines, code)
	}
	for i := range lines {
		lines[i] = record.Visible(lines[i])
	}
	return strings.Join(lines, "\n")
}

// rightName is the name of an access right or reason by its message number
// (msobjs.dll), "" for others.
func rightName(code string) string {
	switch code {
	case "%%1537":
		return "DELETE"
	case "%%1538":
		return "READ_CONTROL"
	case "%%1539":
		return "WRITE_DAC"
	case "%%1540":
		return "WRITE_OWNER"
	case "%%1541":
		return "SYNCHRONIZE"
	case "%%1542":
		return "ACCESS_SYS_SEC"
	case "%%1801":
		return "granted by"
	case "%%1805":
		return "not granted"
	case "%%4416":
		return "ReadData (or ListDirectory)"
	case "%%4417":
		return "WriteData (or AddFile)"
	case "%%4418":
		return "AppendData (or AddSubdirectory)"
	case "%%4419":
		return "ReadEA"
	case "%%4420":
		return "WriteEA"
	case "%%4421":
		return "Execute/Traverse"
	case "%%4422":
		return "DeleteChild"
	case "%%4423":
		return "ReadAttributes"
	case "%%4424":
		return "WriteAttributes"
	}
	return ""
}
