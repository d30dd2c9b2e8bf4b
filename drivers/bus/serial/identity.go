//go:build linux

package serial

import "github.com/lamppost-city/lamppost/drivers/bus/adapter"

// identity is which adapter a line had when it was last opened. A name can come to
// mean another one: a socket, or a by-id name of adapters without a serial number.
type identity struct {
	port    adapter.Port
	known   bool   // there was one
	swapped string // what it was before, when it is another one now
}

// meet looks at what is plugged in now.
func (i *identity) meet(path string, s adapter.System) {
	p, ok := s.Find(path)
	if !ok {
		return // no hardware behind it that sysfs knows of
	}
	if was := i.port.Fingerprint(); i.known && was != p.Fingerprint() {
		i.swapped = i.port.String()
		if i.port.USB != nil && i.port.USB.Serial != "" {
			i.swapped += " " + i.port.USB.Serial
		}
	}
	i.port, i.known = p, true
}
