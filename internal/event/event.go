package event

import "slices"

// SimulationActivity is the ActivityID that every simulated event carries: the
// GUID whose 16 bytes read "akashisimulation". It survives export, splitting
// and mixing of logs, so a production folder can refuse them.
const SimulationActivity = "{73616B61-6968-6973-6D75-6C6174696F6E}"

// Event is one raw event.
type Event struct {
	Provider   string   // System/Provider Name, as written
	ID         uint32   // System/EventID
	Version    uint8    // System/Version
	Level      uint8    // System/Level
	Opcode     uint8    // System/Opcode
	Task       uint16   // System/Task
	Qualifiers uint16   // System/EventID Qualifiers (classic events)
	Keywords   uint64   // System/Keywords
	Time       Filetime // System/TimeCreated
	RecordID   uint64   // System/EventRecordID: the key, per channel; never the file's record header
	PID, TID   uint32   // System/Execution: the writer of the event, not the actor
	Generation uint32   // life of the channel's record ids, set by collect; 0 until then
	Channel    string
	Computer   string
	ActivityID string // System/Correlation ActivityID "{…}" or ""
	RelatedID  string // System/Correlation RelatedActivityID or ""
	UserID     string // System/Security UserID (SID text) or ""

	Schema *Schema // names of Values
	Values []Value
}

// Keyword bits of System/Keywords (windows-events.md section 2).
const (
	AuditFailure uint64 = 0x0010000000000000
	AuditSuccess uint64 = 0x0020000000000000
)

// Failed reports whether the event is an audit failure.
func (e *Event) Failed() bool { return e.Keywords&AuditFailure != 0 }

// Simulated reports whether the event was made by simulate.
func (e *Event) Simulated() bool { return e.ActivityID == SimulationActivity }

// Get returns the value of a known field, or the null Value when the event has
// no such field. It costs one table look-up.
func (e *Event) Get(f Field) Value {
	if i := e.Schema.Slot(f); i >= 0 && i < len(e.Values) {
		return e.Values[i]
	}
	return Value{}
}

// Lookup returns the value of the first field called name.
func (e *Event) Lookup(name string) (Value, bool) {
	for i, n := range e.Schema.Names {
		if n == name && i < len(e.Values) {
			return e.Values[i], true
		}
	}
	return Value{}, false
}

// Clone returns a copy that shares no slice with e (strings and the schema are
// immutable and stay shared).
func (e *Event) Clone() *Event {
	c := *e
	c.Values = slices.Clone(e.Values)
	return &c
}
