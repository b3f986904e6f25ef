package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/server"
)

var (
	errNoServer = errors.New("no server answers for this data folder")
	errEmpty    = collect.ErrEmpty
	errForeign  = collect.ErrForeign
)

// serving is the content of serve.json: where the server of a data folder
// listens and the token that lets this user hand work over.
type serving struct {
	Addr  string `json:"addr"`
	Token string `json:"token"`
	TLS   string `json:"tls"` // SHA-256 of the certificate, "" = plain HTTP
}

// find reads serve.json of a data folder.
func find(dir string) (*serving, error) {
	b, err := os.ReadFile(filepath.Join(dir, "serve.json"))
	if err != nil {
		return nil, errNoServer
	}
	var at serving
	if err := json.Unmarshal(b, &at); err != nil {
		return nil, fmt.Errorf("read serve.json: %w", err)
	}
	return &at, nil
}

// post sends a value to the server as its owner. The server's certificate must be the
// one that serve.json names, whoever vouches for it.
func (at *serving) post(ctx context.Context, path string, v any) (*http.Response, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	scheme, transport := "http", &http.Transport{Proxy: nil}
	if at.TLS != "" {
		scheme = "https"
		transport.TLSClientConfig = &tls.Config{
			InsecureSkipVerify: true, //nolint:gosec // VerifyConnection compares the certificate itself
			VerifyConnection: func(c tls.ConnectionState) error {
				if len(c.PeerCertificates) == 0 || fingerprint(c.PeerCertificates[0].Raw) != at.TLS {
					return errors.New("the server shows another certificate than serve.json says")
				}
				return nil
			},
		}
	}
	addr := at.Addr
	if host, port, err := net.SplitHostPort(addr); err == nil {
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			addr = net.JoinHostPort(map[bool]string{true: "127.0.0.1", false: "::1"}[ip.To4() != nil], port)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, scheme+"://"+addr+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+at.Token)
	r.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return nil, errNoServer
		}
		return nil, fmt.Errorf("ask the server at %s: %w", at.Addr, err)
	}
	return res, nil
}

func fingerprint(der []byte) string {
	h := sha256.Sum256(der)
	l := make([]string, len(h))
	for i, b := range h {
		l[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(l, ":")
}

// importLine is one line of the server's answer to an import.
type importLine struct {
	Progress *engine.Progress `json:"progress"`
	Summary  *engine.Summary  `json:"summary"`
	Error    string           `json:"error"`
}

// handOver lets the server that holds the data folder do the import.
func (a *app) handOver(ctx context.Context, dir string, req engine.ImportRequest, progress func(engine.Progress)) (*engine.Summary, error) {
	body, err := a.askServer(ctx, dir, "/api/v1/imports", req)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return readImport(ctx, body, progress)
}

// askServer posts work to the server that holds the data folder, and gives back its
// answer, lines of JSON.
func (a *app) askServer(ctx context.Context, dir, path string, req any) (io.ReadCloser, error) {
	at, err := find(dir)
	if err != nil {
		return nil, err
	}
	res, err := at.post(ctx, path, req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		return nil, errors.Join(fmt.Errorf("the server at %s refused: %s", at.Addr, bytes.TrimSpace(text)), res.Body.Close())
	}
	a.note("cli.import.handed", "addr", at.Addr)
	return res.Body, nil
}

// handEvidence lets the server that holds the data folder make an evidence bundle.
func (a *app) handEvidence(ctx context.Context, dir string, req server.BundleRequest, progress func(records, events int64)) (*evidence.Result, error) {
	body, err := a.askServer(ctx, dir, "/local/evidence", req)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	for d := json.NewDecoder(body); ; {
		var l server.BundleLine
		if err := d.Decode(&l); err != nil {
			return nil, errors.Join(errors.New("the server stopped before the bundle was made"), err)
		}
		switch {
		case l.Error != "":
			return nil, errors.New(l.Error)
		case l.None:
			return nil, evidence.ErrNone
		case l.Result != nil:
			return l.Result, nil
		case l.Progress != nil:
			progress(l.Progress.Records, l.Progress.Events)
		}
	}
}

// handRenewal lets the server that holds the data folder hash everything sealed anew.
func (a *app) handRenewal(ctx context.Context, dir string, req server.RenewalRequest, progress func(engine.RenewProgress)) (*engine.RenewResult, error) {
	body, err := a.askServer(ctx, dir, "/local/renewal", req)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	for d := json.NewDecoder(body); ; {
		var l server.RenewalLine
		if err := d.Decode(&l); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, errors.Join(errors.New("the server stopped during the renewal: run it again, it goes on"), err)
		}
		switch {
		case l.Error != "":
			return nil, errors.New(l.Error)
		case l.Result != nil:
			return l.Result, nil
		case l.Progress != nil:
			progress(*l.Progress)
		}
	}
}

func readImport(ctx context.Context, body io.Reader, progress func(engine.Progress)) (*engine.Summary, error) {
	sc := bufio.NewScanner(body)
	sc.Buffer(nil, 64<<20)
	for sc.Scan() {
		var l importLine
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("answer of the server: %w", err)
		}
		switch {
		case l.Error != "":
			return nil, errors.New(l.Error)
		case l.Summary != nil:
			return l.Summary, nil
		case l.Progress != nil:
			progress(*l.Progress)
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, errors.Join(sc.Err(), errors.New("the server stopped during the import: run it again, nothing is taken twice"))
}
