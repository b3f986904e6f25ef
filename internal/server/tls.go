package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
)

// The certificate that a server makes for itself. Browsers refuse certificates that
// hold for longer than 825 days.
const (
	certName  = "cert.pem"
	keyName   = "key.pem"
	certLife  = 820 * 24 * time.Hour
	certRenew = 30 * 24 * time.Hour // before its end a start makes a new one
)

// identity is the certificate that a server shows.
type identity struct {
	cert tls.Certificate
	own  bool // made by akashi: nobody but its reader vouches for it
}

// fingerprint is the SHA-256 of the certificate, as browsers show it.
func (id *identity) fingerprint() string {
	h := sha256.Sum256(id.cert.Certificate[0])
	l := make([]string, len(h))
	for i, b := range h {
		l[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(l, ":")
}

// names are the host names that the certificate is for.
func (id *identity) names() []string {
	if id.cert.Leaf == nil {
		return nil
	}
	return id.cert.Leaf.DNSNames
}

// loadIdentity takes the certificate of akashi.toml, else the one of the folder, which
// it makes when there is none, when it ends soon, and when the machine has other names
// than it says.
func loadIdentity(dir string, c config.Serve, now time.Time) (*identity, error) {
	if c.Cert != "" {
		cert, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("certificate of akashi.toml: %w", err)
		}
		return &identity{cert: cert}, nil
	}
	names, addrs := ownNames(c.Names)
	certFile, keyFile := filepath.Join(dir, manifest.CertDir, certName), filepath.Join(dir, manifest.CertDir, keyName)
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("certificate of the data folder (remove %s to have a new one made): %w", manifest.CertDir, err)
	}
	if err == nil && now.Before(cert.Leaf.NotAfter.Add(-certRenew)) && !slices.ContainsFunc(names, func(n string) bool { return cert.Leaf.VerifyHostname(n) != nil }) {
		return &identity{cert, true}, nil
	}
	certPEM, keyPEM, err := makeCertificate(names, addrs, now)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(certFile), 0o700); err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	if err := errors.Join(fsx.WriteFileAtomic(keyFile, keyPEM, 0o600), fsx.WriteFileAtomic(certFile, certPEM, 0o600)); err != nil {
		return nil, fmt.Errorf("keep the certificate: %w", err)
	}
	if cert, err = tls.X509KeyPair(certPEM, keyPEM); err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return &identity{cert, true}, nil
}

// ownNames are the names and addresses under which other machines reach this one.
func ownNames(more []string) (names []string, addrs []net.IP) {
	names = []string{"localhost"}
	add := func(n string) {
		n = strings.ToLower(strings.TrimSuffix(n, "."))
		if n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if h, err := os.Hostname(); err == nil {
		add(h)
		short, _, _ := strings.Cut(h, ".")
		add(short)
	}
	for _, n := range more {
		add(n)
	}
	addrs = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	l, err := net.InterfaceAddrs()
	if err != nil {
		return names, addrs
	}
	for _, a := range l {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			addrs = append(addrs, n.IP)
		}
	}
	return names, addrs
}

func makeCertificate(names []string, addrs []net.IP, now time.Time) (cert, key []byte, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, nil, err
	}
	serial.Add(serial, big.NewInt(1)) // positive
	t := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: names[len(names)-1], Organization: []string{"akashi"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certLife), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true, DNSNames: names, IPAddresses: addrs,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &k.PublicKey, k)
	if err != nil {
		return nil, nil, err
	}
	b, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: b}), nil
}
