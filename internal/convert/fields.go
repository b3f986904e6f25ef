package convert

import "github.com/akashi-audit/akashi/internal/event"

// neededFields are the payload fields that the rules read of the events that
// make up most of a file server's log, and of their audit failures. Of other
// events all fields are needed.
var neededFields, neededOfFailed = func() (ok, failed map[uint32]*event.Fields) {
	left := []event.Field{
		event.SubjectUserSid, event.SubjectUserName, event.SubjectDomainName, event.ObjectType, event.ObjectName, event.TransactionId,
		event.IpAddress, event.ShareName, event.ShareLocalPath, event.RelativeTargetName,
	}
	needed := func(fields ...event.Field) *event.Fields {
		return event.FieldsOf(fields...).Unread(left...)
	}
	subject := []event.Field{event.SubjectUserSid, event.SubjectUserName, event.SubjectDomainName, event.SubjectLogonId}
	handle := []event.Field{event.ProcessId, event.HandleId}
	object := append(append([]event.Field{event.ObjectType, event.ObjectName, event.AccessMask, event.ProcessName, event.TransactionId}, subject...), handle...)
	share := append([]event.Field{event.IpAddress, event.ShareName, event.ShareLocalPath}, subject...)
	ask := append([]event.Field{event.RelativeTargetName, event.AccessMask}, share...)
	ok = map[uint32]*event.Fields{
		4656: needed(object...),
		4663: needed(object...),
		4658: needed(handle...),
		4660: needed(append(append([]event.Field{event.ProcessName}, subject...), handle...)...),
		4672: needed(subject...),
		4690: needed(event.SourceProcessId, event.SourceHandleId, event.TargetProcessId, event.TargetHandleId),
		5140: needed(share...),
		5145: needed(ask...),
	}
	failed = map[uint32]*event.Fields{
		4656: needed(append(object[:len(object):len(object)], event.AccessReason)...),
		5145: needed(append(ask[:len(ask):len(ask)], event.AccessReason)...),
	}
	return ok, failed
}()

// Fields tells which payload fields of an event a Converter reads, nil for all:
// a source that only feeds a Converter need not decode the others.
func Fields(provider string, id uint32, failed bool) *event.Fields {
	switch {
	case provider != "Microsoft-Windows-Security-Auditing":
		return nil
	case failed:
		return neededOfFailed[id]
	}
	return neededFields[id]
}
