package broker

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"sync"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Options says how to run a Broker. All fields are required.
type Options struct {
	Listener net.Listener // the broker's from now on, also if Start fails
	Prefix   string       // of the topics
	Metrics  prometheus.Registerer
	Log      *slog.Logger
}

// Bounds. Ten thousand gateways must fit into one machine.
const (
	maxClients = 20_000
	// maxPacket is a largest message with its topic and header.
	maxPacket = wire.MaxMessage + 1<<10
	// maxPending messages wait for one client at most. The library makes this room
	// for every client at once, 8 bytes for each message.
	maxPending = 1024
	// maxRetained topics are kept: two or three for each gateway.
	maxRetained = 3 * maxClients
	// sessionExpiry is how long, in seconds, a client that asked for it finds its
	// subscriptions again.
	sessionExpiry = 600
)

// Broker is a running broker. It is safe for concurrent use.
type Broker struct {
	server   *mqtt.Server
	door     *door
	user     string
	password string
	close    sync.Once
}

// Start serves until Close.
func Start(o Options) (*Broker, error) {
	if err := wire.CheckPrefix(o.Prefix); err != nil {
		return nil, errors.Join(fmt.Errorf("broker: %w", err), o.Listener.Close())
	}
	b := &Broker{user: "aggregator-" + rand.Text(), password: rand.Text()}
	caps := mqtt.NewDefaultServerCapabilities()
	caps.MaximumClients = maxClients
	caps.MaximumPacketSize = maxPacket
	caps.MaximumClientWritesPending = maxPending
	caps.MaximumInflight = math.MaxUint16
	caps.MaximumSessionExpiryInterval = sessionExpiry
	caps.MinimumProtocolVersion = 4
	// The library also removes retained messages after this time, whatever their
	// protocol: a gateway's state must not disappear because it did not change.
	caps.MaximumMessageExpiryInterval = 10 * 365 * 24 * 3600
	b.server = mqtt.New(&mqtt.Options{
		Capabilities:             caps,
		ClientNetWriteBufferSize: 2 << 10,
		ClientNetReadBufferSize:  2 << 10,
		SysTopicResendInterval:   60, // it stops the world each time, to count memory
		Logger:                   slog.New(onlyErrors{o.Log.With("part", "broker").Handler()}),
	})
	h := &hook{broker: b, prefix: o.Prefix, log: o.Log.With("part", "broker"), counts: newCounts(o.Metrics, b.server.Info),
		places: make(chan struct{}, inside)}
	b.door = newDoor(o.Listener, h.log)
	err := b.server.AddHook(h, nil)
	if err == nil {
		err = b.server.AddListener(b.door)
	}
	if err == nil {
		err = b.server.Serve()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("broker: %w", err), b.server.Close(), o.Listener.Close())
	}
	return b, nil
}

// Address returns the host:port on which the broker listens.
func (b *Broker) Address() string { return b.door.Address() }

// Credentials returns what the aggregator's own connections log in with. They
// change with every start.
func (b *Broker) Credentials() (user, password string) { return b.user, b.password }

// Close disconnects everybody and stops listening. A second call does nothing.
func (b *Broker) Close() error {
	var err error
	b.close.Do(func() { err = b.server.Close() })
	return err
}
