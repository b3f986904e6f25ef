package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/record"
)

// Settings is akashi.toml, and what it changes. A change that is not right comes
// back as problems, and then nothing is changed; by is sealed with it.
type Settings interface {
	Values() []SettingValue
	Background() Background
	SetBackground(ctx context.Context, by care.Author, b Background) ([]SettingProblem, error)
	Business() calendar.Settings
	SetBusiness(ctx context.Context, by care.Author, c calendar.Settings) ([]SettingProblem, error)
	FolderSettings
	Language() string
	SetLanguage(ctx context.Context, by care.Author, lang string) error
	// History is the sealed changes of what counts as background, newest first.
	History(ctx context.Context) ([]SettingChange, error)
	// SealNow signs a checkpoint.
	SealNow(ctx context.Context) error
	// ImportFolders are the folders of the server's machine that may be imported.
	ImportFolders() []string
	UploadLimit() int64 // bytes
}

// settingsRoutes are the pages below /settings that belong to no other area.
func (s *site) settingsRoutes() []route {
	const set = account.Settings
	return []route{
		{pattern: "GET /settings", serve: s.settingsIndex},
		{pattern: "GET /settings/import", need: account.Import, serve: s.importPage},
		{pattern: "POST /settings/import", need: account.Import, serve: s.importUpload},
		{pattern: "POST /settings/import/path", need: account.Import, serve: s.importPath},
		{pattern: "GET /settings/import/{id}", need: account.Import, serve: s.importResult},
		{pattern: "GET /settings/filters", need: set, serve: s.filtersPage},
		{pattern: "POST /settings/filters", need: set, serve: s.filtersSave},
		{pattern: "POST /settings/filters/reconvert", need: set, serve: s.reconvert},
		{pattern: "GET /settings/calendar", need: set, serve: s.calendarPage},
		{pattern: "POST /settings/calendar", need: set, serve: s.calendarSave},
		{pattern: "GET /settings/folders", need: set, serve: s.foldersPage},
		{pattern: "POST /settings/folders", need: set, serve: s.foldersSave},
		{pattern: "GET /settings/retention", need: account.Manage, serve: s.retentionSettings},
		{pattern: "GET /settings/keys", need: set, serve: s.keysPage},
		{pattern: "POST /settings/keys/seal", need: set, serve: s.sealNow},
		{pattern: "GET /settings/keys/checkpoint", need: set, serve: s.checkpointFile},
		{pattern: "GET /settings/display", need: set, serve: s.displayPage},
		{pattern: "POST /settings/display", need: set, serve: s.displaySave},
		{pattern: "GET /settings/file", need: set, serve: s.settingsFile},
		{pattern: "GET /help", serve: s.help},
	}
}

// settings is the seam, or a page that says there is none.
func (s *site) settings() (Settings, error) {
	if s.cfg.Settings == nil {
		return nil, errPage{http.StatusNotFound, "web.error.no_page"}
	}
	return s.cfg.Settings, nil
}

// language is that of a visitor whose browser wants none of ours.
func (s *site) language() string {
	if s.cfg.Settings != nil {
		return s.cfg.Settings.Language()
	}
	return s.cfg.Language
}

// settingsIndex lists what can be set.
func (s *site) settingsIndex(rq *request) error {
	v := struct {
		frame
		Pages []menuEntry
	}{frame: s.frame(rq, "/settings", "web.nav.settings")}
	for _, e := range v.Menu {
		if e.URL == "/settings" {
			v.Pages = e.Under
		}
	}
	if len(v.Pages) == 0 {
		return errPage{http.StatusForbidden, "web.error.no_right"}
	}
	return s.render(rq, 200, "settings", v)
}

// settingsForm is the seam, once the form of a change was read.
func (s *site) settingsForm(rq *request) (Settings, error) {
	set, err := s.settings()
	if err != nil {
		return nil, err
	}
	_, err = posted(rq)
	return set, err
}

// saved tells the page after a redirect what was done: a word of the address.
func saved(rq *request) string {
	switch v := rq.r.URL.Query().Get("done"); v {
	case "saved", "sealed", "same":
		return "web.set.done_" + v
	}
	return ""
}

// lines are the entries of a text field, one a line, without empty ones.
func lines(s string) []string {
	var l []string
	for x := range strings.Lines(s) {
		if x = strings.TrimSpace(strings.ToValidUTF8(x, "\uFFFD")); x != "" {
			l = append(l, x)
		}
	}
	return l
}

// named makes the value of a problem safe to show.
func named(l []string, i int) string {
	if i < 0 || i >= len(l) {
		return ""
	}
	return record.Visible(l[i])
}
