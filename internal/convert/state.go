package convert

import (
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// tick is a time in 100 ns steps since 1601, signed so that it can be
// subtracted.
type tick = int64

const (
	milli tick = 10_000
	sec   tick = 1000 * milli
)

// state is everything a converter knows. It is checkpointed field by field by
// reflection (checkpoint.go): its fields are exported for that reason only, hold
// no shared pointers, and refer to acts by sequence number. A field that is not
// exported is derived and may be empty at any time. Tables, facts and lanes
// write themselves (table_checkpoint.go).
type state struct {
	Now      tick
	Seq      uint64
	Sees4658 bool   // the log has handle closings
	LastID   uint64 // last record id of the Security channel
	LastGen  uint32
	Gaps     uint32 // holes seen in its record ids
	GapAt    tick   // when the last one ended
	Backs    uint32 // how often the clock was set back
	Boots    uint32
	Crowded  uint32 // events at which a table was nearly as full as it may be
	Loose    bool   // events came whose record ids are not followed
	Sessions table[session]
	Handles  handles
	Orphans  map[handleKey]*orphan
	Acts     acts
	Paths    nameTable[pending]
	Desks    nameTable[desk]
	Walks    map[personKey]*walk
	Facts    facts
	Shares   map[string]share
	Volumes  map[string]string   // \Device\HarddiskVolumeN, folded → D:
	Domains  map[string]string   // SID of the domain → NetBIOS name
	Jobs     map[uint64]uint64   // print job → act
	Channels map[string]*channel // record ids seen, by channel
	Unused   map[unusedKey]uint64
	Timers   timers
	Out      []record.Record

	Power     [numPower]powerSign
	Clock     clockSet                   // newest change of the clock
	Away      clockAway                  // by how much people set it away
	Plugs     map[string]uint64          // serial of a device that came (+) or went (-) → act
	Lifetimes map[string]string          // of driver framework devices → instance id
	Viruses   map[string]uint64          // threat and path → act
	Edits     map[pathKey]*edit          // by the owner file
	Screens   []uint64                   // newest acts of interactive sessions
	Terminals map[string]string          // number of a terminal session → user
	Refused   []uint64                   // newest acts of refused logons
	Denials   map[string]tick            // user and share the Security log told a refusal of
	Accounts  map[string]string          // SID → account, from account events
	Outcomes  map[string]outcome         // of transactions
	Parked    map[string][]record.Record // records that wait for the outcome of their transaction
	NumParked int
}

// handleKey names an open handle. It has no logon id: 4658 and 4660 may come
// under another token (windows-events.md section 5).
type handleKey struct{ PID, Handle uint64 }

// pathKey is what one session does to one path (folded).
type pathKey struct {
	Logon uint64
	Key   string
}

// source is where ids of raw events count.
type source struct {
	Channel    string
	Generation uint32
	Simulated  bool
}

func sourceOf(e *event.Event) source {
	return source{e.Channel, e.Generation, e.Simulated()}
}

// same reports whether ids of both may stand in one list.
func (s source) same(o source) bool { return s.Channel == o.Channel && s.Generation == o.Generation }

// session is one logon id of the current boot.
type session struct {
	sid        rawText // SID as the log has it; derived, as is the rest up to ip
	at         rawText // the newest address
	rawIP, ip  string  // its text, and the address
	newest     string  // the last of IPs
	Logon      uint64
	User, SID  string
	Named      bool // User has the domain's NetBIOS name
	LogonIP    string
	Client     string // workstation name
	Type       int32  // logon type, -1 unknown
	Linked     uint64
	Started    tick // time of the 4624, 0 unknown
	Last       tick
	Ended      bool
	Background bool
	IPs        []ipAt
	account    account  // newest name of an act; derived
	Renames    []uint64 // acts that wait for the name of their target
	Adds       []dirAdd
	Reads      []uint64  // recent file reads, newest last, for copies
	few        [6]uint64 // where Reads begins; derived
	Fresh      []uint64  // recent lists of folders unknown until then
	Listing    handleKey // newest open of a folder for listing
	Pending    int32     // acts in the making
	Edits      int32     // owner files that stand
	LogonAct   uint64
	LogoffAct  uint64
	Share      asked // newest 5145, for learning volumes and names
}

type ipAt struct {
	At tick
	IP string
}

// dirAdd is a use of AddFile (0x2) or AddSubdirectory (0x4) on a folder that no
// rule has taken yet.
type dirAdd struct {
	At   tick
	Key  string // folder
	Path string
	Mask uint32
	IDs  []uint64
}

// handle is one open object.
type handle struct {
	Logon      uint64
	Path, Key  string
	tag        tag // of Key; derived
	Asked      uint32
	Used       uint32
	Open, Last tick
	Gap        uint32 // state.Gaps when an event last named the object
	Known      bool   // the path had been seen before this open
	Probed     bool   // an existence probe came just before
	Dir        bool
	Snapshot   bool
	Stream     bool
	Mark       bool // a stream that programs write by themselves
	Removable  bool
	Txn        string // id of its transaction
	Act        uint64
	IDs        []uint64  // events that no act has taken yet
	few        [4]uint64 // where IDs begins; derived
	Src        source
	IP         string
	PID        uint64
	Process    string
	User, SID  string
}

// orphan is a 4660 whose handle is not known (yet).
type orphan struct {
	At        tick
	ID        uint64
	Src       source
	Logon     uint64
	User, SID string
	PID       uint64
	Process   string
}

// hint is one successful 5145: access to a path was asked for.
type hint struct {
	At        tick
	ID        uint64
	Mask      uint32
	IP        string
	Path, Key string
	Src       source
	User, SID string
	Root      bool
}

// asked is what a session asked for over a share.
type asked struct {
	At        tick
	Mask      uint32
	IP        string
	Path, Key string
}

// pending is what one session has under way on one path: numbers of acts, 0 for
// none.
type pending struct {
	Hints                                               []hint
	Read, Write, Delete, Denied, Copy, Perm, Attr, List uint64
	Handles                                             int32
}

func (p *pending) empty() bool {
	return len(p.Hints) == 0 && p.Read|p.Write|p.Delete|p.Denied|p.Copy|p.Perm|p.Attr|p.List == 0
}

// desk is what one session has under way in one folder.
type desk struct {
	List   uint64   // newest list act
	ListAt tick     // its newest time
	Burst  tick     // newest touch of a file after the list
	Pause  tick     // between that and what came before it
	Change tick     // newest time at which the session changed a name or file in it
	Moved  []uint64 // renames of files away from their name
	Saved  uint64   // newest save by temporary file
	SaveAt tick
	Temp   uint64 // newest write of a temporary file
	Until  tick
}

// share is one share, by its name folded.
type share struct {
	UNC   string
	Local string // local folder, without trailing backslash
	Key   string
}

// act is a record in the making.
type act struct {
	Seq        uint64
	Op         record.Op
	Result     record.Result
	Object     record.Object
	Rule       ruleID
	Certain    bool
	Class      record.Class // 0 = decided by noise rules
	Logon      uint64
	User, SID  string
	IP, Client string
	Src        source
	IDs        []uint64
	few        [6]uint64 // where IDs begins; derived
	Time       tick      // proof
	First, End tick
	Last       tick // newest event, for merging
	Count      uint32
	Path, Key  string
	tag        tag // of Path and Key; derived. Who changes them clears it
	NewPath    string
	NewDir     string // folder of the target, exact
	PID        uint64
	Process    string
	Detail     []record.Pair
	Due, Timer tick
	Open       bool // its handle is open
	Known      bool
	Refresh    bool // list: around a change in the folder
	Probed     bool // asked whether it exists first
	Requested  bool // only a 5145 says so
	Held       bool // it waits longer than its window: a list for repeats, a read for the save; settling it again is final
	Burst      uint64
	ListOpen   bool
	Touched    []string
	Lost       bool   // events are missing between what was done and the closing of the handle
	Doubt      string // why it is not certain although its rule may be: a value of the detail "uncertain"
	Target     bool   // rename: the folder of the target is known
	Mask       uint32 // rights used or denied
	Handle     handleKey
	Snapshot   bool
	Txn        string // id of its transaction
	Event      uint32 // id of the event that made it, where a rule asks
}

// timer asks to look at something at a time.
type timer struct {
	Due   tick
	Order uint64
	Seq   uint64 // act, logon id, or process id of a handle
	Num   uint64 // value of a handle; else the hash of Key, which is derived
	Key   string
	Kind  timerKind
}

// forHandle reports kinds of timers about a handle.
func (k timerKind) forHandle() bool { return k == timeHandle || k == timeOrphan }

func (t *timer) handle() handleKey { return handleKey{t.Seq, t.Num} }

type timerKind uint8

const (
	timeAct timerKind = iota
	timeHint
	timeDesk
	timeHandle
	timeSession
	timeOrphan
	timeEdit
	timeTxn
)

func newState() *state {
	s := &state{
		Orphans:  map[handleKey]*orphan{},
		Walks:    map[personKey]*walk{},
		Unused:   map[unusedKey]uint64{},
		Edits:    map[pathKey]*edit{},
		Shares:   map[string]share{},
		Volumes:  map[string]string{},
		Domains:  map[string]string{},
		Jobs:     map[uint64]uint64{},
		Channels: map[string]*channel{},

		Plugs:     map[string]uint64{},
		Lifetimes: map[string]string{},
		Viruses:   map[string]uint64{},
		Terminals: map[string]string{},
		Denials:   map[string]tick{},
		Accounts:  map[string]string{},
		Outcomes:  map[string]outcome{},
		Parked:    map[string][]record.Record{},
	}
	s.Timers.restored()
	return s
}
