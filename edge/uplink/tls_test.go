package uplink

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
)

const year = 365 * 24 * time.Hour

// What a broker shows is judged by the gateway's time, and, while that is not
// trusted, by the floor below it.
func TestJudge(t *testing.T) {
	now := time.Now()
	ca := issue(t, wish{name: "City CA", ca: true, starts: -2 * year, ends: 4 * year})
	between := issue(t, wish{name: "District CA", ca: true, starts: -2 * year, ends: 2 * year, by: ca})
	for _, c := range []struct {
		name    string
		shown   []*signed
		roots   []*signed
		host    string
		now     time.Time
		trusted bool
		want    string // in the error; empty: accepted
	}{
		{"good", []*signed{issue(t, wish{by: ca})}, []*signed{ca}, "127.0.0.1", now, true, ""},
		{"good, with one between", []*signed{issue(t, wish{by: between}), between}, []*signed{ca}, "127.0.0.1", now, true, ""},
		{"by name", []*signed{issue(t, wish{by: ca, hosts: []string{"hub.example.org"}})}, []*signed{ca}, "hub.example.org", now, true, ""},
		{"itself", []*signed{ca}, nil, "127.0.0.1", now, true, ""},
		{"wrong name", []*signed{issue(t, wish{by: ca, hosts: []string{"hub.example.org", "10.1.2.3"}})}, []*signed{ca}, "hub-b.example.org", now, true,
			"is for hub.example.org, 10.1.2.3, not for hub-b.example.org; write one of its names"},
		{"no name", []*signed{issue(t, wish{by: ca, hosts: []string{}})}, []*signed{ca}, "127.0.0.1", now, true, "for nobody by name"},
		{"unknown authority", []*signed{issue(t, wish{by: between}), between}, []*signed{issue(t, wish{name: "Other CA", ca: true})}, "127.0.0.1", now, true,
			`signed by "City CA", an authority that is not among those in tls.ca_file ca.crt; put`},
		{"not for servers", []*signed{issue(t, wish{by: ca, client: true, hosts: []string{"127.0.0.1"}})}, []*signed{ca}, "127.0.0.1", now, true, "refused"},
		{"expired", []*signed{issue(t, wish{by: ca, starts: -year, ends: -48 * time.Hour})}, []*signed{ca}, "127.0.0.1", now, true,
			fmt.Sprintf(`"broker", on which the broker rests, expired on %s; it has to be renewed`, day(now.Add(-48*time.Hour)))},
		{"the one between expired", []*signed{issue(t, wish{by: between}), between}, []*signed{ca}, "127.0.0.1", now.Add(3 * year / 4 * 4), true, "expired on"},
		{"the authority expired", []*signed{issue(t, wish{by: ca, ends: 6 * year})}, []*signed{ca}, "127.0.0.1", now.Add(5 * year), true, `"City CA", on which`},
		{"not yet valid, trusted clock", []*signed{issue(t, wish{by: ca, starts: 48 * time.Hour})}, []*signed{ca}, "127.0.0.1", now, true, "valid only from"},

		{"renewed after the floor", []*signed{issue(t, wish{by: ca})}, []*signed{ca}, "127.0.0.1", now.Add(-year), false, ""},
		{"authority made after the floor", []*signed{issue(t, wish{by: ca})}, []*signed{ca}, "127.0.0.1", now.Add(-10 * year), false, ""},
		{"1970", []*signed{issue(t, wish{by: between}), between}, []*signed{ca}, "127.0.0.1", time.Unix(0, 0), false, ""},
		{"expired before the floor", []*signed{issue(t, wish{by: ca, starts: -year, ends: -48 * time.Hour})}, []*signed{ca}, "127.0.0.1", now.Add(-24 * time.Hour), false,
			"the clock is not confirmed"},
		{"ended since the floor", []*signed{issue(t, wish{by: ca, starts: -year, ends: -48 * time.Hour})}, []*signed{ca}, "127.0.0.1", now.Add(-72 * time.Hour), false, ""},
		{"at no time valid together", []*signed{issue(t, wish{by: ca, starts: 5 * year, ends: 6 * year})}, []*signed{ca}, "127.0.0.1", now, false, "no common time"},
		{"wrong name in 1970", []*signed{issue(t, wish{by: ca})}, []*signed{ca}, "127.0.0.2", time.Unix(0, 0), false, "not for 127.0.0.2"},
		{"unknown authority in 1970", []*signed{issue(t, wish{by: ca})}, []*signed{between}, "127.0.0.1", time.Unix(0, 0), false, "not among"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := judge{name: c.host, file: "ca.crt", now: c.now, trusted: c.trusted}
			for _, s := range c.roots {
				j.roots = append(j.roots, s.cert)
			}
			var shown []*x509.Certificate
			for _, s := range c.shown {
				shown = append(shown, s.cert)
			}
			if c.name == "itself" { // with its own certificate as the only authority
				self := issue(t, wish{})
				j.roots, shown = []*x509.Certificate{self.cert}, []*x509.Certificate{self.cert}
			}
			chain, err := j.verify(shown)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && err == nil:
				t.Errorf("accepted, chain of %d; want %q", len(chain), c.want)
			case err != nil && (!strings.Contains(err.Error(), c.want) || !aboutCertificates(err)):
				t.Errorf("%q, want %q in it", err, c.want)
			}
		})
	}
	if _, err := (judge{}).verify(nil); err == nil {
		t.Error("nothing shown, and accepted")
	}
}

// What is wrong with the gateway's own files is said with the file and the next step.
func TestCredentialFiles(t *testing.T) {
	ca := issue(t, wish{name: "City CA", ca: true})
	own, other := issue(t, wish{name: "hz", client: true, by: ca}), issue(t, wish{name: "hz", client: true, by: ca})
	for _, c := range []struct {
		name  string
		spoil func(c *Credentials)
		want  string
	}{
		{"all is well", func(*Credentials) {}, ""},
		{"no authority", func(c *Credentials) { c.CAFile += "x" }, "ca.crtx: no such file; put it there"},
		{"authority is no PEM", func(c *Credentials) { rewrite(t, c.CAFile, own.cert.Raw) }, "holds no certificate in PEM"},
		{"authority is damaged", func(c *Credentials) {
			rewrite(t, c.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.cert.Raw[:100]}))
		}, "its certificate number 1"},
		{"empty after a power cut", func(c *Credentials) { rewrite(t, c.CertFile, nil) }, "gateway.crt is empty"},
		{"too large", func(c *Credentials) { rewrite(t, c.CertFile, make([]byte, maxPEM+1)) }, "larger than"},
		{"a directory", func(c *Credentials) { c.CertFile = t.TempDir() }, "tls.cert_file"},
		{"no key", func(c *Credentials) { c.KeyFile += "x" }, "tls.key_file"},
		{"swapped", func(c *Credentials) { c.CertFile, c.KeyFile = c.KeyFile, c.CertFile }, "are cert_file and key_file swapped?"},
		{"no certificate", func(c *Credentials) { rewrite(t, c.CertFile, []byte("hello")) }, "no certificate in PEM"},
		{"key is no key", func(c *Credentials) { rewrite(t, c.KeyFile, []byte("hello")) }, "no private key in PEM"},
		{"somebody else's key", func(c *Credentials) { rewrite(t, c.KeyFile, other.keyPEM(t)) }, "does not belong to the certificate"},
		{"damaged certificate", func(c *Credentials) {
			rewrite(t, c.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.cert.Raw[:200]}))
		}, "gateway.crt with tls.key_file"},
		{"passphrase", func(c *Credentials) {
			rewrite(t, c.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}}))
		}, "encrypted with a passphrase"},
		{"passphrase, old form", func(c *Credentials) {
			rewrite(t, c.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte{1}}))
		}, "encrypted with a passphrase"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Credentials: files(t, t.TempDir(), ca, own)}
			c.spoil(&o.Credentials)
			s := newSecrets(&o)
			_, err := s.config("hub")
			if c.want == "" {
				if st := s.status(); err != nil || st.CertificateProblem != "" || st.CertificateWarning != "" {
					t.Errorf("%v, %+v", err, st)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !aboutCertificates(err) {
				t.Errorf("%v, want %q in it", err, c.want)
			}
			if got := s.status().CertificateProblem; got != err.Error() {
				t.Errorf("status says %q", got)
			}
		})
	}
}

func rewrite(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// The status follows the file: a renewed certificate counts before the next
// connection, and one that ends is seen ahead.
func TestCertificateStatus(t *testing.T) {
	ca := issue(t, wish{name: "City CA", ca: true})
	dir := t.TempDir()
	soon := issue(t, wish{name: "hz", client: true, by: ca, ends: 10 * 24 * time.Hour})
	clock, trusted := time.Now(), true
	o := Options{Credentials: files(t, dir, ca, soon), Time: func() (time.Time, bool) { return clock, trusted }}
	if err := os.Chmod(o.Credentials.KeyFile, 0o644); err != nil {
		t.Fatal(err)
	}
	s := newSecrets(&o)
	if got := s.status(); got.Certificates != nil || !got.CertificateEnds.IsZero() || got.CertificateProblem != "" {
		t.Errorf("before any connection: %+v", got)
	}
	if _, err := s.config("hub"); err != nil {
		t.Fatal(err)
	}
	got := s.status()
	if !got.CertificateEnds.Equal(soon.cert.NotAfter) || got.Certificates[0].Of != OfGateway || !strings.Contains(got.CertificateWarning, "chmod 0600") {
		t.Errorf("%+v", got)
	}
	clock = clock.Add(11 * 24 * time.Hour)
	if got := s.status(); !strings.Contains(got.CertificateProblem, "expired on "+day(soon.cert.NotAfter)) {
		t.Errorf("%+v", got)
	}
	clock, trusted = clock.Add(-365*24*time.Hour), false
	if got := s.status(); got.CertificateProblem != "" {
		t.Errorf("a clock that is not trusted says %q", got.CertificateProblem)
	}
	trusted = true
	if got := s.status(); !strings.Contains(got.CertificateProblem, "is the clock right?") {
		t.Errorf("%+v", got)
	}
	clock = time.Now()
	renewed := issue(t, wish{name: "hz-2", client: true, by: ca, ends: 90 * 24 * time.Hour})
	put(t, dir, "gateway.key", renewed.keyPEM(t))
	put(t, dir, "gateway.crt", append(renewed.certPEM(), ca.certPEM()...))
	if got := s.status(); !got.CertificateEnds.Equal(renewed.cert.NotAfter) || got.CertificateProblem != "" {
		t.Errorf("after the renewal: %+v", got)
	}
	rewrite(t, o.Credentials.CertFile, []byte("half a certifi"))
	if got := s.status(); !strings.Contains(got.CertificateProblem, "no certificate in PEM") {
		t.Errorf("%+v", got)
	}
}

// A websocket, plain and with TLS.
func TestWebsocket(t *testing.T) {
	ca := issue(t, wish{name: "City CA", ca: true})
	_, plain, _ := mochi(t, new(auth.AllowHook), listeners.Config{Type: listeners.TypeWS, ID: "ws"})
	_, secure, _ := mochi(t, new(auth.AllowHook), listeners.Config{Type: listeners.TypeWS, ID: "wss", TLSConfig: serverTLS(issue(t, wish{by: ca}))})
	for _, address := range []string{"ws://" + plain + "/mqtt", "wss://" + secure + "/mqtt"} {
		u, stop := connect(t, Options{Brokers: []string{address}, Credentials: files(t, t.TempDir(), ca, nil)})
		eventually(t, address, func() bool { return u.Status().Connected })
		if got := u.Status().Certificates.Certificates; strings.HasPrefix(address, "wss") != (len(got) == 2) {
			t.Errorf("%s: %+v", address, got)
		}
		stop()
	}
	u, _ := connect(t, Options{Brokers: []string{"wss://" + secure}})
	eventually(t, "an unknown authority is refused", func() bool { return strings.Contains(u.Status().LastError, "not among the system's") })
}

// A server that speaks nothing newer than TLS 1.2 is refused. (Mosquitto 2.0 cannot be
// told to be one: its tls_version is the least it accepts.)
func TestOldTLS(t *testing.T) {
	ca := issue(t, wish{name: "City CA", ca: true})
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		config := serverTLS(issue(t, wish{by: ca}))
		config.MaxVersion = version
		_, address, _ := mochi(t, new(auth.AllowHook), listeners.Config{TLSConfig: config})
		u, stop := connect(t, Options{Brokers: []string{"mqtts://" + address}, Credentials: files(t, t.TempDir(), ca, nil)})
		eventually(t, "an end", func() bool { s := u.Status(); return s.Connected || s.LastError != "" })
		if s := u.Status(); s.Connected != (version == tls.VersionTLS13) || !s.Connected && !strings.Contains(s.LastError, "speaks no TLS 1.3") {
			t.Errorf("TLS %s: %+v", name, s)
		}
		stop()
	}
}
