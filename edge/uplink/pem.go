package uplink

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// maxPEM bounds what is read of a file with certificates; the roots of a whole
// system take a quarter of it.
const maxPEM = 1 << 20

// readRoots reads the authorities of a file; none, without an error, means those of
// the system.
func readRoots(path string) ([]*x509.Certificate, error) {
	if path == "" {
		return nil, nil
	}
	text, err := readFile("tls.ca_file", path)
	if err != nil {
		return nil, err
	}
	var roots []*x509.Certificate
	for b, rest := pem.Decode(text); b != nil; b, rest = pem.Decode(rest) {
		if b.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, wrongf(err, "tls.ca_file %s: its certificate number %d: %v", path, len(roots)+1, err)
		}
		roots = append(roots, c)
	}
	if len(roots) == 0 {
		return nil, wrongf(nil, "tls.ca_file %s holds no certificate in PEM (-----BEGIN CERTIFICATE-----); put the certificate of the broker's authority there", path)
	}
	return roots, nil
}

// readPair reads a certificate and its key; open says that everybody may read the
// key.
func readPair(certFile, keyFile string) (pair *tls.Certificate, open bool, err error) {
	cert, err := readFile("tls.cert_file", certFile)
	if err != nil {
		return nil, false, err
	}
	key, err := readFile("tls.key_file", keyFile)
	if err != nil {
		return nil, false, err
	}
	if info, err := os.Stat(keyFile); err == nil {
		open = info.Mode().Perm()&0o007 != 0
	}
	if err := checkPEM(certFile, cert, keyFile, key); err != nil {
		return nil, open, err
	}
	made, err := tls.X509KeyPair(cert, key)
	if err != nil {
		if strings.Contains(err.Error(), "does not match") {
			return nil, open, wrongf(err, "tls.key_file %s does not belong to the certificate in tls.cert_file %s; take both from the same enrolment", keyFile, certFile)
		}
		return nil, open, wrongf(err, "tls.cert_file %s with tls.key_file %s: %v", certFile, keyFile, err)
	}
	return &made, open, nil
}

// checkPEM names the usual mistakes.
func checkPEM(certFile string, cert []byte, keyFile string, key []byte) error {
	certs, keys, _ := blocks(cert)
	switch {
	case certs == 0 && keys > 0:
		return wrongf(nil, "tls.cert_file %s holds a key and no certificate; are cert_file and key_file swapped?", certFile)
	case certs == 0:
		return wrongf(nil, "tls.cert_file %s holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", certFile)
	}
	switch _, keys, sealed := blocks(key); {
	case sealed:
		return wrongf(nil, "tls.key_file %s is encrypted with a passphrase, which nobody can type on a lamp post; store it unencrypted with mode 0600", keyFile)
	case keys == 0:
		return wrongf(nil, "tls.key_file %s holds no private key in PEM (-----BEGIN PRIVATE KEY-----)", keyFile)
	}
	return nil
}

// blocks counts what a PEM file holds.
func blocks(text []byte) (certs, keys int, sealed bool) {
	for {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil {
			return certs, keys, sealed
		}
		switch {
		case b.Type == "CERTIFICATE":
			certs++
		case strings.HasSuffix(b.Type, "PRIVATE KEY"):
			keys++
			sealed = sealed || strings.HasPrefix(b.Type, "ENCRYPTED") || strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED")
		}
	}
}

// readFile reads a file that a key of the configuration names.
func readFile(key, path string) ([]byte, error) {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, wrongf(err, "%s %s: no such file; put it there or correct the path", key, path)
	case errors.Is(err, fs.ErrPermission):
		return nil, wrongf(err, "%s %s: the gateway's user may not read it; give it the file: chown, and chmod 0600", key, path)
	case err != nil:
		return nil, wrongf(err, "%s %s: %v", key, path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	switch {
	case err != nil:
		return nil, wrongf(err, "%s %s: %v", key, path, err)
	case len(text) > maxPEM:
		return nil, wrongf(nil, "%s %s is larger than %d bytes; is it the right file?", key, path, maxPEM)
	case len(bytes.TrimSpace(text)) == 0:
		return nil, wrongf(nil, "%s %s is empty; was it written just when the power failed?", key, path)
	}
	return text, nil
}

// fileStamp tells whether a file was written anew.
type fileStamp struct {
	at   time.Time
	size int64
}

func stampOf(path string) fileStamp {
	info, err := os.Stat(path)
	if err != nil {
		return fileStamp{}
	}
	return fileStamp{info.ModTime(), info.Size()}
}
