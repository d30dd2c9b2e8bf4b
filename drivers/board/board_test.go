package board

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// pi is a Raspberry Pi 4 with an INA219 and a wireless card, its files as its kernel
// writes them. Its processor works a quarter of the time.
func pi(change map[string]string) func() *drivertest.Host {
	return func() *drivertest.Host {
		files := map[string]string{
			"sys/class/thermal/thermal_zone0/type":                "cpu-thermal\n",
			"sys/class/thermal/thermal_zone0/temp":                "48199\n",
			"sys/class/thermal/thermal_zone1/type":                "gpu-thermal\n",
			"sys/class/thermal/thermal_zone1/temp":                "47250\n",
			"sys/class/thermal/cooling_device0/cur_state":         "0\n",
			"sys/class/hwmon/hwmon0/name":                         "cpu_thermal\n",
			"sys/class/hwmon/hwmon0/temp1_input":                  "48199\n",
			"sys/class/hwmon/hwmon1/name":                         "rpi_volt\n",
			"sys/class/hwmon/hwmon1/in0_lcrit_alarm":              "0\n",
			"sys/class/hwmon/hwmon2/name":                         "ina219\n",
			"sys/class/hwmon/hwmon2/in0_input":                    "12\n",
			"sys/class/hwmon/hwmon2/in1_input":                    "12104\n",
			"sys/devices/platform/soc/soc:firmware/get_throttled": "0\n",
			"sys/class/power_supply/ups/type":                     "Battery\n",
			"sys/class/power_supply/ups/capacity":                 "97\n",
			"sys/class/power_supply/ups/voltage_now":              "8120000\n",
			"sys/class/net/eth0/operstate":                        "up\n",
			"sys/class/net/wwan0/operstate":                       "unknown\n",
			"sys/class/net/wwan0/carrier":                         "1\n",
			"sys/class/net/wwan0/statistics/rx_bytes":             "8123456789\n",
			"sys/class/net/wwan0/statistics/tx_bytes":             "912345\n",
			"proc/net/wireless":                                   "Inter-| sta-|   Quality        |   Discarded packets\n face | tus | link level noise |  nwid\n wlan0: 0000   54.  -56.  -256        0\n",
			"proc/stat":                                           "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0\n",
			"proc/meminfo":                                        "MemTotal:        3884096 kB\nMemFree:  200000 kB\nMemAvailable:    2913072 kB\n",
			"proc/uptime":                                         "350735.47 1234567.89\n",
			"proc/device-tree/model":                              "Raspberry Pi 4 Model B Rev 1.4\x00",
			"proc/device-tree/serial-number":                      "10000000a1b2c3d4\x00",
			"proc/sys/kernel/osrelease":                           "6.12.25+rpt-rpi-v8\n",
		}
		maps.Copy(files, change)
		maps.DeleteFunc(files, func(_, text string) bool { return text == "" })
		return &drivertest.Host{Files: files, Moves: works,
			Disks: map[string]drivers.Space{"": {Total: 32e9, Free: 24e9}, "/boot": {Total: 500e6, Free: 450e6}, "/proc": {}}}
	}
}

// works lets a quarter of a second of four processors pass, 25 ticks of work in 100.
func works(path, text string) string {
	if path != "proc/stat" || !strings.HasPrefix(text, "cpu ") {
		return text
	}
	t, err := parseTicks(text)
	if err != nil {
		return text
	}
	return fmt.Sprintf("cpu  %d 0 0 %d 0 0 0 0 0 0\n", t.busy+25, t.all-t.busy+75)
}

const most = "{channels: [board_temp, cpu_load, memory_used, disk_used, uptime, undervoltage, undervoltage.seen, throttled, throttled.seen, voltage, battery, link.eth0, link.wwan0, net_received.wwan0, net_sent.wwan0, signal.wlan0]}"

func part(name, options, want string, change map[string]string) drivertest.Part {
	return drivertest.Part{Name: name, Source: "constructed after the kernel's documentation and a Raspberry Pi 4's files", Options: options, Want: want, Board: pi(change)}
}

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind: Kind(),
		Good: part("pi", most, "board_temp=48.199 cpu_load=25 memory_used=25 disk_used=25 uptime=350735.47 undervoltage=0 undervoltage.seen=0 throttled=0 throttled.seen=0 voltage=8.12 battery=97 link.eth0=1 link.wwan0=1 net_received.wwan0=8123456789 net_sent.wwan0=912345 signal.wlan0=-56", nil),
		Beyond: part("a zone that cannot be", most, "board_temp=200/fail/range cpu_load=25 memory_used=25 disk_used=25 uptime=350735.47 undervoltage=0 undervoltage.seen=0 throttled=0 throttled.seen=0 voltage=8.12 battery=97 link.eth0=1 link.wwan0=1 net_received.wwan0=8123456789 net_sent.wwan0=912345 signal.wlan0=-56",
			map[string]string{"sys/class/thermal/thermal_zone0/temp": "200000\n"}),
		More: more(),
	})
}

const firmware = "sys/devices/platform/soc/soc:firmware/get_throttled"

func more() []drivertest.Part {
	pick := func(channels string) string { return "{channels: [" + channels + "]}" }
	return []drivertest.Part{
		part("under-voltage now", pick("undervoltage, undervoltage.seen, throttled, throttled.seen"), "undervoltage=1 undervoltage.seen=1 throttled=1 throttled.seen=1", map[string]string{firmware: "50005\n"}),
		part("it was", pick("undervoltage, undervoltage.seen, throttled, throttled.seen"), "undervoltage=0 undervoltage.seen=1 throttled=0 throttled.seen=1", map[string]string{firmware: "0x50000\n"}),
		part("a dip that the kernel caught", pick("undervoltage"), "undervoltage=1", map[string]string{"sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n"}),
		part("only the kernel watches", pick("undervoltage, undervoltage.seen, throttled"), "undervoltage=0 undervoltage.seen=none/absent throttled=none/absent", map[string]string{firmware: ""}),
		part("a zone and a chip by name", pick("board_temp.gpu_thermal, board_temp.cpu_thermal, board_temp.nvme"), "board_temp.gpu_thermal=47.25 board_temp.cpu_thermal=48.199 board_temp.nvme=none/absent", nil),
		part("no zone is the processor's", pick("board_temp"), "board_temp=41", map[string]string{"sys/class/thermal/thermal_zone0/type": "acpitz\n", "sys/class/thermal/thermal_zone0/temp": "41000\n", "sys/class/hwmon/hwmon0/name": ""}),
		part("an input by name", pick("voltage.ina219_in1, voltage.ina219_in7"), "voltage.ina219_in1=12.104 voltage.ina219_in7=none/absent", nil),
		part("no power supply", pick("voltage, battery"), "voltage=12.104 battery=none/absent", map[string]string{"sys/class/power_supply/ups/type": ""}),
		part("links", pick("link.eth0, link.wwan0, link.usb0"), "link.eth0=0 link.wwan0=0 link.usb0=none/absent", map[string]string{"sys/class/net/eth0/operstate": "down\n", "sys/class/net/wwan0/carrier": "0\n"}),
		part("another disk", "{channels: [disk_used], disk: /boot}", "disk_used=10", nil),
		part("no disk", "{channels: [disk_used], disk: /proc}", "disk_used=none/absent", nil),
		part("an eight-bit level and a scale of its own", pick("signal.wlan0, signal.wlan1"), "signal.wlan0=-60 signal.wlan1=none/instrument", map[string]string{"proc/net/wireless": "wlan0: 0000 54. 196. -256\nwlan1: 0000 54. 40. 0\n"}),
		part("some rubbish", pick("uptime, memory_used, board_temp"), "uptime=none/instrument memory_used=none/instrument board_temp=48.199", map[string]string{"proc/uptime": "NaN 1\n", "proc/meminfo": "MemTotal: 1 kB\n"}),
		{Name: "nothing but rubbish", Source: "constructed", Options: pick("uptime"), WantFault: "protocol", Board: pi(map[string]string{"proc/uptime": "soon\n"})},
		{Name: "a processor that stands still", Source: "constructed", Options: pick("cpu_load"), WantFault: "device", Board: func() *drivertest.Host { h := pi(nil)(); h.Moves = nil; return h }},
	}
}

func open(t *testing.T, options string, h drivers.Host) drivers.Driver {
	t.Helper()
	pl, err := planYAML(options)
	if err != nil {
		t.Fatal(err)
	}
	d, err := pl.OpenHost(h)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func planYAML(src string) (*drivers.Plan, error) {
	return plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(src))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
}

// One chip that the kernel cannot read, or whose bus is stuck, hides the others only as
// long as the sample has time.
func TestOneBadThing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := pi(nil)()
		d := open(t, "channels: [uptime, memory_used]", h)
		h.Fault = func(n int) error {
			if n == 0 {
				return drivers.ErrDevice
			}
			return nil
		}
		rs, err := d.Sample(t.Context())
		if err != nil || rs[0].Quality.Why != obs.Instrument || rs[1].Value != 25 {
			t.Errorf("%v, %v", rs, err)
		}
	})
}

// The load is that of the time between two samples; only the first one waits.
func TestLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, "channels: [cpu_load]", pi(nil)())
		for i, want := range []time.Duration{watchTime, 0, 0} {
			begun := time.Now()
			rs, err := d.Sample(t.Context())
			if took := time.Since(begun); err != nil || rs[0].Value != 25 || took != want {
				t.Errorf("sample %d: %v, %v after %v, want %v", i, rs, err, took, want)
			}
		}
		d = open(t, "channels: [cpu_load]", pi(nil)())
		ctx, cancel := context.WithTimeout(t.Context(), watchTime/2)
		defer cancel()
		if rs, err := d.Sample(ctx); !errors.Is(err, drivers.ErrTimeout) {
			t.Errorf("no time: %v, %v", rs, err)
		}
	})
}

func TestFacts(t *testing.T) {
	facts := func(h *drivertest.Host) string {
		f, err := open(t, "", h).(drivers.Informant).Facts(t.Context())
		var said []string
		for _, x := range f {
			said = append(said, x.Name+" "+x.Value)
		}
		return fmt.Sprintf("%q %v", said, err)
	}
	if got := facts(pi(nil)()); got != `["model Raspberry Pi 4 Model B Rev 1.4" "serial_number 10000000a1b2c3d4" "kernel 6.12.25+rpt-rpi-v8"] <nil>` {
		t.Errorf("a Pi: %s", got)
	}
	pc := &drivertest.Host{Files: map[string]string{"sys/class/dmi/id/product_name": "ThinkEdge SE10\n"}}
	if got := facts(pc); got != `["model ThinkEdge SE10"] <nil>` {
		t.Errorf("a PC: %s", got)
	}
	pc.Fault = func(int) error { return drivers.ErrUnplugged }
	if got := facts(pc); !strings.Contains(got, "unplugged") {
		t.Errorf("nothing: %s", got)
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct{ yaml, key, msg string }{
		{"channels: []", "channels", "write 1 to 40"},
		{"channels: [co2]", "channels", "no board tells its co2; write one of board_temp, cpu_load"},
		{"channels: [uptime, uptime]", "channels", "twice"},
		{"channels: [link]", "channels", "write link.eth0"},
		{"channels: [uptime.x]", "channels", "write it without .x"},
		{"channels: [throttled.boot]", "channels", "write throttled or throttled.seen"},
		{"channels: [link.Eth0]", "channels", "not allowed"},
		{"disk: var", "disk", "begins with a slash"},
		{"root: host", "root", "begins with a slash"},
	} {
		_, err := planYAML(c.yaml)
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != c.key || !strings.Contains(o.Msg, c.msg) {
			t.Errorf("%s gives %v, want %s: %s", c.yaml, err, c.key, c.msg)
		}
	}
	pl, err := planYAML("")
	if err != nil || len(pl.Channels) != len(usual) {
		t.Errorf("%+v, %v", pl, err)
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		before, after string
		want          float64
		err           error
	}{
		{"cpu  1595787 1744475 707027 3603330 24677 0 19201 59747 0 0", "cpu  1595887 1744475 707027 3603630 24677 0 19201 59747 0 0", 25, nil},
		{"cpu 10 0 0 100 50", "cpu 10 0 0 200 49", 0, nil}, // iowait falls
		{"cpu 10 0 0 100", "cpu 110 0 0 100", 100, nil},
		{"cpu 10 0 0 100", "cpu 10 0 0 100", 0, errNoTime},
		{"cpu 10 0 0 100", "cpu 1 0 0 10", 0, errNoTime},
	} {
		a, err1 := parseTicks(c.before)
		b, err2 := parseTicks(c.after)
		got, err := b.since(a)
		if err1 != nil || err2 != nil || got != c.want || !errors.Is(err, c.err) {
			t.Errorf("from %s to %s: %v, %v (%v, %v), want %v, %v", c.before, c.after, got, err, err1, err2, c.want, c.err)
		}
	}
	for _, bad := range []string{"", "cpu", "cpu0 1 2 3 4", "cpu 1 2 3", "cpu 1 2 3 -4", "cpu 1 2 3 99999999999999999999"} {
		if got, err := parseTicks(bad); !errors.Is(err, drivers.ErrProtocol) {
			t.Errorf("%q: %+v, %v", bad, got, err)
		}
	}
}

// Whatever a file holds, it becomes a number that its channel can have, or a fault of the
// protocol.
func FuzzFiles(f *testing.F) {
	for _, text := range pi(nil)().Files {
		f.Add(text, "wlan0")
	}
	f.Add("wlan0: 0 1. 300.", "wlan0")
	f.Fuzz(func(t *testing.T, text, iface string) {
		check := func(what string, v float64, err error, low, high float64) {
			if err != nil && !errors.Is(err, drivers.ErrProtocol) || err == nil && !(v >= low && v <= high) {
				t.Errorf("%s of %q: %v, %v", what, text, v, err)
			}
		}
		v, err := parseMemory(text)
		check("memory", v, err, 0, 100)
		v, err = parseUptime(text)
		check("uptime", v, err, 0, 1e10)
		if v, ok, err := parseSignal(text, iface); ok {
			check("signal", v, err, -256, 0)
		}
		n, err := whole(text)
		check("number", float64(n), err, -1<<63, 1<<63)
		m, err := parseMarks(text)
		check("marks", float64(m), err, 0, 1<<32)
		if a, err := parseTicks(text); err == nil {
			b := ticks{a.busy + 1, a.all + 4}
			if got, err := b.since(a); got != 25 || err != nil || a.busy > a.all {
				t.Errorf("%q is %+v; a quarter more is %v, %v", text, a, got, err)
			}
		} else {
			check("ticks", 0, err, 0, 0)
		}
		if err := obs.CheckChannel("link.a" + plain(iface)); err != nil && len(iface) < 31 && strings.ToValidUTF8(iface, "") == iface {
			t.Errorf("plain(%q) is %q: %v", iface, plain(iface), err)
		}
	})
}

// What can be asked for is named on the page.
func TestEveryOfferIsOnThePage(t *testing.T) {
	for _, o := range offers() {
		if !slices.ContainsFunc(strings.Split(readme, "`"), func(w string) bool { return obs.MetricName(w) == o.Name }) {
			t.Errorf("README.md does not name %s", o.Name)
		}
	}
}

func BenchmarkSample(b *testing.B) {
	pl, err := planYAML("")
	if err != nil {
		b.Fatal(err)
	}
	d, err := pl.OpenHost(pi(nil)())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Sample(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
