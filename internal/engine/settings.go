package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// options are what converters go by now.
func (e *Engine) options() convert.Options {
	e.mu.Lock()
	defer e.mu.Unlock()
	return convert.Options{Background: e.background, Trace: true}
}

// optionsOf is options for the converter of a server.
func (e *Engine) optionsOf(server string) convert.Options {
	o := e.options()
	if l := e.st.AllGone(server); len(l) > 0 {
		o.Gone = countGone(l)
	}
	return o
}

// basis names what converters go by now.
func (e *Engine) basis() store.Basis {
	e.mu.Lock()
	defer e.mu.Unlock()
	return store.Basis{Rules: e.deps.rules, Settings: e.background.Text()}
}

// outdated lists the servers that were not wholly converted by what holds now.
func (e *Engine) outdated(servers []store.ServerInfo) []string {
	l := []string{}
	b := e.basis()
	for i := range servers {
		if slices.ContainsFunc(servers[i].Bases, func(o store.Basis) bool { return o != b }) {
			l = append(l, servers[i].Name)
		}
	}
	return l
}

// ready brings a folder that is open for writing up to date: the settings of
// akashi.toml as they are now, and conversions that were interrupted.
func (e *Engine) ready(ctx context.Context, t *tracker) error {
	cfg, err := config.Load(e.dir)
	if err != nil {
		return err
	}
	e.follow(cfg)
	if err := e.noteSettings(ctx); err != nil {
		return err
	}
	if err := e.sealSettings(ctx, cfg, "akashi"); err != nil {
		return fmt.Errorf("seal the settings: %w", err)
	}
	return e.catchUp(ctx, t)
}

// follow puts the settings in force that can change while a folder is open.
func (e *Engine) follow(cfg config.Config) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.background, e.now = convert.Background(cfg.Background), cfg
}

// noteSettings makes the record of a change of what counts as background, in
// one commit and so exactly once.
func (e *Engine) noteSettings(ctx context.Context) error {
	now := e.basis().Settings
	before, n, err := e.lastSettings(ctx)
	if err != nil || now == before {
		return err
	}
	at := e.deps.now().UnixNano()
	c := &store.Commit{
		Server: convert.SettingsServer, Received: at, Basis: e.basis(),
		Records: []record.Record{convert.BackgroundChange(before, now, n+1, at)},
	}
	if _, err := e.st.Append(ctx, c); err != nil {
		return fmt.Errorf("store the change of settings: %w", err)
	}
	return nil
}

// lastSettings is what the last of these records says, and its number; clocks
// may have gone back in between.
func (e *Engine) lastSettings(ctx context.Context) (text string, n uint64, err error) {
	q := query.Query{Servers: []string{convert.SettingsServer}, Classes: []record.Class{record.ClassSystem}, Limit: 1000}
	for {
		p, err := e.st.Search(ctx, q)
		if err != nil {
			return "", 0, fmt.Errorf("read the last settings: %w", err)
		}
		for i := range p.Records {
			if r := &p.Records[i]; r.FirstID > n {
				n, text = r.FirstID, convert.ChangedBackground(r)
			}
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			return text, n, nil
		}
	}
}
