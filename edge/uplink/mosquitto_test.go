package uplink

import (
	"strings"
	"testing"
	"time"
)

// runMosquitto starts one with TLS and the lines given, on a port of 127.0.0.1.
func runMosquitto(t testing.TB, server *signed, ca *signed, lines ...string) (address string, stop func()) {
	t.Helper()
	dir := t.TempDir()
	return mosquitto(t, append([]string{"user root", "cafile " + put(t, dir, "ca.crt", ca.certPEM()),
		"certfile " + put(t, dir, "server.crt", server.certPEM()), "keyfile " + put(t, dir, "server.key", server.keyPEM(t))}, lines...)...)
}

// What Mosquitto and OpenSSL make of our certificates, and we of theirs.
func TestMosquittoTLS(t *testing.T) {
	ca, strange := issue(t, wish{name: "City CA", ca: true}), issue(t, wish{name: "Strange CA", ca: true})
	good := issue(t, wish{by: ca})
	const asks = "require_certificate true"
	day := 24 * time.Hour
	gateway := func(w wish) *signed {
		w.name, w.client = "hz", true
		if w.by == nil {
			w.by = ca
		}
		return issue(t, w)
	}
	board := func(now time.Time, trusted bool) func() (time.Time, bool) {
		return func() (time.Time, bool) { return now, trusted }
	}
	for _, c := range []struct {
		name   string
		server *signed
		lines  []string
		own    *signed
		change func(o *Options)
		want   string // in the problem; empty: it connects
	}{
		{"no certificate asked for", good, nil, nil, nil, ""},
		{"TLS 1.3 only", good, []string{"tls_version tlsv1.3", asks}, gateway(wish{}), nil, ""},
		{"client certificate", good, []string{asks, "use_identity_as_username true"}, gateway(wish{}), nil, ""},
		{"none, and one is asked for", good, []string{asks}, nil, nil, "asks for a certificate of ours"},
		{"of another authority", good, []string{asks}, gateway(wish{by: strange}), nil, "refuses our certificate"},
		{"not for clients", good, []string{asks}, issue(t, wish{by: ca}), nil, "refuses our certificate"},
		{"expired", good, []string{asks}, gateway(wish{starts: -9 * day, ends: -day}), nil, "has expired"},
		{"soon expired", good, []string{asks}, gateway(wish{ends: day}), nil, ""},
		{"server expired", issue(t, wish{by: ca, starts: -9 * day, ends: -day}), nil, nil, nil, "expired on"},
		{"server of another authority", issue(t, wish{by: strange}), nil, nil, nil, "not among those in tls.ca_file"},
		{"server with another name", issue(t, wish{by: ca, hosts: []string{"hub.example.org"}}), nil, nil, nil, "is for hub.example.org, not for 127.0.0.1"},
		{"name given", issue(t, wish{by: ca, hosts: []string{"hub.example.org"}}), nil, nil,
			func(o *Options) { o.Credentials.ServerName = "hub.example.org" }, ""},
		{"1970, not trusted", good, nil, nil, func(o *Options) { o.Time = board(time.Unix(0, 0), false) }, ""},
		{"1970, trusted", good, nil, nil, func(o *Options) { o.Time = board(time.Unix(0, 0), true) }, "check the clock"},
		{"authority not known", good, nil, nil, func(o *Options) { o.Credentials.CAFile = "" }, "not among the system's"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address, _ := runMosquitto(t, c.server, ca, c.lines...)
			o := Options{Brokers: []string{"mqtts://" + address}, Credentials: files(t, t.TempDir(), ca, c.own)}
			if c.change != nil {
				c.change(&o)
			}
			u, _ := connect(t, o)
			if c.want == "" {
				eventually(t, "connected", func() bool { return u.Status().Connected })
				s := u.Status()
				if s.CertificateProblem != "" || s.CertificateEnds.IsZero() || c.own != nil && !s.CertificateEnds.Equal(earlier(c.own, c.server)) {
					t.Errorf("%+v", s.Certificates)
				}
				return
			}
			eventually(t, "the reason", func() bool { return u.Status().LastError != "" })
			s := u.Status()
			if !strings.Contains(s.LastError, c.want) {
				t.Errorf("%q, want %q in it", s.LastError, c.want)
			}
			if s.Connected || s.Connections > 0 {
				t.Errorf("connected: %+v", s)
			}
			if s.CertificateProblem == "" {
				t.Errorf("no problem with certificates: %+v", s)
			}
		})
	}
}

func earlier(a, b *signed) time.Time {
	if a.cert.NotAfter.Before(b.cert.NotAfter) {
		return a.cert.NotAfter
	}
	return b.cert.NotAfter
}

// A renewed certificate is used at the next connection, without a restart; an
// expired one stops nothing but the connection.
func TestRenewal(t *testing.T) {
	ca := issue(t, wish{name: "City CA", ca: true})
	address, _ := runMosquitto(t, issue(t, wish{by: ca}), ca, "require_certificate true")
	dir := t.TempDir()
	old := issue(t, wish{name: "hz", client: true, by: ca, starts: -48 * time.Hour, ends: -time.Hour})
	j := newMemory(epoch17)
	u, _ := connect(t, Options{Brokers: []string{"mqtts://" + address}, Credentials: files(t, dir, ca, old), Journal: j})
	eventually(t, "the certificate has expired", func() bool { return strings.Contains(u.Status().LastError, "has expired") })
	if s := u.Status(); !strings.Contains(s.CertificateProblem, dir+"/gateway.crt expired on") {
		t.Errorf("%+v", s)
	}
	offer(u, 1, 10) // work goes on
	j.fillUp(epoch17, 10)
	renewed := issue(t, wish{name: "hz", client: true, by: ca, ends: 40 * 24 * time.Hour})
	put(t, dir, "gateway.key", renewed.keyPEM(t))
	put(t, dir, "gateway.crt", renewed.certPEM())
	eventually(t, "connected", func() bool { return u.Status().Connected })
	if s := u.Status(); s.CertificateProblem != "" || !s.CertificateEnds.Equal(renewed.cert.NotAfter) {
		t.Errorf("%+v", s)
	}
}
