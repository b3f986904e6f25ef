package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/akashi-audit/akashi/internal/state"
	"github.com/akashi-audit/akashi/internal/store"
)

// ErrOwnProposal: who proposed a term does not confirm it, where there is a second person.
var ErrOwnProposal = errors.New("nobody confirms what he proposed himself")

// consoleGround is the ground of a proposal at the command line: the account of the
// operating system, because the name is typed and nobody logs in there.
const consoleGround = "at the machine, account "

// ProposeConsole is ProposeRetention for the command line.
func (e *Engine) ProposeConsole(ctx context.Context, t store.Term, osAccount string) error {
	if err := e.NoteConsole(ctx, osAccount, "retention_propose", fmt.Sprintf("%q %d months, year %t %s, by %s", t.Server, t.Months, t.Year, t.Class, t.By)); err != nil {
		return err
	}
	t.Ground = consoleGround + osAccount
	return e.ProposeRetention(ctx, t)
}

// ConfirmConsole is ConfirmRetention for the command line. As on the pages, nobody
// confirms what he proposed (ErrOwnProposal), where two people or more may use the folder.
// Whoever has the machine can type any name, so the command line cannot be held to more:
// when one name, or one account of the operating system, did both, the ground says so, in
// the schedule, in the seal and in every order that follows from it.
func (e *Engine) ConfirmConsole(ctx context.Context, by, ground, osAccount string) error {
	sch := e.st.Retention()
	sameName, sameAccount := false, false
	for _, t := range sch.Waiting() {
		sameName = sameName || strings.EqualFold(strings.TrimSpace(t.By), strings.TrimSpace(by))
		sameAccount = sameAccount || t.Ground == consoleGround+osAccount
	}
	if sameName {
		n, err := e.peopleCount(ctx)
		if err != nil {
			return err
		}
		if n > 1 {
			return ErrOwnProposal
		}
	}
	switch ground = strings.TrimSpace(ground); {
	case ground == "":
	case sameName:
		ground += " (by one person at the machine, account " + osAccount + ")"
	case sameAccount:
		ground += " (by one account at the machine: " + osAccount + ")"
	}
	if err := e.NoteConsole(ctx, osAccount, "retention_confirm", by+": "+ground); err != nil {
		return err
	}
	return e.ConfirmRetention(ctx, by, ground)
}

// peopleCount counts the people who may log in.
func (e *Engine) peopleCount(ctx context.Context) (n int, err error) {
	if _, err := os.Stat(filepath.Join(e.dir, state.FileName)); errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	b, err := e.People(ctx)
	if err != nil {
		return 0, err
	}
	l, err := b.People(ctx)
	for _, p := range l {
		if !p.Disabled {
			n++
		}
	}
	return n, err
}
