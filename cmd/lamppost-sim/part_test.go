package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/playback"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

func TestPartCommandLine(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"part", 2, "which part?"},
		{"part xy-md0 --link DIR/x", 2, "there are xy-md02"},
		{"part toaster --link DIR/x", 2, "lamppost-sim list names them"},
		{"part xy-md02", 2, "--link PATH for RTU on a serial port, or --listen"},
		{"part xy-md02 --link DIR/x --listen 127.0.0.1:0", 2, "write where to play"},
		{"part pms5003 --listen 127.0.0.1:0", 2, "write --link PATH"},
		{"part camera --link DIR/x", 2, "--listen 127.0.0.1:8081"},
		{"part xy-md02 --link DIR/x tmp=2", 2, "it has temp, rh"},
		{"part xy-md02 --link DIR/x temp", 2, "is no setting"},
		{"part xy-md02 --link DIR/x temp=2~-1", 2, "is no setting"},
		{"part xy-md02 --link DIR/x temp=missing", 2, "temp=missing: xy-md02 has no code for that and would send a number as good; none of its channels can be missing"},
		{"part weather-01f4 --link DIR/x rain=missing", 2, "weather-01f4 has no code"},
		{"part urm14 --link DIR/x distance=missing", 2, "urm14 has no code"},
		{"part ezo-rtd --link DIR/x water_temp=missing", 2, "ezo-rtd has no code"},
		{"part rg-15 --link DIR/x rain=missing", 2, "rg-15 has no code"},
		{"part nmea0183 --link DIR/x satellites=missing", 2, "its channels that can be missing are altitude, hdop"},
		{"part xy-md02 --link DIR/x temp=9999", 2, "temp=9999: xy-md02 cannot send that; write -3276.8 to 3276.7"},
		{"part urm14 --link DIR/x distance=99", 2, "write 0 to 6.5535"},
		{"part kuntze --link DIR/x ph=70000", 2, "ph=70000: kuntze cannot send that; write 0 to 65535"},
		{"part kuntze --link DIR/x --duration 50ms ph=7.2468", 0, "ph 7.25\n"},
		{"part pms5003 --link DIR/x pm2_5=70000", 2, "pm2_5=70000: pms5003 cannot send that; write 0 to 65535"},
		{"part a02yyuw --link DIR/x level=-9", 2, "level=-9: a02yyuw cannot send that; write -1.3 to 3.169, or missing"},
		{"part winsen --link DIR/x co_ppm=501", 2, "write 0 to 500"},
		{"part digital --link DIR/x.sock contact=7", 2, "write 0 or 1"},
		{"part digital --link DIR/x.sock contact=0.5", 2, "write 0 or 1"},
		{"part rain-gauge --link DIR/x.sock rain_rate=-1", 2, "write 0 or more"},
		{"part relay --link DIR/x.sock contact=1", 2, "nobody sets that from here"},
		{"part xy-md02 --link DIR/x temp=inf", 2, "is no setting"},
		{"part modem --link DIR/x --duration 50ms signal=missing", 0, "signal missing"},
		{"part xy-md02 --link DIR/x --fault warm", 2, "write one of silent, noise"},
		{"part xy-md02 --link DIR/x --fault noise:2", 2, "a chance above 0"},
		{"part xy-md02 --link DIR/x --fault slow:fast", 2, "write slow:400ms"},
		{"part xy-md02 --link DIR/x --address 900", 2, "--address 900"},
		{"part xy-md02 --link DIR/x --baud 5", 2, "--baud is at least 50"},
		{"part xy-md02 --link DIR/file", 8, "is not a link"},
		{"part xy-md02 --listen 127.0.0.1:0 --truth DIR/file/t", 8, "the directory cannot be written"},
		{"part xy-md02 --link DIR/x --duration 50ms --truth DIR/truth temp=-3 rh=40", 0, "temp -3\n  rh 40\nready\n"},
		{"part senseair-s8 --listen 127.0.0.1:0 --duration 50ms --fault device", 0, "modbus-tcp://127.0.0.1:"},
		{"part camera --listen 127.0.0.1:0 --duration 50ms", 0, "/still.jpg"},
		{"part camera --listen 127.0.0.1:0 --duration 50ms", 0, "staff: {marks: [[0.7719, 0.3125, 3.60], [0.7719, 0.7188, 2.30]], width: 0.0750}\nready"},
		{"part camera --listen 127.0.0.1:0 --duration 50ms --fault scene:river --seed 5", 0, ", lowest: 0.1, highest: 1.95}\nready"},
		{"part camera --listen 127.0.0.1:0 --duration 50ms --fault scene:smoke", 0, "wind_speed 2\nready"},
		{"part sdi12 --link DIR/soil --duration 50ms --address 3", 0, "1200 7E1, address 3"},
		{"list --lang fr", 2, "write zh or en"},
		{"list --lang zh", 0, "攀藤 PMS5003"},
		{"list --lang en", 0, "board reads the machine that the gateway runs on"},
		{"list --lang zh", 0, "没有同名器件的驱动：board"},
		{"run --help", 0, "not one of"},
		{"list --lang en", 0, "Keller 36XW submersible level probe"},
	} {
		out, err := command(t.Context(), strings.Fields(strings.ReplaceAll(c.args, "DIR", dir))...)
		if err != nil {
			out += err.Error()
		}
		if code := exitCode(err); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("lamppost-sim %s: exit code %d, want %d, and in this %q:\n%s", c.args, code, c.code, c.want, out)
		}
	}
	if _, err := truth.ReadFile(filepath.Join(dir, "truth")); err != nil {
		t.Error(err)
	}
}

// TestClippedValue: what a frame holds instead of what was set is told once, and what
// is only rounded is not told.
func TestClippedValue(t *testing.T) {
	var out strings.Builder
	c := newClipped(&out, []parts.Setting{{Channel: "pm10", Is: 1e6}, {Channel: "pm1", Is: 18.4}, {Channel: "pm2_5", Is: 20, By: 3}})
	c.to = playback.Nobody{}
	for range 2 {
		c.Add(truth.Line{Channel: "pm10", V: 65535, Resolution: 1}, truth.Line{Channel: "pm1", V: 18, Resolution: 1},
			truth.Line{Channel: "pm2_5", V: 23, Resolution: 1}, truth.Line{Via: truth.Silence})
	}
	if want := "  pm10: the part cannot send 1e+06; it sends 65535 instead\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// TestPartValues: what is set is said, what moves stays near it, what is missing is not
// a number, and a frozen part does not move.
func TestPartValues(t *testing.T) {
	p, err := parts.Find("nmea0183")
	if err != nil {
		t.Fatal(err)
	}
	set := []parts.Setting{{Channel: "temp", Is: -12.5, By: 2}, {Channel: "rh", Is: math.NaN()}}
	v, err := parts.NewValues(p, "cabinet", 7, set, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Value("temp"); math.Abs(got+12.5) > 2 || got == -12.5 || !math.IsNaN(v.Value("rh")) {
		t.Errorf("temp is %v and rh %v, want about -12.5 and no number", got, v.Value("rh"))
	}
	frozen, err := parts.NewValues(p, "cabinet", 7, set, []scenario.Fault{{Kind: scenario.Frozen}, {Kind: scenario.Noise}})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := frozen.Value("temp"), frozen.Value("temp"); a != b || !frozen.Mishap().Flip {
		t.Errorf("frozen and noisy: %v, then %v, flipped %v", a, b, frozen.Mishap().Flip)
	}
}
