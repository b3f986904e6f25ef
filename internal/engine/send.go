package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/deliver"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

const (
	sendWait  = 10 * time.Second // for one target, when a checkpoint was made
	sendEvery = time.Minute      // how often a running server looks for what is owed
	sendPause = time.Minute      // after a first failure; it doubles
	sendRest  = time.Hour        // the longest pause
	sendMost  = 100              // checkpoints in one go
)

// outbox is what is sent out and what not yet: the file manifest.OutboxName.
type outbox struct {
	Targets map[string]*Outgoing `json:"targets"` // by kind
}

// Outgoing is the state of one target of checkpoints.
type Outgoing struct {
	Kind    string `json:"kind"`
	Address string `json:"address"`
	Sent    int64  `json:"sent"`      // leaves of the last checkpoint that was sent; 0 = none
	SentAt  int64  `json:"sent_time"` // Unix ns
	Done    int64  `json:"done"`      // checkpoints of up to so many leaves are sent, or were before the target
	Trying  int64  `json:"trying,omitempty"`
	Unsure  int64  `json:"unsure,omitempty"` // leaves of the last checkpoint of which it is not known whether it arrived
	Tries   int    `json:"tries,omitempty"`  // failures since the last success
	Failed  string `json:"failed,omitempty"` // the last one, "" when nothing fails
	TriedAt int64  `json:"tried_time,omitempty"`
	Owed    int    `json:"-"` // checkpoints that are to be sent
}

// targets are those of akashi.toml.
func targets(s *config.Send) []deliver.Target {
	var l []deliver.Target
	if s.Folder != "" {
		l = append(l, deliver.Folder{Path: s.Folder})
	}
	if s.MailServer != "" {
		l = append(l, &deliver.Mail{
			Server: s.MailServer, TLS: s.MailTLS, User: s.MailUser, PasswordFile: s.MailPasswordFile, From: s.MailFrom, To: s.MailTo, Roots: s.Roots,
		})
	}
	if s.Syslog != "" {
		l = append(l, &deliver.Syslog{Server: s.Syslog, Roots: s.Roots})
	}
	return l
}

func readOutbox(dir string) (*outbox, error) {
	o := &outbox{Targets: make(map[string]*Outgoing)}
	b, err := os.ReadFile(filepath.Join(dir, manifest.OutboxName))
	if errors.Is(err, os.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return nil, fmt.Errorf("what is sent out: %w", err)
	}
	if err := json.Unmarshal(b, o); err != nil || o.Targets == nil {
		return nil, fmt.Errorf("what is sent out: %s: %w", manifest.OutboxName, err)
	}
	return o, nil
}

func (e *Engine) writeOutbox(o *outbox) error {
	b, err := json.MarshalIndent(o, "", " ")
	if err != nil {
		return fmt.Errorf("what is sent out: %w", err)
	}
	fs := e.deps.fs
	if fs == nil {
		fs = fsx.OS{}
	}
	err = fsx.WriteAtomic(fs, filepath.Join(e.dir, manifest.OutboxName), 0o600, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(append(b, '\n')))
		return err
	})
	if err != nil {
		return fmt.Errorf("what is sent out: %w", err)
	}
	return nil
}

// of is the state of a target. A new one begins with the newest checkpoint; one that
// moved begins anew.
func (o *outbox) of(t deliver.Target, points []*seal.Checkpoint) *Outgoing {
	x := o.Targets[t.Kind()]
	if x == nil || x.Address != t.Address() {
		x = &Outgoing{Kind: t.Kind(), Address: t.Address()}
		if n := len(points); n > 1 {
			x.Done = points[n-2].Size
		}
		o.Targets[t.Kind()] = x
	}
	x.Owed = 0
	for _, p := range points {
		if p.Size > x.Done {
			x.Owed++
		}
	}
	return x
}

// Outgoing tells of the targets of akashi.toml what is sent and what is owed.
func outgoing(dir string, cfg *config.Send, points []*seal.Checkpoint) ([]Outgoing, error) {
	l := targets(cfg)
	if len(l) == 0 {
		return nil, nil
	}
	o, err := readOutbox(dir)
	if err != nil {
		return nil, err
	}
	out := make([]Outgoing, 0, len(l))
	for _, t := range l {
		out = append(out, *o.of(t, points))
	}
	return out, nil
}

// SendOwed sends the checkpoints that are owed to each target: at most once each, but
// to a folder, where it is the same file. A target that failed is left alone for a
// while, unless now is set. It returns the state, and an error only when the state
// cannot be kept.
func (e *Engine) SendOwed(ctx context.Context, now bool) ([]Outgoing, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.sending.Lock()
	defer e.sending.Unlock()
	cfg := e.Config()
	list := targets(&cfg.Seal.Send)
	if len(list) == 0 {
		return nil, nil
	}
	o, err := readOutbox(e.dir)
	if err != nil { // begun anew, each target gets the newest checkpoint
		e.log.WarnContext(ctx, "begin the list of sent checkpoints anew", slog.String("error", err.Error()))
		o = &outbox{Targets: make(map[string]*Outgoing)}
	}
	var out []Outgoing
	for _, t := range list {
		x := o.of(t, e.seal.Checkpoints())
		err := e.sendTo(ctx, t, o, x, now)
		out = append(out, *x)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// pause is how long a target is left alone after so many failures.
func pause(tries int) time.Duration { return min(sendPause<<min(max(tries-1, 0), 10), sendRest) }

// sendTo sends what is owed to one target, oldest first, until one fails.
func (e *Engine) sendTo(ctx context.Context, t deliver.Target, o *outbox, x *Outgoing, now bool) error {
	if x.Trying > x.Done && t.Kind() != deliver.KindFolder { // the program ended while it was sent
		x.Unsure, x.Done = x.Trying, x.Trying
	}
	if since := e.deps.now().UnixNano() - x.TriedAt; x.Tries > 0 && !now && since >= 0 && time.Duration(since) < pause(x.Tries) {
		return nil
	}
	n := 0
	for _, p := range e.seal.Checkpoints() {
		if p.Size <= x.Done {
			continue
		}
		if n++; n > sendMost || ctx.Err() != nil {
			break
		}
		x.Trying, x.TriedAt = p.Size, e.deps.now().UnixNano()
		if err := e.writeOutbox(o); err != nil { // before it goes out: it must not go twice
			return err
		}
		wait, stop := context.WithTimeout(ctx, sendWait)
		err := t.Send(wait, e.message(p))
		stop()
		x.Trying = 0
		switch {
		case errors.Is(err, deliver.ErrUnsure) && t.Kind() != deliver.KindFolder:
			x.Unsure, x.Done, x.Failed, x.Tries = p.Size, p.Size, err.Error(), x.Tries+1
		case err != nil:
			x.Failed, x.Tries = err.Error(), x.Tries+1
		default:
			x.Sent, x.SentAt, x.Done, x.Failed, x.Tries = p.Size, e.deps.now().UnixNano(), p.Size, "", 0
		}
		if e2 := e.writeOutbox(o); e2 != nil {
			return e2
		}
		if err != nil {
			e.log.WarnContext(ctx, "a checkpoint is not sent; it is tried again", slog.String("to", x.Kind), slog.String("error", err.Error()))
			break
		}
		if err := e.noteDelivery(ctx, t, p); err != nil {
			return err
		}
	}
	o.of(t, e.seal.Checkpoints())
	return nil
}

// deliveryLeaf is the subject of a leaf of seal.KindDelivery.
type deliveryLeaf struct {
	To     string `json:"to"` // folder, mail, syslog
	Leaves int64  `json:"leaves"`
}

func (e *Engine) noteDelivery(ctx context.Context, t deliver.Target, p *seal.Checkpoint) error {
	text, err := json.Marshal(deliveryLeaf{t.Kind(), p.Size})
	if err != nil {
		return fmt.Errorf("encode leaf: %w", err)
	}
	return e.seal.Record(ctx, seal.Entry{Kind: seal.KindDelivery, Subject: string(text), By: "akashi", Ground: t.Address(), Time: e.deps.now().UnixNano(), Hash: seal.Sum(p.Text)})
}

// message is a checkpoint with the words of a mail, in the language of the folder.
func (e *Engine) message(c *seal.Checkpoint) *deliver.Message {
	cfg := e.Config()
	p := i18n.For(cfg.Language)
	zone, err := cfg.Location()
	if err != nil {
		zone = time.UTC
	}
	at := time.Unix(0, c.Time).In(zone).Format("2006-01-02 15:04:05 -07:00")
	return &deliver.Message{
		Origin: c.Origin, Size: c.Size, Time: c.Time, Text: c.Text,
		Subject: p.T("seal.send.subject", "size", c.Size, "origin", c.Origin),
		Body:    strings.ReplaceAll(p.T("seal.send.body", "size", c.Size, "origin", c.Origin, "time", at, "text", string(c.Text)), "\n", "\r\n"),
	}
}

// sendOwed is SendOwed when a checkpoint was made. What cannot be sent is no reason
// to receive nothing.
func (e *Engine) sendOwed(ctx context.Context) {
	if _, err := e.SendOwed(ctx, false); err != nil {
		e.log.ErrorContext(ctx, "checkpoints are not sent", slog.String("error", err.Error()))
	}
}
