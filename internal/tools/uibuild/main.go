// Command uibuild builds the files that the pages need from web/ into
// internal/web/static: TypeScript and CSS by esbuild, the vendored library as it
// is, each under a name with a hash of its content and compressed beside it.
//
// It runs by `go generate ./internal/web`; its output is committed, so that
// building akashi needs Go only. The same sources give the same bytes.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	if err := run(filepath.Join("..", "..", "web"), "static"); err != nil {
		fmt.Fprintln(os.Stderr, "uibuild:", err)
		os.Exit(1)
	}
}

// run builds the sources at src into out.
func run(src, out string) error {
	files := map[string][]byte{}
	for _, name := range []string{"app.ts", "search.ts", "app.css"} {
		b, err := bundle(filepath.Join(src, "src", name))
		if err != nil {
			return err
		}
		files[strings.Replace(name, ".ts", ".js", 1)] = b
	}
	htmx, err := vendored(filepath.Join(src, "vendor"), "htmx.min.js")
	if err != nil {
		return err
	}
	files["htmx.js"] = htmx
	if files["seal.svg"], err = os.ReadFile(filepath.Join(src, "src", "seal.svg")); err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	names := map[string]string{}
	for name, b := range files {
		sum := sha256.Sum256(b)
		ext := filepath.Ext(name)
		hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:])[:12] + ext
		names[name] = hashed
		if err := os.WriteFile(filepath.Join(out, hashed), b, 0o644); err != nil {
			return err
		}
		gz, err := compress(b)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, hashed+".gz"), gz, 0o644); err != nil {
			return err
		}
	}
	m, err := json.MarshalIndent(names, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "manifest.json"), append(m, '\n'), 0o644)
}

// bundle compiles and minifies one entry file.
func bundle(entry string) ([]byte, error) {
	r := api.Build(api.BuildOptions{
		EntryPoints: []string{entry}, Bundle: true, Target: api.ES2022, Charset: api.CharsetUTF8,
		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true, Format: api.FormatIIFE,
		LegalComments: api.LegalCommentsNone, LogLevel: api.LogLevelSilent,
	})
	if len(r.Errors) > 0 {
		m, at := r.Errors[0], entry
		if m.Location != nil {
			at = fmt.Sprintf("%s:%d", m.Location.File, m.Location.Line)
		}
		return nil, fmt.Errorf("%s: %s", at, m.Text)
	}
	if len(r.OutputFiles) != 1 {
		return nil, fmt.Errorf("%s: %d files came out, want 1", entry, len(r.OutputFiles))
	}
	return r.OutputFiles[0].Contents, nil
}

// vendored reads a file that somebody else made, if it is still that file.
func vendored(dir, name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	for line := range strings.SplitSeq(string(sums), "\n") {
		if f := strings.Fields(line); len(f) == 2 && f[1] == name {
			if f[0] != hex.EncodeToString(sum[:]) {
				return nil, fmt.Errorf("%s is not the file that SHA256SUMS names", name)
			}
			return b, nil
		}
	}
	return nil, errors.New(name + " is not in SHA256SUMS")
}

// compress is gzip without name and time, so that it is the same every time.
func compress(b []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
