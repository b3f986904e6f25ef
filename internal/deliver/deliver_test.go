package deliver_test

import (
	"encoding/base64"
	"errors"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/deliver"
	"github.com/akashi-audit/akashi/internal/deliver/delivertest"
)

func message() *deliver.Message {
	return &deliver.Message{
		Origin: "akashi/0123456789abcdef", Size: 42, Time: time.Date(2026, 11, 27, 1, 2, 3, 0, time.UTC).UnixNano(),
		Text:    []byte("akashi/0123456789abcdef\n42\nroot=\ntime 1\n\n— akashi/0123456789abcdef sig=\n"),
		Subject: "akashi の封印（葉 42 枚）", Body: "本文\r\n",
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	m, f := message(), deliver.Folder{Path: dir}
	for range 2 { // the same file again is no fault
		if err := f.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "akashi-0123456789abcdef-000000000042.txt")
	if b, err := os.ReadFile(path); err != nil || string(b) != string(m.Text) {
		t.Errorf("%q, %v", b, err)
	}
	if err := os.WriteFile(path, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Send(t.Context(), m); err == nil {
		t.Error("a file with other bytes is overwritten")
	}
	gone := deliver.Folder{Path: filepath.Join(dir, "share")}
	if err := gone.Send(t.Context(), m); err == nil {
		t.Error("a folder that is not there took a checkpoint")
	}
	if _, err := os.Stat(gone.Path); err == nil {
		t.Error("the folder was made where no share is mounted")
	}
}

func TestMail(t *testing.T) {
	s := delivertest.StartMail(t, "pass word")
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("pass word\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := message()
	target := &deliver.Mail{Server: s.Address, TLS: deliver.TLSStart, User: "akashi", PasswordFile: file, From: "akashi@example.jp", To: []string{"audit@example.jp", "b@example.jp"}, Roots: s.Roots}
	if err := target.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	mails, users := s.Mails()
	if len(mails) != 1 || len(users) != 1 || users[0] != "akashi" {
		t.Fatalf("%d mails, users %q", len(mails), users)
	}
	got, err := mail.ReadMessage(strings.NewReader(mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	if id := got.Header.Get("Message-Id"); !regexp.MustCompile(`^<[0-9a-f]{64}@example.jp>$`).MatchString(id) {
		t.Errorf("Message-ID %q", id)
	}
	if to, err := got.Header.AddressList("To"); err != nil || len(to) != 2 {
		t.Errorf("To %v, %v", to, err)
	}
	if flat := strings.ReplaceAll(mails[0], "\r\n", ""); !strings.Contains(flat, base64.StdEncoding.EncodeToString(m.Text)) || !strings.Contains(flat, "akashi-0123456789abcdef-000000000042.txt") {
		t.Errorf("the note is not attached:\n%s", mails[0])
	}
	s.Behave("451 try later", false)
	if err := target.Send(t.Context(), m); err == nil || errors.Is(err, deliver.ErrUnsure) {
		t.Errorf("a mail that the server refused: %v", err)
	}
	s.Behave("", true)
	if err := target.Send(t.Context(), m); !errors.Is(err, deliver.ErrUnsure) {
		t.Errorf("a mail whose answer did not come: %v", err)
	}
	s.Behave("", false)
	stranger := *target
	_, stranger.Roots = delivertest.Certificate(t)
	if err := stranger.Send(t.Context(), m); err == nil || errors.Is(err, deliver.ErrUnsure) {
		t.Errorf("a server with another certificate: %v", err)
	}
	plain := *target
	plain.TLS, plain.User = deliver.TLSNone, ""
	if err := plain.Send(t.Context(), m); err != nil {
		t.Error(err)
	}
	if mails, _ := s.Mails(); len(mails) != 3 {
		t.Errorf("%d mails arrived, want 3: one, one unsure, one in the open", len(mails))
	}
}

func TestSyslog(t *testing.T) {
	// RFC 5424: PRI, version, time, host, app, process, message id, structured data, text.
	form := regexp.MustCompile(`^<109>1 2026-11-27T01:02:03\.000000Z \S+ akashi \d+ checkpoint \[checkpoint@32473 origin="akashi/0123456789abcdef" leaves="42" note="([A-Za-z0-9+/=]+)"\] checkpoint of 42 leaves of akashi/0123456789abcdef$`)
	m := message()
	for _, scheme := range []string{"udp", "tcp", "tls"} {
		s := delivertest.StartSyslog(t, scheme)
		if err := (&deliver.Syslog{Server: s.Address, Roots: s.Roots}).Send(t.Context(), m); err != nil {
			t.Errorf("%s: %v", scheme, err)
			continue
		}
		for wait := time.Now().Add(time.Minute); len(s.Lines()) == 0 && time.Now().Before(wait); {
			time.Sleep(time.Millisecond) // a datagram is on its way
		}
		l := s.Lines()
		if len(l) != 1 {
			t.Errorf("%s: %q", scheme, l)
			continue
		}
		found := form.FindStringSubmatch(l[0])
		if found == nil {
			t.Errorf("%s: %q", scheme, l[0])
			continue
		}
		if b, err := base64.StdEncoding.DecodeString(found[1]); err != nil || string(b) != string(m.Text) {
			t.Errorf("%s: note %q, %v", scheme, b, err)
		}
	}
	s := delivertest.StartSyslog(t, "tls")
	_, other := delivertest.Certificate(t)
	if err := (&deliver.Syslog{Server: s.Address, Roots: other}).Send(t.Context(), m); err == nil || errors.Is(err, deliver.ErrUnsure) || len(s.Lines()) > 0 {
		t.Errorf("a server with another certificate: %v", err)
	}
	if err := (&deliver.Syslog{Server: "tcp://127.0.0.1:1"}).Send(t.Context(), m); err == nil || errors.Is(err, deliver.ErrUnsure) {
		t.Errorf("no server: %v", err)
	}
}
