package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
)

// keysPage tells of the keys and checkpoints of the seal.
func (s *site) keysPage(rq *request) error {
	if s.cfg.Health == nil {
		return errPage{http.StatusNotFound, "web.error.no_page"}
	}
	k, err := s.cfg.Health.Seal(rq.r.Context())
	if err != nil {
		return err
	}
	type point struct {
		When string
		Size int64
	}
	type send struct {
		SealSend
		When, Tried string
	}
	v := struct {
		frame
		*Seal
		LastTime string
		List     []point
		Until    string // the certificate of the newest stamp
		Renewed  string
		Sends    []send
		Anew     []anewView // algorithms beside SHA-256
		Hashes   []hashView // that can be chosen
		CanRenew bool
		Done     string
		Busy     bool
	}{frame: s.frame(rq, "/settings/keys", "web.nav.keys"), Seal: k, Done: saved(rq), LastTime: clock(k.Last, rq.zone), Busy: rq.r.URL.Query().Get("done") == "busy"}
	for i := len(k.Points) - 1; i >= 0; i-- {
		v.List = append(v.List, point{clock(k.Points[i].Time, rq.zone), k.Points[i].Size})
	}
	if k.Expires > 0 {
		v.Until, v.Renewed = clock(k.Expires, rq.zone), clock(k.Renewal, rq.zone)
	}
	v.Anew, v.Hashes = anewViews(rq, k), hashViews()
	v.CanRenew = s.cfg.Data != nil && s.cfg.Jobs != nil && rq.who.May(account.Manage) && care.SeesAll(rq.who)
	for _, x := range k.Sends {
		v.Sends = append(v.Sends, send{x, clock(x.SentAt, rq.zone), clock(x.TriedAt, rq.zone)})
	}
	return s.render(rq, 200, "keys", v)
}

// sealNow is POST /settings/keys/seal.
func (s *site) sealNow(rq *request) error {
	set, err := s.settings()
	if err != nil {
		return err
	}
	if err := s.note(rq, "seal", ""); err != nil {
		return err
	}
	to := "/settings/keys?done=sealed"
	if err := set.SealNow(rq.r.Context()); errors.Is(err, care.ErrBusy) {
		to = "/settings/keys?done=busy"
	} else if err != nil {
		return err
	}
	http.Redirect(rq.w, rq.r, to, http.StatusSeeOther)
	return nil
}

// checkpointFile hands the last checkpoint out, to be kept elsewhere.
func (s *site) checkpointFile(rq *request) error {
	if s.cfg.Health == nil {
		return errPage{http.StatusNotFound, "web.error.no_page"}
	}
	k, err := s.cfg.Health.Seal(rq.r.Context())
	if err != nil {
		return err
	}
	if len(k.Points) == 0 {
		return errPage{http.StatusNotFound, "web.keys6.no_points"}
	}
	p := k.Points[len(k.Points)-1]
	if err := s.note(rq, "checkpoint", strconv.FormatInt(p.Size, 10)); err != nil {
		return err
	}
	h := rq.w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="akashi-checkpoint-`+strconv.FormatInt(p.Size, 10)+`.txt"`)
	_, _ = rq.w.Write([]byte(p.Text)) // the visitor may have gone
	return nil
}

// retentionSettings says how long records are kept, and where that is decided.
func (s *site) retentionSettings(rq *request) error {
	v := struct {
		frame
		URL string // of the page that decides, "" = the command line
	}{frame: s.frame(rq, "/settings/retention", "web.nav.retention")}
	if s.gets["/data/retention"] {
		v.URL = "/data/retention"
	}
	return s.render(rq, 200, "retention-settings", v)
}

// displayPage is the language and zone of whoever chose none.
func (s *site) displayPage(rq *request) error {
	set, err := s.settings()
	if err != nil {
		return err
	}
	v := struct {
		frame
		Default string
		Done    string
		Busy    bool
	}{frame: s.frame(rq, "/settings/display", "web.nav.display"), Default: set.Language(), Done: saved(rq), Busy: rq.r.URL.Query().Get("done") == "busy"}
	return s.render(rq, 200, "display", v)
}

// displaySave is POST /settings/display.
func (s *site) displaySave(rq *request) error {
	set, err := s.settingsForm(rq)
	if err != nil {
		return err
	}
	lang := rq.r.PostForm.Get("language")
	if lang != "ja" && lang != "en" {
		return errPage{http.StatusUnprocessableEntity, "web.error.form"}
	}
	to := "/settings/display?done=saved"
	if lang == set.Language() {
		to = "/settings/display?done=same"
	} else {
		if err := s.note(rq, "settings", "language: "+lang); err != nil {
			return err
		}
		if err := set.SetLanguage(rq.r.Context(), care.Author{Name: rq.who.Name}, lang); errors.Is(err, care.ErrBusy) {
			to = "/settings/display?done=busy"
		} else if err != nil {
			return err
		}
	}
	http.Redirect(rq.w, rq.r, to, http.StatusSeeOther)
	return nil
}

// settingsFile lists every key of akashi.toml.
func (s *site) settingsFile(rq *request) error {
	set, err := s.settings()
	if err != nil {
		return err
	}
	type value struct {
		SettingValue
		Text string // what it means, "" = not said
		URL  string // page that changes it, "" = in the file
		Own  bool   // not the default
	}
	type table struct {
		Name   string
		Values []value
	}
	v := struct {
		frame
		Tables []table
	}{frame: s.frame(rq, "/settings/file", "web.nav.file")}
	for _, x := range set.Values() {
		name, _, ok := strings.Cut(x.Key, ".")
		if !ok {
			name = ""
		}
		y := value{SettingValue: x, URL: x.Page(), Own: x.Value != x.Default}
		if key := "web.key." + x.Key; rq.p.Has(key) {
			y.Text = rq.p.T(key)
		}
		y.Value = x.Shown(rq.who)
		if len(v.Tables) == 0 || v.Tables[len(v.Tables)-1].Name != name {
			v.Tables = append(v.Tables, table{Name: name})
		}
		t := &v.Tables[len(v.Tables)-1]
		t.Values = append(t.Values, y)
	}
	return s.render(rq, 200, "settings-file", v)
}

// help explains the ideas, and where akashi answers the guideline.
func (s *site) help(rq *request) error {
	v := struct {
		frame
		Terms []string
		Items []helpItem
	}{frame: s.frame(rq, "/help", "web.help.title")}
	v.Terms = []string{"record", "certain", "count", "class", "gap", "seal", "proof", "time", "path"}
	for _, x := range []struct {
		name, url string
	}{
		{"use", "/search"}, {"out", "/search?op=print&op=copy"}, {"delete", "/search?op=delete"}, {"login", "/search?op=logon&network=1"}, {"state", "/people"},
		{"breach", "/files"}, {"analysis", "/"}, {"access", "/search?op=set_permissions"}, {"identify", "/search?op=logon_failed"}, {"keep", "/settings/retention"},
	} {
		v.Items = append(v.Items, helpItem{x.name, x.url})
	}
	return s.render(rq, 200, "help", v)
}

// helpItem is an item of the guideline and the page that answers it.
type helpItem struct{ Name, URL string }
