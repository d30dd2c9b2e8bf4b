// Package board reads how the board is that the gateway runs on: its temperature, supply,
// processor, memory, disk and network links, as the kernel tells them.
//
// Sources: the kernel's Documentation/ABI (sysfs-class-thermal, sysfs-class-hwmon,
// sysfs-class-net, sysfs-class-power) and proc(5); for the Raspberry Pi, whose firmware
// watches supply and temperature, the marks of vcgencmd get_throttled.
//
// Which channels there are says the configuration: a plan touches no hardware, and every
// board has others. What this board does not have is a reading without value, reason
// absent; a file that cannot be read or does not say what it should, one with reason
// instrument. The sample fails only where no channel could be read for a fault.
//
// The driver opens no files: it is lent a drivers.Host. The status page and the journal
// watch the journal's folder by themselves (whether it can be written, how worn its card
// is), which is not here.
package board

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "board"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.BoardHost, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Channels []string `yaml:"channels"`
	Disk     string   `yaml:"disk"`
	Root     string   `yaml:"root"`
}

// usual are the channels that every board has.
var usual = []string{"board_temp", "cpu_load", "memory_used", "disk_used", "uptime"}

// maxChannels is more than any board has use for.
const maxChannels = 40

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Channels: usual}
	if err := decode(&o); err != nil {
		return nil, err
	}
	if o.Disk != "" && !path.IsAbs(o.Disk) {
		return nil, &drivers.OptionError{Key: "disk", Msg: fmt.Sprintf("%q is no path; write one that begins with a slash, or none for the file system of the journal", o.Disk)}
	}
	if o.Root != "" && !path.IsAbs(o.Root) {
		return nil, &drivers.OptionError{Key: "root", Msg: fmt.Sprintf("%q is no whole path; write one that begins with a slash, or none for this board's own /sys and /proc", o.Root)}
	}
	if n := len(o.Channels); n == 0 || n > maxChannels {
		return nil, &drivers.OptionError{Key: "channels", Msg: fmt.Sprintf("%d channels; write 1 to %d, or delete the line", n, maxChannels)}
	}
	var all []source
	for i, c := range o.Channels {
		s, err := find(c)
		if err == nil && slices.Contains(o.Channels[:i], c) {
			err = fmt.Errorf("%q stands there twice", c)
		}
		if err != nil {
			return nil, &drivers.OptionError{Key: "channels", Msg: err.Error()}
		}
		all = append(all, s)
	}
	p := &drivers.Plan{MinEvery: time.Second, Timeout: 3 * time.Second, Root: o.Root}
	for _, s := range all {
		p.Channels = append(p.Channels, s.Channel)
	}
	p.OpenHost = func(h drivers.Host) (drivers.Driver, error) {
		return &driver{host: h, sources: all, disk: o.Disk}, nil
	}
	return p, nil
}

type driver struct {
	host    drivers.Host
	sources []source
	disk    string
	ticks   *ticks // of the processor, at the sample before; nil: none
}

// Sample reads every channel, in some milliseconds; the first one watches the processor
// for a quarter of a second.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	rs := make([]obs.Reading, len(d.sources))
	var first error
	failed := 0
	for i, s := range d.sources {
		v, err := s.read(ctx, d, s.qualifier)
		switch {
		case err == nil:
			rs[i] = s.Read(v)
		case ctx.Err() != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		case errors.Is(err, fs.ErrNotExist):
			rs[i] = obs.None(obs.Absent)
		default:
			rs[i] = obs.None(obs.Instrument)
			if failed++; first == nil {
				first = fmt.Errorf("%s: %s: %w", name, s.Name, err)
			}
		}
	}
	if failed == len(rs) || errors.Is(first, drivers.ErrUnplugged) {
		return nil, first
	}
	return rs, nil
}

// Close does nothing: nothing is held open.
func (d *driver) Close() error { return nil }

// Facts says which board it is.
func (d *driver) Facts(ctx context.Context) (facts []drivers.Fact, err error) {
	for _, f := range []struct{ name, path string }{
		{"model", "proc/device-tree/model"}, {"serial_number", "proc/device-tree/serial-number"},
		{"model", "sys/class/dmi/id/product_name"}, {"kernel", "proc/sys/kernel/osrelease"},
	} {
		text, err := d.text(ctx, f.path)
		known := slices.ContainsFunc(facts, func(k drivers.Fact) bool { return k.Name == f.name })
		switch {
		case ctx.Err() != nil || errors.Is(err, drivers.ErrUnplugged):
			return nil, fmt.Errorf("%s: %w", name, err)
		case err == nil && text != "" && !known:
			facts = append(facts, drivers.Fact{Name: f.name, Value: text})
		}
	}
	return facts, nil
}
