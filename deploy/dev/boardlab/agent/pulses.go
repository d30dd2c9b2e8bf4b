//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
)

// Pulses makes edges on a simulated line.
func (*Lab) Pulses(p panel.Pulses, made *panel.Made) error {
	f, err := os.OpenFile(p.Pull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	now := make([]byte, 32)
	n, err := f.ReadAt(now, 0)
	if n == 0 {
		return fmt.Errorf("%s: %w", p.Pull, err)
	}
	high := bytes.HasPrefix(now[:n], []byte("pull-up"))
	levels := map[bool][]byte{true: []byte("pull-up"), false: []byte("pull-down")}
	began := time.Now()
	next := began
	timer := time.NewTimer(0)
	defer timer.Stop()
	for made.Edges < p.Edges {
		if ahead := time.Until(next); ahead > 0 {
			timer.Reset(ahead)
			<-timer.C
		} else if -ahead > burst {
			made.Slipped += -ahead - burst
			next = next.Add(-ahead - burst)
		}
		high = !high
		if _, err := f.WriteAt(levels[high], 0); err != nil {
			return err
		}
		made.Edges++
		next = next.Add(p.Every)
	}
	made.Took = time.Since(began)
	return nil
}

// burst is how far behind its time an edge may be and the next ones hurry. A board that
// stood still for longer, as an emulated one does, goes on from where it is: no meter
// makes up for lost time.
const burst = 20 * time.Millisecond
