package uart

import (
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

const dry = "Acc  0.00 mm, EventAcc  0.00 mm, TotalAcc  0.00 mm, RInt  0.00 mmph\r\n"

// gauge is an RG-15 on a line: it forgets how it was set when it is switched on, and then
// answers in inches.
type gauge struct {
	*drivertest.Port
	metric bool
	mute   bool
	asked  []string
}

func newGauge() *gauge {
	g := &gauge{Port: drivertest.NewPort()}
	g.Answer = func(request []byte) []drivertest.Chunk {
		g.asked = append(g.asked, strings.TrimSpace(string(request)))
		switch string(request) {
		case "M\n":
			g.metric = true
		case "R\n":
			if g.mute {
				return nil
			}
			text := dry
			if !g.metric {
				text = strings.NewReplacer("mmph", "iph", "mm", "in").Replace(dry)
			}
			return []drivertest.Chunk{{At: 20 * time.Millisecond, Bytes: []byte(text)}}
		}
		return nil
	}
	return g
}

// sample samples once, and says what the gauge was asked meanwhile.
func (g *gauge) sample(t *testing.T, d drivers.Driver, timeout time.Duration) (string, error) {
	t.Helper()
	g.asked = nil
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	rs, err := d.Sample(ctx)
	return strings.TrimSpace(fmt.Sprint(g.asked) + fmt.Sprint(len(rs))), err
}

func opened(t *testing.T, id string, port drivers.Port) (drivers.Driver, *drivers.Plan) {
	t.Helper()
	pl, err := get(t, id).plan(options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := pl.OpenSerial(port)
	if err != nil {
		t.Fatal(err)
	}
	return d, pl
}

// TestSetUp: the part is set up once; again when it has said, between two samples, that
// it was switched on; and again after a sample that failed, which is how one that said it
// unheard is found.
func TestSetUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGauge()
		d, pl := opened(t, "rg-15", g)
		step := func(what, want string, bad error) {
			t.Helper()
			if got, err := g.sample(t, d, pl.Timeout); got != want || !errors.Is(err, bad) {
				t.Errorf("%s: %s, %v; want %s, %v", what, got, err, want, bad)
			}
		}
		step("first", "[P H M R]3", nil)
		step("second", "[R]3", nil)
		g.metric = false
		waiting := drivertest.NewPort(drivertest.Chunk{Bytes: []byte("PwrDays 0\r\n")})
		waiting.Answer = g.Answer
		g.Port = waiting
		step("switched on between samples", "[P H M R]3", nil)
		g.metric = false
		step("switched on unheard", "[R]0", drivers.ErrProtocol)
		step("after the failed sample", "[P H M R]3", nil)
		g.mute = true
		step("silent", "[R]0", drivers.ErrTimeout)
	})
}

// TestRestartInAnswer: a part that starts while it is asked is set up and asked again,
// once; one that does nothing else is not well.
func TestRestartInAnswer(t *testing.T) {
	for _, c := range []struct {
		restarts int
		bad      error
	}{{1, nil}, {9, drivers.ErrDevice}} {
		synctest.Test(t, func(t *testing.T) {
			port, n := drivertest.NewPort(), 0
			port.Answer = func(request []byte) []drivertest.Chunk {
				if string(request) != "R\n" {
					return nil
				}
				if n++; n <= c.restarts {
					return []drivertest.Chunk{{Bytes: []byte("PwrDays 3\r\n")}}
				}
				return []drivertest.Chunk{{Bytes: []byte(dry)}}
			}
			d, _ := opened(t, "rg-15", port)
			if rs, err := d.Sample(t.Context()); !errors.Is(err, c.bad) || err == nil && len(rs) != 3 {
				t.Errorf("%d restarts give %v, %v", c.restarts, rs, err)
			}
		})
	}
}

// TestFirstLine: of a part that talks by itself, without a beginning that can be told, the
// line that was going on when the sample began is not read: 3.5 is the end of 23.5.
func TestFirstLine(t *testing.T) {
	free, err := parseText(strings.NewReplacer("^T(", "^(", `ask: "?"`, "notes: []", `"T21.5C\r\n"`, `"1.5C\r\n21.5C\r\n"`).Replace(smallLine))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := free.Decode([]byte("3.5C\n23.5C\n")); err != nil || got[0].Reading.Value != 23.5 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := free.Decode([]byte("3.5C\n")); err == nil {
		t.Errorf("the end of a line is read as %v", got)
	}
}

// TestNoiseIsCounted: what is no message is reported, what is only about something else is
// not.
func TestNoiseIsCounted(t *testing.T) {
	for _, c := range []struct {
		id, before string
		noise, bad int
	}{
		{"test-wind", "$WIXDR,C,1,C,1*41\r\n", 0, 0},
		{"test-wind", "hello\r\n", 0, 0},
		{"test-wind", "\x93\x07\xA5\x88\r\n", 6, 0},
		{"test-wind", "hello\r\n$WIMWV,39,R,1.3,M,A*05\r\n", 24, 1},
		{"rg-15", "; comment\r\n", 0, 0},
		{"rg-15", "\xFF\xFEAcc  0.0", 10, 0},
	} {
		port := &counted{}
		port.rest.WriteString(c.before)
		port.rest.Write(get(t, c.id).Fixtures[0].sent())
		d, _ := opened(t, c.id, port)
		d.(*driver).set = true
		if _, err := d.(*driver).listen(t.Context()); err != nil || port.noise != c.noise || port.bad != c.bad {
			t.Errorf("%s behind %q: noise %d, checksums %d (%v); want %d, %d", c.id, c.before, port.noise, port.bad, err, c.noise, c.bad)
		}
	}
}

type counted struct {
	replay
	noise, bad int
}

func (c *counted) Noise(n int)  { c.noise += n }
func (c *counted) BadChecksum() { c.bad++ }

// TestWords: text that is no number, and words that stand for one.
func TestWords(t *testing.T) {
	src := strings.Replace(smallFields, "resolution: 0.1}", `resolution: 0.1, suffix: C, words: {COLD: -40}, missing: ["---"], scale: 0.1, offset: 1}`, 1)
	p, err := parseText(strings.Replace(src, "21.5,ok", "205C,ok", 1))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"205C": "21.5", " 205 C ": "21.5", "-0.5C": "0.95", "COLD": "-3", "---": "none/instrument", "": "none/instrument", "205": "none/not-a-number",
		"2O5C": "none/not-a-number", "9999C": "1000.9/fail/range", "1e3C": "none/not-a-number", "0.000000000000001C": "1.0000000000000002",
	} {
		got, err := p.Decode([]byte("D," + field + ",ok\n"))
		if err != nil || field != "0.000000000000001C" && written(got[0].Reading) != want {
			t.Errorf("%q gives %v, %v; want %s", field, got, err, want)
		}
	}
}

// TestNoAllocationPerByte: noise costs the heap nothing, however much of it there is.
// Each of its 2 000 lines or 8 000 bytes would show; the few allocations granted are those
// of the regular expression's pool, which gives its machines to the collector at any time
// (and under the race detector at random).
func TestNoAllocationPerByte(t *testing.T) {
	for _, id := range []string{"test-wind", "test-range", "test-shdlc", "rg-15"} {
		cost := func(noise int) float64 {
			sent := append([]byte(strings.Repeat("\x93\x07\xA5\n", noise)), get(t, id).Fixtures[0].sent()...)
			d, _ := opened(t, id, &endless{sent: sent})
			d.(*driver).set = true
			return testing.AllocsPerRun(20, func() {
				if _, err := d.(*driver).listen(context.Background()); err != nil {
					t.Fatal(err)
				}
			})
		}
		if quiet, noisy := cost(0), cost(2000); noisy > quiet+10 {
			t.Errorf("%s: %v allocations on a quiet line, %v behind 8000 bytes of noise", id, quiet, noisy)
		}
	}
}
