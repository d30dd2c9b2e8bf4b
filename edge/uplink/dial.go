package uplink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/lamppost-city/lamppost/drivers/bus/direct"
	"github.com/lamppost-city/lamppost/drivers/codec/address"
)

// way opens connections to brokers.
type way struct {
	o       *Options
	secrets *secrets
	timing  timing
}

// timing bounds what a connection may take. The bound on noticing that one is dead
// follows from it: see the package comment.
type timing struct {
	dial    time.Duration // for TCP to answer
	connect time.Duration // for all of TCP, proxy, TLS, websocket and MQTT
	write   time.Duration // for the socket to take writeChunk bytes
	hand    time.Duration // for paho to take a message while nothing is being written
	confirm time.Duration // for the broker to confirm a message
	// keepAlive is what the broker is told. paho pings when nothing was sent, or nothing
	// received, for as long, looks every 5 s, and the broker gives up after one and a
	// half: the larger, the more a lossy link has left for the ping to arrive.
	keepAlive time.Duration
	ping      time.Duration // for the broker to answer one
	unacked   time.Duration // for the other side's TCP to acknowledge bytes
}

func defaultTiming() timing {
	return timing{dial: 10 * time.Second, connect: 30 * time.Second, write: 20 * time.Second, hand: 5 * time.Second,
		confirm: 45 * time.Second, keepAlive: 30 * time.Second, ping: 15 * time.Second, unacked: 40 * time.Second}
}

// errTooSlow says that an attempt took longer than timing.connect.
var errTooSlow = errors.New("the broker did not answer in time")

// open connects to a broker: TCP, through the proxy if there is one, TLS, websocket,
// as its address says. ctx bounds the attempt, not the connection.
func (w *way) open(ctx context.Context, u *url.URL) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, w.timing.connect, errTooSlow)
	defer cancel()
	c, err := w.reach(ctx, u)
	if err != nil {
		return nil, err
	}
	// What follows talks on c without regard to ctx.
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	layered, err := w.layers(ctx, c, u)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = c.Close()
		if cause := context.Cause(ctx); cause != nil {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		return nil, err
	}
	return layered, nil
}

// layers puts TLS and websocket onto a connection.
func (w *way) layers(ctx context.Context, c net.Conn, u *url.URL) (net.Conn, error) {
	if u.Scheme == "mqtts" || u.Scheme == "wss" {
		config, err := w.secrets.config(u.Hostname())
		if err != nil {
			return nil, err
		}
		secure := tls.Client(c, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, explainHandshake(err)
		}
		c = secure
	}
	if u.Scheme == "ws" || u.Scheme == "wss" {
		return openWebsocket(ctx, c, u)
	}
	return c, nil
}

// reach makes the TCP connection, directly or through the proxy.
func (w *way) reach(ctx context.Context, u *url.URL) (net.Conn, error) {
	proxy, err := w.proxyFor(u)
	if err != nil {
		return nil, err
	}
	host := hostPort(u)
	if proxy == nil {
		return w.tcp(ctx, host)
	}
	c, err := w.tcp(ctx, hostPort(proxy))
	if err != nil {
		return nil, fmt.Errorf("proxy %s: %w", address.Show(proxy.String()), err)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	err = through(ctx, c, proxy, host)
	if !stop() {
		err = errors.Join(context.Cause(ctx), err)
	}
	if err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("proxy %s: %w", address.Show(proxy.String()), err)
	}
	return c, nil
}

func (w *way) tcp(ctx context.Context, host string) (net.Conn, error) {
	d := net.Dialer{Timeout: w.timing.dial, Control: func(_, _ string, c rawConn) error { return tune(c, w.timing.unacked) },
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: w.timing.unacked / 3, Interval: w.timing.unacked / 4, Count: 3}}
	c, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	return direct.Conn(c), nil
}

// hostPort returns host and port of an address, with the scheme's port if it has none.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"mqtt": "1883", "tcp": "1883", "mqtts": "8883", "ws": "80", "wss": "443",
			"http": "3128", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
