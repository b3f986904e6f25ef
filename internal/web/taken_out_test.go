package web

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// anOrder is an order of a term with hostile names.
func anOrder() query.Taken {
	return query.Taken{Class: "background", Server: "FS01" + evil, First: "2026-01-01", Last: "2026-03-31", Records: 1234, Months: 3, ProposedBy: "a" + evil, By: "b" + evil, Ground: evil, Time: 1}
}

// A term of a class of records is proposed like others; what it would take out, why
// something stays, and what went on whose order is on the page.
func TestClassTermPage(t *testing.T) {
	k := newDataKit(t)
	k.data.terms.InForce = []Term{{Class: "background", Server: "FS01" + evil, Months: 3, By: "a", Time: 1}}
	for _, stays := range []string{"", "held", "unarchived", "unsure"} {
		k.data.terms.Classes = append(k.data.terms.Classes, care.ClassMonth{Class: "background", Server: "FS01" + evil, Month: "2026-04", Records: 7, Stays: stays, Cases: []string{evil}, Reason: evil})
	}
	k.data.terms.Taken = []query.Taken{anOrder()}
	for _, lang := range []string{"ja", "en"} {
		res, body := get(t, k.h, "/data/retention", "Accept-Language", lang)
		checkHTML(t, lang, body)
		if res.StatusCode != http.StatusOK || strings.Count(body, "2026-04") != 4 || !strings.Contains(body, `value="expire"`) || !strings.Contains(body, "2026-03-31") || !strings.Contains(body, "1,234") {
			t.Errorf("%s: %d", lang, res.StatusCode)
		}
	}
	code, body := k.post("/data/retention", "keep", "logon", "n", "3", "unit", "y", "server", "FS02")
	if code != http.StatusOK || !strings.Contains(body, "ログオン・ログオフの記録だけ") {
		t.Fatalf("%d", code)
	}
	if code, _ = k.again("/data/retention", body); code != http.StatusSeeOther || k.note != `retention_propose|"FS02" 36 months, year false logon|` {
		t.Errorf("%d, noted %q", code, k.note)
	}
	if _, body = k.post("/data/care", "what", "expire"); strings.Count(body, "2026-04") != 4 || !strings.Contains(body, `class="grave"`) {
		t.Error("what goes is not shown first")
	}
}

// takenSource is a Source of which an order took records out.
type takenSource struct {
	Source
	asked []query.Query
}

func (s *takenSource) Search(ctx context.Context, q query.Query) (*query.Page, error) {
	s.asked = append(s.asked, q)
	p, err := s.Source.Search(ctx, q)
	if err == nil && !q.Removed {
		c := *p
		c.Taken = []query.Taken{anOrder(), anOrder(), anOrder(), anOrder()}
		p = &c
	}
	return p, err
}

func (s *takenSource) TakenBy(context.Context, record.ID) (*query.Taken, error) {
	x := anOrder()
	return &x, nil
}

// A page of results says what terms took out of it, on whose order, and leads to what
// the archive has; there the note is gone. The page of such a record says so too.
func TestTakenOnPages(t *testing.T) {
	m := company(50)
	src := &takenSource{Source: m}
	h := newSite(t, src)
	for _, target := range []string{"/search", "/search?q=path%3Axyzzy", "/people?path=xyzzy"} {
		res, body := get(t, h, target, "Accept-Language", "ja")
		checkHTML(t, target, body)
		if res.StatusCode != http.StatusOK || strings.Count(body, "記録庫から外しました") != 3 || !strings.Contains(body, "ほかに 1 件の命令") || !strings.Contains(body, "removed%3Ayes") {
			t.Errorf("%s: %d: %s", target, res.StatusCode, body)
		}
	}
	res, body := get(t, h, "/search?network=1&q=removed%3Ayes", "Accept-Language", "ja")
	checkHTML(t, "removed", body)
	if q := src.asked[len(src.asked)-1]; res.StatusCode != http.StatusOK || !q.Removed || strings.Contains(body, "記録庫から外しました") {
		t.Errorf("%d, asked %+v", res.StatusCode, q)
	}
	p, err := m.Search(t.Context(), query.Query{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	res, body = get(t, h, "/records/"+p.Records[0].ID().String(), "Accept-Language", "ja")
	checkHTML(t, "record", body)
	if res.StatusCode != http.StatusOK || !strings.Contains(body, "記録庫から外されました") {
		t.Errorf("%d: the page of a record that was taken out does not say so", res.StatusCode)
	}
}
