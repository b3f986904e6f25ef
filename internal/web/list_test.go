package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rowTimes are the times of the rows of a part.
func rowTimes(body string) (l []string) {
	for _, m := range regexp.MustCompile(`data-row><time datetime="([^"]+)"`).FindAllStringSubmatch(body, -1) {
		l = append(l, m[1])
	}
	return l
}

// Rows by their number are those of the pages, whatever the order and wherever.
func TestRowsByNumber(t *testing.T) {
	f := newFinder(t, 4000)
	for _, form := range []string{"page=/search", "page=/search&noise=1&network=1&q=sort:oldest", "page=/files&user=sato.takeshi"} {
		u := &url.URL{Path: "/search", RawQuery: form}
		u.Path = url.Values(u.Query()).Get("page")
		fm := parseForm(u, tokyo(), testNow())
		q := fm.query()
		q.Limit = 1 << 20
		all, err := f.m.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		n := len(all.Records)
		for _, at := range []int{0, 1, 99, 450, n / 2, n - 30, n - 1, n, n + 100} {
			_, body := get(t, f, "/search/rows?"+form+"&n=40&at="+appendInt(at))
			got := rowTimes(body)
			var want []string
			for i := at; i < min(at+40, n); i++ {
				want = append(want, machine(all.Records[i].Time))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s at %d of %d: %d rows from %v, want %d from %v", form, at, n, len(got), head(got), len(want), head(want))
			}
		}
	}
	for _, bad := range []string{"at=-1&n=10", "at=1&n=0", "at=1&n=201", "at=x&n=1", "at=1"} {
		if res, _ := get(t, f, "/search/rows?page=/search&"+bad); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", bad, res.StatusCode)
		}
	}
}

func appendInt(n int) string { return strings.ReplaceAll(number(uint64(n)), ",", "") }

func head(l []string) string {
	if len(l) == 0 {
		return "none"
	}
	return l[0]
}
