package gateway

import (
	"context"
	"net"
	"net/http"

	"github.com/lamppost-city/lamppost/drivers"
)

// network reaches one network device: by HTTP, and by a connection of its own for what
// else it speaks.
type network struct{ client http.Client }

var _ drivers.Dialer = network{}

// Do implements drivers.Fetcher.
func (n network) Do(r *http.Request) (*http.Response, error) { return n.client.Do(r) }

// Dial implements drivers.Dialer.
func (n network) Dial(ctx context.Context, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: n.client.Timeout}
	return d.DialContext(ctx, "tcp", address)
}
