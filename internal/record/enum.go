package record

import "fmt"

// Op is what was done. The numbers are stored: append only.
type Op uint8

// Values of Op; the JSON text of each is in the table below.
const (
	OpRead               Op = 1
	OpWrite              Op = 2
	OpCreate             Op = 3
	OpDelete             Op = 4
	OpRename             Op = 5
	OpMove               Op = 6
	OpCopy               Op = 7
	OpLink               Op = 8
	OpList               Op = 9
	OpExecute            Op = 10
	OpSetAttributes      Op = 11
	OpSetPermissions     Op = 12
	OpSetOwner           Op = 13
	OpSetAudit           Op = 14
	OpPrint              Op = 15
	OpLogon              Op = 16
	OpLogoff             Op = 17
	OpLogonFailed        Op = 18
	OpShareChanged       Op = 19
	OpDeviceConnected    Op = 20
	OpDeviceRemoved      Op = 21
	OpAccountChanged     Op = 22
	OpGroupChanged       Op = 23
	OpAuditPolicyChanged Op = 24
	OpTimeChanged        Op = 25
	OpLogCleared         Op = 26
	OpRecordsLost        Op = 27
	OpBoot               Op = 28
	OpShutdown           Op = 29
	OpVirusFound         Op = 30
	OpPower              Op = 31
)

var opText = [...]string{
	OpRead:               "read",
	OpWrite:              "write",
	OpCreate:             "create",
	OpDelete:             "delete",
	OpRename:             "rename",
	OpMove:               "move",
	OpCopy:               "copy",
	OpLink:               "link",
	OpList:               "list",
	OpExecute:            "execute",
	OpSetAttributes:      "set_attributes",
	OpSetPermissions:     "set_permissions",
	OpSetOwner:           "set_owner",
	OpSetAudit:           "set_audit",
	OpPrint:              "print",
	OpLogon:              "logon",
	OpLogoff:             "logoff",
	OpLogonFailed:        "logon_failed",
	OpShareChanged:       "share_changed",
	OpDeviceConnected:    "device_connected",
	OpDeviceRemoved:      "device_removed",
	OpAccountChanged:     "account_changed",
	OpGroupChanged:       "group_changed",
	OpAuditPolicyChanged: "audit_policy_changed",
	OpTimeChanged:        "time_changed",
	OpLogCleared:         "log_cleared",
	OpRecordsLost:        "records_lost",
	OpBoot:               "boot",
	OpShutdown:           "shutdown",
	OpVirusFound:         "virus_found",
	OpPower:              "power",
}

// String is the value's text in JSON, CSV and the API.
func (o Op) String() string { return enumText(opText[:], uint8(o)) }

// MarshalText implements encoding.TextMarshaler.
func (o Op) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *Op) UnmarshalText(b []byte) error {
	n, err := parseEnum(opText[:], "op", string(b))
	*o = Op(n)
	return err
}

// ParseOp is the inverse of String.
func ParseOp(s string) (Op, error) {
	n, err := parseEnum(opText[:], "op", s)
	return Op(n), err
}

// Ops lists all values in stored order.
func Ops() []Op {
	l := make([]Op, 0, len(opText)-1)
	for i := 1; i < len(opText); i++ {
		l = append(l, Op(i))
	}
	return l
}

// Result says how it ended. The numbers are stored: append only.
type Result uint8

// Values of Result; the JSON text of each is in the table below.
const (
	Success Result = 1
	Denied  Result = 2
	Failure Result = 3
)

var resultText = [...]string{
	Success: "success",
	Denied:  "denied",
	Failure: "failure",
}

// String is the value's text in JSON, CSV and the API.
func (r Result) String() string { return enumText(resultText[:], uint8(r)) }

// MarshalText implements encoding.TextMarshaler.
func (r Result) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Result) UnmarshalText(b []byte) error {
	n, err := parseEnum(resultText[:], "result", string(b))
	*r = Result(n)
	return err
}

// ParseResult is the inverse of String.
func ParseResult(s string) (Result, error) {
	n, err := parseEnum(resultText[:], "result", s)
	return Result(n), err
}

// Results lists all values in stored order.
func Results() []Result {
	l := make([]Result, 0, len(resultText)-1)
	for i := 1; i < len(resultText); i++ {
		l = append(l, Result(i))
	}
	return l
}

// Object is the kind of thing it was done to. The numbers are stored: append only.
type Object uint8

// Values of Object; the JSON text of each is in the table below.
const (
	ObjectFile      Object = 1
	ObjectDirectory Object = 2
	ObjectShare     Object = 3
	ObjectPrinter   Object = 4
	ObjectSession   Object = 5
	ObjectDevice    Object = 6
	ObjectAccount   Object = 7
	ObjectPolicy    Object = 8
	ObjectSystem    Object = 9
)

var objectText = [...]string{
	ObjectFile:      "file",
	ObjectDirectory: "directory",
	ObjectShare:     "share",
	ObjectPrinter:   "printer",
	ObjectSession:   "session",
	ObjectDevice:    "device",
	ObjectAccount:   "account",
	ObjectPolicy:    "policy",
	ObjectSystem:    "system",
}

// String is the value's text in JSON, CSV and the API.
func (o Object) String() string { return enumText(objectText[:], uint8(o)) }

// MarshalText implements encoding.TextMarshaler.
func (o Object) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *Object) UnmarshalText(b []byte) error {
	n, err := parseEnum(objectText[:], "object", string(b))
	*o = Object(n)
	return err
}

// ParseObject is the inverse of String.
func ParseObject(s string) (Object, error) {
	n, err := parseEnum(objectText[:], "object", s)
	return Object(n), err
}

// Objects lists all values in stored order.
func Objects() []Object {
	l := make([]Object, 0, len(objectText)-1)
	for i := 1; i < len(objectText); i++ {
		l = append(l, Object(i))
	}
	return l
}

// Confidence tells what the log says (certain) from what a rule concluded (inferred). The numbers are stored: append only.
type Confidence uint8

// Values of Confidence; the JSON text of each is in the table below.
const (
	Certain  Confidence = 1
	Inferred Confidence = 2
)

var confidenceText = [...]string{
	Certain:  "certain",
	Inferred: "inferred",
}

// String is the value's text in JSON, CSV and the API.
func (c Confidence) String() string { return enumText(confidenceText[:], uint8(c)) }

// MarshalText implements encoding.TextMarshaler.
func (c Confidence) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Confidence) UnmarshalText(b []byte) error {
	n, err := parseEnum(confidenceText[:], "confidence", string(b))
	*c = Confidence(n)
	return err
}

// ParseConfidence is the inverse of String.
func ParseConfidence(s string) (Confidence, error) {
	n, err := parseEnum(confidenceText[:], "confidence", s)
	return Confidence(n), err
}

// Confidences lists all values in stored order.
func Confidences() []Confidence {
	l := make([]Confidence, 0, len(confidenceText)-1)
	for i := 1; i < len(confidenceText); i++ {
		l = append(l, Confidence(i))
	}
	return l
}

// Class sorts records: a person's act, background activity (kept, hidden by default) or a statement about the system. The numbers are stored: append only.
type Class uint8

// Values of Class; the JSON text of each is in the table below.
const (
	ClassUser       Class = 1
	ClassBackground Class = 2
	ClassSystem     Class = 3
)

var classText = [...]string{
	ClassUser:       "user",
	ClassBackground: "background",
	ClassSystem:     "system",
}

// String is the value's text in JSON, CSV and the API.
func (c Class) String() string { return enumText(classText[:], uint8(c)) }

// MarshalText implements encoding.TextMarshaler.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Class) UnmarshalText(b []byte) error {
	n, err := parseEnum(classText[:], "class", string(b))
	*c = Class(n)
	return err
}

// ParseClass is the inverse of String.
func ParseClass(s string) (Class, error) {
	n, err := parseEnum(classText[:], "class", s)
	return Class(n), err
}

// Classes lists all values in stored order.
func Classes() []Class {
	l := make([]Class, 0, len(classText)-1)
	for i := 1; i < len(classText); i++ {
		l = append(l, Class(i))
	}
	return l
}

func enumText(table []string, n uint8) string {
	if int(n) < len(table) {
		return table[n]
	}
	return fmt.Sprintf("%d", n)
}

func parseEnum(table []string, kind, s string) (uint8, error) {
	for i, t := range table {
		if t == s && (i > 0 || s == "") {
			return uint8(i), nil
		}
	}
	return 0, fmt.Errorf("unknown %s %q", kind, s)
}
