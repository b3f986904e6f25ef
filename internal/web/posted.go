package web

import (
	"net/http"
	"net/url"
)

// maxForm bounds the body of a form, bytes: the lists of the filters are the largest.
const maxForm = 2 << 20

// posted reads the form of a request, once. Every form of a page but an upload comes
// through it.
func posted(rq *request) (url.Values, error) {
	if rq.r.PostForm == nil {
		rq.r.Body = http.MaxBytesReader(rq.w, rq.r.Body, maxForm)
	}
	if err := rq.r.ParseForm(); err != nil {
		return nil, errPage{http.StatusBadRequest, "web.error.form"}
	}
	return rq.r.PostForm, nil
}
