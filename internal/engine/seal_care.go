package engine

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// PassphraseVar is the variable of the environment with the words that the private
// key is encrypted with.
const PassphraseVar = "AKASHI_SEAL_PASSPHRASE"

// passphrase gives the words that the private key is encrypted with: those of the
// environment, else the first line of a file; nil when neither is set.
func passphrase(env, file string) func() (string, error) {
	switch {
	case env != "":
		return func() (string, error) { return env, nil }
	case file == "":
		return nil
	}
	return func() (string, error) {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("passphrase of the key: %w", err)
		}
		words, _, _ := strings.Cut(string(b), "\n")
		if words = strings.TrimSuffix(words, "\r"); words == "" {
			return "", fmt.Errorf("passphrase of the key: the first line of %s is empty", file)
		}
		return words, nil
	}
}

// SealState is what the seal of a folder holds.
type SealState struct {
	Leaves      int64              `json:"leaves"`
	Unsealed    int64              `json:"unsealed"`
	Checkpoints []*seal.Checkpoint `json:"-"`
	Keys        []seal.KeyChange   `json:"keys"`
	NeedsStamp  bool               `json:"needs_stamp"`
	Sends       []Outgoing         `json:"send,omitempty"` // by target of akashi.toml
	// Of the newest time stamp: when its certificate ends and when it is renewed, Unix
	// ns; 0 = there is none.
	StampExpires int64 `json:"stamp_expires,omitempty"`
	StampRenewal int64 `json:"stamp_renewal,omitempty"`
	// Again is the last renewal under another hash algorithm, AgainBegun one that is not
	// done.
	Again      seal.AgainLeaf `json:"again,omitzero"`
	AgainTime  int64          `json:"again_time,omitempty"` // when its pass was done, Unix ns
	AgainBegun seal.Algorithm `json:"again_begun,omitempty"`
}

// sealState reads the state of an open log.
func sealState(l *seal.Log, dir string, cfg *config.Config) (*SealState, error) {
	s := &SealState{Leaves: l.Size(), Unsealed: l.Unsealed(), Checkpoints: l.Checkpoints(), Keys: l.Keys(), NeedsStamp: l.NeedsStamp()}
	if st, err := l.LastStamp(); err == nil && st != nil { // verify names one that cannot be read
		s.StampExpires, s.StampRenewal = st.Stamp.Expires.UnixNano(), st.Stamp.RenewalTime().UnixNano()
	}
	again, err := againLeaves(l)
	if err != nil {
		return nil, err
	}
	force, begun := seal.AgainOf(again)
	s.Again, s.AgainBegun = force, begun.Hash
	if s.AgainTime, err = againTime(l); err != nil {
		return nil, err
	}
	s.Sends, err = outgoing(dir, &cfg.Seal.Send, s.Checkpoints)
	return s, err
}

// Seal reads the state of the seal of a data folder, beside a running writer too.
func Seal(dir string) (*SealState, error) {
	cfg, err := config.Load(dir)
	if err != nil {
		return nil, err
	}
	l, err := seal.OpenLog(nil, dir, seal.LogOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	s, err := sealState(l, dir, &cfg)
	return s, errors.Join(err, l.Close())
}

// SealNow lists the folder, signs the head and returns the checkpoint.
func (e *Engine) SealNow(ctx context.Context) (*seal.Checkpoint, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.importing.Lock()
	defer e.importing.Unlock()
	if err := e.sealFolder(ctx); err != nil {
		return nil, err
	}
	l := e.seal.Checkpoints()
	if len(l) == 0 || e.seal.Unsealed() > 0 { // the reason is in the program's log
		return nil, seal.ErrNoKey
	}
	return l[len(l)-1], nil
}

// RotateKey begins a new key of the seal, see seal.Log.Rotate.
func (e *Engine) RotateKey(ctx context.Context, by string, lost bool) (seal.KeyChange, error) {
	if e.opt.ReadOnly {
		return seal.KeyChange{}, ErrReadOnly
	}
	return e.seal.Rotate(ctx, by, lost)
}

// stampWait bounds how long an import or the end of the program waits for the
// time-stamp authority.
const stampWait = 10 * time.Second

// stampOwed gets the time stamp of the last checkpoint from the authority of
// akashi.toml. While the authority does not answer, the stamp stays owed: it is
// asked for whenever the folder is sealed or closed again.
func (e *Engine) stampOwed(ctx context.Context) {
	cfg := e.Config()
	owed := e.seal.NeedsStamp()
	due := !owed && e.renewalDue()
	if cfg.Seal.Authority == "" || !owed && !due && !e.needsAgainStamp() {
		return
	}
	a, err := Authority(cfg.Seal.Authority, cfg.Seal.Roots)
	if err == nil {
		a.Client.Timeout = stampWait
		switch {
		case owed:
			_, err = e.seal.Stamp(ctx, a)
		case due:
			_, err = e.renew(ctx, a)
		}
	}
	if err == nil {
		_, err = e.stampAgain(ctx, a)
	}
	if err != nil {
		e.log.WarnContext(ctx, "no time stamp yet; it is asked for again", slog.String("error", err.Error()))
	}
}

// renewalDue tells whether the newest stamp is to be renewed.
func (e *Engine) renewalDue() bool {
	s, err := e.seal.LastStamp()
	return err == nil && s != nil && !e.deps.now().Before(s.Stamp.RenewalTime())
}

// renew renews the newest stamp. The caller has just sealed the folder.
func (e *Engine) renew(ctx context.Context, a *seal.Authority) (*seal.Stamp, error) {
	folder, err := e.seal.LastFolder()
	if err != nil {
		return nil, err
	}
	s, err := e.seal.Renew(ctx, a, folder)
	var list manifest.Folder
	if err == nil && manifest.Decode(folder, &list) == nil { // the new checkpoint has its head, too
		err = e.followAgain(ctx, list.Files)
	}
	if err == nil {
		e.log.InfoContext(ctx, "the time stamp is renewed", slog.Time("until", s.Expires))
	}
	return s, err
}

// CareSeal sends what is owed, asks for time stamps that are owed and renews them in
// time, until ctx ends.
func (e *Engine) CareSeal(ctx context.Context) {
	tick := time.NewTicker(sendEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		e.sendOwed(ctx)
		if n%stampRounds != 0 || e.Config().Seal.Authority == "" || !e.seal.NeedsStamp() && !e.renewalDue() && !e.needsAgainStamp() {
			continue
		}
		if e.importing.TryLock() { // an import asks for it when it ends
			if err := e.sealFolder(ctx); err != nil && !errors.Is(err, context.Canceled) {
				e.log.ErrorContext(ctx, "seal the folder for its time stamp", slog.String("error", err.Error()))
			}
			e.importing.Unlock()
		}
	}
}

// stampRounds: after so many rounds of CareSeal it looks for stamps that are owed.
const stampRounds = 30

// stampTimeout bounds a request to a time-stamp authority that a person waits for.
const stampTimeout = 30 * time.Second

// Authority is the time-stamp authority at url, whose certificates must end in
// those of the file roots (PEM; "" = the system's).
func Authority(url, roots string) (*seal.Authority, error) {
	a := &seal.Authority{URL: url, Client: &http.Client{Timeout: stampTimeout}}
	if roots == "" {
		return a, nil
	}
	b, err := os.ReadFile(roots)
	if err != nil {
		return nil, fmt.Errorf("trusted certificates: %w", err)
	}
	if a.Roots = x509.NewCertPool(); !a.Roots.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("trusted certificates %s: no certificate in PEM form", roots)
	}
	return a, nil
}

// ErrStamped: the last checkpoint has its time stamp.
var ErrStamped = errors.New("the last checkpoint has its time stamp already")

// Stamp seals the folder and gets a time stamp of the checkpoint.
func (e *Engine) Stamp(ctx context.Context, a *seal.Authority) (*seal.Stamp, error) {
	if _, err := e.SealNow(ctx); err != nil {
		return nil, err
	}
	var s *seal.Stamp
	var err error
	switch {
	case e.seal.NeedsStamp():
		s, err = e.seal.Stamp(ctx, a)
	case e.renewalDue():
		e.importing.Lock()
		s, err = e.renew(ctx, a)
		e.importing.Unlock()
	case !e.needsAgainStamp():
		return nil, ErrStamped
	}
	if err != nil {
		return nil, err
	}
	again, err := e.stampAgain(ctx, a)
	if s == nil {
		s = again
	}
	return s, err
}
