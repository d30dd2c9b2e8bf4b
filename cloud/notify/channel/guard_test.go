package channel

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func guard(t *testing.T, allow ...string) *Guard {
	t.Helper()
	g, err := NewGuard(allow)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestPublic(t *testing.T) {
	for ip, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "223.5.5.5": true,
		"127.0.0.1": false, "10.0.0.1": false, "172.16.9.9": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false, "198.18.0.1": false, "192.0.2.7": false,
		"::1": false, "::": false, "fe80::1": false, "fc00::1": false, "ff02::1": false, "::ffff:10.0.0.1": false, "64:ff9b::a00:1": false,
		"2002:0a00:0001::1": false, "2001:db8::1": false,
	} {
		if got := public(netip.MustParseAddr(ip)); got != want {
			t.Errorf("public(%s) = %v, want %v", ip, got, want)
		}
	}
}

func TestGuardLists(t *testing.T) {
	g := guard(t, "Hooks.Example.org", "10.1.2.0/24", "fd00::7")
	for host, want := range map[string]bool{
		"hooks.example.org": true, "HOOKS.example.org.": true, "10.1.2.9": true, "fd00::7": true, "::ffff:10.1.2.9": true,
		"example.org": false, "x.hooks.example.org": false, "hooks.example.org.evil.com": false, "10.1.3.1": false, "8.8.8.8": false, "": false,
	} {
		if got := g.Host(host) == nil; got != want {
			t.Errorf("Host(%q) = %v, want %v", host, got, want)
		}
	}
	for _, bad := range []string{"", "a b", "http://x", "x/y", "..", "*.x.org", "fe80::1%eth0"} {
		if _, err := NewGuard([]string{bad}); err == nil {
			t.Errorf("NewGuard took %q", bad)
		}
	}
}

// A listed name that stands for a private address is refused when it is connected to,
// unless that address is listed too: what a name meant before does not matter.
func TestNameForPrivateAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	addr := net.JoinHostPort("localhost", port)
	_, err = guard(t, "localhost").dial(t.Context(), "tcp", addr)
	var e *Error
	if !errors.As(err, &e) || e.Fate != Mistaken || !strings.Contains(err.Error(), "private address") {
		t.Errorf("dial = %v, want the private address refused", err)
	}
	if _, err := guard(t, "127.0.0.1").dial(t.Context(), "tcp", addr); err == nil {
		t.Error("a host that is not listed was connected to")
	}
	conn, err := guard(t, "localhost", "127.0.0.0/8", "::1").dial(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// Each status means what it should; redirections are not followed; the address, which is a
// credential, is in no error.
func TestStatuses(t *testing.T) {
	answer, header := 200, ""
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if header != "" {
			w.Header().Set("Retry-After", header)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(answer)
	}))
	defer s.Close()
	h := &Webhook{Web: Web{Guard: guard(t, "127.0.0.1")}, URL: s.URL + "/hook?key=geheim"}
	for _, c := range []struct {
		status int
		retry  string
		fate   Fate
		after  time.Duration
	}{
		{500, "", Later, 0}, {503, "7", Later, 7 * time.Second}, {429, "99999999", Later, time.Hour}, {429, "junk", Later, 0}, {408, "", Later, 0}, {425, "", Later, 0},
		{302, "", Mistaken, 0}, {401, "", Mistaken, 0}, {403, "", Mistaken, 0}, {404, "", Mistaken, 0}, {400, "", Never, 0}, {413, "", Never, 0}, {422, "", Never, 0},
	} {
		answer, header = c.status, c.retry
		err := h.Send(t.Context(), Message{ID: "m"})
		var e *Error
		if !errors.As(err, &e) || e.Fate != c.fate || e.After != c.after || e.Maybe || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%d: %+v", c.status, err)
		}
	}
	if asked != 13 {
		t.Errorf("asked %d times, want 13: a redirection was followed", asked)
	}
	if d := retryAfter("Mon, 23 Nov 2026 06:00:30 GMT", time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)); d != 30*time.Second {
		t.Errorf("a date is %v, want 30s", d)
	}
	s.Close()
	var e *Error
	if err := h.Send(t.Context(), Message{}); !errors.As(err, &e) || e.Fate != Later || strings.Contains(err.Error(), "geheim") {
		t.Errorf("nobody there: %v", err)
	}
}

// An attempt that ends without an answer may have arrived.
func TestSilenceMayHaveArrived(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	h := &Webhook{Web: Web{Guard: guard(t, "127.0.0.1")}, URL: s.URL}
	s.Config.ConnState = nil
	done := make(chan error, 1)
	go func() { done <- h.Send(ctx, Message{ID: "m"}) }()
	cancel()
	var e *Error
	if err := <-done; !errors.As(err, &e) || e.Fate != Later || !e.Maybe {
		t.Errorf("cancelled: %#v", err)
	}
}
