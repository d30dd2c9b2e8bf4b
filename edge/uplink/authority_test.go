package uplink

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// signed is a certificate with its key.
type signed struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// wish is what a certificate shall be; the zero wish is a good server's.
type wish struct {
	name   string        // common name; empty: broker
	hosts  []string      // names and addresses; nil: 127.0.0.1
	starts time.Duration // from now; 0: an hour ago
	ends   time.Duration // from now; 0: in a year
	by     *signed       // nil: itself
	ca     bool
	client bool // for clients, not for servers
}

func issue(t testing.TB, w wish) *signed {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if w.name == "" {
		w.name = "broker"
	}
	if w.hosts == nil && !w.ca && !w.client {
		w.hosts = []string{"127.0.0.1"}
	}
	if w.starts == 0 {
		w.starts = -time.Hour
	}
	if w.ends == 0 {
		w.ends = 365 * 24 * time.Hour
	}
	id, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: id, Subject: pkix.Name{CommonName: w.name}, NotBefore: time.Now().Add(w.starts), NotAfter: time.Now().Add(w.ends),
		IsCA: w.ca, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	switch {
	case w.ca:
		c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageCertSign, nil
	case w.client:
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	for _, h := range w.hosts {
		if ip := net.ParseIP(h); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, h)
		}
	}
	parent, signer := c, crypto.Signer(key)
	if w.by != nil {
		parent, signer = w.by.cert, w.by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &signed{made, key}
}

func (s *signed) certPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.cert.Raw})
}

func (s *signed) keyPEM(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// put writes a file for its owner alone and returns its path.
func put(t testing.TB, dir, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// files writes what a gateway needs into a directory: the authority of the broker,
// and, if there is one, a certificate of its own.
func files(t testing.TB, dir string, ca, own *signed) Credentials {
	t.Helper()
	c := Credentials{CAFile: put(t, dir, "ca.crt", ca.certPEM())}
	if own != nil {
		c.CertFile, c.KeyFile = put(t, dir, "gateway.crt", own.certPEM()), put(t, dir, "gateway.key", own.keyPEM(t))
	}
	return c
}

func serverTLS(s *signed) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{s.cert.Raw}, PrivateKey: s.key}}}
}
