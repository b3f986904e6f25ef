package convert

import (
	"math"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// settle makes an act final.
func (c *Converter) settle(a *act) {
	if a.Rule == ruleF3 && c.toldDenial(a) {
		c.forget(a)
		return
	}
	switch a.Op {
	case 0: // evidence that found no act
		c.forget(a)
		return
	case record.OpRead:
		if list := c.preview(a); list != nil {
			n := list.Count
			c.absorb(list, a)
			list.Count, list.Rule, list.Certain = n+a.Count, ruleB2, false
			return
		}
		if c.opensEdit(a) {
			return
		}
		c.wroteInPlace(a)
		if a.Requested && c.onlyFolder(a.Key) { // it was seen later only
			a.Op, a.Rule, a.Object = record.OpList, ruleB4, record.ObjectDirectory
			if c.browsed(a) {
				return
			}
		}
	case record.OpList:
		if c.browsed(a) {
			return
		}
		if a.Refresh && a.Class == 0 {
			a.Rule, a.Certain, a.Class = ruleB3, false, record.ClassBackground
		}
	case record.OpWrite:
		c.savesEdit(a)
	case record.OpRename:
		if a.Requested && a.NewPath == "" {
			a.Op, a.Rule = record.OpDelete, ruleD5
			c.gone(a.Key)
			break
		}
		if a.NewPath == "" && c.lostName(a) {
			return
		}
		if a.NewPath == "" && !a.Target && a.Lost {
			a.Op, a.Rule, a.Certain = record.OpDelete, ruleD6, false
			break
		}
		c.finalRename(a)
	}
	c.forget(a)
	c.emit(a)
}

// lostSince reports whether events were lost since a time.
func (c *Converter) lostSince(t tick) bool { return c.s.Gaps > 0 && c.s.GapAt >= t }

// lostNear reports whether events were lost around an act whose rule rests on
// the absence of others: A1 says that the attributes alone were changed (the
// window is that of a save by temporary files, section 6), F1 and F2 that no try
// with fewer rights followed, B1 that the folder was not just made, D1 that no file
// took the place of the deleted one, which would be a save.
func (c *Converter) lostNear(a *act) bool {
	switch a.Rule {
	case ruleA1:
		return c.lostSince(a.First - saveWindow)
	case ruleF1, ruleF2, ruleB1:
		return c.lostSince(a.First - 2*sec)
	case ruleD1:
		inside := c.s.GapAt > a.First && c.s.GapAt <= a.Time // the handle's matter
		return c.lostSince(a.First-2*sec) && !inside
	}
	return false
}

// Reasons why a record of a certain rule is inferred, in its detail "uncertain".
const (
	doubtLost    = "lost_events"    // record ids are missing where the rule needs all events
	doubtTxn     = "transaction"    // in a transaction (TxF) whose outcome is not known
	doubtHandle  = "unknown_handle" // no event names the object of the handle
	doubtKind    = "unknown_kind"   // the object may be a folder to which a name was added
	doubtStream  = "stream"         // of an alternate stream, or perhaps its deletion only
	doubtRequest = "requested"      // only a request is in the log
)

// doubt is the reason why an act is not certain, "" when it is.
func (c *Converter) doubt(a *act) string {
	switch {
	case ruleTable[a.Rule].Confidence != certain, a.Requested: // the rule itself concludes
		return doubtRequest
	case !a.Certain && a.Doubt == "":
		return doubtLost
	case !a.Certain:
		return a.Doubt
	case c.lostNear(a):
		return doubtLost
	}
	return ""
}

// emit writes the record of an act.
func (c *Converter) emit(a *act) {
	r := c.newRecord()
	src := &a.Src
	r.Server, r.Channel, r.Generation, r.Ordinal, r.Source = c.server, src.Channel, src.Generation, uint32(a.Op), "windows"
	if src.Simulated {
		r.Source = "simulation"
	}
	r.Time, r.EndTime = unix(a.Time), unix(max(a.End, a.Time))
	r.User, r.SID, r.ClientIP, r.ClientName, r.Session = a.User, a.SID, a.IP, a.Client, a.Logon
	s := c.s.Sessions.get(a.Logon)
	if s == nil || s.named(a.User, a.SID).dns {
		r.User = c.shortUser(a.User, a.SID)
	}
	r.Op, r.Path, r.NewPath, r.Object, r.Result = a.Op, a.Path, a.NewPath, a.Object, a.Result
	r.Process, r.Count, r.Class = a.Process, max(a.Count, 1), a.Class
	r.Rule, r.RulesVersion, r.Confidence = ruleTable[a.Rule].ID, RulesVersion, inferred
	doubt := c.doubt(a)
	if doubt == "" {
		r.Confidence = certain
	}
	r.RawIDs = c.rawIDs(a)
	if len(r.RawIDs) > 0 {
		r.FirstID = r.RawIDs[0]
	}
	if s != nil && a.Logon != 0 {
		if r.ClientIP == "" {
			r.ClientIP = c.clientOf(s, a.Time)
		}
		if r.ClientName == "" {
			r.ClientName = s.Client
		}
		if r.User == "" {
			r.User, r.SID = c.shortUser(s.User, s.SID), s.SID
		}
	} else if r.ClientIP == "" && a.Logon != 0 && wellKnownLogon(a.Logon) {
		r.ClientIP = localClient
	}
	for _, d := range a.Detail {
		r.Set(d.Key, d.Value)
	}
	if r.Time == math.MinInt64 || r.Time == math.MaxInt64 { // a record holds the years 1678 to 2262
		r.Set("time_in_log", event.Filetime(max(a.Time, 0)).String())
	}
	if doubt != "" && ruleTable[a.Rule].Confidence == certain {
		r.Set("uncertain", doubt)
	}
	c.place(a, r)
	if a.Rule == ruleF2 {
		c.noteDenial(a, r)
	}
	if r.Class == 0 {
		r.Class = c.classOf(a, r, s)
	}
	if a.Txn != "" && c.park(a, r) {
		c.s.Out = c.s.Out[:len(c.s.Out)-1]
	}
}

// newRecord returns an empty record at the end of those that are ready.
func (c *Converter) newRecord() *record.Record {
	n := len(c.s.Out)
	if n == cap(c.s.Out) {
		c.s.Out = slices.Grow(c.s.Out, max(64, min(c.took-n, 1<<14)))
	}
	c.s.Out = c.s.Out[:n+1]
	r := &c.s.Out[n]
	*r = record.Record{}
	return r
}

// rawIDs are the ids of an act, each once, in order. They stand one behind the
// other in pieces of memory that are shared by the records of a moment.
func (c *Converter) rawIDs(a *act) []uint64 {
	ids := a.IDs
	for i := 1; i < len(ids); i++ {
		if ids[i] <= ids[i-1] {
			slices.Sort(ids)
			ids = slices.Compact(ids)
			break
		}
	}
	if len(ids) == 0 {
		return nil
	}
	const piece = 1024
	if len(ids) > piece/4 {
		return slices.Clone(ids)
	}
	if cap(c.idSpace)-len(c.idSpace) < len(ids) {
		c.idSpace = make([]uint64, 0, piece)
	}
	from := len(c.idSpace)
	c.idSpace = append(c.idSpace, ids...)
	return c.idSpace[from:len(c.idSpace):len(c.idSpace)]
}

// place sets the share of a file record and what kind of object it is.
func (c *Converter) place(a *act, r *record.Record) {
	if a.Object != record.ObjectFile && a.Object != record.ObjectDirectory || a.Key == "" {
		return
	}
	r.Share, r.ShareRoot = c.shareOfAct(a)
	if c.noFolder(a) {
		return
	}
	var f fact
	switch {
	case a.NewPath != "":
		f = c.factOf(fold(a.NewPath))
	case a.tag.sum != 0:
		f = c.s.Facts.at(a.tag.sum)
	default:
		f = c.factOf(a.Key)
	}
	if f.file() || a.Object != record.ObjectFile {
		return
	}
	switch a.Op {
	case record.OpSetPermissions, record.OpSetOwner, record.OpSetAudit:
		if f.dir() || extOf(a.Key) == "" {
			r.Object = record.ObjectDirectory
		}
	default:
		if f.dir() {
			r.Object = record.ObjectDirectory
		}
	}
}

// noFolder reports whether the path of an act was no folder when the act began and
// none since, where nothing but that matters.
func (c *Converter) noFolder(a *act) bool {
	switch a.Op {
	case record.OpSetPermissions, record.OpSetOwner, record.OpSetAudit:
		return false
	}
	return a.tag.noDir != 0 && a.tag.noDir == c.s.Facts.dirs+1 && a.NewPath == ""
}

// classOf is user unless a noise rule says otherwise (section 8).
func (c *Converter) classOf(a *act, r *record.Record, s *session) record.Class {
	if c.background(a, s) || c.opt.backgroundAddress(r.ClientIP) {
		return record.ClassBackground
	}
	if a.Object == record.ObjectFile || a.Object == record.ObjectDirectory {
		if a.Key != "" && a.Op != record.OpPrint && c.noise(a) && (a.NewPath == "" || noiseName(fold(a.NewPath))) {
			return record.ClassBackground
		}
	}
	return record.ClassUser
}

// noise reports whether the act's object is no person's.
func (c *Converter) noise(a *act) bool {
	switch a.tag.noise {
	case noiseYes:
		return true
	case noiseNo:
		return false
	}
	return noiseName(a.Key)
}

func unix(t tick) int64 { return event.Filetime(max(t, 0)).UnixNano() }

// hardLink handles 4664: H1.
func (c *Converter) hardLink(e *event.Event) {
	s := c.subject(e)
	from, to := c.path(text(e.Get(event.FileName))), c.path(text(e.Get(event.LinkName)))
	if from.Drop || to.Drop {
		return
	}
	a := c.newAct(e, s, record.OpLink, ruleH1)
	a.Certain, a.Object = true, record.ObjectFile
	a.Path, a.Key, a.NewPath = from.Path, from.Key, to.Path
	a.PID = e.Get(event.ProcessId).Uint()
	a.Txn = c.transactionOf(e)
	c.saw(from.Key, false, true)
	c.saw(to.Key, false, true)
	c.due(a, a.Time+sec)
}

// lastOf is the last element of a UserData path.
func lastOf(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }
