package api

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// ndjson is the content type of streams.
const ndjson = "application/x-ndjson"

// firstPage and streamPage are how many records of a stream are read at first and
// then at once: each page begins the search anew.
const (
	firstPage  = 1000
	streamPage = 10_000
)

// records answers a search: one page as JSON, or everything as JSON lines.
func (s *server) records(rq *request) error {
	v := rq.r.URL.Query()
	q, err := s.search(v, "limit", "cursor")
	if err != nil {
		return err
	}
	stream := wants(rq.r, ndjson)
	most := maxLimit
	if stream {
		most = math.MaxInt32
	}
	n, err := number(v, "limit", most)
	if err != nil {
		return err
	}
	if n > 0 {
		q.Limit = n
	}
	if q.Cursor = v.Get("cursor"); q.Cursor != "" {
		if _, err := query.ParseCursor(q.Cursor); err != nil {
			return wrong("cursor", "value")
		}
	}
	text := s.cfg.Source.Mask(q.Text(s.cfg.Zone))
	if stream {
		if !rq.who.May(account.Export) {
			return &Problem{Status: http.StatusForbidden, Code: "no_right"}
		}
		if err := s.note(rq, "export", "ndjson "+text, ""); err != nil {
			return err
		}
		return s.stream(rq, q)
	}
	if q.Limit == 0 {
		q.Limit = defaultLimit
	}
	q.Limit = min(q.Limit, maxLimit)
	if err := s.note(rq, "search", text, ""); err != nil {
		return err
	}
	page, err := s.cfg.Source.Search(rq.r.Context(), q)
	if err != nil {
		return err
	}
	b := appendRecords([]byte(`{"records":[`), page.Records)
	b = append(b, `],"next":`...)
	b = record.AppendString(b, page.Next)
	for _, l := range [...]struct {
		name string
		days []string
	}{{"archived", page.Archived}, {"restored", page.Restored}, {"stale", page.Stale}, {"unread", page.Unread}} {
		days, err := json.Marshal(append([]string{}, l.days...))
		if err != nil {
			return err
		}
		b = append(append(b, `,"`+l.name+`":`...), days...)
	}
	out, err := json.Marshal(takenOut(page.Taken))
	if err != nil {
		return err
	}
	b = append(append(b, `,"taken_out":`...), out...)
	return s.bytes(rq, "application/json", append(b, "}\n"...))
}

func appendRecords(b []byte, l []record.Record) []byte {
	for i := range l {
		if i > 0 {
			b = append(b, ',')
		}
		b = l[i].AppendJSON(b)
	}
	return b
}

// stream writes all records that are found, up to Limit when it is set, one a
// line, and a last line that says how many there were or why it ends early.
func (s *server) stream(rq *request, q query.Query) error {
	left := q.Limit
	if left == 0 {
		left = math.MaxInt
	}
	q.Limit = min(firstPage, left)
	ctx := rq.r.Context()
	page, err := s.cfg.Source.Search(ctx, q)
	if err != nil {
		return err // nothing is sent yet
	}
	rc := http.NewResponseController(rq.w)
	rq.w.Header().Set("Content-Type", ndjson)
	var b bytes.Buffer
	for n := 0; ; {
		b.Reset()
		unread := len(page.Unread) > 0
		for i := range page.Records {
			b.Write(append(page.Records[i].AppendJSON(nil), '\n'))
		}
		n, left = n+len(page.Records), left-len(page.Records)
		done := page.Next == "" || left <= 0
		if unread {
			done = true
			s.last(rq, &b, &Problem{Status: http.StatusServiceUnavailable, Code: "unread"})
		} else if done {
			b.WriteString(`{"end":true,"count":` + strconv.Itoa(n) + "}\n")
		}
		_ = rc.SetWriteDeadline(s.cfg.Now().Add(time.Minute)) // not every writer has one
		if _, err := rq.w.Write(b.Bytes()); err != nil || done {
			return nil // the asker went away, or has all
		}
		_ = rc.Flush()
		q.Cursor, q.Limit = page.Next, min(streamPage, left)
		if page, err = s.cfg.Source.Search(ctx, q); err != nil {
			b.Reset()
			s.last(rq, &b, err)
			_, _ = rq.w.Write(b.Bytes())
			return nil
		}
	}
}

// last writes the error that ends a stream.
func (s *server) last(rq *request, b *bytes.Buffer, err error) {
	line, err := json.Marshal(struct {
		Error *Problem `json:"error"`
	}{s.problem(rq, err)})
	if err == nil {
		b.Write(append(line, '\n'))
	}
}

// id reads the id of a route and notes what is done with the record.
func (s *server) id(rq *request, action string) (record.ID, error) {
	if err := known(rq.r.URL.Query()); err != nil {
		return record.ID{}, err
	}
	id, err := record.ParseID(rq.r.PathValue("id"))
	if err != nil {
		return id, ErrNotFound
	}
	return id, s.note(rq, action, s.cfg.Source.Mask(id.String()), "")
}

// record answers with one record.
func (s *server) record(rq *request) error {
	id, err := s.id(rq, "record")
	if err != nil {
		return err
	}
	r, err := s.cfg.Source.Record(rq.r.Context(), id)
	if err != nil {
		return err
	}
	return s.bytes(rq, "application/json", append(r.AppendJSON(nil), '\n'))
}

// versions answers with the earlier forms of a record.
func (s *server) versions(rq *request) error {
	id, err := s.id(rq, "record")
	if err != nil {
		return err
	}
	if _, err := s.cfg.Source.Record(rq.r.Context(), id); err != nil {
		return err
	}
	l, err := s.cfg.Source.Versions(rq.r.Context(), id)
	if err != nil {
		return err
	}
	return s.bytes(rq, "application/json", append(appendRecords([]byte(`{"records":[`), l), "]}\n"...))
}

// raw answers with the events behind a record.
func (s *server) raw(rq *request) error {
	id, err := s.id(rq, "record")
	if err != nil {
		return err
	}
	l, hidden, err := s.cfg.Source.Raw(rq.r.Context(), id)
	if err != nil {
		return err
	}
	b := appendEvents([]byte(`{"events":[`), l)
	b = strconv.AppendInt(append(b, `],"hidden":`...), int64(hidden), 10)
	return s.bytes(rq, "application/json", append(b, "}\n"...))
}

// maxGround is the bytes of a ground.
const maxGround = 2000

// unmask answers once with a record and its events with all numbers, for a
// ground, which the trail keeps.
func (s *server) unmask(rq *request) error {
	id, err := record.ParseID(rq.r.PathValue("id"))
	if err != nil {
		return ErrNotFound
	}
	var in struct {
		Ground string `json:"ground"`
	}
	d := json.NewDecoder(http.MaxBytesReader(rq.w, rq.r.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return wrong("ground", "value")
	}
	if in.Ground == "" || len(in.Ground) > maxGround {
		return wrong("ground", "value")
	}
	if _, err := s.cfg.Source.Record(rq.r.Context(), id); err != nil {
		return err
	}
	if err := s.note(rq, "unmask", s.cfg.Source.Mask(id.String()), s.cfg.Source.Mask(in.Ground)); err != nil {
		return err
	}
	r, l, err := s.cfg.Source.Unmasked(rq.r.Context(), id)
	if err != nil {
		return err
	}
	b := append(r.AppendJSON([]byte(`{"record":`)), `,"events":[`...)
	return s.bytes(rq, "application/json", append(appendEvents(b, l), "]}\n"...))
}

func appendEvents(b []byte, l []*event.Event) []byte {
	for i, e := range l {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendEvent(b, e)
	}
	return b
}

// appendEvent writes a raw event: what it says of itself, and its data by name in
// the order of the source.
func appendEvent(b []byte, e *event.Event) []byte {
	num := func(key string, n uint64) { b = strconv.AppendUint(append(b, `,"`+key+`":`...), n, 10) }
	text := func(key, s string) { b = record.AppendString(append(b, `,"`+key+`":`...), s) }
	b = strconv.AppendUint(append(b, `{"record_id":`...), e.RecordID, 10)
	b = append(b, `,"time":"`...)
	b = append(record.AppendTime(b, e.Time.UnixNano()), '"')
	text("channel", e.Channel)
	text("computer", e.Computer)
	text("provider", e.Provider)
	num("event_id", uint64(e.ID))
	num("version", uint64(e.Version))
	num("level", uint64(e.Level))
	num("task", uint64(e.Task))
	num("opcode", uint64(e.Opcode))
	text("keywords", "0x"+strconv.FormatUint(e.Keywords, 16))
	num("generation", uint64(e.Generation))
	text("activity_id", e.ActivityID)
	text("user_id", e.UserID)
	b = append(b, `,"data":[`...)
	for i, v := range e.Values {
		name := ""
		if e.Schema != nil && i < len(e.Schema.Names) {
			name = e.Schema.Names[i]
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = record.AppendString(append(b, `{"name":`...), name)
		b = record.AppendString(append(b, `,"value":`...), v.Text())
		b = append(b, '}')
	}
	return append(b, "]}"...)
}
