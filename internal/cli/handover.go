package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

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
	b, err := os.ReadFile(filepath.Join(dir, "serve.json"))
	if err != nil {
		return nil, errNoServer
	}
	var at serving
	if err := json.Unmarshal(b, &at); err != nil {
		return nil, fmt.Errorf("read serve.json: %w", err)
	}
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+at.Addr+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	post.Header.Set("Authorization", "Bearer "+at.Token)
	post.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{Proxy: nil}}
	res, err := client.Do(post)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, errNoServer
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
	body, err := a.askServer(ctx, dir, "/api/v1/evidence", req)
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
