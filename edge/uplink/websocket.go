package uplink

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
	"github.com/lamppost-city/lamppost/drivers/codec/address"
)

// openWebsocket begins MQTT over WebSocket (MQTT 3.1.1, chapter 6) on a connection
// that TLS, if any, is on already.
func openWebsocket(ctx context.Context, c net.Conn, u *url.URL) (net.Conn, error) {
	plain := *u
	plain.Scheme = "ws"
	d := websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) { return c, nil },
		Subprotocols: []string{"mqtt"}, WriteBufferSize: 4 << 10}
	ws, answer, err := d.DialContext(ctx, plain.String(), nil)
	switch {
	case err != nil && answer != nil:
		return nil, fmt.Errorf("websocket: %s answers %q; is the path right?", address.Show(u.String()), answer.Status)
	case err != nil:
		return nil, fmt.Errorf("websocket: %w", explainTLS(err))
	case ws.Subprotocol() != "mqtt":
		return nil, fmt.Errorf("websocket: %s does not speak MQTT; is the path right?", address.Show(u.String()))
	}
	return &webConn{Conn: ws}, nil
}

// webConn is a websocket as a stream of bytes. MQTT packets and websocket messages
// need not agree in their bounds.
type webConn struct {
	*websocket.Conn
	message io.Reader // being read; nil: the next one
}

func (c *webConn) Read(p []byte) (int, error) {
	for {
		if c.message == nil {
			kind, r, err := c.NextReader()
			if err != nil {
				return 0, err
			}
			if kind != websocket.BinaryMessage {
				return 0, fmt.Errorf("websocket: a message of text, which is not MQTT")
			}
			c.message = r
		}
		n, err := c.message.Read(p)
		if err == io.EOF {
			c.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (c *webConn) Write(p []byte) (int, error) {
	if err := c.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *webConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}
