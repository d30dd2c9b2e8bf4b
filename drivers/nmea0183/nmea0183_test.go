package nmea0183

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Load(t, "testdata/wind.frame"),
		Beyond: drivertest.Load(t, "testdata/wind-beyond.frame"),
	})
}

func TestOptions(t *testing.T) {
	const rain = "type: V, unit: M, id: \"0\", min: 0, max: 10, resolution: 0.1"
	drivertest.Refuses(t, Kind(), []drivertest.Refusal{
		{Options: "period: 1s", Says: "measures: the device has no channels"},
		{Options: "measures: [depth]", Says: "measures: \"depth\" is not among what is read; write one or more of fix, motion, position, weather, wind"},
		{Options: "measures: [wind, wind]", Says: "measures: channel wind_speed is there twice"},
		{Options: "{measures: [wind], talker: gps}", Says: "talker: \"gps\" is no talker"},
		{Options: "{measures: [wind], talker: wi}", Says: "talker: \"wi\" is no talker; write the two capitals"},
		{Options: "{measures: [wind], period: 1h}", Says: "period cannot be 1h; write 100ms to 5m"},
		{Options: "{measures: [wind], wind: apparent}", Says: "wind: \"apparent\" is no reference"},
		{Options: "{measures: [wind], north: 360}", Says: "north cannot be 360 °; write 0 to 359 °"},
		{Options: "{measures: [wind], wind: \"true\", north: 10}", Says: "north: the part itself knows"},
		{Options: "xdr: {Rain: {" + rain + "}}", Says: "xdr: channel \"Rain\""},
		{Options: "xdr: {rain: {" + rain + ", scale: 0}}", Says: "xdr.rain: scale and offset are numbers"},
		{Options: "xdr: {rain: {type: V, unit: M, id: \"0\"}}", Says: "min"},
		{Options: "xdr: {rain: {" + rain + ", colour: red}}", Says: "colour"},
		{Options: "{measures: [weather], xdr: {temp: {" + rain + "}}}", Says: "give the one under xdr a qualifier: temp.inlet"},
		{Options: "xdr: {rain: {type: V, unit: M, id: \"0\", min: 1, max: 0, resolution: 0.1}}", Says: "xdr.rain: from 1 to 0"},
	})
	p, err := drivertest.Plan(Kind(), "{measures: [position, fix, motion, wind, weather], period: 10s, xdr: {rain: {"+rain+"}}}")
	if err != nil || len(p.Channels) != 13 || p.Timeout != 21*time.Second || p.MinEvery != 10*time.Second {
		t.Errorf("the plan is %+v, %v", p, err)
	}
}

// What came instead is named, each sentence once.
func TestSaysWhatCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := drivertest.Plan(Kind(), "{measures: [position, motion], talker: GN}")
		if err != nil {
			t.Fatal(err)
		}
		line := sentence{"GP", "GSV", []string{"1"}}.append(nil)
		line = sentence{"GP", "RMC", []string{"1"}}.append(append(line, line...))
		d, err := p.OpenSerial(drivertest.NewPort(drivertest.Chunk{At: time.Millisecond, Bytes: line}))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := timeout(t, p)
		defer cancel()
		_, err = d.Sample(ctx)
		if want := "GPGSV, GPRMC came and no GGA or RMC of talker GN"; !errors.Is(err, drivers.ErrProtocol) || !strings.Contains(err.Error(), want) {
			t.Errorf("Sample = %v, want %q", err, want)
		}
	})
}

// A sample ends as soon as all is heard, and takes the first of two values.
func TestSampleEndsWhenAllIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := drivertest.Plan(Kind(), "{measures: [wind]}")
		if err != nil {
			t.Fatal(err)
		}
		mwv := func(speed string) []byte {
			return sentence{"WI", "MWV", []string{"10", "R", speed, "M", "A"}}.append(nil)
		}
		d, err := p.OpenSerial(drivertest.NewPort(
			drivertest.Chunk{At: 400 * time.Millisecond, Bytes: mwv("1.5")}, drivertest.Chunk{At: 900 * time.Millisecond, Bytes: mwv("2.5")}))
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		rs, err := d.Sample(t.Context())
		if took := time.Since(begun); err != nil || rs[0].Value != 1.5 || took != 400*time.Millisecond {
			t.Errorf("%v, %v after %v", rs, err, took)
		}
	})
}

// An angle that is none is not turned into one.
func TestAnglesBeyondATurn(t *testing.T) {
	for angle, want := range map[string]struct {
		v   float64
		why obs.Reason
	}{"359": {29, ""}, "360": {30, ""}, "10": {40, ""}, "361": {0, obs.Range}, "400": {0, obs.Range}, "-5": {0, obs.Range}} {
		synctest.Test(t, func(t *testing.T) {
			p, err := drivertest.Plan(Kind(), "{measures: [wind], north: 30}")
			if err != nil {
				t.Fatal(err)
			}
			d, err := p.OpenSerial(drivertest.NewPort(drivertest.Chunk{At: 400 * time.Millisecond, Bytes: sentence{"WI", "MWV", []string{angle, "R", "2.5", "M", "A"}}.append(nil)}))
			if err != nil {
				t.Fatal(err)
			}
			rs, err := d.Sample(t.Context())
			if err != nil || rs[1].Quality.Why != want.why || want.why == "" && rs[1].Value != want.v {
				t.Errorf("%s: %v, %v, want %v %s", angle, rs, err, want.v, want.why)
			}
		})
	}
}
