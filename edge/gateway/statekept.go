package gateway

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/poll"
)

// driverKey is the journal's state key for what a device's driver keeps. Another driver
// under the same id begins anew.
const driverKey = "driver/"

func stateKey(device, driver string) string { return driverKey + device + "/" + driver }

// maxState is how much a driver may keep.
const maxState = 1024

// recalled is what lines need of earlier runs.
type recalled struct {
	keep string // a folder that outlives the program; empty: none
	boot string // the running boot's id
	// state is what a device's driver kept last; nil: nothing. forgot is told when a driver
	// could not read it any more.
	state  func(device, driver string) []byte
	forgot func(device string, err error)
}

// restore hands a driver that was just opened what it kept.
func (r recalled) restore(device, driver string, d drivers.Driver) {
	s, ok := d.(drivers.Stateful)
	if !ok || r.state == nil {
		return
	}
	kept := r.state(device, driver)
	if kept == nil {
		return
	}
	if err := restoreGuarded(s, kept); err != nil {
		r.forgot(device, err)
	}
}

// restoreGuarded and stateGuarded keep a driver's panic the driver's.
func restoreGuarded(s drivers.Stateful, kept []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the driver has a bug and panicked: %v", p)
		}
	}()
	return s.Restore(kept)
}

func stateGuarded(s drivers.Stateful) (kept []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			kept, err = nil, fmt.Errorf("the driver has a bug and panicked: %v", p)
		}
	}()
	if kept = s.State(); len(kept) > maxState {
		return nil, fmt.Errorf("the driver wants to keep %d bytes, %d are allowed", len(kept), maxState)
	}
	return kept, nil
}

// recall is what the lines of a new generation need of the gateway.
func (g *Gateway) recall() recalled {
	return recalled{keep: g.opt.Runtime, boot: g.boot.ID,
		state: func(device, driver string) []byte {
			kept, _ := g.journal.State(stateKey(device, driver))
			return kept
		},
		forgot: func(device string, err error) {
			g.log.Error("what a driver kept cannot be read, it begins anew", "device", device, "error", err)
		}}
}

// stateOf is what the driver of a good sample wants to be kept with it; nil: nothing.
func (g *Gateway) stateOf(s *poll.Sample) []byte {
	keeper, ok := s.Driver.(drivers.Stateful)
	if !ok || s.Err != nil {
		return nil
	}
	kept, err := stateGuarded(keeper)
	if err != nil {
		g.log.Error("what a driver keeps cannot be written down", "device", s.Device, "error", err)
	}
	return kept
}

// keptStates bounds what is kept of devices that are not configured any more: they may
// come back, and their totals with them.
const keptStates = 256

// forgetStates drops what drivers kept of devices that are gone, when it is too much.
// The caller holds the lock.
func (g *Gateway) forgetStates(gen *generation) {
	var gone []string
	for key := range g.journal.States() {
		device, _, ok := strings.Cut(strings.TrimPrefix(key, driverKey), "/")
		if strings.HasPrefix(key, driverKey) && ok && gen.devices[device] == nil {
			gone = append(gone, key)
		}
	}
	if len(gone) <= keptStates {
		return
	}
	slices.Sort(gone)
	for _, key := range gone[keptStates:] {
		if err := g.journal.SetState(key, nil); err != nil {
			g.log.Warn("what drivers of former devices kept cannot be dropped", "error", err)
		}
	}
}
