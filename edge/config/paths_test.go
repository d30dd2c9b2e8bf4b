package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lamppost-city/lamppost/edge/config"
)

// Every path that is not whole begins at the folder of the file, wherever the program was
// started; a whole one stays as it is.
func TestPathsBeginBesideTheFile(t *testing.T) {
	const relative = `
gateway: {id: g}
uplink:
  brokers: ["mqtts://hub:8883"]
  username: g
  password_file: secrets/uplink
  proxy: "http://u@proxy:3128"
  proxy_password_file: ./secrets/proxy
  tls: {ca_file: ca.pem, cert_file: ../own.pem, key_file: own.key}
journal: {dir: ./data}
buses:
  line: {serial: pty/line}
  chips: {i2c: chips.sock}
  pins: {gpio: ./pins.sock}
  wire: {w1: ./slaves}
devices:
  air: {driver: pms5003, port: ./pty/air}
  eye: {driver: camera, url: "http://10.0.0.9/", username: eve, password_file: eye.password}
notify:
  plc: {mqtt: "mqtts://plc:8883", topic: a, username: u, password_file: plc.password, ca_file: ca.pem}
  hook: {webhook: "http://10.0.0.8/", secret_file: ./hook.secret}
`
	for file, want := range map[string][]string{
		"/etc/lamppost/gateway.yaml": {"/etc/lamppost/data", "/etc/lamppost/secrets/uplink", "/etc/lamppost/secrets/proxy", "/etc/lamppost/ca.pem", "/etc/own.pem", "/etc/lamppost/own.key",
			"/etc/lamppost/pty/line", "/etc/lamppost/chips.sock", "/etc/lamppost/pins.sock", "/etc/lamppost/slaves", "/etc/lamppost/pty/air", "/etc/lamppost/eye.password",
			"/etc/lamppost/plc.password", "/etc/lamppost/ca.pem", "/etc/lamppost/hook.secret"},
		"gateway.yaml": {"data", "secrets/uplink", "secrets/proxy", "ca.pem", "../own.pem", "own.key",
			"pty/line", "./chips.sock", "./pins.sock", "./slaves", "pty/air", "eye.password", "plc.password", "ca.pem", "hook.secret"},
	} {
		c, err := config.Load(file, []byte(relative), env(t))
		if c == nil {
			t.Fatal(err)
		}
		got := []string{c.Journal.Dir, c.Uplink.PasswordFile, c.Uplink.ProxyPasswordFile, c.Uplink.TLS.CAFile, c.Uplink.TLS.CertFile, c.Uplink.TLS.KeyFile}
		for _, b := range c.Buses {
			got = append(got, b.Serial+b.I2C+b.GPIO+b.OneWire)
		}
		got = append(got, c.Devices[0].Port)
		got = append(got, c.Devices[1].Files...)
		for _, n := range c.Notify {
			for _, path := range []string{n.PasswordFile, n.CAFile, n.SecretFile} {
				if path != "" {
					got = append(got, path)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		if len(c.Devices[1].Plan.Needs) != 1 || c.Devices[1].Plan.Needs[0].Path != c.Devices[1].Files[0] {
			t.Errorf("%s: the camera needs %v", file, c.Devices[1].Plan.Needs)
		}
		if dir, ok := config.JournalDir(file, []byte(relative)); !ok || dir != c.Journal.Dir {
			t.Errorf("%s: whoever asks the running gateway looks in %s", file, dir)
		}
	}
	whole, err := config.Load("/etc/lamppost/gateway.yaml", []byte("gateway: {id: g}\njournal: {dir: /data}\n"), env(t))
	if whole == nil || whole.Journal.Dir != "/data" {
		t.Errorf("%+v, %v", whole, err)
	}
}
