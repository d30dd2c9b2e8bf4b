//go:build !unix

package modbus

import "net"

// lying takes what has come in on conn and lies there.
func lying(conn net.Conn, p []byte) (int, error) { return soon(conn, p) }
