package channel

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Guard lets connections out to listed hosts only. It is immutable.
type Guard struct {
	names map[string]bool
	nets  []netip.Prefix
}

// special are ranges that no public host has, beside those that netip knows: RFC 6890 and
// the ways to write an IPv4 address as an IPv6 one.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// NewGuard lists what may be connected to: names of hosts, addresses, and ranges of
// addresses like 10.1.2.0/24. A name may stand for a private address only if that address
// is listed too.
func NewGuard(allow []string) (*Guard, error) {
	g := &Guard{names: map[string]bool{}}
	for _, a := range allow {
		if p, err := netip.ParsePrefix(a); err == nil {
			g.nets = append(g.nets, p.Masked())
			continue
		}
		if ip, err := netip.ParseAddr(a); err == nil && ip.Zone() == "" {
			ip = ip.Unmap()
			g.nets = append(g.nets, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		if !hostName(a) {
			return nil, fmt.Errorf("%q is neither a host name nor an address", a)
		}
		g.names[fold(a)] = true
	}
	return g, nil
}

func fold(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// hostName says whether s can be one: letters, digits, - and dots, at most 253 bytes.
func hostName(s string) bool {
	if s == "" || len(s) > 253 || strings.HasPrefix(s, ".") || strings.Contains(s, "..") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.')
	})
}

// Host says whether a host, a name or an address, is listed.
func (g *Guard) Host(host string) error {
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil && g.listed(ip), err != nil && g.names[fold(host)]:
		return nil
	}
	return fmt.Errorf("%s is not among the hosts that may be connected to; list it under notify.allow", host)
}

func (g *Guard) listed(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, p := range g.nets {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// public says whether an address is one of the open internet.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, p := range special {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// dialTime bounds one connection, in an attempt that may have more time.
const dialTime = 10 * time.Second

// dial connects to host:port as net.Dialer does, if both the host and the address that
// its name stands for just now are allowed.
func (g *Guard) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, mistaken("%s: %w", addr, err)
	}
	if err := g.Host(host); err != nil {
		return nil, mistaken("%w", err)
	}
	d := net.Dialer{Timeout: dialTime, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !public(ap.Addr()) && !g.listed(ap.Addr()) {
			return mistaken("%s stands for the private address %s; list that under notify.allow too, if it is meant", host, ap.Addr())
		}
		return nil
	}}
	conn, err := d.DialContext(ctx, network, addr)
	return conn, asError(err, false)
}
