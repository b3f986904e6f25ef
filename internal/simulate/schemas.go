package simulate

import "github.com/akashi-audit/akashi/internal/event"

const (
	auditProvider = "Microsoft-Windows-Security-Auditing"
	printProvider = "Microsoft-Windows-PrintService"
	noGUID        = "{00000000-0000-0000-0000-000000000000}"
	systemSID     = "S-1-5-18"
	systemLogon   = 0x3e7
)

// form is what does not change between the events of one kind.
type form struct {
	provider string
	id       uint32
	version  uint8
	level    uint8
	opcode   uint8
	task     uint16
	keywords uint64
	channel  string
	schema   *event.Schema
}

const (
	auditOK   = 0x8000000000000000 | event.AuditSuccess
	auditFail = 0x8000000000000000 | event.AuditFailure
	security  = "Security"
	printLog  = "Microsoft-Windows-PrintService/Operational"
	eventData = "EventData"
	printData = "UserData/DocumentPrinted"
)

func audit(id uint32, version uint8, task uint16, names ...string) *form {
	return &form{auditProvider, id, version, 0, 0, task, auditOK, security, event.NewSchema(eventData, names)}
}

func subject(names ...string) []string {
	return append([]string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId"}, names...)
}

// The forms, with the fields of windows-events.md section 3. They are never
// changed.
var (
	form4656 = audit(4656, 1, 12800, subject("ObjectServer", "ObjectType", "ObjectName", "HandleId", "TransactionId", "AccessList", "AccessReason", "AccessMask", "PrivilegeList", "RestrictedSidCount", "ProcessId", "ProcessName", "ResourceAttributes")...)
	form4663 = audit(4663, 1, 12800, subject("ObjectServer", "ObjectType", "ObjectName", "HandleId", "AccessList", "AccessMask", "ProcessId", "ProcessName", "ResourceAttributes")...)
	form4660 = audit(4660, 0, 12800, subject("ObjectServer", "HandleId", "ProcessId", "ProcessName", "TransactionId")...)
	form4658 = audit(4658, 0, 12800, subject("ObjectServer", "HandleId", "ProcessId", "ProcessName")...)
	form4659 = audit(4659, 0, 12800, subject("ObjectServer", "ObjectType", "ObjectName", "HandleId", "TransactionId", "AccessList", "AccessMask", "PrivilegeList", "ProcessId")...)
	form4670 = audit(4670, 0, 13570, subject("ObjectServer", "ObjectType", "ObjectName", "HandleId", "OldSd", "NewSd", "ProcessId", "ProcessName")...)
	form4907 = audit(4907, 0, 13568, subject("ObjectServer", "ObjectType", "ObjectName", "HandleId", "OldSd", "NewSd", "ProcessId", "ProcessName")...)
	form5140 = audit(5140, 1, 12808, subject("ObjectType", "IpAddress", "IpPort", "ShareName", "ShareLocalPath", "AccessMask", "AccessList")...)
	form5145 = audit(5145, 0, 12811, subject("ObjectType", "IpAddress", "IpPort", "ShareName", "ShareLocalPath", "RelativeTargetName", "AccessMask", "AccessList", "AccessReason")...)
	form4624 = audit(4624, 2, 12544, subject("TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId", "LogonType", "LogonProcessName", "AuthenticationPackageName", "WorkstationName", "LogonGuid", "TransmittedServices", "LmPackageName", "KeyLength", "ProcessId", "ProcessName", "IpAddress", "IpPort", "ImpersonationLevel", "RestrictedAdminMode", "TargetOutboundUserName", "TargetOutboundDomainName", "VirtualAccount", "TargetLinkedLogonId", "ElevatedToken")...)
	form4625 = audit(4625, 0, 12544, subject("TargetUserSid", "TargetUserName", "TargetDomainName", "Status", "FailureReason", "SubStatus", "LogonType", "LogonProcessName", "AuthenticationPackageName", "WorkstationName", "TransmittedServices", "LmPackageName", "KeyLength", "ProcessId", "ProcessName", "IpAddress", "IpPort")...)
	form4634 = audit(4634, 0, 12545, "TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId", "LogonType")
	form4647 = audit(4647, 0, 12545, "TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId")
	form4672 = audit(4672, 0, 12548, subject("PrivilegeList")...)

	form307 = &form{printProvider, 307, 0, 4, 11, 26, 0x4000000000000840, printLog, event.NewSchema(printData, []string{"Param1", "Param2", "Param3", "Param4", "Param5", "Param6", "Param7", "Param8"})}
)

func str(s string) event.Value     { return event.String(s) }
func sid(s string) event.Value     { return event.Value{Kind: event.KindSID, Str: s} }
func guid(s string) event.Value    { return event.Value{Kind: event.KindGUID, Str: s} }
func hex32(n uint32) event.Value   { return event.Uint(event.KindHex32, uint64(n)) }
func hex64(n uint64) event.Value   { return event.Uint(event.KindHex64, n) }
func uint32v(n uint32) event.Value { return event.Uint(event.KindUint32, uint64(n)) }
