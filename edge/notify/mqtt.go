package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// MQTT publishes alerts at a broker of the site, on a connection of its own that is
// made when there is something to tell, and kept.
type MQTT struct {
	Broker       string // mqtt://host:1883, mqtts://host:8883
	Topic        string
	ClientID     string
	Username     string
	PasswordFile string // read at each connection; empty: none
	CAFile       string // as of Webhook

	client mqtt.Client
}

const (
	keepAlive = 30 * time.Second
	farewell  = 100 // ms
)

// Send implements Sender. It returns when the broker has taken the document.
func (m *MQTT) Send(ctx context.Context, _ string, document []byte) error {
	if m.client == nil || !m.client.IsConnectionOpen() {
		if err := m.connect(ctx); err != nil {
			return err
		}
	}
	if err := settled(ctx, m.client.Publish(m.Topic, 1, false, document)); err != nil {
		m.Close() // what was not acknowledged goes again, on a new connection
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

func (m *MQTT) connect(ctx context.Context) error {
	m.Close()
	o := mqtt.NewClientOptions().AddBroker(m.Broker).SetClientID(m.ClientID).SetUsername(m.Username).SetCleanSession(true).
		SetAutoReconnect(false).SetConnectRetry(false).SetKeepAlive(keepAlive).SetOrderMatters(false)
	if deadline, ok := ctx.Deadline(); ok {
		o.SetConnectTimeout(time.Until(deadline)).SetWriteTimeout(time.Until(deadline))
	}
	conf, err := trusting(m.CAFile)
	if err != nil {
		return err
	}
	o.SetTLSConfig(conf)
	if m.PasswordFile != "" {
		password, err := line(m.PasswordFile)
		if err != nil {
			return fmt.Errorf("password: %w", err)
		}
		o.SetPassword(password)
	}
	m.client = mqtt.NewClient(o)
	if err := settled(ctx, m.client.Connect()); err != nil {
		m.Close()
		return fmt.Errorf("connect: %w", err)
	}
	return nil
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

// Close implements Sender.
func (m *MQTT) Close() {
	if m.client != nil {
		m.client.Disconnect(farewell)
		m.client = nil
	}
}
