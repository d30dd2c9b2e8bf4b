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
	timer := time.NewTimer(0)
	defer timer.Stop()
	for made.Edges < p.Edges {
		due := time.Duration(made.Edges) * p.Every
		if ahead := due - time.Since(began); ahead > 0 {
			timer.Reset(ahead)
			<-timer.C
		}
		high = !high
		if _, err := f.WriteAt(levels[high], 0); err != nil {
			return err
		}
		made.Edges++
		made.Late = max(made.Late, time.Since(began)-due)
	}
	made.Took = time.Since(began)
	return nil
}
