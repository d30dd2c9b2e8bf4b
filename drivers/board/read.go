package board

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

const (
	thermal   = "sys/class/thermal"
	hwmon     = "sys/class/hwmon"
	supplies  = "sys/class/power_supply"
	network   = "sys/class/net/"
	throttle  = "sys/devices/platform/soc/soc:firmware/get_throttled"
	watchTime = 250 * time.Millisecond // of the processor, in the first sample
)

// none is the error of what the board does not have.
func none(what string) error { return fmt.Errorf("%s: %w", what, fs.ErrNotExist) }

// text reads a file of one line, without the ends that the device tree has.
func (d *driver) text(ctx context.Context, path string) (string, error) {
	b, err := d.host.Read(ctx, path)
	return strings.TrimSpace(strings.TrimRight(string(b), "\x00")), err
}

func (d *driver) number(ctx context.Context, path string) (float64, error) {
	text, err := d.text(ctx, path)
	if err != nil {
		return 0, err
	}
	v, err := whole(text)
	return float64(v), err
}

// named lists the folders in dir, each with the text of a file in it that names it.
func (d *driver) named(ctx context.Context, dir, file string) (folders, names []string, err error) {
	all, err := d.host.List(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range all {
		name, err := d.text(ctx, dir+"/"+f+"/"+file)
		switch {
		case errors.Is(err, fs.ErrNotExist): // cooling devices beside the zones
			continue
		case err != nil:
			return nil, nil, err
		}
		folders, names = append(folders, dir+"/"+f), append(names, plain(name))
	}
	return folders, names, nil
}

// processors are parts of the names of a processor's own thermal zones and chips.
var processors = []string{"cpu", "soc", "pkg", "coretemp", "k10temp"}

func ofProcessor(name string) bool {
	return slices.ContainsFunc(processors, func(p string) bool { return strings.Contains(name, p) })
}

// readTemp reads the zone or chip that is named, else the processor's, else the first.
func readTemp(ctx context.Context, d *driver, qualifier string) (float64, error) {
	var wanted, others []string
	for _, place := range []struct{ dir, name, value string }{{thermal, "type", "/temp"}, {hwmon, "name", "/temp1_input"}} {
		folders, names, err := d.named(ctx, place.dir, place.name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		for i, f := range folders {
			switch {
			case names[i] == qualifier, qualifier == "" && ofProcessor(names[i]):
				wanted = append(wanted, f+place.value)
			case qualifier == "":
				others = append(others, f+place.value)
			}
		}
	}
	return d.first(ctx, append(wanted, others...), 1000)
}

// first reads the first of the files that there is, in parts of a unit.
func (d *driver) first(ctx context.Context, files []string, parts float64) (float64, error) {
	for _, f := range files {
		v, err := d.number(ctx, f)
		if !errors.Is(err, fs.ErrNotExist) {
			return v / parts, err
		}
	}
	return 0, none("no such file")
}

// readLoad is how busy the processor was since the sample before.
func readLoad(ctx context.Context, d *driver, _ string) (float64, error) {
	if d.ticks == nil {
		t, err := d.spent(ctx)
		if err != nil {
			return 0, err
		}
		d.ticks = &t
		if err := drivers.Wait(ctx, watchTime); err != nil {
			return 0, err
		}
	}
	t, err := d.spent(ctx)
	if err != nil {
		return 0, err
	}
	v, err := t.since(*d.ticks)
	d.ticks = &t
	return v, err
}

func (d *driver) spent(ctx context.Context) (ticks, error) {
	text, err := d.text(ctx, "proc/stat")
	if err != nil {
		return ticks{}, err
	}
	return parseTicks(text)
}

func readMemory(ctx context.Context, d *driver, _ string) (float64, error) {
	text, err := d.text(ctx, "proc/meminfo")
	if err != nil {
		return 0, err
	}
	return parseMemory(text)
}

func readDisk(ctx context.Context, d *driver, _ string) (float64, error) {
	s, err := d.host.Space(ctx, d.disk)
	switch {
	case err != nil:
		return 0, err
	case s.Total <= 0: // of no device: /proc, say
		return 0, none("a file system with a size")
	}
	return used(s.Total, s.Free), nil
}

func readUptime(ctx context.Context, d *driver, _ string) (float64, error) {
	text, err := d.text(ctx, "proc/uptime")
	if err != nil {
		return 0, err
	}
	return parseUptime(text)
}

func (d *driver) marks(ctx context.Context) (marks, error) {
	text, err := d.text(ctx, throttle)
	if err != nil {
		return 0, err
	}
	return parseMarks(text)
}

// readUndervoltage takes the firmware's mark, or, where the kernel watches the supply
// itself, that of the last two seconds: a dip of milliseconds is in it.
func readUndervoltage(ctx context.Context, d *driver, qualifier string) (float64, error) {
	m, err := d.marks(ctx)
	if err == nil && (qualifier == "seen" || m.has(underVoltage, "") == 1) {
		return m.has(underVoltage, qualifier), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) || qualifier == "seen" {
		return 0, err
	}
	folders, names, herr := d.named(ctx, hwmon, "name")
	if i := slices.Index(names, "rpi_volt"); i >= 0 {
		return d.number(ctx, folders[i]+"/in0_lcrit_alarm")
	}
	if herr != nil && !errors.Is(herr, fs.ErrNotExist) {
		return 0, herr
	}
	return 0, err // of the firmware: nil where it says no
}

func readThrottled(ctx context.Context, d *driver, qualifier string) (float64, error) {
	m, err := d.marks(ctx)
	return m.has(slowed, qualifier), err
}

// readVoltage reads the input of hwmon that is named ("ina219_in1"), else a power supply,
// else the first input of the first chip that has one.
func readVoltage(ctx context.Context, d *driver, qualifier string) (float64, error) {
	if qualifier == "" {
		v, err := d.supply(ctx, "voltage_now", "")
		if !errors.Is(err, fs.ErrNotExist) {
			return v / 1e6, err
		}
	}
	folders, names, err := d.named(ctx, hwmon, "name")
	if err != nil {
		return 0, err
	}
	var files []string
	for i, f := range folders {
		for _, in := range []string{"in1", "in0", "in2", "in3", "in4", "in5", "in6", "in7", "in8"} {
			if qualifier == "" || qualifier == names[i]+"_"+in {
				files = append(files, f+"/"+in+"_input")
			}
		}
	}
	return d.first(ctx, files, 1000)
}

func readBattery(ctx context.Context, d *driver, _ string) (float64, error) {
	return d.supply(ctx, "capacity", "Battery")
}

// supply reads a file of the first power supply that has it, and is of a type.
func (d *driver) supply(ctx context.Context, file, kind string) (float64, error) {
	folders, types, err := d.named(ctx, supplies, "type")
	if err != nil {
		return 0, err
	}
	var files []string
	for i, f := range folders {
		if kind == "" || types[i] == plain(kind) {
			files = append(files, f+"/"+file)
		}
	}
	return d.first(ctx, files, 1)
}

// readLink is 1 where an interface is up and has a carrier. Some (ppp, wwan) do not tell
// more than that they are there and have a carrier.
func readLink(ctx context.Context, d *driver, iface string) (float64, error) {
	state, err := d.text(ctx, network+iface+"/operstate")
	if err != nil {
		return 0, err
	}
	switch state {
	case "up":
		return 1, nil
	case "unknown":
		return d.number(ctx, network+iface+"/carrier")
	case "down", "notpresent", "lowerlayerdown", "testing", "dormant":
		return 0, nil
	}
	return 0, odd(state, "an operational state")
}

// statistic reads a count of an interface since the start.
func statistic(file string) reader {
	return func(ctx context.Context, d *driver, iface string) (float64, error) {
		return d.number(ctx, network+iface+"/statistics/"+file)
	}
}

func readSignal(ctx context.Context, d *driver, iface string) (float64, error) {
	b, err := d.host.Read(ctx, "proc/net/wireless")
	if err != nil {
		return 0, err
	}
	v, ok, err := parseSignal(string(b), iface)
	if err == nil && !ok {
		return 0, none(iface)
	}
	return v, err
}
