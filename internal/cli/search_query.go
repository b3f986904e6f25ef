package cli

import (
	"errors"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// query turns the flags and the text into conditions; values of both are
// joined. Times without zone are in the clock's.
func (a *app) query(o searchOptions, at query.Clock) (query.Query, error) {
	q := query.Query{
		Users: o.Users, Words: one(o.Path), Files: one(o.File), Folders: one(o.Folder), Clients: o.Clients, Servers: o.Servers,
		Processes: o.Processes, Rules: o.Rules, Superseded: o.Superseded, Removed: o.Removed, Oldest: o.Oldest,
	}
	if o.Limited {
		q.Limit = o.Limit
	}
	var err error
	if q.From, err = a.time(o.From, at.Zone); err != nil {
		return q, err
	}
	if q.To, err = a.time(o.To, at.Zone); err != nil {
		return q, err
	}
	text := []string{}
	for _, list := range []struct {
		key    query.Key
		values []string
	}{
		{query.KeyOp, o.Ops}, {query.KeyResult, o.Results}, {query.KeyObject, o.Objects}, {query.KeyConfidence, o.Confidences},
		{query.KeySession, o.Sessions}, {query.KeyClass, one(o.Class)},
	} {
		for _, v := range list.values {
			text = append(text, list.key.String()+`:"`+strings.ReplaceAll(v, `"`, `""`)+`"`)
		}
	}
	for _, t := range append(text, o.Text) {
		if q, err = query.ParseOnto(q, t, at); err != nil {
			return q, usage(err)
		}
	}
	return q, nil
}

// one is a condition of one value, none when it is empty.
func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// time reads a day or a moment, in the zone (nil = UTC) unless it names one.
func (a *app) time(s string, zone *time.Location) (int64, error) {
	if s == "" {
		return 0, nil
	}
	if zone == nil {
		zone = time.UTC
	}
	norm := strings.Replace(s, " ", "T", 1)
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.ParseInLocation(layout, norm, zone); err == nil {
			return t.UnixNano(), nil
		}
	}
	return 0, usage(errors.New(a.p.T("cli.error.time", "time", s)))
}

// syntax words what is wrong with a text, and marks the place below it.
func (a *app) syntax(e *query.SyntaxError) string {
	before, place, after := e.Place()
	before, place, after = record.Visible(before), record.Visible(place), record.Visible(after)
	mark := strings.Repeat("^", max(runewidth.StringWidth(place), 1))
	args := append([]any(nil), e.Args...)
	for i, v := range args {
		if s, ok := v.(string); ok {
			args[i] = record.Visible(s)
		}
	}
	return a.p.T(e.Message, args...) + "\n  " + before + place + after + "\n  " + strings.Repeat(" ", runewidth.StringWidth(before)) + mark
}

// termsBehind moves the terms of a search that begin with a minus, such as
// -class:background, behind --, so that they are not taken for flags.
func termsBehind(root *cobra.Command, args []string) []string {
	c, _, err := root.Find(args)
	if err != nil || c.Name() != "search" {
		return args
	}
	var keep, terms []string
	for i, s := range args {
		if s == "--" {
			return append(append(append(keep, s), args[i+1:]...), terms...)
		}
		if len(s) > 1 && s[0] == '-' && s[1] != '-' && s != "-h" && (i == 0 || !takesValue(c, args[i-1])) {
			terms = append(terms, s)
		} else {
			keep = append(keep, s)
		}
	}
	if len(terms) == 0 {
		return args
	}
	return append(append(keep, "--"), terms...)
}

// takesValue reports whether the flag's value is the next argument.
func takesValue(c *cobra.Command, arg string) bool {
	name, ok := strings.CutPrefix(arg, "--")
	if !ok {
		return false
	}
	f := c.Flags().Lookup(name)
	return f != nil && f.NoOptDefVal == ""
}
