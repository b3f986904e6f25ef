package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

type peopleOptions struct {
	Data  string
	Roles []string
	JSON  bool
	account.Command
}

func (a *app) newPeople() *cobra.Command {
	c := &cobra.Command{
		Use: "people", Short: a.p.T("cli.people.short"), Long: a.p.T("cli.people.long"), Args: a.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	sub := func(act, use string, named bool, flags func(*cobra.Command, *peopleOptions)) {
		o := &peopleOptions{}
		o.Act = act
		s := &cobra.Command{
			Use: use, Short: a.p.T("cli.people." + act + ".short"),
			Args: func(_ *cobra.Command, args []string) error {
				if named != (len(args) == 1) || len(args) > 1 {
					return usage(errors.New(a.p.T("cli.people.name")))
				}
				return nil
			},
			RunE: func(cmd *cobra.Command, args []string) error {
				if named {
					o.Name = args[0]
				}
				return a.runPeople(cmd.Context(), *o)
			},
		}
		a.dataFlag(s, &o.Data)
		s.Flags().BoolVar(&o.JSON, "json", false, a.p.T("cli.people.json"))
		if flags != nil {
			flags(s, o)
		}
		c.AddCommand(s)
	}
	grant := func(s *cobra.Command, o *peopleOptions) {
		s.Flags().StringSliceVar(&o.Roles, "role", nil, a.p.T("cli.people.role"))
		s.Flags().StringArrayVar(&o.Servers, "server", nil, a.p.T("cli.people.server"))
		s.Flags().StringArrayVar(&o.Folders, "folder", nil, a.p.T("cli.people.folder"))
	}
	sub("list", "list --data DIR [--json]", false, nil)
	sub("add", "add --data DIR --role ROLE NAME", true, func(s *cobra.Command, o *peopleOptions) {
		grant(s, o)
		s.Flags().StringVar(&o.Shown, "shown", "", a.p.T("cli.people.shown"))
	})
	sub("roles", "roles --data DIR --role ROLE NAME", true, grant)
	sub("reset", "reset --data DIR [--second] NAME", true, func(s *cobra.Command, o *peopleOptions) {
		s.Flags().BoolVar(&o.Second, "second", false, a.p.T("cli.people.second"))
	})
	sub("disable", "disable --data DIR NAME", true, nil)
	sub("enable", "enable --data DIR NAME", true, nil)
	return c
}

func (a *app) runPeople(ctx context.Context, o peopleOptions) error {
	if err := a.needData(o.Data); err != nil {
		return err
	}
	for _, r := range o.Roles {
		role, ok := account.ParseRole(r)
		if !ok {
			return usage(errors.New(a.p.T("cli.people.badrole")))
		}
		o.Command.Roles = append(o.Command.Roles, role)
	}
	if (o.Act == "add" || o.Act == "roles") && len(o.Roles) == 0 {
		return usage(errors.New(a.p.T("cli.people.norole")))
	}
	o.By = importer()
	ans, err := a.people(ctx, o.Data, o.Command)
	if err != nil {
		return a.peopleError(err, o.Name)
	}
	if o.JSON {
		return json.NewEncoder(a.Stdout).Encode(ans)
	}
	a.printPeople(ans, o.Act)
	return nil
}

// people carries the command out here, or lets the server that holds the folder do
// it.
func (a *app) people(ctx context.Context, dir string, c account.Command) (ans *account.Answer, err error) {
	e, err := engine.Open(ctx, dir, engine.Options{})
	if errors.Is(err, store.ErrLocked) {
		if ans, err = a.handPeople(ctx, dir, c); errors.Is(err, errNoServer) {
			err = store.ErrLocked
		}
		return ans, err
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	book, err := e.People(ctx)
	if err != nil {
		return nil, err
	}
	if ans, err = book.Run(ctx, c); err != nil {
		return nil, err
	}
	return ans, e.NoteConsole(ctx, c.By, "people."+c.Act, c.Name)
}

func (a *app) handPeople(ctx context.Context, dir string, c account.Command) (*account.Answer, error) {
	at, err := find(dir)
	if err != nil {
		return nil, err
	}
	res, err := at.post(ctx, "/local/people", c)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	if err != nil {
		return nil, fmt.Errorf("answer of the server: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		for _, known := range []error{account.ErrNotFound, account.ErrTaken, account.ErrName, account.ErrScope, account.ErrLastAdmin, account.ErrRoles} {
			if strings.HasPrefix(string(b), known.Error()) {
				return nil, known
			}
		}
		return nil, fmt.Errorf("the server at %s refused: %s", at.Addr, strings.TrimSpace(string(b[:min(len(b), 4096)])))
	}
	a.note("cli.people.handed", "addr", at.Addr)
	var ans account.Answer
	if err := json.Unmarshal(b, &ans); err != nil {
		return nil, fmt.Errorf("answer of the server: %w", err)
	}
	return &ans, nil
}

// peopleError words what the person at the command line can mend.
func (a *app) peopleError(err error, name string) error {
	for _, x := range []struct {
		err error
		key string
	}{
		{account.ErrTaken, "cli.people.taken"}, {account.ErrName, "cli.people.badname"}, {account.ErrScope, "cli.people.badscope"},
		{account.ErrLastAdmin, "cli.people.lastadmin"}, {account.ErrRoles, "cli.people.badrole"},
	} {
		if errors.Is(err, x.err) {
			return usage(errors.New(a.p.T(x.key)))
		}
	}
	if errors.Is(err, account.ErrNotFound) {
		return &exit{code: exitNotFound, err: errors.New(a.p.T("cli.people.notfound", "name", record.Visible(name)))}
	}
	return err
}

func (a *app) printPeople(ans *account.Answer, act string) {
	if act == "list" {
		if len(ans.People) == 0 {
			fmt.Fprintln(a.Stdout, a.p.T("cli.people.none"))
		}
		for _, p := range ans.People {
			a.printPerson(p)
		}
		return
	}
	for _, p := range ans.People {
		if ans.Password != "" {
			fmt.Fprintln(a.Stdout, a.p.T("cli.people.password", "name", record.Visible(p.Name), "password", ans.Password))
		} else {
			fmt.Fprintln(a.Stdout, a.p.T("cli.people.done", "name", record.Visible(p.Name)))
		}
	}
}

func (a *app) printPerson(p account.Listed) {
	roles := make([]string, len(p.Roles))
	for i, r := range p.Roles {
		roles[i] = a.p.T("cli.role." + string(r))
	}
	state, last := "cli.people.active", a.p.T("cli.people.never")
	switch {
	case p.Foreign:
		state = "cli.people.foreign"
	case p.Disabled:
		state = "cli.people.disabled"
	}
	if p.LastLogin != 0 {
		last = time.Unix(p.LastLogin, 0).Format("2006-01-02 15:04:05")
	}
	fmt.Fprintln(a.Stdout, a.p.T("cli.people.line", "name", record.Visible(p.Name), "roles", strings.Join(roles, ", "), "state", a.p.T(state), "last", last))
	if len(p.Servers)+len(p.Folders) > 0 {
		fmt.Fprintln(a.Stdout, a.p.T("cli.people.range", "servers", visibleAll(p.Servers), "folders", visibleAll(p.Folders)))
	}
}
