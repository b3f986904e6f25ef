package hold

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/akashi-audit/akashi/internal/query"
)

// Bounds of a hold, in bytes.
const (
	maxCase  = 200
	maxQuery = 4096
)

// Edge is how far a hold reaches beyond its period (ns): the events behind its
// first and its last act.
const Edge = int64(time.Hour)

// ErrHold is the error of a hold that does not say what, why or by whom.
var ErrHold = errors.New("a hold names a case, what it keeps, a ground and who ordered it")

// Scope is what a hold keeps. The zero Scope is everything.
type Scope struct {
	Servers []string `json:"servers,omitempty"` // full name or host part; none = all
	Query   string   `json:"query,omitempty"`   // language of package query; "" = every record and event
	From    int64    `json:"from,omitempty"`    // Unix ns, inclusive; 0 = no bound
	To      int64    `json:"to,omitempty"`      // Unix ns, exclusive; 0 = no bound
}

// Hold is one order to keep something. Several may have the same case.
type Hold struct {
	Case string `json:"case"`
	Scope
	By     string `json:"by"`
	Ground string `json:"ground"`
	Time   int64  `json:"time"` // Unix ns; what its search says of a time is counted from then
	// Released is how the hold ended; nil while it is in force.
	Released *Release `json:"released,omitempty"`
}

// Release ends the holds of a case that were there before it.
type Release struct {
	Case   string `json:"case"`
	By     string `json:"by"`
	Ground string `json:"ground"`
	Time   int64  `json:"time"` // Unix ns
}

// Area is what somebody wants to delete: everything of a server from one time up
// to but without another.
type Area struct {
	Server   string
	From, To int64 // Unix ns
}

// Finder searches everything that is stored, page by page.
type Finder interface {
	Search(ctx context.Context, q query.Query) (*query.Page, error)
}

func checkName(name, by, ground string) error {
	if strings.TrimSpace(name) == "" || strings.TrimSpace(by) == "" || strings.TrimSpace(ground) == "" {
		return ErrHold
	}
	if len(name) > maxCase || !utf8.ValidString(name) {
		return fmt.Errorf("the name of a case has up to %d bytes of UTF-8", maxCase)
	}
	return nil
}

// check refuses a hold that would not do what it says.
func (h *Hold) check(zone *time.Location) error {
	if err := checkName(h.Case, h.By, h.Ground); err != nil {
		return err
	}
	if h.From != 0 && h.To != 0 && h.From >= h.To {
		return fmt.Errorf("%w: its period is empty", ErrHold)
	}
	for _, s := range h.Servers { // the entry could not say such a name
		if s == "" || !utf8.ValidString(s) {
			return fmt.Errorf("server %q: name servers in UTF-8, or hold a period of all servers", s)
		}
	}
	if len(h.Query) > maxQuery || !utf8.ValidString(h.Query) {
		return fmt.Errorf("a search of a hold has up to %d bytes of UTF-8", maxQuery)
	}
	_, err := h.query(zone)
	return err
}

// query is the search of a hold, over all classes when it names none.
func (h *Hold) query(zone *time.Location) (query.Query, error) {
	q, err := query.Parse(h.Query, query.Clock{Now: time.Unix(0, h.Time), Zone: zone})
	if err != nil {
		return q, err
	}
	if len(q.Classes) == 0 {
		q.Classes = query.AllClasses()
	}
	q.HideNetworkLogons = false
	return q, nil
}

func (h *Hold) searches() bool { return strings.TrimSpace(h.Query) != "" }

// touches reports whether a hold reaches into an area, whatever it searches for.
func (h *Hold) touches(a Area) bool {
	q := query.Query{Servers: h.Servers}
	return q.WantsServer(a.Server) && (h.From == 0 || a.To > h.From-Edge) && (h.To == 0 || a.From < h.To+Edge)
}

// holds reports whether a hold keeps something of an area: all of it, when the
// hold has no search; when it has one, and finds a record there.
func (h *Hold) holds(ctx context.Context, a Area, zone *time.Location, find Finder) (bool, error) {
	if h.Released != nil || !h.touches(a) {
		return false, nil
	}
	if !h.searches() {
		return true, nil
	}
	q, err := h.query(zone)
	if err != nil {
		return false, err
	}
	if !q.WantsServer(a.Server) {
		return false, nil
	}
	q.Servers = []string{a.Server}
	q.From, q.To = later(q.From, later(h.From, a.From)), earlier(q.To, earlier(h.To, a.To))
	if q.To != 0 && q.From >= q.To {
		return false, nil
	}
	q.Limit = 1
	for _, q.Superseded = range [...]bool{false, true} {
		p, err := find.Search(ctx, q)
		if err != nil {
			return false, fmt.Errorf("search for what case %q keeps: %w", h.Case, err)
		}
		if len(p.Records) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// later is the later of two lower bounds, of which 0 is none.
func later(a, b int64) int64 {
	if a == 0 || b != 0 && b > a {
		return b
	}
	return a
}

// earlier is the earlier of two upper bounds, of which 0 is none.
func earlier(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// conflicts reports whether an erasure of what x finds meets what a hold keeps. A
// hold without a search keeps raw events too, so there servers and time decide;
// with one, a record must be there that both find.
func (h *Hold) conflicts(ctx context.Context, x query.Query, zone *time.Location, find Finder) (bool, error) {
	if h.Released != nil || h.From != 0 && x.To != 0 && x.To <= h.From-Edge || h.To != 0 && x.From >= h.To+Edge {
		return false, nil
	}
	if !h.searches() {
		return len(h.Servers) == 0 || len(x.Servers) == 0 || shareServer(h.Servers, x.Servers), nil
	}
	hq, err := h.query(zone)
	if err != nil {
		return false, err
	}
	hq.From, hq.To = later(hq.From, h.From), earlier(hq.To, h.To)
	m := query.NewMatcher(hq)
	held := query.Query{Servers: h.Servers}
	x.Limit = 1000
	for _, x.Superseded = range [...]bool{false, true} {
		for x.Cursor = ""; ; {
			p, err := find.Search(ctx, x)
			if err != nil {
				return false, fmt.Errorf("search for what case %q keeps: %w", h.Case, err)
			}
			for i := range p.Records {
				if r := &p.Records[i]; held.WantsServer(r.Server) && m.Match(r) {
					return true, nil
				}
			}
			if x.Cursor = p.Next; x.Cursor == "" {
				break
			}
		}
	}
	return false, nil
}

// shareServer reports whether two lists, of full names or host parts, can mean
// one server.
func shareServer(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if query.SameServer(x, y) || query.SameServer(y, x) {
				return true
			}
		}
	}
	return false
}
