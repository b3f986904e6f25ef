// Package delivertest has the other sides of deliver for tests: a mail server and a
// syslog server.
package delivertest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Certificate makes a certificate for 127.0.0.1 and returns the file of its PEM.
func Certificate(t testing.TB) (c tls.Certificate, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// listen accepts connections until the test ends.
func listen(t testing.TB, serve func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				_ = c.SetDeadline(time.Now().Add(20 * time.Second))
				serve(c)
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().String()
}

// Mail is a mail server.
type Mail struct {
	Address string // host:port
	Roots   string // file of its certificate

	mu       sync.Mutex
	mails    []string
	users    []string
	refuse   string // answer to the end of a mail, "" = it is taken
	drop     bool   // it hangs up there and answers nothing
	password string
}

// Behave sets what the server does from now on; see Mail.
func (m *Mail) Behave(refuse string, drop bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse, m.drop = refuse, drop
}

// Mails are the mails that were taken, and the users who logged in.
func (m *Mail) Mails() (mails, users []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.mails...), append([]string(nil), m.users...)
}

// StartMail starts a mail server that offers STARTTLS and asks for that password.
func StartMail(t testing.TB, password string) *Mail {
	t.Helper()
	cert, roots := Certificate(t)
	m := &Mail{Roots: roots, password: password}
	m.Address = listen(t, func(c net.Conn) {
		m.talk(c, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	})
	return m
}

func (m *Mail) talk(c net.Conn, conf *tls.Config) {
	r := bufio.NewReader(c)
	say := func(s string) { _, _ = io.WriteString(c, s+"\r\n") }
	secure := false
	say("220 test ESMTP")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO", "HELO":
			if secure {
				say("250-test\r\n250 AUTH PLAIN")
			} else {
				say("250-test\r\n250 STARTTLS")
			}
		case "STARTTLS":
			say("220 go on")
			s := tls.Server(c, conf)
			if s.Handshake() != nil {
				return
			}
			c, r, secure = s, bufio.NewReader(s), true
		case "AUTH":
			b, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			l := strings.Split(string(b), "\x00")
			if len(l) != 3 || l[2] != m.password || !secure {
				say("535 no")
				continue
			}
			m.mu.Lock()
			m.users = append(m.users, l[1])
			m.mu.Unlock()
			say("235 yes")
		case "DATA":
			say("354 go on")
			if !m.data(r, say) {
				return
			}
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// data takes a mail; false = it hangs up.
func (m *Mail) data(r *bufio.Reader, say func(string)) bool {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != "" {
		say(m.refuse)
		return true
	}
	m.mails = append(m.mails, b.String())
	if m.drop {
		return false
	}
	say("250 taken")
	return true
}

// Syslog is a syslog server.
type Syslog struct {
	Address string // tls://, tcp:// or udp:// and host:port
	Roots   string // file of its certificate

	mu    sync.Mutex
	lines []string
}

// Lines are the messages that came.
func (s *Syslog) Lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.lines...)
}

func (s *Syslog) add(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

// StartSyslog starts a syslog server of a scheme: tls, tcp or udp.
func StartSyslog(t testing.TB, scheme string) *Syslog {
	t.Helper()
	s := &Syslog{}
	if scheme == "udp" {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			b := make([]byte, 1<<16)
			for {
				n, _, err := c.ReadFrom(b)
				if err != nil {
					return
				}
				s.add(string(b[:n]))
			}
		}()
		t.Cleanup(func() { _ = c.Close(); <-done })
		s.Address = "udp://" + c.LocalAddr().String()
		return s
	}
	cert, roots := Certificate(t)
	s.Roots = roots
	s.Address = scheme + "://" + listen(t, func(c net.Conn) {
		if scheme == "tls" {
			c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
		}
		s.frames(c)
		_ = c.Close()
	})
	return s
}

// frames reads messages with their lengths in front.
func (s *Syslog) frames(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		word, err := r.ReadString(' ')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(word, " "))
		if err != nil || n > 1<<16 {
			s.add(fmt.Sprintf("bad length %q", word))
			return
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return
		}
		s.add(string(b))
	}
}
