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

	// Raw holds the values of KindUnread as long as the event is valid. It is the
	// source's: nil unless a source was asked for them (Fields.Unread).
	Raw []byte
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
	if i := uint(e.Schema.Slot(f)); i < uint(len(e.Values)) { // -1 is above every length
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
// immutable and stay shared). Texts that were not read yet are read.
func (e *Event) Clone() *Event {
	c := *e
	c.Values = slices.Clone(e.Values)
	c.Raw = nil
	for i, v := range c.Values {
		c.Values[i] = e.Read(v)
	}
	return &c
}

// Unread returns the kind and the bytes of a value of e that was not read yet, a
// text without NULs at its end; ok is false for all other values. The bytes are
// valid as long as e is.
func (e *Event) Unread(v Value) (k Kind, raw []byte, ok bool) {
	if v.Kind != KindUnread || e.Raw == nil {
		return 0, nil, false
	}
	k = Kind(v.Num >> 56)
	from, n := v.Num>>32&0xffffff, v.Num&0xffffffff
	if from > uint64(len(e.Raw)) || n > uint64(len(e.Raw))-from {
		return k, nil, true
	}
	return k, e.Raw[from : from+n], true
}

// Read is v with its text, also when it was not read yet.
func (e *Event) Read(v Value) Value {
	k, raw, ok := e.Unread(v)
	if !ok {
		return v
	}
	switch k {
	case KindSID:
		b, _ := AppendSID(nil, raw)
		return Value{Kind: k, Str: string(b)}
	case KindGUID:
		return Value{Kind: k, Str: string(AppendGUID(nil, raw))}
	}
	return String(string(AppendUTF16(nil, raw)))
}

// Unread is the value of a text (KindString), SID or GUID that stands at
// Raw[off:off+n]; off is below 2^24.
func Unread(k Kind, off, n int) Value {
	return Value{Kind: KindUnread, Num: uint64(k)<<56 | uint64(off)<<32 | uint64(n)}
}
