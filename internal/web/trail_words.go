package web

import "strings"

// wordy gives messages of a language.
type wordy interface {
	Has(key string) bool
	T(key string, args ...any) string
}

// trailWord is an action of the trail in words; an action that has none stands as it is.
func trailWord(p wordy, action string) string {
	k := "web.trail.action." + strings.ReplaceAll(action, " ", "_")
	if p.Has(k) {
		return p.T(k)
	}
	return action
}

// trailDetail is the object of an action in words where it holds names that akashi
// itself gave: the page of a search, the part of the settings, the reason why a log-in
// failed. What people wrote stays as it is.
func trailDetail(p wordy, action, object string) string {
	switch action {
	case "login":
		if k := "web.trail.reason." + object; object != "" && p.Has(k) {
			return p.T(k)
		}
	case "search":
		page, rest, _ := strings.Cut(object, " ")
		switch page {
		case "people", "files", "search":
			return spoken(p.T("web.nav."+page), rest)
		case "around":
			id, by, _ := strings.Cut(rest, " ")
			switch by {
			case "server", "session", "person":
				return spoken(p.T("find.around.title")+" ("+p.T("find.around."+by)+")", id)
			}
		}
	case "settings":
		part, rest, found := strings.Cut(object, ": ")
		key := map[string]string{"calendar": "web.nav.calendar", "background": "web.nav.filters", "my_number.folders": "web.nav.folders", "language": "web.nav.display"}[part]
		if found && key != "" {
			return spoken(p.T(key), rest)
		}
	case "import":
		if object == "upload" {
			return p.T("web.trail.upload")
		}
	}
	return object
}

// spoken puts what akashi says before what was asked.
func spoken(said, asked string) string {
	if asked == "" {
		return said
	}
	return said + ": " + asked
}
