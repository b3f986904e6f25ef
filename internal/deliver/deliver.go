package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
)

// ErrUnsure: the connection broke when everything was sent and nothing was answered.
var ErrUnsure = errors.New("it is not known whether it arrived")

// The kinds of targets.
const (
	KindFolder = "folder"
	KindMail   = "mail"
	KindSyslog = "syslog"
)

// Message is a checkpoint to send.
type Message struct {
	Origin  string // of the log
	Size    int64  // leaves
	Time    int64  // Unix ns, of the checkpoint
	Text    []byte // the signed note
	Subject string // of a mail
	Body    string
}

// FileName names the checkpoint in a folder and in a mail.
func (m *Message) FileName() string {
	return fmt.Sprintf("%s-%012d.txt", strings.NewReplacer("/", "-", "\\", "-", ":", "-").Replace(m.Origin), m.Size)
}

// Target is where checkpoints are sent to.
type Target interface {
	Kind() string
	// Address tells a reader where it is; another address is another target.
	Address() string
	// Send returns when the other side has the message, as far as its protocol tells.
	Send(ctx context.Context, m *Message) error
}

// tlsConfig trusts the certificates of the file roots (PEM); "" = the system's.
func tlsConfig(host, roots string) (*tls.Config, error) {
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if roots == "" {
		return c, nil
	}
	b, err := os.ReadFile(roots)
	if err != nil {
		return nil, fmt.Errorf("trusted certificates: %w", err)
	}
	if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("trusted certificates %s: no certificate in PEM form", roots)
	}
	return c, nil
}
