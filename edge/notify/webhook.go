package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/address"
)

// Webhook posts alerts to an address. The files are read at each attempt, so that a
// renewed one needs no restart; both may be empty.
type Webhook struct {
	URL        string
	SecretFile string // its first line is the key of the signature
	CAFile     string // the authority of an https server's certificate; empty: the system's
}

// Send implements Sender.
func (w *Webhook) Send(ctx context.Context, _ string, document []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(document))
	if err != nil {
		return fmt.Errorf("%w: %s is no address", ErrRefused, address.Show(w.URL))
	}
	r.Header.Set("Content-Type", "application/json")
	if w.SecretFile != "" {
		secret, err := line(w.SecretFile)
		if err != nil {
			return fmt.Errorf("secret: %w", err)
		}
		r.Header.Set("Lamppost-Signature", Signature(secret, document))
	}
	conf, err := trusting(w.CAFile)
	if err != nil {
		return err
	}
	// One connection for each post: alerts are rare, and nothing is kept open to a
	// machine that may have gone.
	client := http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true, TLSClientConfig: conf, MaxResponseHeaderBytes: 16 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return bare(err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, 4<<10) // what it says does not matter
	return judge(answer.StatusCode)
}

// judge says what a status means: RFC 9110 15, and RFC 8470 for 425.
func judge(status int) error {
	switch {
	case status/100 == 2:
		return nil
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status/100 == 5:
		return fmt.Errorf("it answers %d %s", status, http.StatusText(status))
	case status/100 == 3:
		return fmt.Errorf("%w: it answers %d %s; write the address that it names", ErrRefused, status, http.StatusText(status))
	}
	return fmt.Errorf("%w: it answers %d %s", ErrRefused, status, http.StatusText(status))
}

// Close implements Sender.
func (w *Webhook) Close() {}

// Signature is the value of the header Lamppost-Signature.
func Signature(secret string, document []byte) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(document)
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

// line is the first line of a file.
func line(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	text, _, _ := strings.Cut(string(b), "\n")
	if text = strings.TrimRight(text, "\r"); text == "" {
		return "", fmt.Errorf("%s: its first line is empty", file)
	}
	return text, nil
}

// trusting is the TLS configuration with an authority of one's own.
func trusting(caFile string) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, Time: time.Now}
	if caFile == "" {
		return conf, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	if conf.RootCAs = x509.NewCertPool(); !conf.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: there is no certificate in it", caFile)
	}
	return conf, nil
}

// bare takes the address out of an error: it may hold what only the receiver should know.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return fmt.Errorf("%s: %w", address.Show(u.URL), u.Err)
	}
	return err
}
