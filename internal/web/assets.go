package web

import (
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// assets serves the built files: their names carry a hash of their content, so
// a browser keeps them for ever.
type assets struct {
	names map[string]string // logical name → hashed name
	files map[string][]byte // hashed name (also with .gz) → content
}

func loadAssets() (*assets, error) {
	a := &assets{files: map[string][]byte{}}
	m, err := staticFiles.ReadFile("static/manifest.json")
	if err != nil {
		return nil, fmt.Errorf("read static/manifest.json: %w", err)
	}
	if err := json.Unmarshal(m, &a.names); err != nil {
		return nil, fmt.Errorf("read static/manifest.json: %w", err)
	}
	for _, name := range a.names {
		b, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			return nil, err
		}
		a.files[name] = b
		if gz, err := staticFiles.ReadFile("static/" + name + ".gz"); err == nil {
			a.files[name+".gz"] = gz
		}
	}
	return a, nil
}

// url is where the logical file is served.
func (a *assets) url(name string) string { return "/static/" + a.names[name] }

// ServeHTTP serves a built file, compressed when the browser takes gzip.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/static/")
	b, ok := a.files[name]
	if !ok || strings.HasSuffix(name, ".gz") {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	if gz, ok := a.files[name+".gz"]; ok {
		h.Set("Vary", "Accept-Encoding")
		if takesGzip(r) {
			h.Set("Content-Encoding", "gzip")
			b = gz
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b) // the browser may have gone
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}

func takesGzip(r *http.Request) bool {
	for e := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(e), ";")
		if name == "gzip" && strings.TrimSpace(q) != "q=0" {
			return true
		}
	}
	return false
}

// writeMaybeGzip sends a page, compressed when that is worth it.
func writeMaybeGzip(w http.ResponseWriter, r *http.Request, code int, b []byte) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if len(b) < 2048 || !takesGzip(r) {
		h.Set("Content-Length", strconv.Itoa(len(b)))
		w.WriteHeader(code)
		_, _ = w.Write(b)
		return
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(code)
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil { // the level is a constant that exists
		return
	}
	_, _ = z.Write(b)
	_ = z.Close()
}

// localURL is path and query of u, never another host: "//evil" would be one.
func localURL(u *url.URL) string {
	p := "/" + strings.TrimLeft(u.EscapedPath(), "/\\")
	if u.RawQuery != "" {
		p += "?" + u.RawQuery
	}
	return p
}
