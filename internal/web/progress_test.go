package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
)

// slow is a source whose counts wait, and tell how far they are.
type slow struct {
	*memory
	far  func(ctx context.Context)
	wait chan struct{}
	gone chan struct{} // closed when a count was ended
}

func (s *slow) Facets(ctx context.Context, q query.Query) (*query.Facets, error) {
	if !q.HeldOnly {
		s.far(ctx)
		select {
		case <-s.wait:
		case <-ctx.Done():
			close(s.gone)
			return nil, ctx.Err()
		}
	}
	return s.memory.Facets(ctx, q)
}

// TestCountsTellHowFar: a part whose counts take longer than a second says how far they
// are and asks again; it can be stopped, and without scripts it waits.
func TestCountsTellHowFar(t *testing.T) {
	for _, x := range []struct {
		name   string
		far    func(context.Context)
		ja, en string
	}{
		{"the store", func(ctx context.Context) { pace.Pieces(ctx, 3, 4) }, "25 % （1 / 3）", "25 % (step 1 of 3)"},
		{"the archive", func(ctx context.Context) {
			pace.Pieces(ctx, 4, 4)
			pace.Progress(ctx, 12, 40)
			pace.Pieces(ctx, 1, 4)
		}, "保管庫の 40 日のうち 12 日", "12 of 40 archived days"},
		{"nothing known", func(context.Context) {}, "数えています", "Counting …"},
	} {
		src := &slow{memory: company(50), far: x.far, wait: make(chan struct{}), gone: make(chan struct{})}
		h := siteOf(t, func(c *Config) { c.Source = src })
		const part = "/search/counts?page=/search&op=read"
		for lang, want := range map[string]string{"ja": x.ja, "en": x.en} {
			res, body := get(t, h, part, "HX-Request", "true", "Accept-Language", lang)
			if res.Header.Get("HX-Retarget") != "#counting" || !strings.Contains(body, want) || !strings.Contains(body, `hx-trigger="load"`) || !strings.Contains(body, "<progress") {
				t.Errorf("%s: %v %s, want %s", x.name, res.Header, body, want)
			}
			checkHTML(t, x.name, body)
		}
		res, body := get(t, h, part+"&stop=1", "HX-Request", "true", "Accept-Language", "ja")
		if res.StatusCode != http.StatusOK || !strings.Contains(body, "数えるのをやめました") || strings.Contains(body, `hx-trigger="load"`) {
			t.Errorf("%s, stopped: %d %s", x.name, res.StatusCode, body)
		}
		checkHTML(t, "stopped", body)
		_, body = get(t, h, "/search?op=read", "Accept-Language", "ja")
		if !strings.Contains(body, "数えるのをやめる") || !strings.Contains(body, "wait=1") {
			t.Errorf("%s: the page cannot be stopped, or waited for", x.name)
		}
		close(src.wait)
		if res, body := get(t, h, "/search?op=read&wait=1"); res.StatusCode != http.StatusOK || !strings.Contains(body, "data-total=") {
			t.Errorf("%s: without scripts: %d", x.name, res.StatusCode)
		}
	}
}

// TestStoppedCountsEnd: counts that a reader stopped end soon.
func TestStoppedCountsEnd(t *testing.T) {
	src := &slow{memory: company(50), far: func(context.Context) {}, wait: make(chan struct{}), gone: make(chan struct{})}
	h := siteOf(t, func(c *Config) { c.Source = src })
	get(t, h, "/search/counts?page=/search&op=read", "HX-Request", "true")
	get(t, h, "/search/counts?page=/search&op=read&stop=1", "HX-Request", "true")
	select {
	case <-src.gone:
	case <-time.After(tallyGrace + time.Minute):
		t.Error("it goes on")
	}
}
