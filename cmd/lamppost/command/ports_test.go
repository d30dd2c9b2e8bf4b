package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/bus/adapter"
	"github.com/lamppost-city/lamppost/drivers/bus/serial"
	"github.com/lamppost-city/lamppost/edge/config"
)

// board lays out the file systems of a board with a port of its own, an adapter with a
// serial number that lamppost holds, and two that cannot be told apart.
func boardSystem(t *testing.T) (adapter.System, string) {
	t.Helper()
	root := t.TempDir()
	s := adapter.System{Sys: filepath.Join(root, "sys"), Dev: filepath.Join(root, "dev"), Proc: filepath.Join(root, "proc")}
	put := func(text string, parts ...string) {
		p := filepath.Join(append([]string{root}, parts...)...)
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		must(t, os.WriteFile(p, []byte(text), 0o600))
	}
	link := func(to string, parts ...string) {
		p := filepath.Join(append([]string{root}, parts...)...)
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		must(t, os.Symlink(to, p))
	}
	put("", "dev/ttyAMA0")
	link(filepath.Join(root, "sys/devices/uart"), "sys/class/tty/ttyAMA0/device")
	link("/x/uart-pl011", "sys/devices/uart/driver")
	for name, a := range map[string][4]string{
		"ttyUSB0": {"1-1.1", "0403", "FTDI FT232R USB UART", "A50285BI"},
		"ttyUSB1": {"1-1.2", "1a86", "USB Serial", ""},
		"ttyUSB2": {"1-1.3", "1a86", "USB Serial", ""},
	} {
		put("", "dev", name)
		dir := "sys/devices/usb/" + a[0]
		link(filepath.Join(root, dir), "sys/class/tty", name, "device")
		link("/x/driver-of-"+a[1], dir, "driver")
		put(a[1], dir, "idVendor")
		put("6001", dir, "idProduct")
		put(a[2], dir, "product")
		if a[3] != "" {
			put(a[3], dir, "serial")
		}
		link("../../"+name, "dev/serial/by-path/"+a[0])
	}
	link("../../ttyUSB0", "dev/serial/by-id/usb-FTDI_A50285BI")
	link("../../ttyUSB2", "dev/serial/by-id/usb-1a86")
	put("lamppost\n", "proc/812/comm")
	link(filepath.Join(s.Dev, "ttyUSB0"), "proc/812/fd/7")
	return s, root
}

func offers(path string) (serial.Offer, error) {
	switch filepath.Base(path) {
	case "ttyAMA0":
		return serial.Offer{RTS: true}, nil
	case "ttyUSB1":
		return serial.Offer{Kernel: true}, nil
	case "ttyUSB2":
		return serial.Offer{}, errors.New("permission denied")
	}
	return serial.Offer{}, nil
}

func TestPorts(t *testing.T) {
	s, root := boardSystem(t)
	cfg := &config.Config{
		Buses: []config.Bus{{ID: "rs485-1", Serial: filepath.Join(s.Dev, "serial/by-id/usb-FTDI_A50285BI")},
			{ID: "soil", SDI12: filepath.Join(s.Dev, "serial/by-id/usb-1a86")}, {ID: "plant", TCP: "h:502"}},
		Devices: []config.Device{{ID: "river", Bus: "rs485-1"}, {ID: "weather", Bus: "rs485-1"}, {ID: "air", Port: filepath.Join(s.Dev, "ttyUSB1")},
			{ID: "gauge", Port: filepath.Join(s.Dev, "ttyAMA9")}},
	}
	found, err := survey(s, cfg, offers)
	must(t, err)
	if !found.findings() {
		t.Error("no findings, though a port is not there")
	}
	for lang, name := range map[string]string{"en": "testdata/ports.en", "zh": "testdata/ports.zh"} {
		var out bytes.Buffer
		must(t, found.render(&out, lang))
		got := strings.ReplaceAll(out.String(), root, "")
		if os.Getenv("UPDATE_GOLDEN") != "" {
			must(t, os.WriteFile(name, []byte(got), 0o600))
		}
		want, err := os.ReadFile(name)
		must(t, err)
		if got != string(want) {
			t.Errorf("%s:\n%s\nwant\n%s", lang, got, want)
		}
	}

	var out bytes.Buffer
	must(t, found.json(&out))
	var words []string
	for line := range strings.Lines(out.String()) {
		var j jsonPort
		must(t, json.Unmarshal([]byte(line), &j))
		words = append(words, j.RS485+" "+strings.Join(j.UsedBy, ","))
	}
	if want := []string{"none ", "adapter buses.rs485-1", "kernel devices.air", " buses.soil", " devices.gauge"}; !slices.Equal(words, want) {
		t.Errorf("as JSON %q, want %q", words, want)
	}
}

// Without a configuration, and without opening anything, there is nothing to object to.
func TestPortsLookOnly(t *testing.T) {
	s, _ := boardSystem(t)
	found, err := survey(s, nil, nil)
	must(t, err)
	var out bytes.Buffer
	must(t, found.render(&out, "en"))
	if found.findings() || strings.Contains(out.String(), "RS-485") || strings.Contains(out.String(), "#") {
		t.Errorf("it says\n%s", out.String())
	}
	none := adapter.System{Sys: t.TempDir(), Dev: s.Dev, Proc: s.Proc}
	must(t, os.MkdirAll(filepath.Join(none.Sys, "class/tty"), 0o755))
	found, err = survey(none, nil, nil)
	must(t, err)
	out.Reset()
	must(t, found.render(&out, "zh"))
	if !strings.Contains(out.String(), "本机没有串口") {
		t.Errorf("a machine without ports: %s", out.String())
	}
	if _, err := survey(adapter.System{Sys: filepath.Join(s.Sys, "nothing")}, nil, nil); err == nil {
		t.Error("without sysfs there is no error")
	}
}

// check says which ports of the configuration are plugged in here.
func TestWiredLines(t *testing.T) {
	s, root := boardSystem(t)
	cfg := &config.Config{Buses: []config.Bus{{ID: "rs485-1", Serial: filepath.Join(s.Dev, "ttyUSB0")}, {ID: "soil", SDI12: "/dev/serial/by-id/absent"}},
		Devices: []config.Device{{ID: "air", Port: os.DevNull}}}
	for lang, want := range map[string]string{
		"en": "buses.rs485-1: FTDI FT232R USB UART (0403:6001) at ttyUSB0; lamppost ports shows who switches RS-485\nwarning: buses.soil: nothing is plugged in as /dev/serial/by-id/absent; it is opened as soon as it is there",
		"zh": "buses.rs485-1：FTDI FT232R USB UART (0403:6001)，位于 ttyUSB0；RS-485 由谁切换见 lamppost ports\n警告：buses.soil：/dev/serial/by-id/absent 不存在；插入后会自动打开",
	} {
		if got := strings.ReplaceAll(strings.Join(wiredLines(s, cfg, lang), "\n"), root, ""); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", lang, got, want)
		}
	}
}

// The command on this machine, whatever is plugged in: it ends in order, and a
// configuration whose port is not there is a finding.
func TestPortsCommand(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("gateway.yaml", []byte("gateway: {id: g}\ndevices:\n  air: {driver: pms5003, port: /dev/serial/by-id/absent}\n"), 0o600))
	out, errs, code := lamppost(t.Context(), "ports", "--look", "--config", "gateway.yaml", "--lang", "en")
	if code != exitFindings || !strings.Contains(out, "# devices.air names /dev/serial/by-id/absent, which is not there") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if _, errs, code := lamppost(t.Context(), "ports", "--config", "absent.yaml"); code != exitConfig {
		t.Errorf("exit %d: %s", code, errs)
	}
	if out, errs, code := lamppost(t.Context(), "ports", "--look", "--json"); code != exitOK && code != exitFindings {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
