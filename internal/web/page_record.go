package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/gloss"
	"github.com/akashi-audit/akashi/internal/record"
)

// recordView is one record with everything behind it.
type recordView struct {
	frame
	Row       row
	ID        string
	rawID     string
	Received  string
	EndTime   string
	Duration  string
	Server    string
	SID       string
	IP        string
	Session   string
	Share     string
	UNC       string
	New       name
	Object    string
	Process   string
	Class     string
	Source    string
	RuleID    string
	RuleText  string
	Rules     uint32   // version of the table of rules
	Why       []string // why it is inferred
	Can       string   // what the rule proves
	Cannot    string
	Better    string // what would have made it certain
	Merged    bool
	From, To  string // of the repeats
	Comes     string // source coordinates
	Details   []pair
	Around    string
	Near      string // what happened before and after it
	Related   []related
	Proof     *proofView
	URL       string
	Own       bool // akashi noted it of itself: no log says it
	Nobody    bool // Around is about the server, as the record has no person
	FileURL   string
	TakenBy   *orderView // order of a term that took it out of the store, nil: none did
	Replaced  uint32     // version of the rules under which a later conversion replaced it, 0: it holds
	Earlier   []version  // that this record replaced
	RawCount  int
	RawHidden int        // more events, which name what the visitor may not see
	Events    []rawEvent // the first shownRaw unless all were asked for
	AllURL    string     // this page with all events, "" = they are here
	RawFailed bool
}

// version is an earlier version of a record and in what it differs.
type version struct {
	Received string
	Rules    uint32
	Differs  []gloss.Difference
}

// shownRaw is how many raw events the page of a record shows at first: a record
// may rest on thousands.
const shownRaw = 200

type pair struct{ Key, Value string }

// rawEvent is one event behind a record, field by field in the order of the
// source.
type rawEvent struct {
	ID, RecordID string
	Time         string
	Name         string // what it says in a few words, or its provider
	System       []pair
	Data         []gloss.Field
	Failure      bool
	Open         bool
}

func (s *site) record(rq *request) error {
	id, err := record.ParseID(rq.r.PathValue("id"))
	if err != nil {
		return errPage{404, "web.error.no_record"}
	}
	ctx := rq.r.Context()
	r, err := s.cfg.Source.Record(ctx, id)
	if err != nil {
		return fmt.Errorf("record %s: %w", id, err)
	}
	if err := s.note(rq, "record", id.String()); err != nil {
		return err
	}
	v := recordView{
		frame: s.frame(rq, "/search", "web.record.title"), Row: newRow(rq, r), ID: record.Visible(id.String()), rawID: id.String(),
		Server: record.Visible(r.Server), SID: r.SID, IP: clientName(rq, r.ClientIP), Session: r.SessionText(),
		Share: record.Visible(r.Share), UNC: record.Visible(r.UNC()), Object: "web.object." + r.Object.String(),
		Process: record.Visible(r.Process), Class: "web.class." + r.Class.String(), Source: r.Source,
		RuleID: r.Rule, Rules: r.RulesVersion, Around: aroundPerson(rq, r), Nobody: r.User == "", Own: r.Server == record.OwnServer,
		Merged: r.Count > 1, From: fine(r.Time, rq.zone), To: fine(r.EndTime, rq.zone),
		Comes: rq.p.T("web.record.coordinates", "server", record.Visible(r.Server), "channel", record.Visible(r.Channel),
			"generation", fmt.Sprint(r.Generation), "ids", gloss.IDs(r.RawIDs)),
	}
	if r.NewPath != "" {
		v.New = splitName(r.NewPath)
	}
	v.Received = clock(r.Received, rq.zone)
	if r.EndTime > r.Time {
		if v.EndTime = clock(r.EndTime, rq.zone); v.EndTime == v.Row.Time {
			v.EndTime = ""
		}
		v.Duration = strconv.FormatFloat(float64(r.EndTime-r.Time)/1e9, 'f', 3, 64)
	}
	rule := s.rules[r.Rule]
	v.RuleText, v.Can, v.Cannot = rule.in(rq.lang), rule.Can.in(rq.lang), rule.Cannot.in(rq.lang)
	if v.Why = gloss.Why(rq.p.Printer, r, rule.Certain); len(v.Why) > 0 {
		v.Better = rule.Better.in(rq.lang)
	}
	for _, d := range r.Detail {
		if d.Key == "uncertain" { // stands with the reasons
			continue
		}
		v.Details = append(v.Details, pair{gloss.DetailName(rq.p.Printer, d.Key), gloss.DetailValue(rq.p.Printer, rq.zone, d.Key, d.Value)})
	}
	earlier, err := s.cfg.Source.Versions(ctx, id)
	if err != nil {
		return fmt.Errorf("versions of record %s: %w", id, err)
	}
	v.Replaced = r.SupersededBy
	if v.TakenBy, err = s.takenBy(rq, id); err != nil {
		return err
	}
	for i := range earlier {
		e := &earlier[i]
		v.Earlier = append(v.Earlier, version{clock(e.Received, rq.zone), e.RulesVersion, gloss.Differences(rq.p.Printer, rq.zone, e, r)})
	}
	events, err := s.cfg.Source.Raw(ctx, id)
	var hidden *HiddenEvents
	if errors.As(err, &hidden) {
		v.RawHidden, err = hidden.N, nil
	}
	if err != nil {
		s.log.ErrorContext(ctx, "raw events unreadable", slog.Any("error", err))
		v.RawFailed = true
	}
	v.RawCount = len(events)
	if len(events) > shownRaw && rq.r.URL.Query().Get("raw") != "all" {
		events, v.AllURL = events[:shownRaw], recordURL(id)+"?raw=all#raw"
	}
	for i, e := range events {
		x := newRawEvent(rq, e)
		x.Open = i == 0 || len(events) < 3
		v.Events = append(v.Events, x)
	}
	v.URL, v.Near = recordURL(id), aroundURL(id, "server")
	v.Related = s.relatedTo(ctx, rq, r)
	v.Proof = s.proof(ctx, rq, id)
	if rq.partial() { // beside the list
		return s.render(rq, 200, "record-part", v)
	}
	return s.render(rq, 200, "record", v)
}

// proofView is what seals a record, for people.
type proofView struct {
	*ProofState
	LeafTime, SignedAt, Stamp string
	Objects                   []proofObject
}

type proofObject struct {
	Name, SHA256, Sealed string
	Part                 int
}

// proof asks what seals a record; nil when that cannot be told.
func (s *site) proof(ctx context.Context, rq *request, id record.ID) *proofView {
	if s.cfg.Proofs == nil {
		return nil
	}
	p, err := s.cfg.Proofs.Proof(ctx, id)
	if err != nil {
		s.log.ErrorContext(ctx, "proof of a record", slog.Any("error", err))
		return nil
	}
	v := &proofView{ProofState: p, LeafTime: clock(p.LeafTime, rq.zone), SignedAt: clock(p.SignedAt, rq.zone), Stamp: clock(p.Stamp, rq.zone)}
	for _, o := range p.Objects {
		v.Objects = append(v.Objects, proofObject{record.Visible(o.Name), o.SHA256, clock(o.Sealed, rq.zone), o.Part})
	}
	return v
}

func newRawEvent(rq *request, e *event.Event) rawEvent {
	x := rawEvent{
		ID: strconv.FormatUint(uint64(e.ID), 10), RecordID: strconv.FormatUint(e.RecordID, 10),
		Time: e.Time.Time().In(rq.zone).Format("2006-01-02 15:04:05.0000000"),
		Name: gloss.EventName(rq.p.Printer, e), Failure: e.Failed(), Data: gloss.Fields(rq.p.Printer, rq.zone, e),
	}
	if x.Name == "" {
		x.Name = record.Visible(e.Provider)
	}
	add := func(k, v string) {
		if v != "" {
			x.System = append(x.System, pair{k, record.Visible(v)})
		}
	}
	add("Provider", e.Provider)
	add("EventID", x.ID)
	add("Version", strconv.Itoa(int(e.Version)))
	add("Level", strconv.Itoa(int(e.Level)))
	add("Task", strconv.Itoa(int(e.Task)))
	add("Opcode", strconv.Itoa(int(e.Opcode)))
	add("Keywords", fmt.Sprintf("0x%016x", e.Keywords))
	add("TimeCreated", e.Time.String())
	add("EventRecordID", x.RecordID)
	add("Channel", e.Channel)
	add("Computer", e.Computer)
	add("ProcessID", strconv.FormatUint(uint64(e.PID), 10))
	add("ThreadID", strconv.FormatUint(uint64(e.TID), 10))
	add("ActivityID", e.ActivityID)
	add("RelatedActivityID", e.RelatedID)
	add("UserID", e.UserID)
	return x
}
