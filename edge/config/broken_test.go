package config_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/config"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// A device whose profile has a mistake is judged by nothing that hangs on the profile: the
// keys of a serial part are right, and the mistake was told with the file.
func TestBrokenProfileJudgesNobody(t *testing.T) {
	built, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	src, err := firmwareconfigs.Devices().Open("rg-15.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	text := make([]byte, 64<<10)
	n, _ := src.Read(text)
	own := strings.Replace(string(text[:n]), "baud: 9600", "baud: 0", 1)
	set, err := built.Extend("own", fstest.MapFS{"rg-15.yaml": {Data: []byte(own)}, "mine.yaml": {Data: []byte("id: mine\nprotocol: uart\n")}})
	var ps yamldoc.Problems
	if !errors.As(err, &ps) || len(ps) == 0 {
		t.Fatalf("the profiles with mistakes: %v", err)
	}
	e := env(t)
	e.Kinds = catalog.Builtin(set)
	for _, devices := range []string{
		"rain: {profile: rg-15, port: /dev/serial/by-id/a, baud: 9600, rs485: off, offsets: {rain: 1}, every: 30s}",
		"rain: {profile: mine, port: /dev/serial/by-id/a, odd_key: 3}",
		"rain: {driver: uart, profile: mine, port: /dev/serial/by-id/a}",
		"rain: {driver: loop, module: mine, bus: b, address: 3, loops: {loop_current.in1: {channel: level, low: 0, high: 10}}}\nbuses: {b: {serial: /dev/serial/by-id/b}}",
	} {
		_, err = config.Load("g.yaml", []byte("gateway: {id: g}\ndevices:\n  "+devices+"\nrules:\n  wet: {when: rain.rain_rate > 20, severity: yellow, message: {zh: 雨, en: rain}}\n"), e)
		if err != nil {
			t.Errorf("%s\n%v", devices, err)
		}
	}
}
