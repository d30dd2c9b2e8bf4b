//go:build !linux

package uplink

import (
	"syscall"
	"time"
)

type rawConn = syscall.RawConn

// tune does nothing here: gateways run on Linux; elsewhere the program is tried out.
func tune(rawConn, time.Duration) error { return nil }
