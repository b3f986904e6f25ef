package web

import (
	"context"
	"slices"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// Health tells what the data folder knows of itself. It MUST answer at once, from
// memory: what takes longer it finds out in the background and tells later. What
// it tells of servers is told of all; the pages leave out those that the visitor
// may not see.
type Health interface {
	Seal(ctx context.Context) (*Seal, error)
	// Storage is nil until it is known.
	Storage(ctx context.Context) (*Storage, error)
	// Coverage of a server is nil until it is known.
	Coverage(ctx context.Context, server string) (*Coverage, error)
}

// Signs of the seal; used nowhere but for it.
const (
	SealFilled = "filled" // what was received is below a signed checkpoint
	SealOpen   = "open"   // something that was received is not sealed yet
	SealBroken = "broken" // something is damaged
)

// Seal is the state of the seal of the data folder.
type Seal struct {
	Leaves      int64
	Waiting     int64 // of them that no checkpoint covers, the trail of visitors included
	Data        bool  // everything that was received is below a checkpoint
	Checkpoints int
	Last        int64       // Unix ns of the last one, 0 = none
	Points      []SealPoint // the newest 20, oldest first
	Keys        []SealKey
	KeyFile     string // where the private key lies
	KeyThere    bool
	Authority   string // of time stamps, "" = none
	Owed        bool   // the last checkpoint waits for its stamp
	Expires     int64  // of the certificate of the newest stamp, Unix ns, 0 = there is none
	Renewal     int64  // when it is renewed
	Sends       []SealSend

	// Again is the algorithm that everything sealed is hashed under beside SHA-256, as
	// care.Hashes has it, "" = none; AgainBegun one whose pass is not done.
	Again       string
	AgainAt     int64 // when its pass was done, Unix ns
	AgainBroken int   // things that could not be carried over
	AgainBegun  string
}

// SealSend is a place that checkpoints are sent to.
type SealSend struct {
	Kind, Address string // folder, mail, syslog
	Sent, SentAt  int64  // leaves of the last checkpoint that was sent, 0 = none; Unix ns
	Owed          int    // checkpoints that wait
	Unsure        int64  // leaves of one of which nobody knows whether it arrived
	Failed        string // why the last one was not sent, "" = nothing fails
	TriedAt       int64  // Unix ns
}

// SealPoint is a signed checkpoint.
type SealPoint struct {
	Time, Size int64
	Text       string
}

// SealKey is a public key of the seal, oldest first.
type SealKey struct{ ID, Public string }

// Storage is what the folder holds by server and day.
type Storage struct {
	Bytes, Free, PerDay int64
	Full                int64 // Unix ns, 0 = not known
	Days                []ServerDay
}

// ServerDay is a day of a server in the folder's zone.
type ServerDay struct {
	Server, Day string // 2026-11-22
	Records     int64
	Gaps        int64 // places where records are missing
	Damaged     bool
	Deleted     bool
}

// Coverage is how complete the received events of a server are. Times are as
// package coverage writes them.
type Coverage struct {
	Found    int64 // Unix ns of when it was found out
	Complete bool
	Missing  uint64 // record ids
	Gaps     int
	Silences int
	Longest  int64 // seconds of the longest silence
	Notices  map[string]int
	Off      int // audit subcategories that somebody switched off, or that stopped
	Unproven int // audit subcategories of which no event came, and that a command would switch on

	Channels      []CoverageChannel
	NoticeList    []CoverageNotice // the newest
	Subcategories []CoverageSubcategory
}

// CoverageChannel is one log of the server.
type CoverageChannel struct {
	Name        string
	First, Last string
	Received    uint64
	Missing     uint64
	Gaps        int
	Silences    int
	Unknown     bool // filtered, or too small to tell
	GapList     []CoverageGap
	SilenceList []CoverageSilence
}

// CoverageGap is a run of missing record ids.
type CoverageGap struct {
	FromID, ToID, N uint64
	From, To        string
}

// CoverageSilence is a stretch without events between two busy hours.
type CoverageSilence struct {
	From, To string
	Seconds  int64
}

// CoverageNotice is one event that bears on completeness; Kind as in package
// coverage, GUID of the audit subcategory that it is about.
type CoverageNotice struct{ Kind, Time, User, Detail, GUID string }

// CoverageSubcategory is an audit subcategory and what the log proves about it:
// State is on, off, stopped or unseen.
type CoverageSubcategory struct {
	GUID, Name, State, Last, Remedy string            // the name is English
	SACL                            bool              // the remedy needs a SACL on the folders as well
	Silences                        []CoverageSilence // it was off for a while, though people were at work
}

// sees reports whether the visitor's scope has the server.
func sees(who *account.Visitor, server string) bool {
	if who == nil || len(who.Scope.Servers) == 0 {
		return who != nil
	}
	return slices.ContainsFunc(who.Scope.Servers, func(s string) bool { return query.SameServer(s, server) })
}

// completeness adds seal and gaps to the line. Without Health, or when it fails,
// the line says nothing of them: it must not keep a page away.
func (s *site) completeness(rq *request, l *line) {
	if s.cfg.Health == nil || rq.who == nil || l.Empty {
		return
	}
	ctx := rq.r.Context()
	if x, err := s.cfg.Health.Seal(ctx); err == nil && x != nil {
		l.SealTime = clock(x.Last, rq.zone)
		switch {
		case len(rq.status.Damage) > 0:
			l.Seal = SealBroken
		case x.Data:
			l.Seal = SealFilled
		default:
			l.Seal = SealOpen
		}
	}
	st, err := s.cfg.Health.Storage(ctx)
	if err != nil || st == nil {
		return
	}
	l.Gaps, l.GapsURL = 0, gapsURL("", "", "")
	for _, d := range st.Days {
		if sees(rq.who, d.Server) {
			l.Gaps += int(d.Gaps)
		}
	}
}

// gapsURL is the search for the records that tell of missing ones; empty
// arguments restrict nothing.
func gapsURL(server, from, to string) string {
	f := &form{Page: "/search", Ops: []record.Op{record.OpRecordsLost}, From: from, To: to}
	if server != "" {
		f.Servers = []string{server}
	}
	return f.url()
}
