package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pty"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/sdi12line"
	"github.com/lamppost-city/lamppost/drivers/bus/tape"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func TestSDI12Refuses(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "soil")
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"sdi12 0=+1", 2, "--link is missing"},
		{"sdi12 --link LINK", 2, "no sensor to play"},
		{"sdi12 --link LINK --takes 1500ms 0=+1", 2, "whole seconds"},
		{"sdi12 --link LINK 0=1", 2, `"0=1" is no sensor`},
		{"sdi12 --link LINK 10=+1", 2, "is no sensor"},
		{"sdi12 --link DIR/file 0=+1", 8, "is not a link"},
		{"sdi12 --link LINK --duration 50ms 0=+1-2.5 z=+3", 0, "playing"},
	} {
		args := strings.Fields(strings.NewReplacer("LINK", link, "DIR", dir).Replace(c.args))
		out, err := command(t.Context(), args...)
		if err != nil {
			out += err.Error()
		}
		if code := exitCode(err); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("lamppost-sim %s: exit code %d, want %d, and in this %q:\n%s", c.args, code, c.code, c.want, out)
		}
	}
	s, err := sensorOf("z=+25.4-18.3+0")
	if err != nil || strings.Join(s.Values, " ") != "+25.4 -18.3 +0" || s.Address != 'z' {
		t.Errorf("sensorOf = %+v, %v", s, err)
	}
}

// TestGatewayReadsSDI12: the whole gateway reads sensors at 1200 bit/s over a terminal:
// values to the digit, each fault by its name, whether or not the adapter echoes.
func TestGatewayReadsSDI12(t *testing.T) {
	for _, echo := range []bool{false, true} {
		t.Run(fmt.Sprintf("echo %v", echo), func(t *testing.T) {
			t.Parallel()
			port, err := pty.Open(filepath.Join(t.TempDir(), "soil"))
			if err != nil {
				t.Fatal(err)
			}
			line := &sdi12line.Line{Port: port, Echo: echo, Sensors: []*sdi12line.Sensor{
				{Address: '0', ID: "13SIM", Values: []string{"+0.254", "-3.25", "+1.5"}, Takes: 1e9},
				{Address: '1', ID: "13SIM", Values: []string{"+1234.567", "-1234567.", "+1.234567", "+0.000001", "+7"}},
				{Address: '2', ID: "13SIM", Values: []string{"+1"}, Silent: true},
				{Address: '3', ID: "13SIM", Values: []string{"+1"}, Aborts: true},
				{Address: '4', ID: "13SIM", Values: []string{"+3.14"}, Damaged: true},
			}}
			done := make(chan struct{})
			go func() {
				defer close(done)
				line.Serve()
			}()
			defer func() {
				port.Close()
				<-done
			}()
			cfg := sdi12Config(t, port.Link())
			metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"bed": "25.4 -3.25", "well": "1.234567 7", "silent": "timeout", "gives-up": "device", "damaged": "checksum", "not-there": "timeout"}
			for n := 1; len(want) > 0; n++ {
				outcomes, err := gateway.Read(t.Context(), cfg, metrics, nil)
				if err != nil {
					t.Fatal(err)
				}
				settle(t, want, outcomes)
				if n == sdi12Reads && len(want) > 0 {
					t.Fatalf("in %d readings the gateway never read %v", n, want)
				}
			}
		})
	}
}

// sdi12Reads is how often the line is read for all outcomes to show. The standard gives a
// sensor 15 ms to begin and 1.66 ms between characters; where the machine is too busy to
// play it at that pace, the gateway rightly reports another fault.
const sdi12Reads = 5

// settle takes out of want what was read as wanted. A fault may be another one on a late
// machine; values may never be others than the sensor's.
func settle(t *testing.T, want map[string]string, outcomes []gateway.Outcome) {
	t.Helper()
	values := map[string]string{"bed": "25.4 -3.25", "well": "1.234567 7"}
	for _, o := range outcomes {
		got := o.Fault()
		if o.Err == nil {
			got = ""
			for _, r := range o.Readings {
				got += fmt.Sprintf(" %v", r.Value)
			}
			if got = strings.TrimSpace(got); got != values[o.Device.ID] {
				t.Fatalf("%s reads %q, want %q", o.Device.ID, got, values[o.Device.ID])
			}
		}
		if got == want[o.Device.ID] {
			delete(want, o.Device.ID)
		} else if want[o.Device.ID] != "" {
			t.Logf("%s: %q, %v", o.Device.ID, got, o.Err)
		}
	}
}

func sdi12Config(t *testing.T, port string) *config.Config {
	t.Helper()
	src := `gateway: {id: g}
buses: {soil: {sdi12: ` + port + `}}
devices:
  bed:
    {driver: sdi12, bus: soil, address: 0, identify: SIM, channels: {
      soil_moisture: {value: 1, min: 0, max: 100, resolution: 0.1, scale: 100}, soil_temp: {value: 2, min: -40, max: 60, resolution: 0.1}}}
  well:
    {driver: sdi12, bus: soil, address: 1, measure: MC, channels: {
      level: {value: 3, min: -10, max: 10, resolution: 0.001}, water_temp: {value: 5, min: -5, max: 50, resolution: 0.1}}}
  silent: {driver: sdi12, bus: soil, address: 2, channels: {level: {value: 1, min: -10, max: 10, resolution: 0.1}}}
  gives-up: {driver: sdi12, bus: soil, address: 3, channels: {level: {value: 1, min: -10, max: 10, resolution: 0.1}}}
  damaged: {driver: sdi12, bus: soil, address: 4, measure: RC0, channels: {level: {value: 1, min: -10, max: 10, resolution: 0.1}}}
  not-there: {driver: sdi12, bus: soil, address: z, channels: {level: {value: 1, min: -10, max: 10, resolution: 0.1}}}
`
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load("sdi12.yaml", []byte(src), config.Env{Kinds: catalog.Builtin(nil), Catalog: metrics})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestSDI12IsRecorded: what lamppost record keeps of a sensor plays back to the same
// readings.
func TestSDI12IsRecorded(t *testing.T) {
	port, err := pty.Open(filepath.Join(t.TempDir(), "soil"))
	if err != nil {
		t.Fatal(err)
	}
	line := &sdi12line.Line{Port: port, Sensors: []*sdi12line.Sensor{{Address: '0', ID: "13SIM", Values: []string{"+0.254", "-3.25"}}}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		line.Serve()
	}()
	defer func() {
		port.Close()
		<-done
	}()
	cfg := sdi12Config(t, port.Link())
	// On a machine too busy to play a sensor at its pace an answer may come while it is
	// asked for again, and that does not play back in the same order: then once more.
	for attempt := 1; ; attempt++ {
		err := recordAndPlay(t, cfg)
		if err == nil {
			return
		}
		if attempt == 3 {
			t.Fatal(err)
		}
		t.Logf("recording %d: %v", attempt, err)
	}
}

// recordAndPlay records a second of the first device and plays it back.
func recordAndPlay(t *testing.T, cfg *config.Config) error {
	t.Helper()
	var out bytes.Buffer
	good, bad, err := gateway.Record(t.Context(), cfg, gateway.Recording{Device: "bed", For: time.Second, To: &out,
		Header:  tape.Header{By: "simulated", At: time.Now()},
		Sampled: func(time.Duration, string, error) {}})
	if err != nil || good == 0 || bad > 0 {
		return fmt.Errorf("%d good, %d bad, %w\n%s", good, bad, err, out.String())
	}
	kept, err := tape.Read("soil.tape", &out)
	if err != nil {
		return err
	}
	return tape.Play(t.Context(), cfg.Devices[0].Plan, kept)
}
