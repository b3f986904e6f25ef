package api

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/i18n"
)

// Settings is akashi.toml, as the pages of settings read and change it. A change that is
// not right comes back as problems, and then nothing is changed; of an author who says
// what he saw, what somebody else changed since is ErrChanged.
type Settings interface {
	Values() []care.Setting
	Background() care.Background
	SetBackground(ctx context.Context, by care.Author, b care.Background) ([]care.SettingProblem, error)
	History(ctx context.Context) ([]care.SettingChange, error)
	Business() calendar.Settings
	SetBusiness(ctx context.Context, by care.Author, c calendar.Settings) ([]care.SettingProblem, error)
	Folders() []string
	SetFolders(ctx context.Context, by care.Author, l []string) ([]care.SettingProblem, error)
	FoldersHistory(ctx context.Context) ([]care.FolderChange, error)
	Language() string
	SetLanguage(ctx context.Context, by care.Author, lang string) error
	SealNow(ctx context.Context) error
}

// settingsFile answers with every key of akashi.toml, as the visitor may see it.
func (s *server) settingsFile(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	type value struct {
		Key     string `json:"key"`
		Value   Text   `json:"value"` // as TOML
		Default Text   `json:"default"`
		Words   string `json:"words"`
	}
	out := []value{}
	for _, x := range s.cfg.Settings.Values() {
		v := value{Key: x.Key, Value: Text(x.Shown(rq.who)), Default: Text(x.Default)}
		if key := "web.key." + x.Key; rq.p.Has(key) {
			v.Words = rq.p.T(key)
		}
		out = append(out, v)
	}
	return s.json(rq, struct {
		Settings []value `json:"settings"`
	}{out})
}

// change is a change of a setting: what is there, what is wanted, and how it becomes
// that.
type change struct {
	name     string // for the trail
	now, new any
	set      func(care.Author) ([]care.SettingProblem, error)
	wrong    func(care.SettingProblem) *care.Fault
	answer   func(*request) error
}

// put makes a change by whoever saw what is there.
func (s *server) put(rq *request, c change) error {
	given, err := seen(rq)
	if err != nil {
		return err
	}
	if given != "" && given != care.Mark(c.now) {
		return care.ErrChanged
	}
	if care.Mark(c.now) == care.Mark(c.new) { // nothing to be sealed
		return c.answer(rq)
	}
	if err := s.note(rq, "settings", c.name, ""); err != nil {
		return err
	}
	bad, err := c.set(care.Author{Name: rq.who.Name, Seen: given})
	if err == nil && len(bad) > 0 {
		err = c.wrong(bad[0])
	}
	if err != nil {
		return err
	}
	return c.answer(rq)
}

// background is care.Background as clients get and give it.
type background struct {
	Accounts  []string `json:"accounts"`
	Addresses []string `json:"addresses"`
	Processes []string `json:"processes"`
}

func backgroundOf(b care.Background) background {
	return background{append([]string{}, b.Accounts...), append([]string{}, b.Addresses...), append([]string{}, b.Processes...)}
}

// background answers with what counts as background.
func (s *server) background(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	return s.backgroundNow(rq)
}

func (s *server) backgroundNow(rq *request) error {
	b := s.cfg.Settings.Background()
	tag(rq, care.Mark(b))
	return s.json(rq, backgroundOf(b))
}

// setBackground changes it.
func (s *server) setBackground(rq *request) error {
	var in background
	if err := s.read(rq, &in, "accounts", "addresses", "processes"); err != nil {
		return err
	}
	b := care.Background{Accounts: tidiedList(in.Accounts), Addresses: tidiedList(in.Addresses), Processes: tidiedList(in.Processes)}
	ctx := rq.r.Context()
	return s.put(rq, change{
		name: "background: " + b.String(), now: s.cfg.Settings.Background(), new: b, answer: s.backgroundNow,
		set: func(a care.Author) ([]care.SettingProblem, error) { return s.cfg.Settings.SetBackground(ctx, a, b) },
		wrong: func(p care.SettingProblem) *care.Fault {
			name := strings.TrimPrefix(p.Key, "background.")
			return entryFault(name, "web.flt.bad_"+name, map[string][]string{"accounts": b.Accounts, "addresses": b.Addresses, "processes": b.Processes}[name], p.Index)
		},
	})
}

// entryFault is the fault of an entry of a list.
func entryFault(field, key string, l []string, i int) *care.Fault {
	value := ""
	if i >= 0 && i < len(l) {
		value = l[i]
		field = fmt.Sprintf("%s[%d]", field, i)
	}
	return &care.Fault{Field: field, Code: care.Wrong, Key: key, Args: []any{"value", value}}
}

// changed is a sealed change of settings as clients get it.
type changed[T any] struct {
	By      string `json:"by"`
	Time    Time   `json:"time"`
	Sealed  bool   `json:"sealed"`
	Added   T      `json:"added"`
	Removed T      `json:"removed"`
}

// backgroundHistory answers with its sealed changes, newest first.
func (s *server) backgroundHistory(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	l, err := s.cfg.Settings.History(rq.r.Context())
	if err != nil {
		return err
	}
	out := []changed[background]{}
	for _, c := range l {
		out = append(out, changed[background]{c.By, Time(c.Time), c.Sealed, backgroundOf(c.Added), backgroundOf(c.Removed)})
	}
	return s.json(rq, struct {
		Changes []changed[background] `json:"changes"`
	}{out})
}

// business is calendar.Settings as clients get and give it.
type business struct {
	PublicHolidays bool     `json:"public_holidays"`
	YearEnd        string   `json:"year_end"`
	Closed         []string `json:"closed"`
	Worked         []string `json:"worked"`
	Hours          hours    `json:"hours"`
}

// hours are the working hours of each day of the week, "" = nobody works.
type hours struct {
	Mon string `json:"mon"`
	Tue string `json:"tue"`
	Wed string `json:"wed"`
	Thu string `json:"thu"`
	Fri string `json:"fri"`
	Sat string `json:"sat"`
	Sun string `json:"sun"`
}

// calendar answers with the business calendar.
func (s *server) calendar(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	return s.calendarNow(rq)
}

func (s *server) calendarNow(rq *request) error {
	c := s.cfg.Settings.Business()
	h := c.Hours
	tag(rq, care.Mark(c))
	return s.json(rq, business{
		c.PublicHolidays, c.YearEnd, append([]string{}, c.Closed...), append([]string{}, c.Worked...), hours{h[1], h[2], h[3], h[4], h[5], h[6], h[0]},
	})
}

// setCalendar changes it.
func (s *server) setCalendar(rq *request) error {
	var in business
	if err := s.read(rq, &in, "public_holidays", "year_end", "closed", "worked", "hours"); err != nil {
		return err
	}
	h := in.Hours
	c := calendar.Settings{PublicHolidays: in.PublicHolidays, YearEnd: tidied(in.YearEnd), Closed: tidiedList(in.Closed), Worked: tidiedList(in.Worked)}
	for i, text := range []string{h.Sun, h.Mon, h.Tue, h.Wed, h.Thu, h.Fri, h.Sat} {
		c.Hours[i] = tidied(text)
	}
	ctx := rq.r.Context()
	return s.put(rq, change{
		name: "calendar: " + calendarText(&c), now: s.cfg.Settings.Business(), new: c, answer: s.calendarNow,
		set: func(a care.Author) ([]care.SettingProblem, error) { return s.cfg.Settings.SetBusiness(ctx, a, c) },
		wrong: func(p care.SettingProblem) *care.Fault {
			switch p.Key {
			case "calendar.closed":
				return entryFault("closed", "web.cal.bad_closed", c.Closed, p.Index)
			case "calendar.worked":
				return entryFault("worked", "web.cal.bad_worked", c.Worked, p.Index)
			case "calendar.year_end":
				return &care.Fault{Field: "year_end", Code: care.Wrong, Key: "web.cal.bad_year_end", Args: []any{"value", c.YearEnd}}
			}
			day := [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}[p.Index]
			return &care.Fault{Field: "hours." + day, Code: care.Wrong, Key: "web.cal.bad_hours", Args: []any{"value", c.Hours[p.Index]}}
		},
	})
}

// calendarText names a calendar in one line, for the trail.
func calendarText(c *calendar.Settings) string {
	v := url.Values{"year_end": {c.YearEnd}, "closed": c.Closed, "worked": c.Worked, "hours": c.Hours[:]}
	if c.PublicHolidays {
		v.Set("public", "1")
	}
	return v.Encode()
}

// marked answers with the folders that hold specific personal information. They are for
// those who see everything: entries can be folders that others may not see.
func (s *server) marked(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	if !care.SeesAll(rq.who) {
		return care.ErrRestricted
	}
	return s.markedNow(rq)
}

func (s *server) markedNow(rq *request) error {
	l := s.cfg.Settings.Folders()
	tag(rq, care.Mark(l))
	return s.json(rq, struct {
		Folders []Text `json:"folders"`
	}{textsOf(l)})
}

// setMarked changes them.
func (s *server) setMarked(rq *request) error {
	var in struct {
		Folders []string `json:"folders"`
	}
	if err := s.read(rq, &in, "folders"); err != nil {
		return err
	}
	if !care.SeesAll(rq.who) {
		return care.ErrRestricted
	}
	l := tidiedList(in.Folders)
	ctx := rq.r.Context()
	return s.put(rq, change{
		name: "my_number.folders: " + strings.Join(l, "; "), now: s.cfg.Settings.Folders(), new: l, answer: s.markedNow,
		set: func(a care.Author) ([]care.SettingProblem, error) { return s.cfg.Settings.SetFolders(ctx, a, l) },
		wrong: func(p care.SettingProblem) *care.Fault {
			if p.Index <= 0 && len(l) > maxMarked {
				return &care.Fault{Field: "folders", Code: care.Wrong, Key: "web.mn.many"}
			}
			return entryFault("folders", "web.mn.bad", l, p.Index)
		},
	})
}

// maxMarked is how many folders can hold specific personal information, see package
// config.
const maxMarked = 50

// markedHistory answers with the sealed changes, newest first.
func (s *server) markedHistory(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	if !care.SeesAll(rq.who) {
		return care.ErrRestricted
	}
	l, err := s.cfg.Settings.FoldersHistory(rq.r.Context())
	if err != nil {
		return err
	}
	out := []changed[[]Text]{}
	for _, c := range l {
		out = append(out, changed[[]Text]{c.By, Time(c.Time), c.Sealed, textsOf(c.Added), textsOf(c.Removed)})
	}
	return s.json(rq, struct {
		Changes []changed[[]Text] `json:"changes"`
	}{out})
}

// language answers with the language of whoever chose none.
func (s *server) language(rq *request) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	return s.languageNow(rq)
}

func (s *server) languageNow(rq *request) error {
	lang := s.cfg.Settings.Language()
	tag(rq, care.Mark(lang))
	return s.json(rq, struct {
		Language string `json:"language"`
	}{lang})
}

// setLanguage changes it.
func (s *server) setLanguage(rq *request) error {
	var in struct {
		Language string `json:"language"`
	}
	if err := s.read(rq, &in, "language"); err != nil {
		return err
	}
	if !slices.Contains([]string{i18n.Japanese, i18n.English}, in.Language) {
		return wrong("language", "value")
	}
	ctx := rq.r.Context()
	return s.put(rq, change{
		name: "language: " + in.Language, now: s.cfg.Settings.Language(), new: in.Language, answer: s.languageNow,
		set: func(a care.Author) ([]care.SettingProblem, error) {
			return nil, s.cfg.Settings.SetLanguage(ctx, a, in.Language)
		},
	})
}
