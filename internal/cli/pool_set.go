package cli

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/pool"
)

func (a *app) poolSetFlags(c *cobra.Command, o *poolOptions) {
	f, t := c.Flags(), a.p.T
	f.IntVar(&o.Copies, "copies", 0, t("cli.pool.set.copies"))
	f.IntVar(&o.WarnDays, "warn-days", 0, t("cli.pool.set.warn"))
	f.StringVar(&o.Rate, "scrub-rate", "", t("cli.pool.set.rate"))
	f.StringSliceVar(&o.EncryptTo, "encrypt-to", nil, t("cli.pool.set.encrypt"))
	f.BoolVar(&o.NoEncryption, "no-encryption", false, t("cli.pool.set.noencrypt"))
	f.StringVar(&o.Identity, "identity", "", t("cli.pool.set.identity"))
	f.StringSliceVar(&o.MoveAfter, "move-after", nil, t("cli.pool.set.move"))
	f.BoolVar(&o.NoMoveAfter, "no-move-after", false, t("cli.pool.set.nomove"))
	f.StringVar(&o.Volume, "volume", "", t("cli.pool.set.volume"))
	f.StringVar(&o.Name, "name", "", t("cli.pool.add.name"))
	f.IntVar(&o.Class, "class", 0, t("cli.pool.class"))
	f.StringVar(&o.Quota, "quota", "", t("cli.pool.quota"))
	f.StringVar(&o.Reserve, "reserve", "", t("cli.pool.reserve"))
	f.StringVar(&o.State, "state", "", t("cli.pool.set.state"))
	c.MarkFlagsMutuallyExclusive("encrypt-to", "no-encryption")
	c.MarkFlagsMutuallyExclusive("move-after", "no-move-after")
}

func (a *app) runPoolSet(ctx context.Context, o *poolOptions, _ []string) error {
	x, err := a.poolChange(o)
	if err != nil {
		return err
	}
	return a.poolAct(ctx, o, "cli.pool.set.done", o.Volume, func(p *pool.Pool) error { return p.Set(ctx, x) })
}

// poolChange is what the flags of set say.
func (a *app) poolChange(o *poolOptions) (x pool.Change, err error) {
	bad := func(key string, args ...any) error { return usage(errors.New(a.p.T(key, args...))) }
	volume := slices.ContainsFunc([]string{"name", "class", "quota", "reserve", "state"}, o.changed)
	if volume && o.Volume == "" {
		return x, bad("cli.pool.set.which")
	}
	x.Volume = o.Volume
	if o.changed("copies") {
		if o.Copies < 1 || o.Copies > 9 {
			return x, bad("cli.pool.set.badcopies", "n", o.Copies)
		}
		x.Copies = &o.Copies
	}
	if o.changed("warn-days") {
		x.WarnDays = &o.WarnDays
	}
	if o.changed("class") {
		if o.Class < pool.Fastest || o.Class > pool.Slowest {
			return x, bad("cli.pool.set.badclass", "n", o.Class)
		}
		x.Class = &o.Class
	}
	if o.changed("name") {
		x.Name = &o.Name
	}
	if o.changed("state") {
		s := pool.State(o.State)
		if s != pool.Active && s != pool.ReadOnly {
			return x, bad("cli.pool.set.badstate", "state", o.State)
		}
		x.State = &s
	}
	for flag, to := range map[string]struct {
		text string
		at   **int64
	}{"scrub-rate": {o.Rate, &x.Rate}, "quota": {o.Quota, &x.Quota}, "reserve": {o.Reserve, &x.Reserve}} {
		if !o.changed(flag) {
			continue
		}
		n, err := a.size(to.text)
		if err != nil {
			return x, err
		}
		*to.at = &n
	}
	if o.changed("encrypt-to") || o.NoEncryption {
		l := append([]string{}, o.EncryptTo...)
		x.Recipients = &l
	}
	if o.changed("identity") {
		from := o.Identity
		if from != "" && !strings.HasPrefix(from, "env:") {
			if from, err = filepath.Abs(from); err != nil {
				return x, err
			}
		}
		x.Identity = &from
	}
	if o.changed("move-after") || o.NoMoveAfter {
		l, err := a.rules(o.MoveAfter)
		if err != nil {
			return x, err
		}
		x.Rules = &l
	}
	return x, nil
}

// rules reads DAYS:CLASS.
func (a *app) rules(l []string) ([]pool.Rule, error) {
	out := []pool.Rule{}
	for _, s := range l {
		days, class, ok := strings.Cut(s, ":")
		d, err1 := strconv.Atoi(days)
		c, err2 := strconv.Atoi(class)
		if !ok || err1 != nil || err2 != nil || d < 1 || c < pool.Fastest || c > pool.Slowest {
			return nil, usage(errors.New(a.p.T("cli.pool.set.badmove", "text", s)))
		}
		out = append(out, pool.Rule{Days: d, Class: c})
	}
	return out, nil
}

// size reads 500, 20MB, 1.5TB; steps are of 1024.
func (a *app) size(s string) (int64, error) {
	text := strings.ToUpper(strings.TrimSpace(s))
	text = strings.TrimSuffix(strings.TrimSuffix(text, "B"), "I")
	unit := 1.0
	if n := len(text); n > 0 {
		if i := strings.IndexByte("KMGTP", text[n-1]); i >= 0 {
			text = strings.TrimSpace(text[:n-1])
			for range i + 1 {
				unit *= 1024
			}
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < 0 || f*unit > 1<<60 {
		return 0, usage(errors.New(a.p.T("cli.pool.badsize", "text", s)))
	}
	return int64(f * unit), nil
}
