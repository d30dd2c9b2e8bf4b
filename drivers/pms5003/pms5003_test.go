package pms5003

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Load(t, "testdata/indoors.frame"),
		Beyond: drivertest.Load(t, "testdata/saturated.frame"),
	})
}

func TestOptions(t *testing.T) {
	drivertest.Refuses(t, Kind(), []drivertest.Refusal{
		{Options: "model: sds011", Key: "model", Says: `"sds011" is not in this family; write one of pms1003, pms3003, pms5003`},
		{Options: "model: PMS5003", Key: "model", Says: "write one of"},
		{Options: "set: cf1", Key: "set", Says: "write atmospheric or factory"},
		{Options: "{model: pms3003, rest: true}", Key: "rest", Says: "the pms3003 takes no commands"},
		{Options: "{model: pms3003, counts: true}", Key: "counts", Says: "the pms3003 does not count particles"},
	})
	if _, err := drivertest.Plan(Kind(), "modell: pms5003"); err == nil || !strings.Contains(err.Error(), "modell") {
		t.Errorf("an unknown key gives %v", err)
	}
}

// Every model's plan fits its frame: a word index beyond the frame would read
// another model's layout.
func TestModels(t *testing.T) {
	for model, l := range models {
		counts := l.counts > 0
		sources := l.channels(atmosphericSet, counts)
		for _, s := range append(sources, source{word: l.status}) {
			if s.word >= l.words {
				t.Errorf("%s: %s is word %d of %d", model, s.Name, s.word, l.words)
			}
		}
		if n := frameLen(l.words); size([]byte{'B', 'M', 0, byte(n - headLen)}) != n {
			t.Errorf("%s: frames of %d bytes are not known to the framing", model, n)
		}
		p, err := drivertest.Plan(Kind(), "model: "+model)
		if err != nil || len(p.Channels) != len(l.channels(atmosphericSet, false)) {
			t.Errorf("%s: plan %+v, %v", model, p, err)
		}
	}
}

// The commands are those of the data manual, their sums computed apart from this code.
func TestCommand(t *testing.T) {
	for _, c := range []struct {
		cmd, argument byte
		want          string
	}{
		{0xE1, 0, "42 4D E1 00 00 01 70"}, {0xE1, 1, "42 4D E1 00 01 01 71"}, {0xE2, 0, "42 4D E2 00 00 01 71"},
		{cmdRest, 0, "42 4D E4 00 00 01 73"}, {cmdRest, 1, "42 4D E4 00 01 01 74"},
	} {
		if got := command(c.cmd, c.argument); fmt.Sprintf("% X", got) != c.want {
			t.Errorf("command(%02X, %d) = % X, want %s", c.cmd, c.argument, got, c.want)
		}
	}
}

// A part that rests is woken, left to spin up, read, and put to sleep again, whether it
// confirms that or not.
func TestRest(t *testing.T) {
	for _, confirms := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p, good := drivertest.NewPort(), drivertest.Load(t, "testdata/indoors.frame").Frame
			blank := words{n: 13}.append(nil)
			p.Answer = func(request []byte) []drivertest.Chunk {
				if !bytes.Equal(request, command(cmdRest, 1)) {
					if confirms {
						return []drivertest.Chunk{{At: 20 * time.Millisecond, Bytes: words{n: ackWords, data: [maxWords]uint16{0xE400}}.append(nil)}}
					}
					return nil
				}
				script := []drivertest.Chunk{{At: time.Second, Bytes: blank}}
				for i := range 40 {
					script = append(script, drivertest.Chunk{At: 2*time.Second + time.Duration(i)*time.Second, Bytes: good})
				}
				return script
			}
			d := drivertest.Open(t, Kind(), "rest: true", p)
			for range 2 {
				p.Written = nil
				begun := time.Now()
				rs, err := d.Once(t.Context())
				if err != nil || rs[1].Value != 8 || time.Since(begun) < spinUp {
					t.Errorf("after %v: %v, %v", time.Since(begun), rs, err)
				}
				if len(p.Written) != 2 || !bytes.Equal(p.Written[1], command(cmdRest, 0)) {
					t.Errorf("it was told % x", p.Written)
				}
				<-time.After(5 * time.Minute)
			}
		})
	}
}

// A part that does not wake is silent, and a cancelled sample does not wait for it.
func TestRestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drivertest.Open(t, Kind(), "rest: true", drivertest.NewPort())
		for _, limit := range []time.Duration{d.Plan.Timeout, time.Second} {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			begun := time.Now()
			if _, err := d.Sample(ctx); !errors.Is(err, drivers.ErrTimeout) || time.Since(begun) != limit {
				t.Errorf("with %v it ends after %v: %v", limit, time.Since(begun), err)
			}
			cancel()
		}
	})
}
