package collect

import (
	"errors"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// schemas shares one Schema among events of the same shape.
type schemas struct{ m map[string]*event.Schema }

// maxSchemas bounds the table: a hostile file can name every event differently.
const maxSchemas = 4096

func newSchemas() *schemas { return &schemas{m: map[string]*event.Schema{}} }

func (s *schemas) get(payload string, names []string) *event.Schema {
	key := payload + "\x00" + strings.Join(names, "\x00")
	if x := s.m[key]; x != nil {
		return x
	}
	if len(s.m) >= maxSchemas {
		clear(s.m)
	}
	x := event.NewSchema(payload, append([]string(nil), names...))
	s.m[key] = x
	return x
}

// builder collects one event from text.
type builder struct {
	schemas *schemas
	e       event.Event
	payload string
	names   []string
	hasTime bool
	hasID   bool
	auto    bool // the source names no record id
}

func (b *builder) add(name, value string) {
	b.names = append(b.names, name)
	b.e.Values = append(b.e.Values, event.String(value))
}

// number reads an unsigned number, decimal or 0x…; what follows a point is
// dropped (ONTAP writes the version 101.3), what is no number is 0.
func number(s string) uint64 {
	s, _, _ = strings.Cut(strings.TrimSpace(s), ".")
	return event.String(s).Uint()
}

// system takes one child of System: its text and its attributes.
func (b *builder) system(name, text string, attr func(string) string) {
	e := &b.e
	text = strings.TrimSpace(text)
	switch name {
	case "Provider":
		e.Provider = attr("Name")
	case "EventID":
		e.ID, b.hasID = uint32(number(text)), text != ""
		e.Qualifiers = uint16(number(attr("Qualifiers")))
	case "Version":
		e.Version = uint8(number(text))
	case "Level":
		e.Level = uint8(number(text))
	case "Opcode":
		e.Opcode = uint8(number(text))
	case "Task":
		e.Task = uint16(number(text))
	case "Keywords":
		e.Keywords = number(text)
	case "TimeCreated":
		b.time(attr("SystemTime"))
	case "EventRecordID":
		e.RecordID = number(text)
	case "Correlation":
		e.ActivityID, e.RelatedID = strings.ToUpper(attr("ActivityID")), strings.ToUpper(attr("RelatedActivityID"))
	case "Execution":
		e.PID, e.TID = uint32(number(attr("ProcessID"))), uint32(number(attr("ThreadID")))
	case "Channel":
		e.Channel = text
	case "Computer":
		e.Computer = text
	case "Security":
		e.UserID = attr("UserID")
	}
}

// time reads ISO 8601; a time without zone is UTC, as Windows writes it.
func (b *builder) time(s string) {
	if s == "" || b.hasTime {
		return
	}
	s = strings.Replace(s, " ", "T", 1)
	t, err := event.ParseFiletime(s)
	if err != nil {
		t, err = event.ParseFiletime(s + "Z")
	}
	if err != nil {
		if sec, ferr := strconv.ParseFloat(s, 64); ferr == nil && sec > 1e8 && sec < 1e11 {
			t, err = event.FromUnixNano(int64(sec*1e6)*1000), nil
		}
	}
	if err == nil {
		b.e.Time, b.hasTime = t, true
	}
}

func (b *builder) finish() (*event.Event, error) {
	switch {
	case !b.hasID:
		return nil, errors.New("no event id")
	case !b.hasTime:
		return nil, errors.New("no time")
	}
	if b.e.Computer == "" {
		b.e.Computer = "unknown"
	}
	if b.e.Channel == "" {
		b.e.Channel = "Security"
	}
	b.e.Schema = b.schemas.get(b.payload, b.names)
	return &b.e, nil
}
