package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/query"
)

// asked is a Source that keeps what it was asked to count, and counts hours.
type asked struct {
	*memory
	mu      sync.Mutex
	queries []query.Query
}

func (a *asked) Facets(ctx context.Context, q query.Query) (*query.Facets, error) {
	a.mu.Lock()
	a.queries = append(a.queries, q)
	a.mu.Unlock()
	f, err := a.memory.Facets(ctx, q)
	if err != nil {
		return nil, err
	}
	f.Hours = new([7][24]uint64)
	m := query.NewMatcher(q)
	for i := range a.records {
		if m.Match(&a.records[i]) {
			t := time.Unix(0, a.records[i].Time).In(a.status.Zone)
			f.Hours[t.Weekday()][t.Hour()]++
		}
	}
	return f, nil
}

// told is a Health that knows what it was given.
type told struct {
	seal     *Seal
	storage  *Storage
	coverage map[string]*Coverage
}

func (h told) Seal(context.Context) (*Seal, error) { return h.seal, nil }

func (h told) Storage(context.Context) (*Storage, error) { return h.storage, nil }

func (h told) Coverage(_ context.Context, server string) (*Coverage, error) {
	c, ok := h.coverage[server]
	if !ok {
		return nil, ErrNotFound
	}
	return c, nil
}

// remembered is Steps in memory.
type remembered struct {
	people int
	done   map[string]string
}

func (s *remembered) People(context.Context) (int, error) { return s.people, nil }

func (s *remembered) IsDone(_ context.Context, step string) (bool, error) {
	_, ok := s.done[step]
	return ok, nil
}

func (s *remembered) Done(_ context.Context, step, by string) error {
	s.done[step] = by
	return nil
}

const server1 = "FS01.corp.example.jp"

func healthy() told {
	return told{
		seal:     &Seal{Data: true, Checkpoints: 2, Last: testNow().UnixNano(), KeyThere: true, KeyFile: "/srv/akashi/seal/key", Points: []SealPoint{{testNow().UnixNano(), 9, "akashi/x\n9\nAAAA\n"}}, Keys: []SealKey{{"k", "akashi/x+1+A"}}},
		storage:  &Storage{Bytes: 1 << 30, Free: 9 << 30, PerDay: 1 << 20, Full: testNow().AddDate(20, 0, 0).UnixNano()},
		coverage: map[string]*Coverage{server1: {Complete: true, Found: testNow().UnixNano()}},
	}
}

// dashSite is a site with everything that the dashboard asks; change may take
// something away.
func dashSite(t testing.TB, src Source, h Health, change func(*Config)) http.Handler {
	t.Helper()
	cfg := Config{
		Source: src, Now: testNow, Health: h, Steps: &remembered{people: -1, done: map[string]string{StepCheck: "t", StepClose: "t"}},
		Visitor: func(*http.Request) *account.Visitor { return &account.Visitor{Name: "t", Rights: account.AllRights} },
	}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDashboardSaysInWords(t *testing.T) {
	m := company(2000)
	m.records[0].Time = testNow().Add(-time.Hour).UnixNano()
	m.status.Servers[0].Last = m.records[0].Time
	f := func(name string, h told, want ...string) {
		t.Helper()
		_, body := get(t, dashSite(t, &asked{memory: m}, h, nil), "/", "Accept-Language", "en")
		checkHTML(t, name, body)
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: the page does not say %q", name, w)
			}
		}
	}
	f("fine", healthy(), "All is well today. 1 server is receiving", "sealed", "no gaps", "complete", "of 4 Sun", "not be full within")
	h := healthy()
	day := testNow().AddDate(0, 0, -3).Format(time.DateOnly)
	h.storage.Days = []ServerDay{{Server: server1, Day: day, Gaps: 2}, {Server: server1, Day: "2020-01-01", Gaps: 9}}
	f("gaps", h, "1 thing needs a look", "missing in 2 places of the last 60 days", "11 gaps", `class="holes"`, "op=records_lost")
	h = healthy()
	h.storage.Full = testNow().AddDate(0, 0, 5).UnixNano()
	f("full", h, "The disk will be full in 5 days.")
	h = healthy()
	h.seal.KeyThere = false
	f("key", h, "private key of the seal is missing", `href="/settings/keys"`)
	h = healthy()
	h.seal.Data = false
	h.coverage[server1] = &Coverage{Missing: 7, Off: 1}
	f("open", h, "not yet sealed", "7 missing", "1 kind of auditing is switched off")
	h = healthy()
	h.coverage[server1] = nil
	f("not known yet", h, "checking")
	m.status.Damage = []Damage{{File: "log/1"}}
	f("damage", healthy(), "damaged in 1 place.", `<svg class="seal"`)
	m.status.Damage, m.status.Outdated = nil, []string{server1}
	f("outdated", healthy(), "not applied to the records of 1 server yet")
	m.status.Outdated = nil
	m.status.Servers[0].Last = testNow().AddDate(0, 0, -9).UnixNano()
	f("silent", healthy(), "The records of "+server1+" end at", "silent", `href="/settings/import"`)
	m.status.Demo = true
	f("demonstration", healthy(), "All is well with 1 server of the demonstration", "demonstration")
}

func TestDashboardCards(t *testing.T) {
	m := company(100)
	m.status.Servers[0].Last = testNow().UnixNano()
	card := Card{Title: "Alerts", Text: "text", Open: 3, URL: "/alerts", Lines: []CardLine{{hostile, "d", "/alerts/1"}}}
	h := dashSite(t, &asked{memory: m}, healthy(), func(c *Config) {
		c.Cards = func(context.Context, string) ([]Card, error) { return []Card{card}, nil }
	})
	_, body := get(t, h, "/", "Accept-Language", "en")
	checkHTML(t, "cards", body)
	for _, want := range []string{"3 things need a look", "Alerts", `href="/alerts/1"`, `\u{202e}`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q", want)
		}
	}
}

// TestDashboardAsksLittle: a view of the page asks nothing but the newest records,
// and counting asks only what roll-ups answer, or a week.
func TestDashboardAsksLittle(t *testing.T) {
	src := &asked{memory: company(3000)}
	h := dashSite(t, src, healthy(), nil)
	get(t, h, "/")
	n := len(src.queries)
	if n == 0 || n > 20 {
		t.Errorf("%d questions to count", n)
	}
	week := midnight(testNow()).AddDate(0, 0, -6).UnixNano()
	for _, q := range src.queries {
		rolled := q.Lists&^(query.ListDays|query.ListHours|query.ListServers|query.ListOps) == 0
		if q.Lists == 0 || q.From == 0 || !rolled && q.From < week {
			t.Errorf("lists %b since %v read records", q.Lists, time.Unix(0, q.From))
		}
		if q.Limit != 0 || q.Cursor != "" {
			t.Errorf("a count with a page: %+v", q)
		}
	}
	get(t, h, "/")
	get(t, h, "/?view=year")
	if len(src.queries) != n {
		t.Errorf("the second view counted again: %d questions", len(src.queries)-n)
	}
	get(t, h, "/?server="+server1)
	if len(src.queries) == n {
		t.Error("one server is not counted by itself")
	}
	n = len(src.queries)
	src.status.Records++
	for began := time.Now(); len(src.queries) == n; get(t, h, "/") {
		if time.Since(began) > 20*time.Second {
			t.Fatal("more records are not counted")
		}
	}
}

func TestDashboardWithinScope(t *testing.T) {
	m := company(500)
	other := "HR.corp.example.jp"
	m.status.Servers = append(m.status.Servers, Server{Name: other, Records: 5, Last: testNow().UnixNano()})
	hs := healthy()
	hs.coverage[other] = &Coverage{Missing: 7_654_321}
	hs.storage.Days = []ServerDay{{Server: other, Day: testNow().Format(time.DateOnly), Gaps: 55}}
	h := dashSite(t, &asked{memory: m}, hs, func(c *Config) {
		c.Visitor = func(*http.Request) *account.Visitor {
			return &account.Visitor{Name: "t", Rights: account.See, Scope: account.Scope{Servers: []string{"fs01"}}}
		}
	})
	for _, target := range []string{"/", "/coverage", "/latest"} {
		_, body := follow(t, h, target)
		if strings.Contains(body, "HR.corp") || strings.Contains(body, "7,654,321") || strings.Contains(body, ">55<") {
			t.Errorf("%s tells of a server that the visitor may not see", target)
		}
	}
	for _, target := range []string{"/?server=" + other, "/coverage?server=" + other, "/latest?server=" + other} {
		if res, _ := get(t, h, target); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", target, res.StatusCode)
		}
	}
	if _, body := get(t, h, "/"); strings.Contains(body, "/settings/") {
		t.Error("a viewer is sent to settings")
	}
}

// TestNumbersGoOnBeside: the page does not wait for numbers that take long, and
// has them later.
func TestNumbersGoOnBeside(t *testing.T) {
	src := &asked{memory: company(200)}
	var wg sync.WaitGroup
	life, end := context.WithCancel(context.Background())
	hold := make(chan struct{})
	h := dashSite(t, src, healthy(), func(c *Config) {
		c.Go = func(fn func(context.Context)) { wg.Go(func() { <-hold; fn(life) }) }
	})
	_, body := get(t, h, "/", "Accept-Language", "en")
	if !strings.Contains(body, "Counting.") || strings.Contains(body, `id="days"`) {
		t.Error("the page waited")
	}
	close(hold)
	wg.Wait()
	if _, body = get(t, h, "/", "Accept-Language", "en"); !strings.Contains(body, `id="days"`) || strings.Contains(body, "Counting.") {
		t.Error("no numbers afterwards")
	}
	end()
}

func TestFailingNumbers(t *testing.T) {
	m := company(50)
	h := dashSite(t, &asked{memory: m}, healthy(), nil)
	m.fail = errors.New("secret")
	if res, body := get(t, h, "/"); res.StatusCode != http.StatusInternalServerError || strings.Contains(body, "secret") {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestLateness(t *testing.T) {
	day := "09:00-18:00"
	office, _ := calendar.New(calendar.Settings{PublicHolidays: true, Hours: [7]string{1: day, 2: day, 3: day, 4: day, 5: day}})
	never, _ := calendar.New(calendar.Settings{})
	f := func(c *calendar.Calendar, now, last, want string) {
		t.Helper()
		at := func(s string) time.Time {
			x, err := time.ParseInLocation("2006-01-02 15:04", s, tokyo())
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		ns := int64(0)
		if last != "" {
			ns = at(last).UnixNano()
		}
		if got := lateness(c, ns, at(now)); got != want {
			t.Errorf("at %s, last record %s: %s, want %s", now, last, got, want)
		}
	}
	f(office, "2026-11-25 08:30", "2026-11-24 18:10", serverFine)
	f(office, "2026-11-24 08:30", "2026-11-20 17:50", serverFine) // a weekend and a holiday between
	f(office, "2026-11-25 17:50", "2026-11-25 09:30", serverLate)
	f(office, "2026-11-25 12:00", "2026-11-24 10:00", serverLate)
	f(office, "2026-11-27 18:00", "2026-11-24 10:00", serverSilent)
	f(office, "2026-11-27 18:00", "2025-11-24 10:00", serverSilent)
	f(office, "2026-11-27 18:00", "", serverNone)
	f(office, "2026-11-27 18:00", "2026-11-27 18:30", serverFine) // a clock that goes ahead
	f(never, "2026-11-27 18:00", "2026-11-27 00:00", serverFine)
	f(never, "2026-11-27 18:00", "2026-11-26 00:00", serverLate)
	f(never, "2026-11-27 18:00", "2026-11-20 00:00", serverSilent)
}

func mustPages(t *testing.T) map[string]*renderer {
	t.Helper()
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	m, err := loadPages(a)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFirstSteps(t *testing.T) {
	st := &remembered{people: 1, done: map[string]string{}}
	m := &memory{status: Status{Zone: tokyo(), Dir: "/srv/akashi"}}
	h := dashSite(t, m, healthy(), func(c *Config) { c.Steps = st })
	_, body := get(t, h, "/", "Accept-Language", "en")
	if !strings.Contains(body, "First steps") || !strings.Contains(body, `href="/settings/import"`) {
		t.Error("an empty folder does not lead to the import")
	}
	full := company(50)
	h = dashSite(t, &asked{memory: full}, healthy(), func(c *Config) { c.Steps = st })
	if _, body = get(t, h, "/", "Accept-Language", "en"); !strings.Contains(body, `href="/coverage">Check completeness`) {
		t.Error("after the import the check does not come next")
	}
	get(t, h, "/coverage")
	if st.done[StepCheck] != "t" {
		t.Error("the check was not noted")
	}
	st.people = 2
	if _, body = get(t, h, "/", "Accept-Language", "en"); strings.Contains(body, "First steps") {
		t.Error("the steps stay when all are done")
	}
	if res := postForm(t, h, "/start/close", ""); res.StatusCode != http.StatusSeeOther || st.done[StepClose] != "t" {
		t.Errorf("closing: %d", res.StatusCode)
	}
}

func BenchmarkDashboard(b *testing.B) {
	h := dashSite(b, &asked{memory: company(20_000)}, healthy(), nil)
	get(b, h, "/")
	for b.Loop() {
		get(b, h, "/")
	}
}
