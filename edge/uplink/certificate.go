package uplink

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// Owner says whose a certificate is, which is who has to renew it.
type Owner string

// Owners of certificates.
const (
	OfGateway   Owner = "gateway"   // ours: Credentials.CertFile
	OfBroker    Owner = "broker"    // the broker's own
	OfAuthority Owner = "authority" // above the broker's: an authority or one between
)

// Certificate is when one ends. The zero Certificate is none.
type Certificate struct {
	Of     Owner
	Name   string // the file of ours, the subject of the others
	Starts time.Time
	Ends   time.Time
}

// Certificates is what is known of the certificates that the connection rests on:
// the gateway's own as it is in its file now, and those of the broker as they were
// shown at the last connection.
type Certificates struct {
	Certificates       []Certificate // the one that ends first comes first
	CertificateEnds    time.Time     // when that is; zero: no certificate is known
	CertificateProblem string        // why there is no connection to a broker, if certificates or their files are to blame
	CertificateWarning string        // what works and should be put right all the same
}

// status says what is known. It looks whether CertFile was renewed meanwhile: the
// connection in use may have been made with the one before.
func (s *secrets) status() Certificates {
	s.refresh()
	now, trusted := s.time()
	s.mu.Lock()
	defer s.mu.Unlock()
	var c Certificates
	c.Certificates = slices.Clone(s.chain)
	if s.own.Of != "" {
		c.Certificates = append(c.Certificates, s.own)
	}
	slices.SortStableFunc(c.Certificates, func(a, b Certificate) int { return a.Ends.Compare(b.Ends) })
	if len(c.Certificates) > 0 {
		c.CertificateEnds = c.Certificates[0].Ends
	}
	if s.open {
		c.CertificateWarning = fmt.Sprintf("tls.key_file %s can be read by everybody on this board; chmod 0600", s.files.KeyFile)
	}
	switch {
	case s.fault != nil:
		c.CertificateProblem = s.fault.Error()
	case s.own.Of != "" && now.After(s.own.Ends):
		c.CertificateProblem = fmt.Sprintf("tls.cert_file %s expired on %s; put a renewed one there, it is read at the next connection", s.own.Name, day(s.own.Ends))
	case s.own.Of != "" && trusted && now.Before(s.own.Starts):
		c.CertificateProblem = fmt.Sprintf("tls.cert_file %s is valid only from %s on; is the clock right?", s.own.Name, day(s.own.Starts))
	}
	return c
}

// refresh reads the files again if the certificate was written since.
func (s *secrets) refresh() {
	s.mu.Lock()
	known := s.read
	s.mu.Unlock()
	if s.files.CertFile == "" || known == (fileStamp{}) || stampOf(s.files.CertFile) == known {
		return
	}
	now, trusted := s.time()
	_, err := s.readOwn(now, trusted)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = err
}

// certificateError is something wrong with a certificate or its file. Its text
// names the thing and the next step.
type certificateError struct {
	text string
	err  error
}

func (e *certificateError) Error() string { return e.text }
func (e *certificateError) Unwrap() error { return e.err }

func wrongf(err error, format string, args ...any) error {
	return &certificateError{fmt.Sprintf(format, args...), err}
}

// aboutCertificates says whether certificates are to blame for an error.
func aboutCertificates(err error) bool {
	var c *certificateError
	return errors.As(err, &c)
}

// explain says why a broker's certificates are refused, and what to do.
func (j judge) explain(shown []*x509.Certificate, err error) error {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &name):
		return wrongf(err, "the broker's certificate is for %s, not for %s; write one of its names as the broker's address or as tls.server_name", names(shown[0]), j.name)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return j.outOfTime(invalid.Cert, err)
	case errors.As(err, &unknown):
		// One that is signed well, by an authority out of its time, looks the same.
		for _, c := range slices.Concat(shown[1:], j.above(shown)) {
			if at := j.at(shown); at.After(c.NotAfter) || at.Before(c.NotBefore) {
				return j.outOfTime(c, err)
			}
		}
		from := "the system's; name the file with the certificate of its authority as tls.ca_file"
		if j.file != "" {
			from = "those in tls.ca_file " + j.file + "; put the certificate of that authority there"
		}
		return wrongf(err, "the broker's certificate is signed by %q, an authority that is not among %s", authority(shown[len(shown)-1]), from)
	}
	return wrongf(err, "the broker's certificate %q is refused: %v", title(shown[0]), err)
}

// above returns those of our authorities that seem to have signed what was shown.
func (j judge) above(shown []*x509.Certificate) []*x509.Certificate {
	return slices.DeleteFunc(slices.Clone(j.roots), func(root *x509.Certificate) bool {
		return !slices.ContainsFunc(shown, func(c *x509.Certificate) bool { return bytes.Equal(root.RawSubject, c.RawIssuer) })
	})
}

// outOfTime says that a certificate, the broker's or one above it, is not valid now.
func (j judge) outOfTime(c *x509.Certificate, err error) error {
	clock := ""
	if !j.trusted {
		clock = " (the clock is not confirmed; it is later than " + day(j.now) + ")"
	}
	if j.now.After(c.NotAfter) {
		return wrongf(err, "the certificate %q, on which the broker rests, expired on %s%s; it has to be renewed there", title(c), day(c.NotAfter), clock)
	}
	if !j.trusted {
		return wrongf(err, "the broker's certificate and %q above it are valid at no common time", title(c))
	}
	return wrongf(err, "the certificate %q, on which the broker rests, is valid only from %s on, and the clock says %s; check the clock here and there", title(c), day(c.NotBefore), day(j.now))
}

// explainTLS puts what went wrong with TLS into words.
func explainTLS(err error) error {
	var header tls.RecordHeaderError
	if err == nil || aboutCertificates(err) {
		return err
	}
	if errors.As(err, &header) {
		return fmt.Errorf("tls: the broker does not speak TLS on this port; write the port that does, mostly 8883, or mqtt:// for none: %w", err)
	}
	const old = "the broker speaks no TLS 1.3, and older versions are not accepted; let it offer TLS 1.3"
	var far *net.OpError
	if !errors.As(err, &far) || far.Op != "remote error" {
		if strings.Contains(err.Error(), "unsupported protocol version") {
			return fmt.Errorf("tls: %s: %w", old, err)
		}
		return err
	}
	// The alerts of TLS 1.3 have no exported values; their texts are RFC 8446's, §6.2.
	said := strings.TrimPrefix(far.Err.Error(), "tls: ")
	switch said {
	case "protocol version not supported", "handshake failure":
		return fmt.Errorf("tls: %s: %w", old, err)
	case "certificate required":
		return wrongf(err, "the broker asks for a certificate of ours; write tls.cert_file and tls.key_file")
	case "expired certificate":
		return wrongf(err, "the broker says that our certificate has expired; put a renewed one into tls.cert_file")
	case "unknown certificate authority", "bad certificate", "unsupported certificate", "revoked certificate", "unknown certificate", "error decrypting message":
		return wrongf(err, "the broker refuses our certificate: %s; is tls.cert_file signed by an authority that the broker knows, and meant for clients?", said)
	}
	return fmt.Errorf("tls: the broker ends the connection: %w", err)
}

// explainHandshake puts into words why there is no TLS at all.
func explainHandshake(err error) error {
	switch said := explainTLS(err); {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("tls: the broker ended the connection without a word; does it speak TLS on this port? %w", err)
	case aboutCertificates(said), said != err:
		return said
	}
	return fmt.Errorf("tls: %w", err)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// title is how a certificate is called.
func title(c *x509.Certificate) string {
	return cmp.Or(c.Subject.CommonName, c.Subject.String(), names(c))
}

func authority(c *x509.Certificate) string { return cmp.Or(c.Issuer.CommonName, c.Issuer.String()) }

// names lists the first names that a certificate is for.
func names(c *x509.Certificate) string {
	all := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	switch {
	case len(all) == 0:
		return "nobody by name"
	case len(all) > 4:
		return strings.Join(all[:4], ", ") + fmt.Sprintf(" and %d more", len(all)-4)
	}
	return strings.Join(all, ", ")
}
