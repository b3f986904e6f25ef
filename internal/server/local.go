package server

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/trail"
)

// holdsToken reports whether the request carries the token of serve.json.
func holdsToken(r *http.Request, token string) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1
}

// localPeople is POST /local/people: an account.Command in, an account.Answer out, by
// which the command line hands `akashi people` over to the process that holds the
// folder. It needs the token of serve.json.
type localPeople struct {
	door  *door
	token string
}

func (h *localPeople) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var c account.Command
	if !takeWork(w, r, h.token, &c) {
		return
	}
	ctx := r.Context()
	a, err := h.door.desk.Run(ctx, c)
	if err == nil {
		err = h.door.trail.Note(ctx, trail.Entry{Who: c.By, From: "console", Action: "people." + c.Act, Object: c.Name, Result: trail.OK})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a) // the asker may have gone
}
