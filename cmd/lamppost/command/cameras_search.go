package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/lamppost-city/lamppost/drivers/camera/onvif"
	"golang.org/x/net/ipv4"
)

// netCamera is a camera that has answered, and the address it is best asked at.
type netCamera struct {
	onvif.Found
	at *url.URL
}

// asker is a socket that the question goes out by, and where to.
type asker struct {
	net.PacketConn
	to net.Addr
}

// rounds is how often the question is asked: datagrams get lost.
const rounds = 2

// searchCameras asks the hosts, or every network that this machine has an address in where
// none is named, and listens for wait. What answers twice is one camera.
func searchCameras(ctx context.Context, hosts []string, wait time.Duration) ([]netCamera, error) {
	askers, err := askersOf(hosts)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, a := range askers {
			_ = a.Close()
		}
	}()
	id := uuid.NewString()
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	found := make(chan netCamera)
	var all sync.WaitGroup
	for _, a := range askers {
		defer context.AfterFunc(ctx, func() { _ = a.SetDeadline(time.Unix(1, 0)) })()
		all.Go(func() { a.ask(ctx, id, wait/4) })
		all.Go(func() { a.hear(ctx, id, found) })
	}
	go func() { all.Wait(); close(found) }()
	byID := map[string]netCamera{}
	for c := range found {
		key := c.ID
		if key == "" {
			key = c.at.Host
		}
		if _, ok := byID[key]; !ok {
			byID[key] = c
		}
	}
	var out []netCamera
	for _, c := range byID {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b netCamera) int { return strings.Compare(a.at.Host, b.at.Host) })
	return out, nil
}

// ask sends the question some times.
func (a asker) ask(ctx context.Context, id string, pause time.Duration) {
	for range rounds {
		_, _ = a.WriteTo(onvif.Search(id), a.to) // a network that is down has no cameras
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// hear reads answers until ctx ends. What is no answer is passed over: anybody may send.
func (a asker) hear(ctx context.Context, id string, found chan<- netCamera) {
	buf := make([]byte, onvif.MaxFound+1)
	for ctx.Err() == nil {
		n, from, err := a.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
			return
		}
		if err != nil {
			continue // the refusal of a host that was asked; the deadline ends it
		}
		cameras, err := onvif.Answers(buf[:n], id)
		if err != nil {
			continue
		}
		for _, c := range cameras {
			select {
			case found <- netCamera{c, nearest(c.Addresses, from)}:
			case <-ctx.Done():
				return
			}
		}
	}
}

// nearest is the address that the answer came from, where the camera names it: one with
// several networks names them all. Else the first.
func nearest(all []*url.URL, from net.Addr) *url.URL {
	if udp, ok := from.(*net.UDPAddr); ok {
		for _, u := range all {
			if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip.Unmap() == udp.AddrPort().Addr().Unmap() {
				return u
			}
		}
	}
	return all[0]
}

// askersOf opens a socket for each host, or for each network of this machine.
func askersOf(hosts []string) (all []asker, err error) {
	for _, h := range hosts {
		if _, _, err := net.SplitHostPort(h); err != nil {
			h = net.JoinHostPort(strings.Trim(h, "[]"), onvif.SearchPort)
		}
		to, err := net.ResolveUDPAddr("udp", h)
		if err != nil {
			return all, fmt.Errorf("%q is no host: %w", h, err)
		}
		c, err := net.ListenPacket("udp", ":0")
		if err != nil {
			return all, err
		}
		all = append(all, asker{c, to})
	}
	if len(hosts) > 0 {
		return all, nil
	}
	nets, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	group := &net.UDPAddr{IP: net.ParseIP(onvif.SearchGroup), Port: 3702}
	for _, n := range nets {
		if n.Flags&(net.FlagUp|net.FlagMulticast|net.FlagLoopback) != net.FlagUp|net.FlagMulticast {
			continue
		}
		c, err := outBy(n)
		if err != nil {
			continue // it has no IPv4 address, or lost it just now
		}
		all = append(all, asker{c, group})
	}
	return all, nil
}

// outBy opens a socket whose questions to a group leave by n.
func outBy(n net.Interface) (net.PacketConn, error) {
	addrs, err := n.Addrs()
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		ip, ok := a.(*net.IPNet)
		if !ok || ip.IP.To4() == nil {
			continue
		}
		c, err := net.ListenPacket("udp4", net.JoinHostPort(ip.IP.String(), "0"))
		if err != nil {
			return nil, err
		}
		p := ipv4.NewPacketConn(c)
		if err := errors.Join(p.SetMulticastInterface(&n), p.SetMulticastTTL(1)); err != nil {
			_ = c.Close()
			return nil, err
		}
		return c, nil
	}
	return nil, errors.New("no IPv4 address")
}
