//go:build !linux

package direct

import "net"

// Conn returns c.
func Conn(c net.Conn) net.Conn { return c }
