package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/gloss"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

type explainOptions struct {
	Data string
	JSON bool
}

func (a *app) newExplain() *cobra.Command {
	var opts explainOptions
	c := &cobra.Command{
		Use: "explain --data DIR [--json] RECORD_ID", Short: a.p.T("cli.explain.short"), Long: a.p.T("cli.explain.long"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New(a.p.T("cli.explain.arg")))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runExplain(cmd.Context(), opts, args[0]) },
	}
	a.dataFlag(c, &opts.Data)
	c.Flags().BoolVar(&opts.JSON, "json", false, a.p.T("cli.explain.json"))
	return c
}

func (a *app) runExplain(ctx context.Context, opts explainOptions, text string) (err error) {
	if err := a.needData(opts.Data); err != nil {
		return err
	}
	id, err := record.ParseID(text)
	if err != nil {
		return usage(errors.New(a.p.T("cli.explain.id", "id", record.Visible(text))))
	}
	e, err := engine.Open(ctx, opts.Data, engine.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	r, err := e.Record(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return &exit{exitNotFound, errors.New(a.p.T("cli.explain.none", "id", record.Visible(text)))}
	}
	if err != nil {
		return err
	}
	raw, err := e.Raw(ctx, id)
	if err != nil {
		return err
	}
	earlier, err := e.Versions(ctx, id)
	if err != nil {
		return err
	}
	x := a.explanation(r, raw)
	for i := range earlier {
		x.Earlier = append(x.Earlier, earlier[i].AppendJSON(nil))
	}
	if !opts.JSON {
		status, err := e.Status(ctx)
		if err != nil {
			return err
		}
		zone, err := status.Location()
		if err != nil {
			return err
		}
		return (&explainer{a.Stdout, a.p, zone}).write(x, r, earlier, raw)
	}
	b, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("write the explanation: %w", err)
	}
	_, err = fmt.Fprintf(a.Stdout, "%s\n", b)
	return err
}

// explanation is what `akashi explain --json` prints.
type explanation struct {
	Record json.RawMessage `json:"record"`
	Rule   struct {
		ID        string   `json:"id"`
		Text      string   `json:"text"`
		Certainty string   `json:"certainty"`
		Why       []string `json:"why,omitempty"` // why it is inferred
		Can       string   `json:"proves"`
		Cannot    string   `json:"does_not_prove"`
		Better    string   `json:"would_make_certain,omitempty"`
	} `json:"rule"`
	Merged  uint32            `json:"merged"`            // raw repeats in the record, at least 1
	Earlier []json.RawMessage `json:"earlier,omitempty"` // superseded records with this id, newest first
	Raw     []rawEvent        `json:"raw"`
}

type rawEvent struct {
	RecordID uint64     `json:"record_id"`
	Time     string     `json:"time"`
	Provider string     `json:"provider"`
	EventID  uint32     `json:"event_id"`
	Version  uint8      `json:"version"`
	Task     uint16     `json:"task"`
	Keywords string     `json:"keywords"`
	Channel  string     `json:"channel"`
	Computer string     `json:"computer"`
	Fields   []rawField `json:"fields"`
}

type rawField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (a *app) explanation(r *record.Record, raw []*event.Event) *explanation {
	ja := a.p.Lang() == i18n.Japanese
	say := func(w convert.Words) string {
		if ja {
			return w.Ja
		}
		return w.En
	}
	x := &explanation{Record: r.AppendJSON(nil), Merged: r.Count, Raw: []rawEvent{}}
	x.Rule.ID, x.Rule.Certainty = r.Rule, a.p.T("cli.explain."+r.Confidence.String())
	if r.Server == record.OwnServer {
		x.Rule.Certainty = a.p.T("cli.explain.own")
	}
	p, _ := convert.ProofOf(r.Rule)
	x.Rule.Can, x.Rule.Cannot = say(p.Can), say(p.Cannot)
	if r.Confidence == record.Inferred {
		x.Rule.Better = say(p.Better)
	}
	for _, rule := range convert.Rules() {
		if rule.ID == r.Rule {
			x.Rule.Text = say(convert.Words{En: rule.En, Ja: rule.Ja})
			x.Rule.Why = gloss.Why(a.p, r, rule.Confidence == record.Certain)
		}
	}
	for _, e := range raw {
		o := rawEvent{e.RecordID, e.Time.String(), e.Provider, e.ID, e.Version, e.Task, fmt.Sprintf("0x%x", e.Keywords), e.Channel, e.Computer, []rawField{}}
		for i, n := range e.Schema.Names {
			if i < len(e.Values) {
				o.Fields = append(o.Fields, rawField{n, e.Values[i].Text()})
			}
		}
		x.Raw = append(x.Raw, o)
	}
	return x
}
