package config

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Serve says how the pages are served and how long people stay logged in.
type Serve struct {
	// Cert and Key are files (PEM) of the certificate for addresses beside loopback;
	// "" = one that akashi makes for itself.
	Cert string `toml:"cert" json:"cert"`
	Key  string `toml:"key" json:"key"`
	// Names are the host names under which the pages are reached, besides the
	// machine's own.
	Names []string `toml:"names" json:"names"`
	// Idle ends a session without requests, in minutes; 0 = 30.
	Idle int `toml:"idle_minutes" json:"idle_minutes"`
	// Session ends every session, in hours; 0 = 12.
	Session int `toml:"session_hours" json:"session_hours"`
	// Second are the roles whose people must set up one-time codes.
	Second []string `toml:"second_factor" json:"second_factor"`
}

// Bounds of Serve.
const (
	maxIdle    = 24 * 60 // minutes
	maxSession = 7 * 24  // hours
)

// IdleTime is Idle with its default.
func (s *Serve) IdleTime() time.Duration {
	if s.Idle == 0 {
		return 30 * time.Minute
	}
	return time.Duration(s.Idle) * time.Minute
}

// SessionTime is Session with its default.
func (s *Serve) SessionTime() time.Duration {
	if s.Session == 0 {
		return 12 * time.Hour
	}
	return time.Duration(s.Session) * time.Hour
}

// tidy makes no list of an empty one: what a file leaves out is what it says is empty.
func (s *Serve) tidy() {
	if len(s.Names) == 0 {
		s.Names = nil
	}
	if len(s.Second) == 0 {
		s.Second = nil
	}
}

func (s *Serve) validate() []Problem {
	var l []Problem
	add := func(key, format string, args ...any) {
		l = append(l, Problem{Key: "serve." + key, Reason: fmt.Sprintf(format, args...)})
	}
	if (s.Cert == "") != (s.Key == "") {
		add("cert", "want both cert and key, or none")
	}
	for _, x := range [][2]string{{"cert", s.Cert}, {"key", s.Key}} {
		if x[1] != "" && !filepath.IsAbs(x[1]) {
			add(x[0], "%q: want a whole path", x[1])
		}
	}
	for i, n := range s.Names {
		if n == "" || len(n) > 253 || strings.ContainsFunc(n, func(r rune) bool {
			return r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) {
			add(fmt.Sprintf("names[%d]", i), "%q is no host name", n)
		}
	}
	if s.Idle < 0 || s.Idle > maxIdle {
		add("idle_minutes", "%d: want 1 to %d, or 0 for 30", s.Idle, maxIdle)
	}
	if s.Session < 0 || s.Session > maxSession {
		add("session_hours", "%d: want 1 to %d, or 0 for 12", s.Session, maxSession)
	}
	for i, r := range s.Second {
		if !slices.Contains([]string{"viewer", "reviewer", "officer", "admin"}, r) {
			add(fmt.Sprintf("second_factor[%d]", i), "%q: want viewer, reviewer, officer or admin", r)
		}
	}
	return l
}

// text writes the table of the file.
func (s *Serve) text(b *bytes.Buffer, list func(comment, key string, l []string)) {
	b.WriteString("\n# The pages: a certificate (PEM) for addresses that other machines reach (empty = one\n" +
		"# that akashi makes for itself), and how long people stay logged in (0 = 30 minutes\n" +
		"# without a request, 12 hours in all).\n[serve]\n")
	for _, x := range [][2]string{{"cert", s.Cert}, {"key", s.Key}} {
		fmt.Fprintf(b, "%s = %s\n", x[0], quote(x[1]))
	}
	list("Host names under which the pages are reached, besides the machine's own.", "names", s.Names)
	fmt.Fprintf(b, "idle_minutes = %d\nsession_hours = %d\n", s.Idle, s.Session)
	list("Roles whose people must set up one-time codes: viewer, reviewer, officer, admin.", "second_factor", s.Second)
}
