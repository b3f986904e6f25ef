package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
)

// maxBody bounds the body of a change, bytes.
const maxBody = 1 << 20

// bodyOf is the body of a change; one of more than maxBody bytes is a Problem.
func bodyOf(rq *request) ([]byte, error) {
	b, err := io.ReadAll(http.MaxBytesReader(rq.w, rq.r.Body, maxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, &Problem{Status: http.StatusRequestEntityTooLarge, Code: "large"}
	}
	return b, err
}

// read reads the JSON body of a change into in. Fields that the document does not have
// are refused, and so is a body without the needed ones: a list that somebody forgot
// must not empty the list that is there.
func (s *server) read(rq *request, in any, needed ...string) error {
	if err := known(rq.r.URL.Query()); err != nil {
		return err
	}
	kind, _, err := mime.ParseMediaType(rq.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return &Problem{Status: http.StatusUnsupportedMediaType, Code: "media"}
	}
	b, err := bodyOf(rq)
	if err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(b, &fields) != nil || fields == nil {
		return &Problem{Status: http.StatusBadRequest, Code: "body"}
	}
	for _, k := range needed {
		if v := fields[k]; v == nil || string(v) == "null" {
			return wrong(k, "missing")
		}
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err = d.Decode(in)
	var field *json.UnmarshalTypeError
	switch name, unknown := strings.CutPrefix(errText(err), "json: unknown field "); {
	case err == nil:
		return nil
	case unknown:
		return wrong(strings.Trim(name, `"`), "parameter")
	case errors.As(err, &field) && field.Field != "":
		return wrong(field.Field, "value")
	}
	return &Problem{Status: http.StatusBadRequest, Code: "body"}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// tidied takes the blanks off what a person or a program gives, and what is no UTF-8.
func tidied(s string) string { return strings.TrimSpace(strings.ToValidUTF8(s, "\uFFFD")) }

// tidiedList is tidied for the entries of a list, without empty ones.
func tidiedList(l []string) []string {
	out := []string{}
	for _, s := range l {
		if s = tidied(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// tag gives an answer the mark that a change must know (If-Match).
func tag(rq *request, mark string) { rq.w.Header().Set("ETag", `"`+mark+`"`) }

// seen is the mark that the client saw before it changes something: of several writers
// only the one who saw what is there may change it. "" is a client that takes whatever
// is there (*).
func seen(rq *request) (string, error) {
	given := strings.TrimSpace(rq.r.Header.Get("If-Match"))
	switch {
	case given == "":
		return "", &Problem{Status: http.StatusPreconditionRequired, Code: "if_match"}
	case given == "*":
		return "", nil
	case len(given) > 2 && given[0] == '"' && given[len(given)-1] == '"' && !strings.Contains(given[1:len(given)-1], `"`):
		return given[1 : len(given)-1], nil
	}
	return "", &Problem{Status: http.StatusPreconditionFailed, Code: "changed"}
}

// idOf is the number of an address; what is none is not there.
func idOf(rq *request, name string) (int64, error) {
	id, err := strconv.ParseInt(rq.r.PathValue(name), 10, 64)
	if err != nil || id <= 0 {
		return 0, &Problem{Status: http.StatusNotFound, Code: "not_there"}
	}
	return id, nil
}

// refusal makes a problem of what package care or account refuses, nil of other errors.
func (s *server) refusal(rq *request, err error) *Problem {
	var fault *care.Fault
	var volume *care.VolumeError
	var wait *account.WaitError
	if !errors.As(err, &fault) {
		fault = care.Refused(err)
	}
	switch {
	case fault != nil:
		p := wrong(fault.Field, fault.Code)
		p.Detail = rq.p.T(fault.Key, fault.Args...)
		switch fault.Code {
		case care.Own, care.NoRight:
			p.Status = http.StatusForbidden
		case care.LastAdmin, care.Decided, care.Taken, care.Another, care.Done:
			p.Status = http.StatusConflict
		case "busy":
			p.Status, p.after = http.StatusServiceUnavailable, 10*time.Second
		}
		return p
	case errors.As(err, &wait):
		return &Problem{Status: http.StatusTooManyRequests, Code: "wait", Detail: rq.p.T("web.login.wait", "wait", wait.Wait), after: wait.Wait}
	case errors.As(err, &volume):
		p := &Problem{Status: http.StatusConflict, Code: "volume", Detail: rq.p.T(volume.Key, volume.Args...)}
		for _, t := range volume.Probes {
			p.Probes = append(p.Probes, Probe{t.Level, rq.p.T(t.Key, t.Args...)})
		}
		return p
	}
	for _, x := range []struct {
		err    error
		status int
		code   string
	}{
		{care.ErrRestricted, http.StatusForbidden, "restricted"}, {care.ErrOwnProposal, http.StatusForbidden, care.Own},
		{care.ErrChanged, http.StatusPreconditionFailed, "changed"}, {account.ErrChanged, http.StatusPreconditionFailed, "changed"},
		{care.ErrBusy, http.StatusConflict, "importing"}, {care.ErrNoProposal, http.StatusConflict, "no_proposal"},
		{care.ErrNotFound, http.StatusNotFound, "not_there"}, {account.ErrNotFound, http.StatusNotFound, "not_there"},
	} {
		if errors.Is(err, x.err) {
			return &Problem{Status: x.status, Code: x.code}
		}
	}
	return nil
}

// personOnly is nil of a visitor, when it is a person: what a program must not do for him is
// asked of him alone.
func personOnly(rq *request) error {
	switch {
	case rq.who.Token != "":
		return &Problem{Status: http.StatusForbidden, Code: "person_only"}
	case rq.who.ID == 0: // of a demonstration
		return &Problem{Status: http.StatusNotFound, Code: "not_there"}
	}
	return nil
}
