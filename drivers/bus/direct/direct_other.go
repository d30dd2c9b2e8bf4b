//go:build !linux || race

package direct

import "net"

// Conn returns c. The race detector takes messages over a socket for an order between
// goroutines, of which it hears from the net package only.
func Conn(c net.Conn) net.Conn { return c }

func askConn(c net.Conn, out, in []byte) (sent, got int, err error) { return askPlain(c, out, in) }
