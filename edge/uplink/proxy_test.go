package uplink

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
)

// aProxy leads connections on, as HTTP CONNECT or SOCKS5 (RFC 1928, RFC 1929) ask for.
type aProxy struct {
	l          net.Listener
	user, pass string // asked for, if set
	deny       bool

	mu    sync.Mutex
	hosts []string // led on to
}

func newProxy(t testing.TB, speak func(p *aProxy, c net.Conn) (net.Conn, error)) *aProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &aProxy{l: l}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				far, err := speak(p, c)
				if err != nil {
					return
				}
				defer far.Close()
				wg.Go(func() {
					io.Copy(far, c)
					far.Close()
				})
				io.Copy(c, far)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return p
}

func (p *aProxy) lead(host string) (net.Conn, error) {
	p.mu.Lock()
	p.hosts = append(p.hosts, host)
	p.mu.Unlock()
	return net.Dial("tcp", host)
}

func (p *aProxy) led() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hosts
}

func speakHTTP(p *aProxy, c net.Conn) (net.Conn, error) {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return nil, err
	}
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user+":"+p.pass))
	switch {
	case r.Method != http.MethodConnect:
		fmt.Fprint(c, "HTTP/1.1 405 Method Not Allowed\r\n\r\n")
	case p.user != "" && r.Header.Get("Proxy-Authorization") != want:
		fmt.Fprint(c, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n")
	case p.deny:
		fmt.Fprint(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nno!\n")
	default:
		far, err := p.lead(r.Host)
		if err != nil {
			fmt.Fprint(c, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
			return nil, err
		}
		fmt.Fprint(c, "HTTP/1.1 200 Connection established\r\nVia: 1.1 street\r\n\r\n")
		return far, nil
	}
	return nil, io.EOF
}

func speakSOCKS(p *aProxy, c net.Conn) (net.Conn, error) {
	take := func(n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(c, b); err != nil {
			return make([]byte, n)
		}
		return b
	}
	methods := take(int(take(2)[1]))
	if p.user != "" {
		if !bytes.Contains(methods, []byte{2}) {
			c.Write([]byte{5, 0xff})
			return nil, io.EOF
		}
		c.Write([]byte{5, 2})
		user := string(take(int(take(2)[1])))
		if pass := string(take(int(take(1)[0]))); user != p.user || pass != p.pass {
			c.Write([]byte{1, 1})
			return nil, io.EOF
		}
		c.Write([]byte{1, 0})
	} else {
		c.Write([]byte{5, 0})
	}
	var host string
	switch take(4)[3] {
	case 1:
		host = net.IP(take(4)).String()
	case 3:
		host = string(take(int(take(1)[0])))
	case 4:
		host = net.IP(take(16)).String()
	}
	host = net.JoinHostPort(host, fmt.Sprint(binary.BigEndian.Uint16(take(2))))
	if p.deny {
		c.Write([]byte{5, 2, 0, 1, 0, 0, 0, 0, 0, 0})
		return nil, io.EOF
	}
	far, err := p.lead(host)
	if err != nil {
		c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		return nil, err
	}
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	return far, nil
}

// All four ways to a broker lead through both kinds of proxy, names and all.
func TestProxies(t *testing.T) {
	ca := issue(t, wish{name: "City CA", ca: true})
	server := issue(t, wish{by: ca, hosts: []string{"localhost"}})
	_, plain, _ := mochi(t, new(auth.AllowHook), listeners.Config{})
	_, web, _ := mochi(t, new(auth.AllowHook), listeners.Config{Type: listeners.TypeWS, ID: "ws"})
	_, webs, _ := mochi(t, new(auth.AllowHook), listeners.Config{Type: listeners.TypeWS, ID: "wss", TLSConfig: serverTLS(server)})
	secure, _ := runMosquitto(t, server, ca)
	for scheme, speak := range map[string]func(*aProxy, net.Conn) (net.Conn, error){"http": speakHTTP, "socks5": speakSOCKS} {
		for broker, address := range map[string]string{"mqtt": plain, "mqtts": secure, "ws": web, "wss": webs} {
			for _, user := range []string{"", "hz"} {
				t.Run(scheme+" "+broker+" "+user, func(t *testing.T) {
					p := newProxy(t, speak)
					o := Options{Credentials: files(t, t.TempDir(), ca, nil), Proxy: scheme + "://" + p.l.Addr().String()}
					if user != "" {
						p.user, p.pass = user, "s:cret"
						o.Proxy = scheme + "://" + user + "@" + p.l.Addr().String()
						o.ProxyPasswordFile = put(t, t.TempDir(), "proxy.password", []byte("s:cret\n"))
					}
					_, port, _ := net.SplitHostPort(address)
					o.Brokers = []string{broker + "://localhost:" + port}
					u, stop := connect(t, o)
					eventually(t, "connected", func() bool { return u.Status().Connected })
					if led := p.led(); led[0] != "localhost:"+port {
						t.Errorf("the proxy was asked for %q, want the name of the broker: its own resolver may be the only one that knows it", led)
					}
					stop()
				})
			}
		}
	}
}

// What a proxy answers is said, and what to do about it.
func TestProxyRefusals(t *testing.T) {
	_, broker, _ := mochi(t, new(auth.AllowHook), listeners.Config{})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, c := range []struct {
		name   string
		speak  func(*aProxy, net.Conn) (net.Conn, error)
		change func(p *aProxy, o *Options)
		want   string
	}{
		{"http, no password", speakHTTP, func(p *aProxy, _ *Options) { p.user = "hz" }, `answers "407 Proxy Authentication Required"; check the user`},
		{"http, forbidden", speakHTTP, func(p *aProxy, _ *Options) { p.deny = true }, `answers "403 Forbidden"; it has to allow CONNECT to 127.0.0.1:`},
		{"http, nobody there", speakHTTP, func(_ *aProxy, o *Options) { o.Brokers[0] = "mqtt://" + closed.Addr().String() }, `answers "502 Bad Gateway" to CONNECT`},
		{"socks5, no password", speakSOCKS, func(p *aProxy, _ *Options) { p.user = "hz" }, "authentication"},
		{"socks5, forbidden", speakSOCKS, func(p *aProxy, _ *Options) { p.deny = true }, "not allowed"},
		{"socks5, nobody there", speakSOCKS, func(_ *aProxy, o *Options) { o.Brokers[0] = "mqtt://" + closed.Addr().String() }, "connection refused"},
		{"no proxy there", speakHTTP, func(_ *aProxy, o *Options) { o.Proxy = "http://" + closed.Addr().String() }, "connection refused"},
		{"a broker for a proxy", speakHTTP, func(_ *aProxy, o *Options) { o.Proxy = "http://" + broker }, "without an answer"},
		{"no password file", speakHTTP, func(_ *aProxy, o *Options) { o.ProxyPasswordFile = "/nowhere/proxy.password" }, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProxy(t, c.speak)
			o := Options{Brokers: []string{"mqtt://" + broker}, Proxy: "http://" + p.l.Addr().String()}
			if strings.HasPrefix(c.name, "socks5") {
				o.Proxy = "socks5://" + p.l.Addr().String()
			}
			c.change(p, &o)
			u, _ := connect(t, o)
			eventually(t, "a reason", func() bool { return u.Status().LastError != "" })
			if s := u.Status(); s.Connected || !strings.Contains(s.LastError, c.want) || !strings.Contains(s.LastError, "proxy") {
				t.Errorf("%q, want %q in it", s.LastError, c.want)
			}
		})
	}
}

// The environment counts if it is asked for, and only then.
func TestProxyEnvironment(t *testing.T) {
	p := newProxy(t, speakHTTP)
	_, broker, _ := mochi(t, new(auth.AllowHook), listeners.Config{})
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"} {
		t.Setenv(name, "")
	}
	t.Setenv("ALL_PROXY", "http://"+p.l.Addr().String())
	for want, proxy := range []string{"", "env"} {
		u, stop := connect(t, Options{Brokers: []string{"mqtt://" + broker}, Proxy: proxy})
		eventually(t, "connected", func() bool { return u.Status().Connected })
		if got := len(p.led()); got != want {
			t.Errorf("proxy %q: %d connections went through the environment's, want %d", proxy, got, want)
		}
		stop()
	}
	for _, c := range []struct{ broker, http, https, all, no, want string }{
		{"mqtt://hub", "http://a:1", "http://b:2", "http://c:3", "", "http://a:1"},
		{"mqtts://hub", "http://a:1", "b:2", "http://c:3", "", "http://b:2"},
		{"wss://hub/mqtt", "http://a:1", "", "socks5://c:3", "", "socks5://c:3"},
		{"mqtt://hub", "", "http://b:2", "", "", ""},
		{"mqtt://hub.example.org", "http://a:1", "", "", "localhost, .example.org", ""},
		{"mqtt://hub.example.org", "http://a:1", "", "", "ample.org", "http://a:1"},
		{"mqtt://10.1.2.3", "http://a:1", "", "", "10.0.0.0/8", ""},
		{"mqtt://hub", "http://a:1", "", "", "*", ""},
		{"mqtt://hub", "ftp://a:1", "", "", "", "error"},
	} {
		t.Setenv("http_proxy", c.http)
		t.Setenv("https_proxy", c.https)
		t.Setenv("all_proxy", c.all)
		t.Setenv("ALL_PROXY", "")
		t.Setenv("no_proxy", c.no)
		got := ""
		u, err := environmentProxy(brokerURL(c.broker))
		switch {
		case err != nil:
			got = "error"
		case u != nil:
			got = u.String()
		}
		if got != c.want {
			t.Errorf("%+v: %s, %v", c, got, err)
		}
	}
}

func TestCheckProxy(t *testing.T) {
	for address, good := range map[string]bool{"": true, "env": true, "http://proxy": true, "http://hz@proxy:3128/": true, "socks5://[::1]:1080": true,
		"proxy:3128": false, "https://proxy:3128": false, "http://": false, "http://hz:secret@proxy:3128": false, "http://proxy/x": false, "http://pro xy": false} {
		err := CheckProxy(address)
		if (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the password is shown: %v", err)
		}
	}
	for address, want := range map[string]string{"http://proxy": "proxy:3128", "socks5://proxy": "proxy:1080", "socks5://[::1]:9": "[::1]:9"} {
		u, err := url.Parse(address)
		if err != nil || hostPort(u) != want {
			t.Errorf("hostPort(%s) = %s", address, hostPort(u))
		}
	}
}

// Whatever a proxy answers: the answer's head is read to its end and not one byte
// more, and only a good one opens the way.
func FuzzConnectAnswer(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 Connection established\r\n\r\nrest",
		"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"\x05\x00\x05\x00", "\r\n\r\n", "HTTP/1.1 99999 \r\n\r\n", strings.Repeat("a", maxAnswer+10),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		status, err := readConnected(r)
		taken := len(in) - r.Len()
		if taken > maxAnswer {
			t.Fatalf("%d bytes were read", taken)
		}
		if err != nil {
			return
		}
		head := in[:taken]
		if !bytes.HasPrefix(head, []byte("HTTP/")) || bytes.Index(in, []byte("\r\n\r\n"))+4 != taken || status < 0 || status > 999 {
			t.Fatalf("status %d of %q, left %q", status, head, in[taken:])
		}
	})
}
