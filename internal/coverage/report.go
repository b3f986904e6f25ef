package coverage

import "github.com/akashi-audit/akashi/internal/event"

// Report of one server.
type Report struct {
	Server        string        `json:"server"`
	Complete      bool          `json:"complete"` // no id is missing and no loss was reported; filtered and small channels cannot say
	Channels      []Channel     `json:"channels"` // by name
	Notices       []Notice      `json:"notices"`  // in merge order, at most maxList
	NoticeCount   int           `json:"notice_count"`
	Subcategories []Subcategory `json:"subcategories"`
}

// Channel is one channel of the server.
type Channel struct {
	Name        string         `json:"channel"`
	FirstID     uint64         `json:"first_id"`
	LastID      uint64         `json:"last_id"`
	First       event.Filetime `json:"-"` // lowest time
	Last        event.Filetime `json:"-"` // highest time
	FirstTime   string         `json:"first_time"`
	LastTime    string         `json:"last_time"`
	Generations int            `json:"generations"` // lives of the record ids; 2 or more: the log was made anew
	Received    uint64         `json:"received"`
	// Filtered: the file was exported with a filter (see Tracker.Report). Its
	// holes are then no gaps: Missing is 0, Gaps is empty, Absent counts ids.
	Filtered bool `json:"filtered"`
	// TooFew: it has holes, but so few events that a loss cannot be told from a
	// filter. Missing, Gaps and Absent are as for Filtered.
	TooFew       bool      `json:"too_few,omitempty"`
	Absent       uint64    `json:"absent,omitempty"`
	Missing      uint64    `json:"missing"`
	GapCount     int       `json:"gap_count"`
	Gaps         []Gap     `json:"gaps"` // at most maxList
	SilenceCount int       `json:"silence_count"`
	Silences     []Silence `json:"silences"` // at most maxList
}

// Gap is a run of missing record ids. The times are those of the events on
// both sides.
type Gap struct {
	FromID   uint64 `json:"from_id"`
	ToID     uint64 `json:"to_id"`
	Count    uint64 `json:"count"`
	FromTime string `json:"from_time"`
	ToTime   string `json:"to_time"`
}

// Silence is a stretch without events between two busy hours.
type Silence struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Seconds int64  `json:"seconds"`

	from, to event.Filetime
}

// told is s with its words.
func (s Silence) told() Silence {
	s.From, s.To, s.Seconds = s.from.String(), s.to.String(), int64((s.to-min(s.from, s.to))/second)
	return s
}

// Kinds of notices; the text of each is the caller's.
const (
	KindCleared   = "log_cleared"  // 1102, 104
	KindFull      = "log_full"     // 1104: what follows is lost
	KindArchived  = "log_archived" // 1105: another file to collect
	KindDropped   = "events_lost"  // 1101, 1108
	KindBoot      = "boot"         // 4608, 6005, Kernel-General 12; those within 5 minutes are one
	KindDirty     = "dirty_stop"   // 6008, Kernel-Power 41
	KindClock     = "time_changed" // 4616 by 5 s or more
	KindPolicyOff = "audit_off"    // 4719 that removes success or failure
)

// Kinds lists the kinds of notices.
func Kinds() []string {
	return []string{KindCleared, KindFull, KindArchived, KindDropped, KindBoot, KindDirty, KindClock, KindPolicyOff}
}

// Notice is one event that bears on completeness.
type Notice struct {
	Kind     string `json:"kind"`
	Time     string `json:"time"`
	Channel  string `json:"channel"`
	RecordID uint64 `json:"record_id"`
	EventID  uint32 `json:"event_id"`
	User     string `json:"user,omitempty"`
	Detail   string `json:"detail,omitempty"`
	GUID     string `json:"guid,omitempty"` // of the subcategory that a 4719 switched off
}

// States of a subcategory.
const (
	StateOn     = "on"     // an event of it is in the log
	StateOff    = "off"    // 4719 switched it off and nothing came afterwards
	StateUnseen = "unseen" // no event: off, no SACL, or nothing happened

	// StateStopped: events of it came, and stopped while people went on to open
	// files over shares: off, or the SACL is gone.
	StateStopped = "stopped"
)

// Subcategory is one audit subcategory and what the log proves about it.
type Subcategory struct {
	GUID   string `json:"guid"`
	Name   string `json:"name"` // as auditpol names it in English
	State  string `json:"state"`
	Events uint64 `json:"events"`
	Last   string `json:"last,omitempty"`
	Remedy string `json:"remedy,omitempty"`     // command for an administrator; "" when on or better left off
	SACL   bool   `json:"needs_sacl,omitempty"` // the remedy needs a SACL on the folders as well
	// Hours with share accesses since Last, of StateStopped; and stretches like that which ended.
	Hours        int       `json:"hours,omitempty"`
	Silences     []Silence `json:"silences,omitempty"` // at most maxList
	SilenceCount int       `json:"silence_count,omitempty"`

	on, off event.Filetime
}
