package uplink

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/address"
	"golang.org/x/net/proxy"
)

// fromEnvironment as Options.Proxy takes the environment's proxy.
const fromEnvironment = "env"

// CheckProxy accepts what Options.Proxy takes.
func CheckProxy(text string) error {
	const write = "write http://host:3128, socks5://host:1080, either with user@ before the host, or env"
	if text == "" || text == fromEnvironment {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return fmt.Errorf("proxy: not an address: %s", write) // the error would repeat a password
	}
	switch u.Scheme {
	case "http", "socks5", "socks5h":
	default:
		return fmt.Errorf("proxy %s: %s", address.Show(text), write)
	}
	if u.Hostname() == "" || u.Path != "" && u.Path != "/" {
		return fmt.Errorf("proxy %s: %s", address.Show(text), write)
	}
	if _, has := u.User.Password(); has {
		return fmt.Errorf("proxy %s: a password in an address ends up in logs; write it into a file and name that: proxy_password_file", address.Show(text))
	}
	return nil
}

// proxyFor returns the proxy on the way to a broker, with its password; nil: none.
func (w *way) proxyFor(broker *url.URL) (*url.URL, error) {
	switch w.o.Proxy {
	case "":
		return nil, nil
	case fromEnvironment:
		return environmentProxy(broker)
	}
	u, err := url.Parse(w.o.Proxy)
	if err != nil {
		return nil, errors.New("proxy: not an address") // checked before
	}
	if w.o.ProxyPasswordFile != "" {
		text, err := readFile("proxy_password_file", w.o.ProxyPasswordFile)
		if err != nil {
			return nil, err
		}
		u.User = url.UserPassword(u.User.Username(), strings.TrimRight(string(text), "\r\n"))
	}
	return u, nil
}

// environmentProxy follows the usual variables: https_proxy for a broker with TLS,
// http_proxy for one without, all_proxy for both, no_proxy for exceptions.
func environmentProxy(broker *url.URL) (*url.URL, error) {
	name := "http_proxy"
	if broker.Scheme == "mqtts" || broker.Scheme == "wss" {
		name = "https_proxy"
	}
	value := cmp.Or(os.Getenv(name), os.Getenv(strings.ToUpper(name)), os.Getenv("all_proxy"), os.Getenv("ALL_PROXY"))
	if value == "" || excepted(broker.Hostname(), cmp.Or(os.Getenv("no_proxy"), os.Getenv("NO_PROXY"))) {
		return nil, nil
	}
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && !strings.HasPrefix(u.Scheme, "socks5") {
		return nil, fmt.Errorf("proxy: env: %s does not hold an address like http://host:3128 or socks5://host:1080", name)
	}
	return u, nil
}

// excepted says whether no_proxy lists the host: by name, by a domain above it, by
// address or network, or with *.
func excepted(host, list string) bool {
	ip, _ := netip.ParseAddr(host)
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.ToLower(strings.TrimSpace(entry))
		name := strings.TrimPrefix(strings.TrimPrefix(entry, "*"), ".")
		network, err := netip.ParsePrefix(entry)
		switch {
		case entry == "":
		case entry == "*", err == nil && network.Contains(ip), strings.EqualFold(host, name), strings.HasSuffix(strings.ToLower(host), "."+name):
			return true
		}
	}
	return false
}

// through asks a proxy, on the connection to it, for one to host.
func through(ctx context.Context, c net.Conn, by *url.URL, host string) error {
	if by.Scheme == "http" {
		return connectHTTP(c, by.User, host)
	}
	var auth *proxy.Auth
	if by.User != nil {
		password, _ := by.User.Password()
		auth = &proxy.Auth{User: by.User.Username(), Password: password}
	}
	d, err := proxy.SOCKS5("tcp", hostPort(by), auth, madeDialer{c})
	if err != nil {
		return err
	}
	_, err = d.(proxy.ContextDialer).DialContext(ctx, "tcp", host)
	if err != nil && strings.Contains(err.Error(), "authentication") {
		return fmt.Errorf("%w; check the user in uplink.proxy and the password in proxy_password_file", err)
	}
	return err
}

// madeDialer gives out a connection that is there already.
type madeDialer struct{ c net.Conn }

func (d madeDialer) Dial(string, string) (net.Conn, error) { return d.c, nil }
func (d madeDialer) DialContext(context.Context, string, string) (net.Conn, error) {
	return d.c, nil
}

// connectHTTP asks with CONNECT (RFC 9110 §9.3.6).
func connectHTTP(c net.Conn, user *url.Userinfo, host string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", host, host)
	if user != nil {
		password, _ := user.Password()
		b.WriteString("Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)) + "\r\n")
	}
	b.WriteString("\r\n")
	if _, err := io.WriteString(c, b.String()); err != nil {
		return err
	}
	status, err := readConnected(c)
	switch {
	case err != nil:
		return err
	case status == http.StatusProxyAuthRequired:
		return fmt.Errorf("answers %q; check the user in uplink.proxy and the password in proxy_password_file", statusLine(status))
	case status == http.StatusForbidden || status == http.StatusMethodNotAllowed:
		return fmt.Errorf("answers %q; it has to allow CONNECT to %s", statusLine(status), host)
	case status/100 != 2:
		return fmt.Errorf("answers %q to CONNECT %s", statusLine(status), host)
	}
	return nil
}

func statusLine(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

// maxAnswer bounds the head of a proxy's answer.
const maxAnswer = 8 << 10

// readConnected reads the head of the answer to CONNECT and not one byte more: what
// follows a good one is the broker's.
func readConnected(r io.Reader) (status int, err error) {
	var head []byte
	for one := make([]byte, 1); !bytes.HasSuffix(head, []byte("\r\n\r\n")); head = append(head, one...) {
		if len(head) == maxAnswer {
			return 0, fmt.Errorf("the head of its answer is longer than %d bytes", maxAnswer)
		}
		if _, err := io.ReadFull(r, one); err != nil {
			return 0, fmt.Errorf("it ends the connection without an answer: %w", err)
		}
	}
	answer, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return 0, errors.New("it does not speak HTTP; is it a SOCKS proxy? then write socks5://")
	}
	_ = answer.Body.Close()
	return answer.StatusCode, nil
}
