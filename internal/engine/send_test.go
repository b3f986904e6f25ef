package engine

import (
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/deliver/delivertest"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/verify"
)

// Each checkpoint goes out once to each target; what cannot be sent is sent later;
// what may have arrived is not sent twice; a checkpoint that was sent proves.
func TestCheckpointsAreSentOnce(t *testing.T) {
	dir := sealedFolder(t)
	mails, lines, share := delivertest.StartMail(t, ""), delivertest.StartSyslog(t, "tcp"), filepath.Join(t.TempDir(), "share")
	c, err := config.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	c.Seal.Send = config.Send{Folder: share, MailServer: mails.Address, MailTLS: "none", MailFrom: "akashi@example.jp", MailTo: []string{"a@example.jp"}, Syslog: lines.Address}
	if err := config.Write(dir, c); err != nil {
		t.Fatal(err)
	}
	paths := fakeFiles(t, 9, 60)
	e := openEngine(t, dir, fakeDeps(40)) // the changed settings make a checkpoint
	importAll(t, e, paths[0])
	state := func(kind string) Outgoing {
		t.Helper()
		s, err := e.SealStatus()
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range s.Sends {
			if x.Kind == kind {
				return x
			}
		}
		t.Fatalf("%s is no target: %+v", kind, s.Sends)
		return Outgoing{}
	}
	count := func() (m, l int) { a, _ := mails.Mails(); return len(a), len(lines.Lines()) }
	if x := state("folder"); x.Failed == "" || x.Owed == 0 || x.Sent != 0 {
		t.Errorf("a share that is not there: %+v", x)
	}
	sent := len(e.seal.Places(seal.KindDelivery))
	m, l := count()
	if m == 0 || m != l || sent != m+l || state("mail").Owed != 0 {
		t.Errorf("%d mails, %d lines, %d leaves, %+v", m, l, sent, state("mail"))
	}
	if err := os.Mkdir(share, 0o700); err != nil {
		t.Fatal(err)
	}
	owed := state("folder").Owed
	if _, err := e.SendOwed(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(share, "*.txt"))
	if err != nil || len(files) != owed || state("folder").Owed != 0 || state("folder").Failed != "" {
		t.Errorf("%d of %d owed files came, %v; %+v", len(files), owed, err, state("folder"))
	}
	mails.Behave("451 later", false)
	importAll(t, e, paths[1])
	if x := state("mail"); x.Owed == 0 || !strings.Contains(x.Failed, "451") || x.Unsure != 0 {
		t.Errorf("a server that refuses: %+v", x)
	}
	mails.Behave("", true) // it takes them and its answer is lost
	if _, err := e.SendOwed(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if x := state("mail"); x.Unsure == 0 {
		t.Errorf("an answer that is lost: %+v", x)
	}
	mails.Behave("", false)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = openEngine(t, dir, fakeDeps(40))
	for range 3 {
		if _, err := e.SendOwed(t.Context(), true); err != nil {
			t.Fatal(err)
		}
	}
	if x := state("mail"); x.Owed != 0 || x.Failed != "" && x.Unsure == 0 {
		t.Errorf("in the end: %+v", x)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	all, _ := mails.Mails()
	seen := map[string]bool{}
	for _, x := range all {
		m, err := mail.ReadMessage(strings.NewReader(x))
		if err != nil {
			t.Fatal(err)
		}
		id := m.Header.Get("Message-Id")
		if seen[id] || id == "" {
			t.Errorf("the mail %s came twice", id)
		}
		seen[id] = true
	}
	if m, l = count(); m != l {
		t.Errorf("%d mails and %d lines of the same checkpoints", m, l)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if r := check(t, dir, verify.Options{Since: b, SinceName: "sent"}); r.Damage() || len(r.Anchors) != 1 {
		t.Errorf("a checkpoint that was sent does not prove: %+v", r.Findings)
	}
}

// A program that ended while a mail went out does not send it again.
func TestSendingThatWasCutIsUnsure(t *testing.T) {
	dir := sealedFolder(t)
	mails := delivertest.StartMail(t, "")
	c, err := config.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	c.Seal.Send = config.Send{MailServer: mails.Address, MailTLS: "none", MailFrom: "akashi@example.jp", MailTo: []string{"a@example.jp"}}
	e := openEngine(t, dir, fakeDeps(40))
	points := e.seal.Checkpoints()
	last := points[len(points)-1].Size
	target := targets(&c.Seal.Send)[0]
	o := &outbox{Targets: map[string]*Outgoing{}}
	o.of(target, points).Trying = last
	if err := e.writeOutbox(o); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := config.Write(dir, c); err != nil {
		t.Fatal(err)
	}
	e = openEngine(t, dir, fakeDeps(40))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Seal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if x := s.Sends[0]; x.Unsure != last || x.Owed != 0 {
		t.Errorf("%+v", x)
	}
	if all, _ := mails.Mails(); len(all) != len(s.Checkpoints)-len(points) {
		t.Errorf("%d mails of %d new checkpoints", len(all), len(s.Checkpoints)-len(points))
	}
}
