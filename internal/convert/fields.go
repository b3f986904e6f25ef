package convert

import "github.com/akashi-audit/akashi/internal/event"

// neededFields are the payload fields that the rules read of the events that
// make up most of a file server's log, and of their audit failures. Of other
// events all fields are needed.
var neededFields, neededOfFailed = func() (ok, failed map[uint32]*event.Fields) {
	subject := []event.Field{event.SubjectUserSid, event.SubjectUserName, event.SubjectDomainName, event.SubjectLogonId}
	handle := []event.Field{event.ProcessId, event.HandleId}
	object := append(append([]event.Field{event.ObjectType, event.ObjectName, event.AccessMask, event.ProcessName, event.TransactionId}, subject...), handle...)
	share := append([]event.Field{event.IpAddress, event.ShareName, event.ShareLocalPath}, subject...)
	ask := append([]event.Field{event.RelativeTargetName, event.AccessMask}, share...)
	ok = map[uint32]*event.Fields{
		4656: event.FieldsOf(object...).Unread(event.ObjectName),
		4663: event.FieldsOf(object...).Unread(event.ObjectName),
		4658: event.FieldsOf(handle...),
		4660: event.FieldsOf(append(append([]event.Field{event.ProcessName}, subject...), handle...)...),
		4672: event.FieldsOf(subject...),
		4690: event.FieldsOf(event.SourceProcessId, event.SourceHandleId, event.TargetProcessId, event.TargetHandleId),
		5140: event.FieldsOf(share...),
		5145: event.FieldsOf(ask...).Unread(event.RelativeTargetName),
	}
	failed = map[uint32]*event.Fields{
		4656: event.FieldsOf(append(object[:len(object):len(object)], event.AccessReason)...).Unread(event.ObjectName),
		5145: event.FieldsOf(append(ask[:len(ask):len(ask)], event.AccessReason)...).Unread(event.RelativeTargetName),
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
