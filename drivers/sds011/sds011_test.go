package sds011

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// settings is what a part in query mode, or one with a period of five minutes, says to
// the commands that come before a value.
func settings(t testing.TB) []drivertest.Exchange {
	return []drivertest.Exchange{
		{Request: command(cmdRest, 1, 1), Answer: drivertest.Hex(t, "AA C5 06 01 01 00 A1 60 09 AB")},
		{Request: command(cmdRest, 1, 0), Answer: drivertest.Hex(t, "AA C5 06 01 00 00 A1 60 08 AB")},
		{Request: command(cmdMode), Answer: drivertest.Hex(t, "AA C5 02 00 01 00 A1 60 04 AB")},
		{Request: command(cmdPeriod), Answer: drivertest.Hex(t, "AA C5 08 00 05 00 A1 60 0E AB")},
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

func TestOptions(t *testing.T) {
	drivertest.Refuses(t, Kind(), []drivertest.Refusal{
		{Options: "model: pms5003", Key: "model", Says: "write sds011, sds018, sds021 or sds198"},
		{Options: "mode: passive", Key: "mode", Says: "write active or query"},
		{Options: "rest: true", Key: "rest", Says: "write mode: query"},
		{Options: "period: 31", Says: "period cannot be 31 min; write 0 to 30 min"},
		{Options: "period: -1", Says: "period cannot be -1 min; write 0 to 30 min"},
		{Options: "{mode: query, period: 5}", Key: "period", Says: "rest: true"},
		{Options: `part_id: "A16"`, Key: "part_id", Says: "four hexadecimal digits"},
		{Options: `part_id: "A16022"`, Key: "part_id", Says: "four hexadecimal digits"},
		{Options: `part_id: "wxyz"`, Key: "part_id", Says: "four hexadecimal digits"},
	})
	for yaml, want := range map[string]time.Duration{
		"{}": time.Second, "mode: query": 3 * time.Second, "{mode: query, rest: true}": time.Minute, "period: 5": 5 * time.Minute, "period: 0": time.Second,
	} {
		if p, err := drivertest.Plan(Kind(), yaml); err != nil || p.MinEvery != want {
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
	d := drivertest.Open(t, Kind(), options, b.Port)
	return func() ([]obs.Reading, error) {
		return d.Once(t.Context())
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

// A part says of itself when its firmware was made, and by which id it can be held to; one
// that rests is woken for that and put to rest again.
func TestFacts(t *testing.T) {
	for options, want := range map[string][]string{"{}": {"07"}, "{mode: query, rest: true}": {"06 1", "07", "06 0"}} {
		t.Run(options, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				port, told := drivertest.NewPort(), []string{}
				port.Answer = func(request []byte) []drivertest.Chunk {
					data := [4]byte{request[2], request[3], request[4]}
					told = append(told, fmt.Sprintf("%02d", request[2]))
					if request[2] == cmdRest {
						told[len(told)-1] += fmt.Sprintf(" %d", request[4])
					} else {
						data = [4]byte{cmdBuilt, 15, 7, 10}
					}
					return []drivertest.Chunk{{At: time.Millisecond, Bytes: answer{kindAnswer, data, [2]byte{0xA1, 0x60}}.append(nil)}}
				}
				d := drivertest.Open(t, Kind(), options, port)
				facts, err := d.Driver.(drivers.Informant).Facts(t.Context())
				if wanted := []drivers.Fact{{Name: "part_id", Value: "A160"}, {Name: "firmware", Value: "2015-07-10"}}; err != nil || !slices.Equal(facts, wanted) {
					t.Errorf("it says of itself %v, %v; want %v", facts, err, wanted)
				}
				if !slices.Equal(told, want) {
					t.Errorf("it was told %v, want %v", told, want)
				}
			})
		})
	}
}
