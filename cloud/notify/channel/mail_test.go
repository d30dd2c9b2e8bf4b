package channel

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"encoding/base64"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// postOffice is an SMTP server that keeps what it takes.
type postOffice struct {
	port  int
	roots *x509.CertPool

	mu    sync.Mutex
	mails []letter
	reply error // to RCPT or DATA
	login string
}

type letter struct {
	from string
	to   []string
	data string
	tls  bool
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// newPostOffice starts one. secure: TLS from the start, else STARTTLS is offered.
func newPostOffice(t *testing.T, secure bool) *postOffice {
	t.Helper()
	cert, pool := certificate(t)
	p := &postOffice{roots: pool}
	s := smtp.NewServer(p)
	s.Domain, s.TLSConfig, s.MaxMessageBytes = "localhost", &tls.Config{Certificates: []tls.Certificate{cert}}, 1<<20
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.port = l.Addr().(*net.TCPAddr).Port
	if secure {
		l = tls.NewListener(l, s.TLSConfig)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	return p
}

func (p *postOffice) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, secure := c.TLSConnectionState()
	return &session{p: p, l: letter{tls: secure}}, nil
}

type session struct {
	p *postOffice
	l letter
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user+":"+password != s.p.login {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}
func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.l.from = from; return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.l.to = append(s.l.to, to)
	return s.p.reply
}
func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.l.data = string(b)
	s.p.mu.Lock()
	s.p.mails = append(s.p.mails, s.l)
	s.p.mu.Unlock()
	return err
}
func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (p *postOffice) sender(t *testing.T, security string) *Mail {
	return &Mail{Guard: guard(t, "localhost", "127.0.0.0/8", "::1"), Roots: p.roots, Host: "localhost", Port: p.port, Security: security,
		From: "lamppost@city.example", To: []string{"duty@city.example"}}
}

// read parses the last mail: its header, and its text and HTML.
func (p *postOffice) read(t *testing.T) (letter, mail.Header, map[string]string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.mails) == 0 {
		t.Fatal("no mail came")
	}
	l := p.mails[len(p.mails)-1]
	m, err := mail.ReadMessage(strings.NewReader(l.data))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatal(kind, err)
	}
	parts := map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := r.NextPart()
		if err != nil {
			break
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
		if err != nil {
			t.Fatal(err)
		}
		parts[kind] = string(b)
	}
	return l, m.Header, parts
}

func subject(t *testing.T, h mail.Header) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Mails go through STARTTLS or TLS, after logging in; those about one subject refer to the
// first, which is the same in both mails' eyes.
func TestMail(t *testing.T) {
	for _, security := range []string{"starttls", "tls"} {
		p := newPostOffice(t, security == "tls")
		c := p.sender(t, security)
		c.Username, c.Password, p.login = "me", "geheim", "me:geheim"
		m := sample()
		m.Thread, m.First = "alert/1", true
		if err := c.Send(t.Context(), m); err != nil {
			t.Fatal(security, err)
		}
		l, h, parts := p.read(t)
		if l.from != "lamppost@city.example" || l.to[0] != "wang@example.org" || len(l.to) != 1 || !l.tls || subject(t, h) != "▲ Ⅱ级(橙) 河道水位 3.12 米" || h.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("%s: %+v %v", security, l, h)
		}
		if !strings.Contains(parts["text/plain"], "地点：拱宸桥\r\n") || !strings.Contains(parts["text/html"], `<a href="https://console.example.org/notify/acknowledge?t=AbC_-1">确认</a>`) {
			t.Errorf("%s: %q", security, parts)
		}
		m.ID, m.First = "0194", false
		if err := c.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		_, h2, _ := p.read(t)
		if h.Get("Message-ID") == "" || h2.Get("References") != h.Get("Message-ID") || h2.Get("In-Reply-To") != h.Get("Message-ID") || h2.Get("Message-ID") == h.Get("Message-ID") {
			t.Errorf("%s: threads %v and %v", security, h, h2)
		}
		if err := c.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if _, h3, _ := p.read(t); h3.Get("Message-ID") != h2.Get("Message-ID") {
			t.Errorf("%s: a mail that is sent again has another id", security)
		}
		m.To = nil
		if err := c.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if l, _, _ := p.read(t); l.to[0] != "duty@city.example" {
			t.Errorf("%s: to %v", security, l.to)
		}
	}
}

// 4yz is tried again, 5yz is not; a wrong password, a certificate that nobody vouches for
// and a server without STARTTLS concern the channel.
func TestMailFailures(t *testing.T) {
	p := newPostOffice(t, false)
	try := func(what string, c *Mail, want Fate) {
		t.Helper()
		var e *Error
		if err := c.Send(t.Context(), sample()); !errors.As(err, &e) || e.Fate != want || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v, want fate %d", what, err, want)
		}
	}
	p.reply = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again"}
	try("451", p.sender(t, "starttls"), Later)
	p.reply = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	try("550", p.sender(t, "starttls"), Never)
	p.reply = nil
	wrong := p.sender(t, "starttls")
	wrong.Username, wrong.Password, p.login = "me", "geheim", "me:other"
	try("wrong password", wrong, Mistaken)
	stranger := p.sender(t, "starttls")
	stranger.Roots = nil
	try("unknown certificate", stranger, Mistaken)
	unlisted := p.sender(t, "starttls")
	unlisted.Guard = guard(t, "mail.example.org")
	try("host not listed", unlisted, Mistaken)
	gone := p.sender(t, "starttls")
	gone.Port = 1
	try("nobody there", gone, Later)
	odd := p.sender(t, "starttls")
	odd.To, odd.From = []string{"a@b\r\nRCPT TO:<evil@example.org>"}, "lamppost@city.example"
	m := sample()
	m.To = nil
	var e *Error
	if err := odd.Send(t.Context(), m); !errors.As(err, &e) || e.Fate != Never {
		t.Errorf("an address with a line break: %v", err)
	}
	if len(p.mails) != 0 {
		t.Errorf("%d mails came", len(p.mails))
	}
}

// No text becomes a header, another recipient, or markup.
func TestHostileTextsOfMail(t *testing.T) {
	p := newPostOffice(t, false)
	c := p.sender(t, "none")
	for i, h := range hostile {
		m := sample()
		m.ID, m.Thread, m.Title, m.Lines, m.Links = strconv.Itoa(i), h, h, []string{h}, nil
		if err := c.Send(t.Context(), m); err != nil {
			t.Errorf("%.40q: %v", h, err)
			continue
		}
		l, head, parts := p.read(t)
		if len(l.to) != 1 || head.Get("Bcc") != "" || len(head) > 14 || strings.ContainsAny(subject(t, head), "\r\n\u202e") {
			t.Errorf("%.40q: %v", h, head)
		}
		body := strings.NewReplacer("<!doctype html><html><body><h3>", "", "</h3><p>", "", "<br>", "", "</p><p>", "", "</p></body></html>", "").Replace(parts["text/html"])
		if strings.ContainsAny(body, `<>"`) || len(parts["text/plain"]) > maxMail+1024 {
			t.Errorf("%.40q: html %.200q", h, body)
		}
	}
}
