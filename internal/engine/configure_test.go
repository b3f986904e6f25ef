package engine

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

func TestConfigure(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	e, err := Open(ctx, dir, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	set := func(by string, l ...string) error {
		return e.Configure(ctx, by, func(c *config.Config) { c.Background.Accounts = l })
	}
	if err := set("yamamoto", `CORP\svc`); err != nil {
		t.Fatal(err)
	}
	if got := e.Config().Background.Accounts; len(got) != 1 || got[0] != `CORP\svc` {
		t.Errorf("in force is %q", got)
	}
	var wrong *config.Error
	if err := set("sato", "a*"); !errors.As(err, &wrong) {
		t.Errorf("a wrong account gave %v", err)
	}
	if err := e.Configure(ctx, "sato", func(c *config.Config) { c.Calendar.YearEnd = "12-30..01-04" }); err != nil {
		t.Fatal(err)
	}
	l, err := e.SettingsHistory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(l) != 3 || l[0].By != "sato" || l[1].By != "yamamoto" || l[2].By != "akashi" {
		t.Fatalf("history %+v", l)
	}
	if l[0].Now.Calendar == nil || l[0].Now.Calendar.YearEnd != "12-30..01-04" || l[1].Now.Calendar != nil || len(l[2].Now.Background.Accounts) != 0 {
		t.Errorf("history says %+v", l)
	}
	for _, c := range l {
		if !c.Sealed {
			t.Errorf("the change of %s is not sealed", c.By)
		}
	}
	p, err := e.Search(ctx, query.Query{Servers: []string{record.OwnServer}, Classes: query.AllClasses()})
	if err != nil || len(p.Records) != 1 || !strings.Contains(p.Records[0].Get("new"), `corp\svc`) {
		t.Errorf("records of the change: %v, %v", p, err)
	}
	st, err := e.SealStatus()
	if err != nil || !st.KeyThere || len(st.Checkpoints) == 0 || len(st.Keys) != 1 {
		t.Errorf("seal %+v, %v", st, err)
	}
	e.importing.Lock()
	err = set("sato")
	e.importing.Unlock()
	if !errors.Is(err, ErrBusy) {
		t.Errorf("while an import runs: %v", err)
	}
	ro, err := Open(context.WithoutCancel(ctx), dir, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer ro.Close()
	if err := ro.Configure(ctx, "x", func(*config.Config) {}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("for reading only: %v", err)
	}
	if st, err := ro.SealStatus(); err != nil || st.Leaves == 0 {
		t.Errorf("seal beside a writer: %+v, %v", st, err)
	}
}
