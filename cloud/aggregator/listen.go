package aggregator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// fallbacks is how many ports above the configured one are tried.
const fallbacks = 50

// judge refuses settings that would lose or expose data. The file's own check has
// said the same with line and column; flags and defaults come past it.
func (p *parts) judge() error {
	s := p.o.Settings
	if s.MQTT.Share && (s.Store.Influx == nil || s.Database.Postgres == nil || s.MQTT.Broker == "") {
		return fmt.Errorf("%w: mqtt.share: several aggregators need a broker, a store and a database that they share; set mqtt.broker, store.influx and database.postgres, or share: false", ErrSettings)
	}
	if s.Insecure {
		return nil
	}
	var addresses []string
	if !s.Protected() {
		addresses = append(addresses, s.Listen)
	}
	if s.MQTT.Broker == "" {
		addresses = append(addresses, s.MQTT.Embedded.Listen)
	}
	for _, a := range addresses {
		host, _, err := net.SplitHostPort(a)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrSettings, err)
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("%w: %s can be reached from outside, and neither accounts nor TLS keep strangers out; listen on 127.0.0.1, or start with --insecure if the network itself keeps strangers out", ErrSettings, a)
		}
	}
	return nil
}

// listen takes an address, or with fallback the next free port above it.
func listen(ctx context.Context, address string, fallback bool) (net.Listener, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("port %q: %w", portText, err)
	}
	var lc net.ListenConfig
	for n := 0; ; n++ {
		l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port+n)))
		if err == nil || !fallback || port == 0 || n == fallbacks || !errors.Is(err, syscall.EADDRINUSE) {
			return l, err
		}
	}
}

// lock takes a file for this process alone, until unlock or its end.
func lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, storage(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = fmt.Errorf("%w: %s is locked", ErrInUse, path)
		}
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil
}
