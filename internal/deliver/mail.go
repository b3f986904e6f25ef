package deliver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// The ways in which a mail server is spoken to.
const (
	TLSStart = "starttls" // required, on the port of plain SMTP
	TLSWhole = "tls"      // from the first byte
	TLSNone  = "none"
)

// Mail sends checkpoints through a mail server.
type Mail struct {
	Server       string // host:port
	TLS          string // TLSStart, TLSWhole or TLSNone
	User         string // "" = the server asks for nobody
	PasswordFile string // its first line
	From         string
	To           []string
	Roots        string // certificates (PEM) that the server's must end in; "" = the system's
}

// Kind is KindMail.
func (*Mail) Kind() string { return KindMail }

// Address names the receivers.
func (t *Mail) Address() string { return strings.Join(t.To, ", ") + " (" + t.Server + ")" }

// mailTimeout bounds each step of the talk with a server that says nothing.
const mailTimeout = 30 * time.Second

// Send hands the checkpoint to the mail server, once: its Message-ID is that of the
// checkpoint, so that a receiver knows a second copy.
func (t *Mail) Send(ctx context.Context, m *Message) error {
	msg, err := t.message(m)
	if err != nil {
		return err
	}
	c, err := t.client(ctx)
	if err != nil {
		return err
	}
	if err := c.DialWithContext(ctx); err != nil {
		return fmt.Errorf("mail server %s: %w", t.Server, err)
	}
	err = c.Send(msg)
	_ = c.Close()
	switch {
	case err == nil || msg.IsDelivered(): // the server has it, whatever comes after
		return nil
	case unsure(err):
		return fmt.Errorf("mail server %s: %w: %w", t.Server, ErrUnsure, err)
	}
	return fmt.Errorf("mail server %s: %w", t.Server, err)
}

// unsure tells whether all of a mail was sent and the answer did not come.
func unsure(err error) bool {
	var s *mail.SendError
	var answer *textproto.Error
	if !errors.As(err, &s) || errors.As(err, &answer) || s.ErrorCode() != 0 {
		return false
	}
	return s.Reason == mail.ErrSMTPDataClose
}

func (t *Mail) message(m *Message) (*mail.Msg, error) {
	msg := mail.NewMsg()
	if err := msg.From(t.From); err != nil {
		return nil, fmt.Errorf("sender of mails: %w", err)
	}
	if err := msg.To(t.To...); err != nil {
		return nil, fmt.Errorf("receivers of mails: %w", err)
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(time.Unix(0, m.Time))
	_, domain, _ := strings.Cut(t.From, "@")
	msg.SetMessageIDWithValue(fmt.Sprintf("%x@%s", sha256.Sum256(m.Text), strings.Trim(domain, "<> ")))
	msg.SetBodyString(mail.TypeTextPlain, m.Body)
	if err := msg.AttachReader(m.FileName(), bytes.NewReader(m.Text)); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return msg, nil
}

func (t *Mail) client(ctx context.Context) (*mail.Client, error) {
	host, port, err := net.SplitHostPort(t.Server)
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("mail server: port %q: %w", port, err)
	}
	wait := mailTimeout
	if end, ok := ctx.Deadline(); ok {
		wait = max(min(wait, time.Until(end)), time.Millisecond)
	}
	opts := []mail.Option{mail.WithPort(n), mail.WithTimeout(wait)}
	if t.TLS != TLSNone {
		conf, err := tlsConfig(host, t.Roots)
		if err != nil {
			return nil, err
		}
		opts = append(opts, mail.WithTLSConfig(conf))
	}
	switch t.TLS {
	case TLSWhole:
		opts = append(opts, mail.WithSSL())
	case TLSNone:
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS))
	default:
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if t.User != "" {
		b, err := os.ReadFile(t.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("password of the mail server: %w", err)
		}
		words, _, _ := strings.Cut(string(b), "\n")
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(t.User), mail.WithPassword(strings.TrimSuffix(words, "\r")))
	}
	c, err := mail.NewClient(host, opts...)
	if err != nil {
		return nil, fmt.Errorf("mail server %s: %w", t.Server, err)
	}
	return c, nil
}
