package sds011

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// settings is what a part in query mode, or one with a period of five minutes, says to
// the commands that come before a value.
func settings(t testing.TB) []drivertest.Exchange {
	return []drivertest.Exchange{
		{Request: command(cmdRest, 1, 1), Answer: unhex(t, "AA C5 06 01 01 00 A1 60 09 AB")},
		{Request: command(cmdRest, 1, 0), Answer: unhex(t, "AA C5 06 01 00 00 A1 60 08 AB")},
		{Request: command(cmdMode), Answer: unhex(t, "AA C5 02 00 01 00 A1 60 04 AB")},
		{Request: command(cmdPeriod), Answer: unhex(t, "AA C5 08 00 05 00 A1 60 0E AB")},
	}
}

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Load(t, "testdata/captured.frame"),
		Beyond: drivertest.Load(t, "testdata/beyond.frame"),
		Knows:  settings(t),
	})
}

// The same promises hold when the part is asked, and when it rests in between.
func TestConformanceAsked(t *testing.T) {
	for _, name := range []string{"asked", "resting"} {
		t.Run(name, func(t *testing.T) {
			good := drivertest.Load(t, "testdata/"+name+".frame")
			beyond := drivertest.Load(t, "testdata/beyond.frame")
			beyond.Asks, beyond.Options = good.Asks, good.Options
			drivertest.Run(t, drivertest.Config{Kind: Kind(), Good: good, Beyond: beyond, Knows: settings(t)})
		})
	}
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

func TestOptions(t *testing.T) {
	for _, c := range []struct{ yaml, key, msg string }{
		{"model: pms5003", "model", "write sds011, sds018, sds021 or sds198"},
		{"mode: passive", "mode", "write active or query"},
		{"rest: true", "rest", "write mode: query"},
		{"period: 31", "period", "write 1 to 30"},
		{"period: -1", "period", "write 1 to 30"},
		{"{mode: query, period: 5}", "period", "rest: true"},
		{`part_id: "A16"`, "part_id", "four hexadecimal digits"},
		{`part_id: "A16022"`, "part_id", "four hexadecimal digits"},
		{`part_id: "wxyz"`, "part_id", "four hexadecimal digits"},
	} {
		_, err := planYAML(c.yaml)
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != c.key || !strings.Contains(o.Msg, c.msg) {
			t.Errorf("options %s give %v, want %s: %s", c.yaml, err, c.key, c.msg)
		}
	}
	for yaml, want := range map[string]time.Duration{
		"{}": time.Second, "mode: query": 3 * time.Second, "{mode: query, rest: true}": time.Minute, "period: 5": 5 * time.Minute, "period: 0": time.Second,
	} {
		if p, err := planYAML(yaml); err != nil || p.MinEvery != want {
			t.Errorf("options %s: %+v, %v; want at least %v", yaml, p, err, want)
		}
	}
}

// bench is a part with its settings, which writes down what it is told.
type bench struct {
	*drivertest.Port
	mode, period, awake byte
	told                []string
}

// answer is the part's; it hears nothing but waking while it sleeps.
func (b *bench) answer(request []byte) []drivertest.Chunk {
	cmd, set, value := request[2], request[3] == 1, request[4]
	b.told = append(b.told, map[byte]string{cmdMode: "mode", cmdQuery: "query", cmdRest: "rest", cmdPeriod: "period"}[cmd]+
		map[bool]string{true: "=" + string('0'+value), false: "?"}[set])
	if b.awake == 0 && !(cmd == cmdRest && set && value == 1) {
		return nil
	}
	say := func(a answer) []drivertest.Chunk {
		a.id = [2]byte{0xA1, 0x60}
		return []drivertest.Chunk{{At: 10 * time.Millisecond, Bytes: a.append(nil)}}
	}
	held := map[byte]*byte{cmdMode: &b.mode, cmdRest: &b.awake, cmdPeriod: &b.period}[cmd]
	if held == nil {
		return say(answer{kind: kindDust, data: [4]byte{6, 0, 7, 0}})
	}
	if set {
		*held = value
	}
	return say(answer{kind: kindAnswer, data: [4]byte{cmd, request[3], *held}})
}

func open(t *testing.T, options string, b *bench) func() ([]obs.Reading, error) {
	t.Helper()
	b.Port = drivertest.NewPort()
	b.Answer = b.answer
	p, err := planYAML(options)
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.OpenSerial(b.Port)
	if err != nil {
		t.Fatal(err)
	}
	return func() ([]obs.Reading, error) {
		ctx, cancel := context.WithTimeout(t.Context(), p.Timeout)
		defer cancel()
		return d.Sample(ctx)
	}
}

// What the part keeps without power is written where it differs, and only there.
func TestSettingsAreWrittenOnce(t *testing.T) {
	for _, c := range []struct {
		name, options string
		part          bench
		samples       int
		want          string
	}{
		{"set to query mode", "mode: query", bench{awake: 1}, 2, "rest=1 mode? mode=1 query? query?"},
		{"in query mode already", "mode: query", bench{mode: 1, awake: 1}, 2, "rest=1 mode? query? query?"},
		{"asleep", "mode: query", bench{mode: 1}, 1, "rest=1 mode? query?"},
		{"rests in between", "{mode: query, rest: true}", bench{mode: 1}, 2, "rest=1 mode? query? rest=0 rest=1 query? rest=0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sample := open(t, c.options, &c.part)
				for range c.samples {
					begun := time.Now()
					rs, err := sample()
					if err != nil || rs[0].Value != 0.6 || rs[1].Value != 0.7 {
						t.Fatalf("a sample gives %v, %v", rs, err)
					}
					if took := time.Since(begun); strings.Contains(c.options, "rest") && took < spinUp {
						t.Errorf("the value came %v after waking", took)
					}
				}
				if got := strings.Join(c.part.told, " "); got != c.want {
					t.Errorf("it was told %s\nwant        %s", got, c.want)
				}
			})
		})
	}
}

// A part with a period says nothing for most of it; the last value of its half minute
// counts.
func TestPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{awake: 1}
		sample := open(t, "period: 5", b)
		var script []drivertest.Chunk
		for i := range 30 {
			a := answer{kind: kindDust, data: [4]byte{byte(i), 0, byte(i), 0}}
			script = append(script, drivertest.Chunk{At: 4*time.Minute + time.Duration(i)*time.Second, Bytes: a.append(nil)})
		}
		answered := b.answer
		b.Answer = func(request []byte) []drivertest.Chunk {
			out := answered(request)
			if request[3] == 1 {
				out = append(out, script...)
			}
			return out
		}
		rs, err := sample()
		if err != nil || rs[0].Value != 2.9 || b.period != 5 {
			t.Errorf("a sample gives %v, %v with a period of %d", rs, err, b.period)
		}
		if got := strings.Join(b.told, " "); got != "period? period=5" {
			t.Errorf("it was told %s", got)
		}
	})
}

// A part that does not take a setting says so, and is not read as if it had.
func TestSettingRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{awake: 1}
		sample := open(t, "mode: query", b)
		answered := b.answer
		b.Answer = func(request []byte) []drivertest.Chunk {
			out := answered(request)
			b.mode = 0
			if request[2] == cmdMode {
				out[0].Bytes = answer{kind: kindAnswer, data: [4]byte{cmdMode, 1, 0}}.append(nil)
			}
			return out
		}
		_, err := sample()
		if !errors.Is(err, drivers.ErrProtocol) || !strings.Contains(err.Error(), "setting query mode") {
			t.Errorf("a sample ends with %v", err)
		}
	})
}
