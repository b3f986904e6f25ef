package web

import (
	"fmt"
	"log/slog"
	"strconv"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// recordView is one record with everything behind it.
type recordView struct {
	frame
	Row       row
	ID        string
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
	RuleFrom  string
	Version   uint32
	Details   []pair
	Around    string
	FileURL   string
	RawIDs    int
	Events    []rawEvent
	RawFailed bool
}

type pair struct{ Key, Value string }

// rawEvent is one event behind a record, field by field in the order of the
// source.
type rawEvent struct {
	ID, RecordID string
	Time         string
	Provider     string
	System       []pair
	Data         []pair
	Failure      bool
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
	v := recordView{
		frame: s.frame(rq, "/search", "web.record.title"), Row: newRow(rq, r), ID: record.Visible(id.String()),
		Server: record.Visible(r.Server), SID: r.SID, IP: clientName(rq, r.ClientIP), Session: r.SessionText(),
		Share: record.Visible(r.Share), UNC: record.Visible(r.UNC()), Object: "web.object." + r.Object.String(),
		Process: record.Visible(r.Process), Class: "web.class." + r.Class.String(), Source: r.Source,
		RuleID: r.Rule, Version: r.RulesVersion, Around: around(rq, r), RawIDs: len(r.RawIDs),
	}
	if r.NewPath != "" {
		v.New = splitName(r.NewPath)
	}
	v.Received = clock(r.Received, rq.zone)
	if r.EndTime > r.Time {
		v.EndTime = clock(r.EndTime, rq.zone)
		v.Duration = strconv.FormatFloat(float64(r.EndTime-r.Time)/1e9, 'f', 3, 64)
	}
	if rule, ok := s.rules[r.Rule]; ok {
		v.RuleText, v.RuleFrom = rule.Ja, rule.Source
		if rq.lang == "en" {
			v.RuleText = rule.En
		}
	}
	for _, d := range r.Detail {
		v.Details = append(v.Details, pair{detailKey(rq, d.Key), detailValue(rq, d.Key, d.Value)})
	}
	events, err := s.cfg.Source.Raw(ctx, id)
	if err != nil {
		s.log.ErrorContext(ctx, "raw events unreadable", slog.Any("error", err))
		v.RawFailed = true
	}
	for _, e := range events {
		v.Events = append(v.Events, newRawEvent(rq, e))
	}
	return s.render(rq, 200, "record", v)
}

// detailKey is the detail's name in words, or the key itself.
func detailKey(rq *request, key string) string {
	switch key {
	case "printer", "pages", "copies", "bytes", "logon_type", "reason", "old_sddl", "new_sddl", "access", "status", "workstation",
		"document", "target", "policy", "member", "group", "process", "package", "old_time", "new_time":
		return rq.p.T("web.detail." + key)
	}
	return record.Visible(key)
}

func newRawEvent(rq *request, e *event.Event) rawEvent {
	x := rawEvent{
		ID: strconv.FormatUint(uint64(e.ID), 10), RecordID: strconv.FormatUint(e.RecordID, 10),
		Time:     e.Time.Time().In(rq.zone).Format("2006-01-02 15:04:05.0000000"),
		Provider: record.Visible(e.Provider), Failure: e.Failed(),
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
	if e.Schema == nil {
		return x
	}
	for i, n := range e.Schema.Names {
		if i >= len(e.Values) {
			break
		}
		if n == "" {
			n = "#" + strconv.Itoa(i+1)
		}
		x.Data = append(x.Data, pair{record.Visible(n), eventValue(n, e.Values[i].Text())})
	}
	return x
}
