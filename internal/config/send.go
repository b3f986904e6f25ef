package config

import (
	"bytes"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Send says where each new checkpoint of the seal is sent to. Several can be set.
type Send struct {
	// Folder is a folder elsewhere, such as a share; "" = none.
	Folder string `toml:"folder" json:"folder,omitempty"`
	// MailServer is a mail server, host:port; "" = none.
	MailServer string `toml:"mail_server" json:"mail_server,omitempty"`
	// MailTLS is starttls ("" too), tls or none.
	MailTLS string `toml:"mail_tls" json:"mail_tls,omitempty"`
	// MailUser is who the server is told; "" = nobody. The password is the first line
	// of MailPasswordFile.
	MailUser         string   `toml:"mail_user" json:"mail_user,omitempty"`
	MailPasswordFile string   `toml:"mail_password_file" json:"mail_password_file,omitempty"`
	MailFrom         string   `toml:"mail_from" json:"mail_from,omitempty"`
	MailTo           []string `toml:"mail_to" json:"mail_to,omitempty"`
	// Syslog is a syslog server, tls://host:port, tcp://… or udp://…; "" = none.
	Syslog string `toml:"syslog" json:"syslog,omitempty"`
	// Roots is a file of certificates (PEM) that those of both servers must end in; ""
	// = the system's.
	Roots string `toml:"roots" json:"roots,omitempty"`
}

// maxMailTo bounds the receivers.
const maxMailTo = 50

func (s *Send) validate() []Problem {
	var l []Problem
	add := func(key, format string, args ...any) {
		l = append(l, Problem{Key: "seal.send." + key, Reason: fmt.Sprintf(format, args...)})
	}
	for _, x := range [][2]string{{"folder", s.Folder}, {"mail_password_file", s.MailPasswordFile}, {"roots", s.Roots}} {
		if x[1] != "" && !filepath.IsAbs(x[1]) {
			add(x[0], "%q: want a whole path", x[1])
		}
	}
	if !slices.Contains([]string{"", "starttls", "tls", "none"}, s.MailTLS) {
		add("mail_tls", "%q: want starttls, tls or none", s.MailTLS)
	}
	if s.MailServer != "" {
		if !hostPort(s.MailServer) {
			add("mail_server", "%q: want host:port, such as mail.example:587", s.MailServer)
		}
		if len(s.MailTo) == 0 || len(s.MailTo) > maxMailTo {
			add("mail_to", "%d receivers, want 1 to %d", len(s.MailTo), maxMailTo)
		}
		if a, err := mail.ParseAddress(s.MailFrom); err != nil || !strings.Contains(a.Address, "@") {
			add("mail_from", "%q is no mail address", s.MailFrom)
		}
	}
	for i, to := range s.MailTo {
		if _, err := mail.ParseAddress(to); err != nil {
			add(fmt.Sprintf("mail_to[%d]", i), "%q is no mail address", to)
		}
	}
	if (s.MailUser == "") != (s.MailPasswordFile == "") {
		add("mail_user", "want both mail_user and mail_password_file, or none")
	}
	if s.MailUser != "" && s.MailTLS == "none" {
		add("mail_tls", "a password is not sent without TLS: want starttls or tls")
	}
	if u, err := url.Parse(s.Syslog); s.Syslog != "" && (err != nil || !slices.Contains([]string{"tls", "tcp", "udp"}, u.Scheme) || !hostPort(u.Host) || u.Path != "") {
		add("syslog", "%q: want tls://host:port, tcp://host:port or udp://host:port", s.Syslog)
	}
	return l
}

func hostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// text writes the table of the file.
func (s *Send) text(b *bytes.Buffer, list func(comment, key string, l []string)) {
	b.WriteString("\n# Where each new checkpoint is sent to: a folder elsewhere, a mail server (host:port;\n" +
		"# mail_tls starttls, tls or none), a syslog server (tls://, tcp:// or udp://host:port).\n" +
		"# roots: the certificates (PEM) of both servers must end in these. Empty = none.\n[seal.send]\n")
	for _, x := range [][2]string{{"folder", s.Folder}, {"mail_server", s.MailServer}, {"mail_tls", s.MailTLS}, {"mail_user", s.MailUser}, {"mail_password_file", s.MailPasswordFile}, {"mail_from", s.MailFrom}} {
		fmt.Fprintf(b, "%s = %s\n", x[0], quote(x[1]))
	}
	list("Receivers of the mails.", "mail_to", s.MailTo)
	fmt.Fprintf(b, "syslog = %s\nroots = %s\n", quote(s.Syslog), quote(s.Roots))
}
