package web

import (
	"slices"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// mistake is what is wrong with a text, and where.
type mistake struct{ Text, Before, Place, After string }

func newMistake(rq *request, e *query.SyntaxError) *mistake {
	if e == nil {
		return nil
	}
	before, place, after := e.Place()
	args := slices.Clone(e.Args)
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = record.Visible(s)
		}
	}
	return &mistake{rq.p.T(e.Message, args...), record.Visible(before), record.Visible(place), record.Visible(after)}
}
