package server

import (
	"context"
	"errors"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/query"
)

// errNobody refuses to answer a request that comes from nobody.
var errNobody = errors.New("nobody has logged in")

// viewOf is what the visitor in ctx may see of the data folder. It is the one
// place where an account's restriction meets the data: every adapter that answers
// a page or the API asks the view that it gives, and nothing else. Work that goes
// on after its request keeps the view.
func viewOf(ctx context.Context, e *engine.Engine) (*engine.View, error) {
	who := account.From(ctx)
	if who == nil {
		return nil, errNobody
	}
	return e.Within(query.Extent{Servers: who.Scope.Servers, Folders: who.Scope.Folders}), nil
}
