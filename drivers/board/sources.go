package board

import (
	"context"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// source is where a channel comes from.
type source struct {
	drivers.Channel
	qualifier string // what stands behind the channel's dot: which zone, which interface
	read      reader
}

// reader reads one channel. An error that wraps fs.ErrNotExist says that the board has
// nothing that measures it.
type reader func(ctx context.Context, d *driver, qualifier string) (float64, error)

// offered is one metric that a board may have.
type offered struct {
	drivers.Channel
	qualifier string // what a qualifier names; empty: it has none
	needs     bool   // without a qualifier nobody knows which one is meant
	read      reader
}

func flag(name, qualifier string, read reader) offered {
	return offered{drivers.Channel{Name: name, Min: 0, Max: 1, Resolution: 1}, qualifier, false, read}
}

func share(name string, read reader) offered {
	return offered{drivers.Channel{Name: name, Min: 0, Max: 100, Resolution: 0.1}, "", false, read}
}

// offers is everything that can be asked for.
func offers() []offered {
	const iface = "a network interface"
	return []offered{
		{drivers.Channel{Name: "board_temp", Min: -40, Max: 125, Resolution: 0.001}, "a thermal zone or a chip of hwmon", false, readTemp},
		share("cpu_load", readLoad), share("memory_used", readMemory), share("disk_used", readDisk),
		{drivers.Channel{Name: "uptime", Min: 0, Max: 1e10, Resolution: 0.01}, "", false, readUptime},
		flag("undervoltage", "seen: since the mark was last cleared", readUndervoltage),
		flag("throttled", "seen: since the mark was last cleared", readThrottled),
		{drivers.Channel{Name: "voltage", Min: 0, Max: 1000, Resolution: 0.001}, "a chip of hwmon, and its input: ina219_in1", false, readVoltage},
		share("battery", readBattery),
		{flag("link", iface, readLink).Channel, iface, true, readLink},
		{drivers.Channel{Name: "net_received", Min: 0, Max: 1e18, Resolution: 1}, iface, true, statistic("rx_bytes")},
		{drivers.Channel{Name: "net_sent", Min: 0, Max: 1e18, Resolution: 1}, iface, true, statistic("tx_bytes")},
		{drivers.Channel{Name: "signal", Min: -150, Max: 0, Resolution: 1}, "a wireless interface", true, readSignal},
	}
}

// find finds what a channel of the configuration asks for.
func find(channel string) (source, error) {
	if err := obs.CheckChannel(channel); err != nil {
		return source{}, err
	}
	metric, qualifier, _ := strings.Cut(channel, ".")
	var names []string
	for _, o := range offers() {
		if o.Name != metric {
			names = append(names, o.Name)
			continue
		}
		switch {
		case qualifier == "" && o.needs:
			return source{}, fmt.Errorf("%s of what? write %s.eth0, for example (%s)", metric, metric, o.qualifier)
		case qualifier != "" && o.qualifier == "":
			return source{}, fmt.Errorf("there is only one %s; write it without .%s", metric, qualifier)
		case strings.HasPrefix(o.qualifier, "seen") && qualifier != "" && qualifier != "seen":
			return source{}, fmt.Errorf("%q is nothing that is known of %s; write %s or %s.seen", qualifier, metric, metric, metric)
		}
		o.Name = channel
		return source{o.Channel, qualifier, o.read}, nil
	}
	return source{}, fmt.Errorf("no board tells its %s; write one of %s", metric, strings.Join(names, ", "))
}
