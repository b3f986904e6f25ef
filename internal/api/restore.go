package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
)

// maxServers bounds the servers of a RestoreOrder.
const maxServers = 1000

// RestoreOrder asks for archived days to be restored, or released.
type RestoreOrder struct {
	Release bool     `json:"-"`
	Servers []string `json:"servers"` // none = all
	From    string   `json:"from"`    // 2026-11-23, included; "" = no bound
	To      string   `json:"to"`      // included; "" = no bound
	Lang    string   `json:"-"`
}

// ArchivedDay is a server's day of the archive that has records.
type ArchivedDay struct {
	Server   string `json:"server"`
	Day      string `json:"day"` // 2026-11-23
	Records  int64  `json:"records"`
	Bytes    int64  `json:"bytes"`    // of the sealed records
	Held     bool   `json:"held"`     // the store has it: nothing to restore
	Restored bool   `json:"restored"` // and current
	Stale    bool   `json:"stale"`    // restored, and the archive is another one now
	Size     int64  `json:"size"`     // bytes of what is restored
	Made     Time   `json:"made"`     // null = never
	By       string `json:"by"`
}

// archived answers with the days of the archive and what is restored of them.
func (s *server) archived(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	l, err := s.cfg.Keeping.Archived(rq.r.Context())
	if err != nil {
		return err
	}
	return s.json(rq, struct {
		Days []ArchivedDay `json:"days"`
	}{append([]ArchivedDay{}, l...)})
}

func (s *server) restore(rq *request) error { return s.restoreDays(rq, false) }
func (s *server) release(rq *request) error { return s.restoreDays(rq, true) }

// restoreDays starts the job that restores archived days, or releases them.
func (s *server) restoreDays(rq *request, release bool) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	o := RestoreOrder{Release: release}
	d := json.NewDecoder(http.MaxBytesReader(rq.w, rq.r.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return &Problem{Status: http.StatusBadRequest, Code: "body"}
	}
	for _, x := range [...]struct{ name, day string }{{"from", o.From}, {"to", o.To}} {
		if _, err := time.Parse(time.DateOnly, x.day); x.day != "" && err != nil {
			return wrong(x.name, "value")
		}
	}
	if len(o.Servers) > maxServers {
		return wrong("servers", "value")
	}
	if !rq.who.Scope.All() {
		return ErrRestricted
	}
	o.Lang = rq.p.Lang()
	action := "restore"
	if release {
		action = "release_days"
	}
	if err := s.note(rq, action, s.cfg.Source.Mask(strings.Join(o.Servers, " ")+" "+o.From+" – "+o.To), ""); err != nil {
		return err
	}
	j, err := s.cfg.Jobs.Restore(rq.r.Context(), rq.who, o)
	if err != nil {
		return jobError(err)
	}
	rq.w.Header().Set("Location", Prefix+"/jobs/"+url.PathEscape(j.ID))
	return s.answer(rq, http.StatusAccepted, s.task(rq, j))
}

// restoreRoutes are those of archived days.
func (s *server) restoreRoutes() []route {
	return []route{
		{method: "GET", path: "/archive/days", need: account.See | account.Manage, serve: s.archived, absent: s.cfg.Keeping == nil},
		{method: "POST", path: "/archive/restore", need: account.See | account.Manage, serve: s.restore, absent: s.cfg.Jobs == nil},
		{method: "POST", path: "/archive/release", need: account.See | account.Manage, serve: s.release, absent: s.cfg.Jobs == nil},
	}
}
