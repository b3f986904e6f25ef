package event

// Field is a payload field that a rule reads by name. The numbers are internal:
// they are never stored.
type Field uint8

// The fields that rules read. Each constant stands for the Data name of the
// same spelling unless its comment names another.
const (
	SubjectUserSid Field = iota
	SubjectUserName
	SubjectDomainName
	SubjectLogonId
	ObjectServer
	ObjectType
	ObjectName
	HandleId
	TransactionId
	AccessList
	AccessReason
	AccessMask
	PrivilegeList
	RestrictedSidCount
	ProcessId
	ProcessName
	ResourceAttributes
	OldSd
	NewSd
	SourceHandleId
	SourceProcessId
	TargetHandleId
	TargetProcessId
	FileName
	LinkName
	NewState
	ResourceManager
	IpAddress
	IpPort
	ShareName
	ShareLocalPath
	RelativeTargetName
	TargetUserSid
	TargetUserName
	TargetDomainName
	TargetLogonId
	TargetLinkedLogonId
	TargetServerName
	LogonType
	LogonProcessName
	AuthenticationPackageName
	WorkstationName
	Workstation
	Status
	SubStatus
	FailureReason
	TargetSid
	ElevatedToken
	ServiceName
	PreAuthType
	PackageName
	AccountName
	AccountDomain
	RDPLogonID // LogonID
	SessionName
	ClientName
	ClientAddress
	CategoryId
	SubcategoryId
	SubcategoryGuid
	AuditPolicyChanges
	PreviousTime
	NewTime
	PreviousDate
	NewDate
	MemberName
	MemberSid
	SamAccountName
	NewTargetUserName
	OldTargetUserName
	DeviceId
	DeviceDescription
	ClassId
	ClassName
	VendorIds
	LocationInformation
	ClearedChannel // Channel
	BackupPath
	LossReason // Reason
	ErrorCode
	ReportedEventID // EventID
	PublisherName
	Param1
	Param2
	Param3
	Param4
	Param5
	Param6
	Param7
	Param8
	PrintJobID     // JobId
	PrintCopies    // Copies
	PrintColor     // Color
	SessionUser    // User
	RDPSessionID   // SessionID
	SessionAddress // Address
	OldShareSD     // OldSD
	NewShareSD     // NewSD
	OldRemark
	NewRemark
	SpnName
	StartTime
	StopTime
	BugcheckCode
	ClassicParam1 // param1
	ClassicParam2 // param2
	ClassicParam3 // param3
	ClassicParam4 // param4
	ClassicParam5 // param5
	ClassicParam6 // param6
	ClassicParam7 // param7
	numFields
)

// fieldNames spells each Field as it stands in the event.
var fieldNames = [numFields]string{
	SubjectUserSid:            "SubjectUserSid",
	SubjectUserName:           "SubjectUserName",
	SubjectDomainName:         "SubjectDomainName",
	SubjectLogonId:            "SubjectLogonId",
	ObjectServer:              "ObjectServer",
	ObjectType:                "ObjectType",
	ObjectName:                "ObjectName",
	HandleId:                  "HandleId",
	TransactionId:             "TransactionId",
	AccessList:                "AccessList",
	AccessReason:              "AccessReason",
	AccessMask:                "AccessMask",
	PrivilegeList:             "PrivilegeList",
	RestrictedSidCount:        "RestrictedSidCount",
	ProcessId:                 "ProcessId",
	ProcessName:               "ProcessName",
	ResourceAttributes:        "ResourceAttributes",
	OldSd:                     "OldSd",
	NewSd:                     "NewSd",
	SourceHandleId:            "SourceHandleId",
	SourceProcessId:           "SourceProcessId",
	TargetHandleId:            "TargetHandleId",
	TargetProcessId:           "TargetProcessId",
	FileName:                  "FileName",
	LinkName:                  "LinkName",
	NewState:                  "NewState",
	ResourceManager:           "ResourceManager",
	IpAddress:                 "IpAddress",
	IpPort:                    "IpPort",
	ShareName:                 "ShareName",
	ShareLocalPath:            "ShareLocalPath",
	RelativeTargetName:        "RelativeTargetName",
	TargetUserSid:             "TargetUserSid",
	TargetUserName:            "TargetUserName",
	TargetDomainName:          "TargetDomainName",
	TargetLogonId:             "TargetLogonId",
	TargetLinkedLogonId:       "TargetLinkedLogonId",
	TargetServerName:          "TargetServerName",
	LogonType:                 "LogonType",
	LogonProcessName:          "LogonProcessName",
	AuthenticationPackageName: "AuthenticationPackageName",
	WorkstationName:           "WorkstationName",
	Workstation:               "Workstation",
	Status:                    "Status",
	SubStatus:                 "SubStatus",
	FailureReason:             "FailureReason",
	TargetSid:                 "TargetSid",
	ElevatedToken:             "ElevatedToken",
	ServiceName:               "ServiceName",
	PreAuthType:               "PreAuthType",
	PackageName:               "PackageName",
	AccountName:               "AccountName",
	AccountDomain:             "AccountDomain",
	RDPLogonID:                "LogonID",
	SessionName:               "SessionName",
	ClientName:                "ClientName",
	ClientAddress:             "ClientAddress",
	CategoryId:                "CategoryId",
	SubcategoryId:             "SubcategoryId",
	SubcategoryGuid:           "SubcategoryGuid",
	AuditPolicyChanges:        "AuditPolicyChanges",
	PreviousTime:              "PreviousTime",
	NewTime:                   "NewTime",
	PreviousDate:              "PreviousDate",
	NewDate:                   "NewDate",
	MemberName:                "MemberName",
	MemberSid:                 "MemberSid",
	SamAccountName:            "SamAccountName",
	NewTargetUserName:         "NewTargetUserName",
	OldTargetUserName:         "OldTargetUserName",
	DeviceId:                  "DeviceId",
	DeviceDescription:         "DeviceDescription",
	ClassId:                   "ClassId",
	ClassName:                 "ClassName",
	VendorIds:                 "VendorIds",
	LocationInformation:       "LocationInformation",
	ClearedChannel:            "Channel",
	BackupPath:                "BackupPath",
	LossReason:                "Reason",
	ErrorCode:                 "ErrorCode",
	ReportedEventID:           "EventID",
	PublisherName:             "PublisherName",
	Param1:                    "Param1",
	Param2:                    "Param2",
	Param3:                    "Param3",
	Param4:                    "Param4",
	Param5:                    "Param5",
	Param6:                    "Param6",
	Param7:                    "Param7",
	Param8:                    "Param8",
	PrintJobID:                "JobId",
	PrintCopies:               "Copies",
	PrintColor:                "Color",
	SessionUser:               "User",
	RDPSessionID:              "SessionID",
	SessionAddress:            "Address",
	OldShareSD:                "OldSD",
	NewShareSD:                "NewSD",
	OldRemark:                 "OldRemark",
	NewRemark:                 "NewRemark",
	SpnName:                   "SpnName",
	StartTime:                 "StartTime",
	StopTime:                  "StopTime",
	BugcheckCode:              "BugcheckCode",
	ClassicParam1:             "param1",
	ClassicParam2:             "param2",
	ClassicParam3:             "param3",
	ClassicParam4:             "param4",
	ClassicParam5:             "param5",
	ClassicParam6:             "param6",
	ClassicParam7:             "param7",
}

// String is the field's Data name.
func (f Field) String() string {
	if int(f) < len(fieldNames) {
		return fieldNames[f]
	}
	return "?"
}

// FieldByName finds the Field that a rule reads under this Data name.
func FieldByName(name string) (Field, bool) {
	for f, n := range fieldNames {
		if n == name {
			return Field(f), true
		}
	}
	return 0, false
}
