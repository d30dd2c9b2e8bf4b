//go:build !unix

package drivertest

import "time"

// cpuTime is not known here: every driver is sampled as often.
func cpuTime() time.Duration { return 0 }
