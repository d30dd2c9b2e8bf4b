package channel

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// MQTT publishes CloudEvents at a broker of the operator, at QoS 1, not retained, on a
// connection of its own for each: messages are few, and none waits behind a dead one.
type MQTT struct {
	Guard    *Guard
	Roots    *x509.CertPool // nil: the system's
	Broker   string         // mqtt://host:1883, mqtts://host:8883
	Topic    string         // without wildcards
	Source   string         // as of Webhook
	Username string
	Password string
}

const farewell = 100 // ms, for the DISCONNECT

// Send implements Sender.
func (c *MQTT) Send(ctx context.Context, m Message) error {
	body, err := document(m, c.Source)
	if err != nil {
		return err
	}
	o, err := c.options(ctx)
	if err != nil {
		return err
	}
	client := mqtt.NewClient(o)
	defer client.Disconnect(farewell)
	if err := settled(ctx, client.Connect()); err != nil {
		return connectFault(err)
	}
	if err := settled(ctx, client.Publish(c.Topic, 1, false, body)); err != nil {
		return later(true, fmt.Errorf("publish: %w", err))
	}
	return nil
}

func (c *MQTT) options(ctx context.Context) (*mqtt.ClientOptions, error) {
	id := make([]byte, 8)
	if _, err := rand.Read(id); err != nil {
		return nil, later(false, err)
	}
	o := mqtt.NewClientOptions().AddBroker(c.Broker).SetClientID("lamppost-" + hex.EncodeToString(id)).
		SetUsername(c.Username).SetPassword(c.Password).SetCleanSession(true).SetAutoReconnect(false).SetConnectRetry(false).
		SetOrderMatters(false).SetCustomOpenConnectionFn(func(u *url.URL, _ mqtt.ClientOptions) (net.Conn, error) { return c.open(ctx, u) })
	if deadline, ok := ctx.Deadline(); ok {
		o.SetConnectTimeout(time.Until(deadline)).SetWriteTimeout(time.Until(deadline))
	}
	return o, nil
}

// open connects through the guard, with TLS where the address says so.
func (c *MQTT) open(ctx context.Context, u *url.URL) (net.Conn, error) {
	secure := u.Scheme == "mqtts" || u.Scheme == "ssl"
	port := u.Port()
	if port == "" {
		port = map[bool]string{false: "1883", true: "8883"}[secure]
	}
	conn, err := c.Guard.dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil || !secure {
		return conn, err
	}
	t := tls.Client(conn, &tls.Config{ServerName: u.Hostname(), RootCAs: c.Roots, MinVersion: tls.VersionTLS12})
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(hushed(err), conn.Close())
	}
	return t, nil
}

// settled waits for a token.
func settled(ctx context.Context, t mqtt.Token) error {
	select {
	case <-t.Done():
		return t.Error()
	case <-ctx.Done():
		return errors.New("no answer in time")
	}
}

// connectFault tells a broker that does not want us from one that is not there.
func connectFault(err error) error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, packets.ErrorRefusedBadUsernameOrPassword), errors.Is(err, packets.ErrorRefusedNotAuthorised):
		return mistaken("connect: %w", err)
	}
	return later(false, fmt.Errorf("connect: %w", err))
}
