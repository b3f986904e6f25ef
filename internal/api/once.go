package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/akashi-audit/akashi/internal/once"
)

// Once keeps the first answers to requests with a key; once.Book, the one in use.
type Once interface {
	Begin(ctx context.Context, k once.Key, r once.Request) (*once.Answer, error)
	End(ctx context.Context, k once.Key, a *once.Answer) error
	Drop(ctx context.Context, k once.Key) error
}

// keyUse is what a POST does with an Idempotency-Key.
type keyUse int

const (
	keepAnswer keyUse = iota // the first answer is given again
	tellsOnce                // it tells a secret, which is kept nowhere: told once
	noKey                    // its body has a secret, or it begins nothing: refused
)

// keyedTime bounds a request with a key. It does not end when its asker goes: he comes
// again for the answer.
const keyedTime = 2 * time.Minute

// header are those of an answer that are kept with it.
func header() []string { return []string{"Content-Type", "Location", "ETag"} }

// once serves a request, or gives the first answer to its key again.
func (s *server) once(rq *request, rt route) error {
	text := rq.r.Header.Get("Idempotency-Key")
	if text == "" || rq.r.Method != http.MethodPost {
		return rt.serve(rq)
	}
	if rt.key == noKey || s.cfg.Once == nil {
		return &Problem{Status: http.StatusBadRequest, Code: "key_untaken"}
	}
	if !goodKey(text) {
		return &Problem{Status: http.StatusBadRequest, Code: "key_bad"}
	}
	body, err := bodyOf(rq)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(rq.r.Context()), keyedTime)
	defer cancel()
	k := once.Key{Person: rq.who.ID, Name: rq.who.Name, Token: rq.who.Token, Key: text}
	first, err := s.cfg.Once.Begin(ctx, k, s.printOf(rq, body))
	switch {
	case err != nil:
		return keyError(err)
	case first != nil:
		return again(rq, first)
	}
	rq.r = rq.r.WithContext(ctx)
	rq.r.Body = io.NopCloser(bytes.NewReader(body))
	return s.serveOnce(rq, rt, k)
}

// serveOnce serves the first request with a key. Its answer is kept before it is given.
// What was refused before anything was done gives its key back. After a panic the key
// stays begun, since nobody knows what was done.
func (s *server) serveOnce(rq *request, rt route, k once.Key) error {
	out, rec := rq.w, &held{header: rq.w.Header()}
	rq.w = rec
	if err := rt.serve(rq); err != nil {
		s.fail(rq, err)
	}
	rq.w = out
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	ctx := context.WithoutCancel(rq.r.Context())
	a := &once.Answer{Status: rec.status, Header: map[string]string{}, Body: rec.body.Bytes(), Kept: rt.key != tellsOnce}
	for _, h := range header() {
		if v := rec.header.Get(h); v != "" {
			a.Header[h] = v
		}
	}
	var err error
	if rec.status/100 == 2 || rec.status == http.StatusInternalServerError {
		if rec.status/100 != 2 {
			a.Kept = true // a problem tells no secret
		}
		err = s.cfg.Once.End(ctx, k, a)
	} else {
		err = s.cfg.Once.Drop(ctx, k)
	}
	if err != nil {
		s.log.ErrorContext(ctx, "answer could not be kept", slog.String("route", rq.r.Pattern), slog.Any("error", err))
	}
	out.WriteHeader(rec.status)
	_, _ = out.Write(rec.body.Bytes()) // the asker may have gone: he comes again
	return nil
}

// held is an answer that is not given yet.
type held struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *held) Header() http.Header { return h.header }

func (h *held) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *held) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(b)
}

// again gives the first answer once more.
func again(rq *request, a *once.Answer) error {
	if !a.Kept {
		return &Problem{Status: http.StatusConflict, Code: "told_once"}
	}
	for h, v := range a.Header {
		rq.w.Header().Set(h, v)
	}
	rq.w.Header().Set("Idempotency-Replayed", "true")
	rq.w.WriteHeader(a.Status)
	_, _ = rq.w.Write(a.Body) // the asker may have gone
	return nil
}

// keyError makes errors of Begin problems.
func keyError(err error) error {
	var unknown *once.UnknownError
	switch {
	case errors.Is(err, once.ErrOther):
		return &Problem{Status: http.StatusUnprocessableEntity, Code: "key_other"}
	case errors.Is(err, once.ErrRunning):
		return &Problem{Status: http.StatusConflict, Code: "key_running", after: time.Second}
	case errors.As(err, &unknown):
		begun := unknown.Begun.UTC()
		return &Problem{Status: http.StatusConflict, Code: "key_unknown", Begun: &begun}
	case errors.Is(err, once.ErrScope):
		return &Problem{Status: http.StatusForbidden, Code: "other_scope"}
	case errors.Is(err, once.ErrFull):
		return &Problem{Status: http.StatusTooManyRequests, Code: "key_full", after: time.Hour}
	}
	return err
}

// goodKey reports whether a key is one of 1 to once.MaxKey visible ASCII characters.
func goodKey(s string) bool {
	for i := range len(s) {
		if s[i] < '!' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= once.MaxKey
}

// printOf is the print of a request and of what its asker may see and do.
func (s *server) printOf(rq *request, body []byte) once.Request {
	sum := func(parts ...string) string {
		h := sha256.New()
		for _, p := range parts {
			_, _ = io.WriteString(h, strconv.Itoa(len(p))+":"+p) // never fails
		}
		return hex.EncodeToString(h.Sum(nil))
	}
	scope, err := json.Marshal(rq.who.Scope)
	if err != nil {
		scope = nil // lists of texts are always JSON
	}
	return once.Request{
		Print: sum(rq.r.Method, rq.r.URL.EscapedPath(), rq.r.URL.RawQuery, rq.r.Header.Get("If-Match"), string(body)),
		Scope: sum(string(scope), strconv.FormatUint(uint64(rq.who.Rights), 16)),
	}
}
