package channel

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"html"
	"net"
	"net/textproto"
	"strings"
	"time"

	mail "github.com/wneessen/go-mail"
)

// Mail sends e-mails through one SMTP server.
type Mail struct {
	Guard    *Guard
	Roots    *x509.CertPool // nil: the system's
	Host     string
	Port     int
	Security string // starttls (RFC 3207, required), tls (from the start), none
	From     string // one address
	To       []string
	Username string // empty: without logging in
	Password string
}

const (
	maxMail    = 64 << 10 // bytes of text
	maxSubject = 400      // bytes, before encoding
)

// Send implements Sender. A mail goes to the message's persons, or to the channel's own
// addresses if there are none.
func (c *Mail) Send(ctx context.Context, m Message) error {
	msg, err := c.compose(m)
	if err != nil {
		return err
	}
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	if err := client.DialWithContext(ctx); err != nil {
		return smtpFault(err, false)
	}
	if err := client.Send(msg); err != nil {
		_ = client.Close() // it adds nothing to what is known
		return sendFault(err)
	}
	_ = client.Close() // the server has the mail; how it says goodbye does not matter
	return nil
}

func (c *Mail) client(ctx context.Context) (*mail.Client, error) {
	conf := &tls.Config{ServerName: c.Host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12}
	o := []mail.Option{mail.WithPort(c.Port), mail.WithTLSConfig(conf), mail.WithoutNoop(), mail.WithHELO("lamppost.invalid"),
		mail.WithDialContextFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := c.Guard.dial(ctx, network, addr)
			if err != nil || c.Security != "tls" {
				return conn, err
			}
			t := tls.Client(conn, conf)
			if err := t.HandshakeContext(ctx); err != nil {
				return nil, errors.Join(hushed(err), conn.Close())
			}
			return t, nil
		})}
	switch c.Security {
	case "tls":
		// The connection is encrypted when the library gets it, and it sees that.
		o = append(o, mail.WithTLSPolicy(mail.TLSOpportunistic))
	case "none":
		o = append(o, mail.WithTLSPolicy(mail.NoTLS))
	default:
		o = append(o, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if c.Username != "" {
		o = append(o, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(c.Username), mail.WithPassword(c.Password))
	}
	if deadline, ok := ctx.Deadline(); ok {
		o = append(o, mail.WithTimeout(max(time.Until(deadline), time.Millisecond)))
	}
	client, err := mail.NewClient(c.Host, o...)
	if err != nil {
		return nil, mistaken("%w", err)
	}
	return client, nil
}

// compose makes the mail: text and HTML of the same words. All mails about one thing refer
// to the same first one, so that mail programs show them together.
func (c *Mail) compose(m Message) (*mail.Msg, error) {
	msg := mail.NewMsg(mail.WithEncoding(mail.EncodingB64))
	to := c.To
	if len(m.To) > 0 {
		to = nil
		for _, p := range m.To {
			to = append(to, p.Mail)
		}
	}
	if err := msg.From(c.From); err != nil {
		return nil, mistaken("from: %w", err)
	}
	if len(to) == 0 {
		return nil, never("there is nobody to send it to")
	}
	if err := msg.To(to...); err != nil {
		return nil, never("to: %w", err)
	}
	domain := c.From[strings.LastIndexByte(c.From, '@')+1:]
	id := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:12]) + "@" + strings.Trim(domain, "<> ")
	}
	// What a thread begins with is known without asking anybody what was sent first.
	root := "<" + id("thread "+m.Thread+" "+strings.Join(to, ",")) + ">"
	msg.SetMessageIDWithValue(id("message " + m.ID))
	if m.Thread != "" && m.First {
		msg.SetMessageIDWithValue(strings.Trim(root, "<>"))
	} else if m.Thread != "" {
		msg.SetGenHeader(mail.HeaderInReplyTo, root)
		msg.SetGenHeader(mail.HeaderReferences, root)
	}
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	msg.SetDateWithValue(m.At)
	msg.Subject(mark(m.Level) + cut(line(m.Title), maxSubject))
	msg.SetBodyString(mail.TypeTextPlain, strings.ReplaceAll(plainText(m, maxMail), "\n", "\r\n"))
	msg.AddAlternativeString(mail.TypeTextHTML, page(m))
	return msg, nil
}

// page is the mail as HTML. Everything but our own few tags is escaped.
func page(m Message) string {
	var b strings.Builder
	b.WriteString("<!doctype html><html><body><h3>" + html.EscapeString(mark(m.Level)+line(m.Title)) + "</h3><p>")
	for _, l := range m.all() {
		if b.Len() > maxMail {
			b.WriteString("…")
			break
		}
		b.WriteString(html.EscapeString(cut(line(l), 4096)) + "<br>")
	}
	b.WriteString("</p><p>")
	for _, l := range m.Links {
		b.WriteString(`<a href="` + html.EscapeString(l.URL) + `">` + html.EscapeString(line(l.Text)) + "</a> ")
	}
	b.WriteString("</p></body></html>")
	return b.String()
}

// sendFault judges the failure of a mail on an open connection: RFC 5321 section 4.2.1.
func sendFault(err error) error {
	var s *mail.SendError
	if !errors.As(err, &s) || s.ErrorCode() == 0 {
		return later(true, err)
	}
	return reply5321(s.ErrorCode(), err)
}

// smtpFault judges a failure before the mail was handed over.
func smtpFault(err error, maybe bool) error {
	var e *Error
	var t *textproto.Error
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &cert):
		return mistaken("%w", err)
	case errors.As(err, &t) && t.Code/100 == 5:
		return mistaken("%w", err) // greeting, STARTTLS or login: no mail passes
	}
	return later(maybe, err)
}

// reply5321 judges a reply code to a mail: 5yz is for good, and those that speak of logging
// in (RFC 4954) concern every mail.
func reply5321(code int, err error) error {
	switch {
	case code == 530, code == 534, code == 535, code == 538:
		return mistaken("%w", err)
	case code/100 == 5:
		return never("%w", err)
	}
	return later(false, err)
}
