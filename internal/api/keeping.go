package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/trail"
)

// maxEntries is how many entries of the trail an answer has at most.
const maxEntries = 500

// me answers with who asks and what he may.
func (s *server) me(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	v := rq.who
	return s.json(rq, struct {
		ID       int64          `json:"id"`
		Name     string         `json:"name"`
		Shown    string         `json:"shown"`
		Token    string         `json:"token"`
		Roles    []account.Role `json:"roles"`
		Rights   []string       `json:"rights"`
		Servers  []string       `json:"servers"`
		Folders  []Text         `json:"folders"`
		Language string         `json:"language"`
		Zone     string         `json:"zone"`
	}{v.ID, v.Name, v.Display(), v.Token, append([]account.Role{}, v.Roles...), v.Rights.Names(), append([]string{}, v.Scope.Servers...), textsOf(v.Scope.Folders), v.Lang, v.Zone})
}

func textsOf(l []string) []Text {
	out := make([]Text, 0, len(l))
	for _, x := range l {
		out = append(out, Text(x))
	}
	return out
}

// saved answers with the searches that the visitor keeps, and those that others
// share.
func (s *server) saved(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	l, err := s.cfg.Keeping.Saved(rq.r.Context())
	if err != nil {
		return err
	}
	return s.json(rq, struct {
		Saved []Saved `json:"saved"`
	}{append([]Saved{}, l...)})
}

// servers answers with what is kept of each server.
func (s *server) servers(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	k, err := s.cfg.Keeping.Kept(rq.r.Context())
	if err != nil {
		return err
	}
	c := *k
	c.Servers = append([]KeptServer{}, k.Servers...)
	return s.json(rq, &c)
}

// days answers with what is kept of one server by day.
func (s *server) days(rq *request) error {
	v := rq.r.URL.Query()
	if err := known(v, "from", "to"); err != nil {
		return err
	}
	for _, k := range [...]string{"from", "to"} {
		if _, err := time.Parse(time.DateOnly, v.Get(k)); v.Get(k) != "" && err != nil {
			return wrong(k, "value")
		}
	}
	k, err := s.cfg.Keeping.Kept(rq.r.Context())
	if err != nil {
		return err
	}
	name := rq.r.PathValue("name")
	i := slices.IndexFunc(k.Servers, func(x KeptServer) bool { return x.Name == name })
	if i < 0 {
		i = slices.IndexFunc(k.Servers, func(x KeptServer) bool { return query.SameServer(name, x.Name) })
	}
	if i < 0 {
		return &Problem{Status: http.StatusNotFound, Code: "no_server"}
	}
	l := []KeptDay{}
	for _, d := range k.Servers[i].Days {
		if d.Day >= v.Get("from") && (v.Get("to") == "" || d.Day <= v.Get("to")) {
			l = append(l, d)
		}
	}
	return s.json(rq, struct {
		Server string    `json:"server"`
		Days   []KeptDay `json:"days"`
	}{k.Servers[i].Name, l})
}

// holds answers with the legal holds, ended ones too.
func (s *server) holds(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	l, damaged, err := s.cfg.Keeping.Holds(rq.r.Context())
	if err != nil {
		return err
	}
	return s.json(rq, struct {
		Holds   []Hold `json:"holds"`
		Damaged bool   `json:"damaged"`
	}{append([]Hold{}, l...), damaged})
}

// entry is one of the trail.
type entry struct {
	Time   time.Time `json:"time"`
	Who    string    `json:"who"`
	Token  string    `json:"token"`
	From   string    `json:"from"`
	Action string    `json:"action"`
	Object Text      `json:"object"`
	Ground Text      `json:"ground"`
	Result string    `json:"result"`
	Count  int64     `json:"count"`
	Sealed bool      `json:"sealed"`
}

// trail answers with what people did, newest first. Who is restricted sees what he
// did himself: what others searched for can name what he may not see.
func (s *server) trail(rq *request) error {
	v := rq.r.URL.Query()
	if err := known(v, "who", "action", "text", "from", "to", "limit", "cursor"); err != nil {
		return err
	}
	n, err := number(v, "limit", maxEntries)
	if err != nil {
		return err
	}
	f := trail.Filter{Who: v.Get("who"), Action: v.Get("action"), Text: v.Get("text"), Cursor: v.Get("cursor"), Limit: n}
	if !rq.who.Scope.All() {
		f.Who = rq.who.Name
	}
	for k, at := range map[string]*time.Time{"from": &f.From, "to": &f.To} {
		if *at, err = s.moment(v.Get(k), k); err != nil {
			return err
		}
	}
	page, err := s.cfg.Trail.Read(rq.r.Context(), f)
	if errors.Is(err, trail.ErrCursor) {
		return wrong("cursor", "value")
	}
	if err != nil {
		return err
	}
	if f.Cursor == "" { // reading on is the same look, which does not find itself
		var asked []string
		for _, k := range [...]string{"who", "action", "text", "from", "to"} {
			x := v.Get(k)
			if k == "who" {
				x = f.Who
			}
			if x != "" {
				asked = append(asked, k+": "+x)
			}
		}
		if err := s.note(rq, "trail", s.cfg.Source.Mask(strings.Join(asked, ", ")), ""); err != nil {
			return err
		}
	}
	out := make([]entry, 0, len(page.Lines))
	for i := range page.Lines {
		l := &page.Lines[i]
		out = append(out, entry{l.Time.UTC(), l.Who, l.Token, l.From, l.Action, Text(l.Object), Text(l.Ground), l.Result, max(l.Count, 1), l.Sealed})
	}
	return s.json(rq, struct {
		Entries []entry `json:"entries"`
		Next    string  `json:"next"`
	}{out, page.Next})
}

// moment reads a day or a time as the text language does; the end of a day that is
// named by "to" is its last moment.
func (s *server) moment(text, key string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if strings.ContainsAny(text, " \u3000\"\t\n") {
		return time.Time{}, wrong(key, "value")
	}
	q, err := query.Parse(key+":"+text, query.Clock{Now: s.cfg.Now().Truncate(time.Second), Zone: s.cfg.Zone})
	if err != nil {
		return time.Time{}, wrong(key, "value")
	}
	if key == "to" {
		return time.Unix(0, q.To), nil
	}
	return time.Unix(0, q.From), nil
}
