package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// publishAgain puts the lines of the renewal, its last head and that one's stamp into the
// archive, beside that many leaves of the log, so that a volume alone proves itself without SHA-256, too. The
// caller holds importing.
func (e *Engine) publishAgain(ctx context.Context, leaves int64) error {
	e.againMu.Lock()
	defer e.againMu.Unlock()
	if e.anew == nil || !e.anew.force {
		return nil
	}
	g, o := e.anew, e.objects()
	var last *seal.Head
	for _, h := range g.Heads() {
		if h.Leaves <= leaves {
			last = h
		}
	}
	if last == nil {
		return nil
	}
	stem := manifest.AgainObject(string(g.Algorithm()))
	names, err := o.List(ctx, stem)
	if err != nil {
		return err
	}
	have := int64(0)
	for _, n := range names { // ascending
		if from, to, ok := manifest.AgainRange(string(g.Algorithm()), n); ok && from <= have {
			have = max(have, to)
		}
	}
	if have < last.Lines {
		b, err := g.Text(have, last.Lines)
		if err != nil {
			return err
		}
		if err := putObject(ctx, o, fmt.Sprintf("%s%012d-%012d.list", stem, have, last.Lines-1), "jsonl", b); err != nil {
			return err
		}
	}
	if err := putObject(ctx, o, fmt.Sprintf("%shead.%012d-%012d", stem, last.Leaves, last.Lines), "txt", last.Text); err != nil {
		return err
	}
	stamps, err := g.Stamps()
	if err != nil {
		return err
	}
	stamps = slices.DeleteFunc(stamps, func(s seal.StampedHead) bool { return s.Head.Leaves > leaves })
	// The first stamp says that all was there while SHA-256 held, the last one renews it.
	for i, s := range stamps {
		if i > 0 && i < len(stamps)-1 {
			continue
		}
		name := fmt.Sprintf("%012d-%012d", s.Head.Leaves, s.Head.Lines)
		if err := putObject(ctx, o, stem+"stamp."+name, "tsr", s.Answer); err != nil {
			return err
		}
		if s.Head == last {
			continue
		}
		if err := putObject(ctx, o, stem+"head."+name, "txt", s.Head.Text); err != nil {
			return err
		}
	}
	return nil
}
