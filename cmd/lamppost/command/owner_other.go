//go:build !linux

package command

import "os"

// handOver does nothing: gateways run on Linux.
func handOver(string) error { return nil }

// ownerOf knows nobody: gateways run on Linux.
func ownerOf(os.FileInfo) (uid, gid int, ok bool) { return 0, 0, false }
