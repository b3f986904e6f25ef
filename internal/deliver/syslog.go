package deliver

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// Syslog sends checkpoints to a syslog server (RFC 5424): over UDP one datagram each
// (RFC 5426), over TCP (RFC 6587, octet counting) and TLS (RFC 5425) one frame each.
// Syslog answers nothing: over TCP and TLS an arrival is what the network's own
// acknowledgement of a closed connection says, over UDP nothing.
type Syslog struct {
	Server string // udp://host:port, tcp://host:port or tls://host:port
	Roots  string // certificates (PEM) that the server's must end in; "" = the system's
}

// Kind is KindSyslog.
func (*Syslog) Kind() string { return KindSyslog }

// Address is the server.
func (t *Syslog) Address() string { return t.Server }

// priority is facility log audit (13), severity notice (5).
const priority = 13*8 + 5

// Send writes the message and closes the connection in order.
func (t *Syslog) Send(ctx context.Context, m *Message) (err error) {
	u, err := url.Parse(t.Server)
	if err != nil {
		return fmt.Errorf("syslog server: %w", err)
	}
	line := syslogLine(m)
	var conn net.Conn
	var d net.Dialer
	switch u.Scheme {
	case "udp":
		conn, err = d.DialContext(ctx, "udp", u.Host)
	case "tcp":
		conn, err = d.DialContext(ctx, "tcp", u.Host)
	case "tls":
		var conf *tls.Config
		if conf, err = tlsConfig(u.Hostname(), t.Roots); err == nil {
			conn, err = (&tls.Dialer{Config: conf}).DialContext(ctx, "tcp", u.Host)
		}
	default:
		err = errors.New("want udp://, tcp:// or tls://")
	}
	if err != nil {
		return fmt.Errorf("syslog server %s: %w", t.Server, err)
	}
	if u.Scheme != "udp" {
		line = fmt.Sprintf("%d %s", len(line), line)
	}
	end, ok := ctx.Deadline()
	if !ok {
		end = time.Now().Add(mailTimeout)
	}
	if err = conn.SetDeadline(end); err == nil {
		_, err = conn.Write([]byte(line)) // a frame that is cut is none
	}
	if err != nil {
		return fmt.Errorf("syslog server %s: %w", t.Server, errors.Join(err, conn.Close()))
	}
	if err := finish(conn); err != nil {
		return fmt.Errorf("syslog server %s: %w: %w", t.Server, ErrUnsure, err)
	}
	return nil
}

// finish ends what was written and waits until the other side closes too, which it
// does once it has read everything.
func finish(conn net.Conn) error {
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok {
		return conn.Close()
	}
	err := half.CloseWrite()
	if err == nil {
		buf := make([]byte, 512)
		_ = conn.SetReadDeadline(time.Now().Add(linger))
		for {
			if _, err = conn.Read(buf); err != nil {
				break
			}
		}
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.EOF) { // a server that keeps the connection is no fault
			err = nil
		}
	}
	return errors.Join(err, conn.Close())
}

// linger is how long a server may take to close.
const linger = 2 * time.Second

// syslogLine is the message: the whole note stands in it in base64, so that the file
// can be made again from the line.
func syslogLine(m *Message) string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "-"
	}
	host = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, host)
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`).Replace
	return fmt.Sprintf(`<%d>1 %s %s akashi %d checkpoint [checkpoint@32473 origin="%s" leaves="%d" note="%s"] checkpoint of %d leaves of %s`,
		priority, time.Unix(0, m.Time).UTC().Format("2006-01-02T15:04:05.000000Z"), host[:min(len(host), 255)], os.Getpid(),
		escape(m.Origin), m.Size, base64.StdEncoding.EncodeToString(m.Text), m.Size, m.Origin)
}
