package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lamppost-city/lamppost/drivers/bus/tape"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// gaugeProfile is a part that says who it is and measures one thing.
const gaugeProfile = `id: gauge
name: {zh: 试验, en: test}
maker: nobody
source: {document: made up for this test}
sure: true
timeout: 100ms
identify: {function: 3, register: 0, text: 2, begins: "G1"}
facts: [{name: firmware, function: 3, register: 0, text: 2}, {name: serial_number, function: 3, register: 2, type: uint16}]
channels: [{name: temp, function: 4, register: 1, type: int16, scale: 0.1, min: -40, max: 80}]
fixtures:
  - {source: constructed, request: 01 04 00 01 00 01 60 0A, response: 01 04 02 01 31 79 74, values: {temp: 30.5}}
  - {source: constructed, request: 01 03 00 00 00 03 05 CB, response: 01 03 06 47 31 2E 35 00 07 0B 22, facts: {firmware: G1.5, serial_number: 7}}
`

// gauge answers on one connection after the other, in RTU or TCP frames. Of five
// values it holds two back.
func gauge(t *testing.T, rtu bool) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		asked := 0
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			for err = nil; err == nil; {
				err = gaugeAnswer(c, rtu, &asked)
			}
			c.Close()
		}
	})
	t.Cleanup(func() { ln.Close(); serving.Wait() })
	return ln.Addr().String()
}

func gaugeAnswer(c net.Conn, rtu bool, asked *int) error {
	size := 12
	if rtu {
		size = 8
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(c, b); err != nil {
		return err
	}
	var f codec.TCPFrame
	var err error
	if rtu {
		f.Unit, f.PDU, err = codec.ParseRTU(b)
	} else {
		f, _, err = codec.ParseTCP(b)
	}
	if err != nil {
		return err
	}
	q, err := codec.ParseRequest(f.PDU)
	if err != nil {
		return err
	}
	if q.Function == 4 {
		if *asked++; *asked%5 >= 3 {
			return nil
		}
	}
	words := map[uint8][]byte{3: {0x47, 0x31, 0x2E, 0x35, 0, 7, 0, 0}, 4: {0, 0, 0x01, 0x31}}[q.Function]
	f.PDU = codec.Answer{Function: q.Function, Data: words[2*q.Start : 2*(q.Start+q.Count)]}.Append(nil)
	if rtu {
		_, err = c.Write(codec.AppendRTU(nil, f.Unit, f.PDU))
	} else {
		_, err = c.Write(f.Append(nil))
	}
	return err
}

func recordConfig(t *testing.T, src string) *config.Config {
	t.Helper()
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	profiles, err := catalog.Profiles(fstest.MapFS{"gauge.yaml": {Data: []byte(gaugeProfile)},
		"slow-gauge.yaml": {Data: []byte(strings.NewReplacer("id: gauge", "id: slow-gauge", "timeout: 100ms", "timeout: 100ms\nwarm_up: 1h").Replace(gaugeProfile))}})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load("g.yaml", []byte(src), config.Env{Kinds: catalog.Builtin(profiles), Catalog: metrics})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// What was recorded from a part is played to the same driver, and is the part: the
// answers, and the silence between them.
func TestRecord(t *testing.T) {
	for _, rtu := range []bool{false, true} {
		src := "gateway: {id: g}\nbuses: {plant: {tcp: \"" + gauge(t, rtu) + "\"}, other: {serial: /dev/serial/by-id/none}}\n" +
			"devices:\n  hall: {profile: gauge, bus: plant, address: 1, every: 20ms, offsets: {temp: -0.5}}\n  else: {profile: gauge, bus: other, address: 1}\n"
		if rtu {
			src = strings.Replace(src, "}, other", ", rtu: true}, other", 1)
		}
		cfg := recordConfig(t, src)
		var b bytes.Buffer
		ctx, stop := context.WithCancel(t.Context())
		n := 0
		good, bad, err := gateway.Record(ctx, cfg, gateway.Recording{Device: "hall", To: &b,
			Header: tape.Header{By: "this test", At: time.Now()}, Sampled: func(_ time.Duration, outcome string, err error) {
				if n++; n == 5 {
					stop()
				}
			}})
		if err != nil || good+bad != 5 || bad == 0 || good == 0 {
			t.Fatalf("%d good, %d bad, %v\n%s", good, bad, err, b.String())
		}
		got, err := tape.Read("hall.tape", bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		if got.Options != "{profile: gauge, offsets: {temp: -0.5}}" || got.Firmware != "G1.5" || len(got.Notes) != 1 || got.Notes[0] != "serial_number 7" ||
			(got.Framing == "rtu") != rtu || got.Samples() != 5 {
			t.Errorf("header %+v, %d samples", got.Header, got.Samples())
		}
		if err := tape.Play(t.Context(), cfg.Devices[0].Plan, got); err != nil {
			t.Errorf("rtu %v: %v\n%s", rtu, err, b.String())
		}
	}
}

// Values that do not count yet say so wherever they are shown, as they do from the
// running gateway; the tape has what the driver said, and plays.
func TestWarmUpIsShown(t *testing.T) {
	cfg := recordConfig(t, "gateway: {id: g}\nbuses: {plant: {tcp: \""+gauge(t, false)+"\"}}\n"+
		"devices:\n  slow: {profile: slow-gauge, bus: plant, address: 1, every: 20ms}\n  fast: {profile: gauge, bus: plant, address: 2}\n")
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	out, err := gateway.Read(t.Context(), cfg, metrics, nil)
	if err != nil || len(out) != 2 || out[0].Err != nil || out[1].Err != nil {
		t.Fatalf("%+v, %v", out, err)
	}
	if r := out[0].Readings[0]; r.Value != 30.5 || r.Quality != (obs.Quality{Flag: obs.Fail, Why: obs.WarmUp}) || out[0].WarmsUp() != time.Hour {
		t.Errorf("while it warms up: %+v, for %v", r, out[0].WarmsUp())
	}
	if r := out[1].Readings[0]; r.Quality.Flag != obs.Pass || out[1].WarmsUp() != 0 {
		t.Errorf("one that does not warm up: %+v, for %v", r, out[1].WarmsUp())
	}

	var b bytes.Buffer
	var shown []string
	ctx, stop := context.WithCancel(t.Context())
	if _, _, err := gateway.Record(ctx, cfg, gateway.Recording{Device: "slow", To: &b, Header: tape.Header{By: "this test", At: time.Now()},
		Sampled: func(_ time.Duration, outcome string, err error) {
			if err == nil {
				shown = append(shown, outcome)
				stop()
			}
		}}); err != nil || len(shown) == 0 || shown[0] != "temp=30.5/fail/warm-up" {
		t.Errorf("shown while recording: %q, %v", shown, err)
	}
	got, err := tape.Read("slow.tape", bytes.NewReader(b.Bytes()))
	if err != nil || strings.Contains(b.String(), "warm-up") {
		t.Fatalf("%v: the tape has what the driver said:\n%s", err, b.String())
	}
	if err := tape.Play(t.Context(), cfg.Devices[0].Plan, got); err != nil {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestRecordRefuses(t *testing.T) {
	cfg := recordConfig(t, "gateway: {id: g}\ndevices: {eye: {driver: camera, url: \"http://127.0.0.1:1/still.jpg\"}}\n")
	for id, want := range map[string]string{"eye": "what crosses the wire of a camera is not kept on a tape", "ear": `there is no device "ear"`} {
		if _, _, err := gateway.Record(t.Context(), cfg, gateway.Recording{Device: id, To: io.Discard}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", id, err, want)
		}
	}
	cfg = recordConfig(t, "gateway: {id: g}\nbuses: {plant: {tcp: \""+gauge(t, false)+"\"}}\ndevices: {hall: {profile: gauge, bus: plant, address: 1}}\n")
	_, _, err := gateway.Record(t.Context(), cfg, gateway.Recording{Device: "hall", To: failing{}, Header: tape.Header{By: "this test", At: time.Now()}})
	if err == nil || !errors.Is(err, errFull) {
		t.Errorf("a full disk: %v", err)
	}
}

var errFull = errors.New("no room")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }
