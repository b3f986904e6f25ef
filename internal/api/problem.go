package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
)

// Problem is an error as clients get it (RFC 9457).
type Problem struct {
	Type   string `json:"type"` // akashi:problem:CODE
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Parameter is the one that is wrong. Of a text that cannot be read, Text is
	// it, and Offset and Length the place in characters.
	Parameter string `json:"parameter,omitempty"`
	Text      string `json:"text,omitempty"`
	Offset    *int   `json:"offset,omitempty"`
	Length    *int   `json:"length,omitempty"`
	// Begun is when the request began of which nobody knows whether it was done.
	Begun *time.Time `json:"begun,omitempty"`
	// Probes is what was tried out on a volume that was refused.
	Probes []Probe `json:"probes,omitempty"`

	Code  string        `json:"-"` // of Type and of the texts "api.problem.CODE"
	args  []any         // of the texts
	after time.Duration // when to try again
}

func (p *Problem) Error() string { return "problem " + p.Code }

func (p *Problem) retry() string {
	return strconv.Itoa(max(1, int((p.after+time.Second-1)/time.Second)))
}

// wrong is a parameter that cannot be used.
func wrong(parameter, code string, args ...any) *Problem {
	return &Problem{Status: http.StatusBadRequest, Code: code, Parameter: parameter, args: append([]any{"parameter", parameter}, args...)}
}

// problem makes a problem of any error.
func (s *server) problem(rq *request, err error) *Problem {
	var p *Problem
	var syntax *query.SyntaxError
	refused := s.refusal(rq, err)
	switch {
	case errors.As(err, &p):
	case refused != nil:
		p = refused
	case errors.As(err, &syntax):
		offset, length := syntax.Runes()
		p = &Problem{Status: http.StatusBadRequest, Code: "syntax", Parameter: "q", Text: syntax.Text, Offset: &offset, Length: &length, Detail: rq.p.T(syntax.Message, syntax.Args...)}
	case errors.Is(err, ErrNotFound):
		p = &Problem{Status: http.StatusNotFound, Code: "no_record"}
	case errors.Is(err, ErrRestricted):
		p = &Problem{Status: http.StatusForbidden, Code: "restricted"}
	case errors.Is(err, pace.ErrBusy):
		p = &Problem{Status: http.StatusServiceUnavailable, Code: "busy", after: 10 * time.Second}
	case errors.Is(err, pace.ErrTooLong), errors.Is(err, context.DeadlineExceeded):
		p = &Problem{Status: http.StatusServiceUnavailable, Code: "too_long", after: time.Minute}
	default:
		s.log.ErrorContext(rq.r.Context(), "api failed", slog.String("route", rq.r.Pattern), slog.Any("error", err))
		p = &Problem{Status: http.StatusInternalServerError, Code: "failed"}
	}
	c := *p
	c.Type, c.Title = "akashi:problem:"+c.Code, rq.p.T("api.problem."+c.Code, c.args...)
	return &c
}
