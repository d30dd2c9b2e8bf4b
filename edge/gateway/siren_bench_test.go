package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/drivers/bus/ptytest"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/wire"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// probeProfile is a part with one register: tenths of a degree.
const probeProfile = `id: probe
name: {zh: 试验, en: test}
maker: nobody
source: {document: made up for this benchmark}
sure: true
timeout: 200ms
identify: none
channels: [{name: temp, function: 4, register: 1, type: int16, scale: 0.1, min: -40, max: 80}]
fixtures:
  - {source: constructed, request: 01 04 00 01 00 01 60 0A, response: 01 04 02 01 31 79 74, values: {temp: 30.5}}
`

// probe answers on a line of its own with a value of tenths, and says when it wrote the
// first answer with another value.
type probe struct {
	tenths  atomic.Int32
	crossed chan time.Time
}

func (p *probe) serve(line *os.File) {
	said := p.tenths.Load()
	for b := make([]byte, 8); ; {
		if _, err := io.ReadFull(line, b); err != nil {
			return
		}
		v := p.tenths.Load()
		answer := codec.AppendRTU(nil, b[0], codec.Answer{Function: b[1], Data: []byte{byte(v >> 8), byte(v)}}.Append(nil))
		wrote := time.Now()
		if _, err := line.Write(answer); err != nil {
			return
		}
		if v != said {
			said = v
			p.crossed <- wrote
		}
	}
}

// ordered is one order to the relay.
type ordered struct {
	on bool
	at time.Time
}

// serveRelay takes orders for single coils on a line of its own, and says when the last byte of each
// order was there.
func serveRelay(line *os.File, set chan<- ordered) {
	for b := make([]byte, 8); ; {
		if _, err := io.ReadFull(line, b); err != nil {
			return
		}
		came := time.Now()
		answer := b // it repeats the order
		if b[1] == 1 {
			answer = codec.AppendRTU(nil, b[0], codec.Answer{Function: 1, Data: []byte{0}}.Append(nil))
		}
		if _, err := line.Write(answer); err != nil {
			return
		}
		if b[1] == 1 { // the bus asks once whether the line echoes
			continue
		}
		select {
		case set <- ordered{b[4] == 0xFF, came}:
		default: // what is set off at the end
		}
	}
}

// wired is a line with a program at its other end.
func wired(b *testing.B, serve func(*os.File)) (path string) {
	b.Helper()
	master, path, err := ptytest.Open()
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); serve(master) }()
	b.Cleanup(func() { master.Close(); <-done })
	return path
}

// From the last byte of the answer that crosses a limit, on one serial line, to the last
// byte of the order to the siren's relay on another, and to a subscriber of alerts at a
// real broker: a whole gateway runs between them, with its disk. Beside it, in the same
// run, a bare publish.
func BenchmarkLastByteToSirenAndAlert(b *testing.B) {
	address := mosquitto(b)
	store(b, address)
	alerts := make(chan time.Time, 16)
	client(b, address, "alerts", wire.Filter(wire.DefaultPrefix, wire.AlertTopic), func(m mqtt.Message) {
		came := time.Now()
		var a wire.Alert
		if json.Unmarshal(m.Payload(), &a) == nil {
			alerts <- came
		}
	})
	p := &probe{crossed: make(chan time.Time, 1)}
	p.tenths.Store(299)
	set := make(chan ordered, 4)
	stop := runOn(b, fmt.Sprintf(`
gateway: {id: hz-07}
uplink: {broker: "mqtt://%s"}
journal: {dir: %s}
buses: {plant: {serial: %s, baud: 115200}, relays: {serial: %s, baud: 115200}}
devices: {hall: {profile: probe, bus: plant, address: 1, every: 20ms}}
outputs: {siren: {bus: relays, address: 1, coil: 3, min_off: 0s, per_hour: 3600, read_back: false}}
rules: {hot: {when: "hall.temp > 30", severity: orange, flapping: 0s, actions: [siren]}}
`, address, b.TempDir(), wired(b, p.serve), wired(b, func(f *os.File) { serveRelay(f, set) })))
	defer stop()
	var siren, alert []time.Duration
	for n := 0; b.Loop(); n++ {
		for _, tenths := range []int32{305, 299} {
			p.tenths.Store(tenths)
			begin := awaited(b, p.crossed, "the probe")
			o := awaited(b, set, "the relay")
			for o.on != (tenths > 300) { // at the start it is set off
				o = awaited(b, set, "the relay")
			}
			told := awaited(b, alerts, "the broker")
			if n >= 3 && tenths > 300 { // the first wait for the connection
				siren, alert = append(siren, o.at.Sub(begin)), append(alert, told.Sub(begin))
			}
		}
	}
	if len(siren) == 0 {
		return
	}
	report(b, "siren-", siren)
	report(b, "alert-", alert)
	report(b, "bare-", bare(b, address))
	b.ReportMetric(float64(siren[len(siren)-1].Microseconds())/1000, "siren-max-ms") // they are in order now
	b.ReportMetric(float64(alert[len(alert)-1].Microseconds())/1000, "alert-max-ms")
}

// awaited is what comes next; nothing for half a minute is a failure.
func awaited[T any](b *testing.B, from <-chan T, who string) (what T) {
	b.Helper()
	select {
	case what = <-from:
	case <-time.After(30 * time.Second):
		b.Fatalf("nothing from %s", who)
	}
	return what
}

// runOn runs a gateway until stop.
func runOn(b *testing.B, src string) (stop func()) {
	b.Helper()
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		b.Fatal(err)
	}
	profiles, err := catalog.Profiles(fstest.MapFS{"probe.yaml": {Data: []byte(probeProfile)}})
	if err != nil {
		b.Fatal(err)
	}
	cfg, err := config.Load("bench.yaml", []byte(src), config.Env{Kinds: catalog.Builtin(profiles), Catalog: metrics, Rules: RuleChecker})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ready, done := make(chan Started, 1), make(chan error, 1)
	go func() {
		done <- Run(ctx, Options{Config: cfg, Catalog: metrics, Ready: func(s Started) { ready <- s }})
	}()
	select {
	case <-ready:
	case err := <-done:
		b.Fatal(err)
	}
	return func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}
