package seal

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// maxStamp bounds a request and an answer of a time-stamp authority, in bytes.
const maxStamp = 1 << 20

// Stamp is what a time-stamp token says.
type Stamp struct {
	Time      time.Time
	Authority string    // subject of the certificate that signed
	Expires   time.Time // of that certificate
	Digest    []byte    // that was stamped
	Signed    Algorithm // the hash algorithm that its own signature rests on, "" = another one
	Trusted   bool      // the chain ends in one of the roots, at the stamp's time
	Reason    string    // why not trusted
}

// VerifyStamp checks an answer (TimeStampResp) or a bare token of RFC 3161: its
// signature, that it is of digest (SHA-256), and its chain of certificates at the
// time it names. roots nil are the system's. An error means that the token proves
// nothing; Trusted false that its authority is not known here.
func VerifyStamp(token []byte, digest Hash, roots *x509.CertPool) (*Stamp, error) {
	return SHA256.VerifyStamp(token, digest[:], roots)
}

// VerifyStamp is VerifyStamp of a digest under an algorithm.
func (a Algorithm) VerifyStamp(token []byte, digest Digest, roots *x509.CertPool) (*Stamp, error) {
	if len(token) > maxStamp {
		return nil, fmt.Errorf("time stamp of %d bytes, want at most %d", len(token), maxStamp)
	}
	ts, err := parseStamp(token)
	if err != nil {
		return nil, err
	}
	if ts.HashAlgorithm != a.crypto() || !bytes.Equal(ts.HashedMessage, digest) {
		return nil, errors.New("the time stamp is of other bytes")
	}
	if len(ts.Certificates) == 0 {
		return nil, errors.New("the time stamp carries no certificate")
	}
	s := &Stamp{Time: ts.Time, Digest: ts.HashedMessage}
	middle := x509.NewCertPool()
	for _, c := range ts.Certificates {
		middle.AddCert(c)
	}
	leaf, signed, err := signer(ts.RawToken)
	if err != nil {
		return nil, err
	}
	s.Signed = signed
	s.Authority, s.Expires = leaf.Subject.String(), leaf.NotAfter
	_, err = leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: middle, CurrentTime: ts.Time, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	if s.Trusted = err == nil; err != nil {
		s.Reason = err.Error()
	}
	return s, nil
}

// signer is the certificate whose key made the one signature of a token. The
// token may carry other ones, which prove nothing.
func signer(token []byte) (c *x509.Certificate, a Algorithm, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("time stamp: %v", p)
		}
	}()
	p7, err := pkcs7.Parse(token)
	if err != nil {
		return nil, "", fmt.Errorf("time stamp: %w", err)
	}
	if err := p7.Verify(); err != nil {
		return nil, "", fmt.Errorf("time stamp: %w", err)
	}
	if c = p7.GetOnlySigner(); c == nil {
		return nil, "", errors.New("the time stamp carries no certificate of its signer")
	}
	switch oid := p7.Signers[0].DigestAlgorithm.Algorithm; {
	case oid.Equal(pkcs7.OIDDigestAlgorithmSHA256):
		a = SHA256
	case oid.Equal(pkcs7.OIDDigestAlgorithmSHA384):
		a = SHA384
	case oid.Equal(pkcs7.OIDDigestAlgorithmSHA512):
		a = SHA512
	}
	return c, a, nil
}

// parseStamp reads an answer or a token. The library's faults with hostile bytes
// are errors here.
func parseStamp(b []byte) (ts *timestamp.Timestamp, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("time stamp: %v", p)
		}
	}()
	if ts, err = timestamp.ParseResponse(b); err != nil {
		var second error
		if ts, second = timestamp.Parse(b); second != nil {
			return nil, fmt.Errorf("time stamp: %w", err)
		}
	}
	return ts, nil
}

// Authority asks a time-stamp authority (RFC 3161, section 3.4).
type Authority struct {
	URL    string
	Client *http.Client
	Roots  *x509.CertPool // nil = the system's
}

// Ask returns the authority's answer for a digest, checked: its nonce, its digest,
// its signature, its chain.
func (a *Authority) Ask(ctx context.Context, digest Hash) (query, answer []byte, s *Stamp, err error) {
	return a.ask(ctx, SHA256, digest[:])
}

// ask is Ask of a digest under an algorithm.
func (a *Authority) ask(ctx context.Context, by Algorithm, digest Digest) (query, answer []byte, s *Stamp, err error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("make nonce: %w", err)
	}
	req := timestamp.Request{HashAlgorithm: by.crypto(), HashedMessage: digest, Certificates: true, Nonce: nonce}
	if query, err = req.Marshal(); err != nil {
		return nil, nil, nil, fmt.Errorf("time-stamp request: %w", err)
	}
	h, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL, bytes.NewReader(query))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("time-stamp authority: %w", err)
	}
	h.Header.Set("Content-Type", "application/timestamp-query")
	res, err := a.Client.Do(h)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("time-stamp authority: %w", err)
	}
	answer, err = io.ReadAll(io.LimitReader(res.Body, maxStamp+1))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, nil, nil, fmt.Errorf("time-stamp authority %s: %w", a.URL, err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, nil, nil, fmt.Errorf("time-stamp authority %s: %s", a.URL, res.Status)
	}
	if s, err = by.VerifyStamp(answer, digest, a.Roots); err != nil {
		return nil, nil, nil, fmt.Errorf("time-stamp authority %s: %w", a.URL, err)
	}
	ts, err := parseStamp(answer)
	if err != nil || ts.Nonce == nil || ts.Nonce.Cmp(nonce) != 0 {
		return nil, nil, nil, fmt.Errorf("time-stamp authority %s: the answer is to another request", a.URL)
	}
	return query, answer, s, nil
}

// StampFile is the name in DirName of the stamp of the checkpoint of size leaves:
// the bytes of the answer; beside it, with the end .tsq, the request.
func StampFile(size int64) string { return fmt.Sprintf("%s/%012d.tsr", StampsName, size) }

// StampSize is the other way round; ok is false for another name.
func StampSize(name string) (size int64, ok bool) {
	base, ok := strings.CutSuffix(name, ".tsr")
	size, err := strconv.ParseInt(base, 10, 64)
	return size, ok && err == nil && size > 0 && StampFile(size) == StampsName+"/"+name
}

// NeedsStamp says whether the last checkpoint has no stamp yet: then Stamp asks
// for one. A stamp that an outage left out is asked for the next time.
func (l *Log) NeedsStamp() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.points) == 0 {
		return false
	}
	_, err := readFile(l.fs, l.path(filepath.FromSlash(StampFile(l.sealedTo()))), maxStamp)
	return errors.Is(err, os.ErrNotExist)
}

// Stamp gets a time stamp of the last checkpoint, keeps it and writes a leaf
// about it. Every earlier stamp has its leaf below that checkpoint, or gets it
// with the next one, so the newest stamp renews all earlier ones.
func (l *Log) Stamp(ctx context.Context, a *Authority) (*Stamp, error) {
	points := l.Checkpoints()
	if len(points) == 0 {
		return nil, errors.New("there is no checkpoint yet")
	}
	c := points[len(points)-1]
	query, answer, s, err := a.Ask(ctx, sum(c.Text))
	if err != nil {
		return nil, err
	}
	if !s.Trusted {
		return nil, fmt.Errorf("time-stamp authority %s (%s) is not trusted: %s", a.URL, s.Authority, s.Reason)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := fsx.MakeDir(l.fs, l.path(StampsName), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of stamps: %w", err)
	}
	name := StampFile(c.Size)
	if err := write(l.fs, l.path(filepath.FromSlash(strings.TrimSuffix(name, "r")+"q")), query); err != nil {
		return nil, err
	}
	if err := write(l.fs, l.path(filepath.FromSlash(name)), answer); err != nil {
		return nil, err
	}
	_, err = l.record(ctx, []Entry{{Kind: KindStamp, Subject: name, By: s.Authority, Ground: a.URL, Time: s.Time.UnixNano(), Hash: sum(answer)}})
	return s, err
}

// CheckQuery checks that an answer is to exactly this request.
func CheckQuery(query, answer []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("time-stamp request: %v", p)
		}
	}()
	if len(query) > maxStamp || len(answer) > maxStamp {
		return errors.New("time-stamp request: it is too large")
	}
	q, err := timestamp.ParseRequest(query)
	if err != nil {
		return fmt.Errorf("time-stamp request: %w", err)
	}
	ts, err := parseStamp(answer)
	if err != nil {
		return err
	}
	if q.Nonce == nil || ts.Nonce == nil || q.Nonce.Cmp(ts.Nonce) != 0 || !bytes.Equal(q.HashedMessage, ts.HashedMessage) {
		return errors.New("the time stamp answers another request")
	}
	again := timestamp.Request{HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Certificates: true, Nonce: q.Nonce}
	if b, err := again.Marshal(); err != nil || !bytes.Equal(b, query) {
		return errors.New("the time-stamp request is not the one that akashi makes")
	}
	return nil
}
