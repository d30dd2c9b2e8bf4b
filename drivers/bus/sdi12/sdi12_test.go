package sdi12

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// on runs f with a bus whose line answers so, in a bubble.
func on(t *testing.T, answer func(int, string) (string, []follow), f func(t *testing.T, b *Bus, w *wire)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer)
		b := New(w, "soil")
		f(t, b, w)
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestMeasure walks through the exchange of the standard: announcement, call for
// service, values.
func TestMeasure(t *testing.T) {
	answer := func(_ int, command string) (string, []follow) {
		switch command {
		case "0M!":
			return "00013\r\n", []follow{{900 * time.Millisecond, "0\r\n"}}
		case "0D0!":
			return "0+1.1+2.2+3.3\r\n", nil
		}
		return "", nil
	}
	on(t, answer, func(t *testing.T, b *Bus, w *wire) {
		values, err := b.Sensor('0').Measure(t.Context(), "M")
		if got := strings.Join(values, " "); err != nil || got != "+1.1 +2.2 +3.3" {
			t.Fatalf("Measure = %s, %v", got, err)
		}
		// Break 15 ms, marking 10 ms, the command 25 ms, the call 900 ms behind it and 25 ms
		// long, 10 ms until the sensor has let go. No break before D0: it is still awake.
		if got, want := w.taken(), "0s break\n25ms 0M!\n985ms 0D0!"; got != want {
			t.Errorf("the line saw\n%s\nwant\n%s", got, want)
		}
		h := b.Health()
		if h.Commands != 2 || h.Answers != 2 || h.Breaks != 1 || h.Retries != 0 || h.Noise != 0 || h.Unserved != 0 || len(h.Sensors) != 1 || h.Sensors[0].Answered.IsZero() {
			t.Errorf("health %+v", h)
		}
	})
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, command string
		answers       map[string][]string
		want          string // values, or error: the fault word and a part of the text
		sent          string
	}{
		{"at once, no call", "M", map[string][]string{"0M!": {"00002\r\n"}, "0D0!": {"0+1-2\r\n"}}, "+1 -2", "break 0M! 0D0!"},
		{"with checksum", "MC", map[string][]string{"0MC!": {"00001\r\n"}, "0D0!": {"0+3.14OqZ\r\n"}}, "+3.14", "break 0MC! 0D0!"},
		{"in three parts", "M1", map[string][]string{"0M1!": {"00005\r\n"}, "0D0!": {"0+1+2\r\n"}, "0D1!": {"0+3+4\r\n"}, "0D2!": {"0+5\r\n"}}, "+1 +2 +3 +4 +5", "break 0M1! 0D0! 0D1! 0D2!"},
		{"continuous", "R0", map[string][]string{"0R0!": {"0+2.71\r\n"}}, "+2.71", "break 0R0!"},
		{"continuous with checksum", "RC0", map[string][]string{"0RC0!": {"0+3.14OqZ\r\n"}}, "+3.14", "break 0RC0!"},
		{"verification", "V", map[string][]string{"0V!": {"00001\r\n"}, "0D0!": {"0+0\r\n"}}, "+0", "break 0V! 0D0!"},
		{"concurrent, eleven values", "C", map[string][]string{"0C!": {"000011\r\n"}, "0D0!": {"0+1+2+3+4+5+6+7+8+9+10+11\r\n"}}, "+1 +2 +3 +4 +5 +6 +7 +8 +9 +10 +11", "break 0C! 0D0!"},
		{"damaged once", "MC", map[string][]string{"0MC!": {"00001\r\n"}, "0D0!": {"0+3.15OqZ\r\n", "0+3.14OqZ\r\n"}}, "+3.14", "break 0MC! 0D0! 0D0!"},
		{"garbled announcement once", "M", map[string][]string{"0M!": {"0x0001\r\n", "00001\r\n"}, "0D0!": {"0+1\r\n"}}, "+1", "break 0M! 0M! 0D0!"},
		{"aborted once", "M", map[string][]string{"0M!": {"00001\r\n"}, "0D0!": {"0\r\n", "0+1\r\n"}}, "+1", "break 0M! 0D0! 0M! 0D0!"},
		{"aborted always", "M", map[string][]string{"0M!": {"00001\r\n"}, "0D0!": {"0\r\n"}}, "error: device soil: 0D0!: the device reports a fault of its own: the sensor aborted", "break 0M! 0D0! 0M! 0D0!"},
		{"no such measurement", "M9", map[string][]string{"0M9!": {"00000\r\n"}}, "error: exception soil: 0M9!: the device refuses the request: the sensor has no such measurement", "break 0M9!"},
		{"no such continuous reading", "R5", map[string][]string{"0R5!": {"0\r\n"}}, "error: exception the sensor has no such measurement", "break 0R5!"},
		{"more values than announced", "M", map[string][]string{"0M!": {"00001\r\n"}, "0D0!": {"0+1+2\r\n"}}, "error: protocol 2 values came, 1 were announced", "break 0M! 0D0!"},
		{"not a measurement", "M0", nil, `error: protocol "M0" is no SDI-12 measurement`, ""},
		{"broken off", "M", map[string][]string{"0M!": {"0000"}}, `error: timeout it broke off: "0000"`, "break 0M! break 0M! break 0M! break 0M! break 0M! break 0M! break 0M! break 0M! break 0M!"},
		{"only another sensor", "M", map[string][]string{"0M!": {"10001\r\n"}}, "error: timeout only another sensor spoke", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			on(t, script(c.answers), func(t *testing.T, b *Bus, w *wire) {
				values, err := b.Sensor('0').Measure(t.Context(), c.command)
				if says, wrong := strings.CutPrefix(c.want, "error: "); wrong {
					word, text, _ := strings.Cut(says, " ")
					if err == nil || drivers.FaultWord(err) != word || !strings.Contains(err.Error(), text) {
						t.Errorf("Measure = %v, %v (%s), want %s", values, err, drivers.FaultWord(err), says)
					}
				} else if got := strings.Join(values, " "); err != nil || got != c.want {
					t.Errorf("Measure = %s, %v, want %s", got, err, c.want)
				}
				if got := w.sent(); c.sent != "" && got != c.sent {
					t.Errorf("the line saw %q, want %q", got, c.sent)
				}
			})
		})
	}
}

// TestSilence: three times on each of three breaks, and all over within the second that
// a poller can spare.
func TestSilence(t *testing.T) {
	on(t, script(nil), func(t *testing.T, b *Bus, w *wire) {
		start := time.Now()
		_, err := b.Sensor('3').Measure(t.Context(), "M")
		if took := time.Since(start); !errors.Is(err, drivers.ErrTimeout) || took > time.Second {
			t.Errorf("Measure = %v after %v", err, took)
		}
		// 60 ms behind a command the sensor is still awake; 85 ms behind it a break is due.
		if got, want := w.sent(), "break 3M! 3M! 3M! break 3M! 3M! 3M! break 3M! 3M! 3M!"; got != want {
			t.Errorf("the line saw %q, want %q", got, want)
		}
		if h := b.Health(); h.Commands != 9 || h.Timeouts != 9 || h.Retries != 8 || h.Breaks != 3 || h.Sensors[0].Failures != 9 || h.Sensors[0].Cause == nil {
			t.Errorf("health %+v", h)
		}
	})
}

// TestTwoSensors: a change of address and a pause of 85 ms need a break.
func TestTwoSensors(t *testing.T) {
	answers := map[string][]string{"0R0!": {"0+1\r\n"}, "1R0!": {"1+2\r\n"}}
	for _, drains := range []bool{false, true} {
		twoSensors(t, answers, drains)
	}
}

func twoSensors(t *testing.T, answers map[string][]string, drains bool) {
	t.Helper()
	on(t, script(answers), func(t *testing.T, b *Bus, w *wire) {
		w.drains = drains
		for _, step := range []struct {
			address byte
			pause   time.Duration
		}{{'0', 0}, {'0', 0}, {'1', 0}, {'1', 84 * time.Millisecond}, {'1', 86 * time.Millisecond}} {
			time.Sleep(step.pause)
			if _, err := b.Sensor(step.address).Measure(t.Context(), "R0"); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := w.sent(), "break 0R0! 0R0! break 1R0! 1R0! break 1R0!"; got != want {
			t.Errorf("the line saw %q, want %q", got, want)
		}
	})
}

// TestLineIsHeldAndFree: during M nobody else is asked, during C everybody may be.
func TestLineIsHeldAndFree(t *testing.T) {
	for command, want := range map[string]string{
		"M": "break 0M! 0D0! break 1R0!",
		"C": "break 0C! break 1R0! break 0D0!",
	} {
		answer := func(_ int, sent string) (string, []follow) {
			switch sent {
			case "0M!":
				return "00021\r\n", []follow{{2 * time.Second, "0\r\n"}}
			case "0C!":
				return "000201\r\n", nil
			case "0D0!":
				return "0+7\r\n", nil
			case "1R0!":
				return "1+8\r\n", nil
			}
			return "", nil
		}
		on(t, answer, func(t *testing.T, b *Bus, w *wire) {
			var wg sync.WaitGroup
			wg.Go(func() {
				if v, err := b.Sensor('0').Measure(t.Context(), command); err != nil || v[0] != "+7" {
					t.Errorf("%s: %v, %v", command, v, err)
				}
			})
			time.Sleep(time.Second)
			if v, err := b.Sensor('1').Measure(t.Context(), "R0"); err != nil || v[0] != "+8" {
				t.Errorf("beside %s: %v, %v", command, v, err)
			}
			wg.Wait()
			if got := w.sent(); got != want {
				t.Errorf("%s: the line saw %q, want %q", command, got, want)
			}
		})
	}
}

// TestService: a call that comes with the announcement, beside noise, or never.
func TestService(t *testing.T) {
	for _, c := range []struct {
		name     string
		first    string
		later    []follow
		took     time.Duration // at most
		unserved uint64
	}{
		{"with the announcement", "00101\r\n0\r\n", nil, time.Second, 0},
		{"beside noise and others", "00101\r\n", []follow{{time.Second, "\x00\xffx\r\n"}, {2 * time.Second, "9\r\n0\r\n"}}, 3 * time.Second, 0},
		{"never", "00101\r\n", nil, 11 * time.Second, 1},
	} {
		answer := func(n int, sent string) (string, []follow) {
			if sent == "0D0!" {
				return "0+7\r\n", nil
			}
			return c.first, c.later
		}
		on(t, answer, func(t *testing.T, b *Bus, w *wire) {
			start := time.Now()
			values, err := b.Sensor('0').Measure(t.Context(), "M")
			if took := time.Since(start); err != nil || len(values) != 1 || took > c.took {
				t.Errorf("%s: %v, %v after %v", c.name, values, err, took)
			}
			if h := b.Health(); h.Unserved != c.unserved {
				t.Errorf("%s: health %+v", c.name, h)
			}
		})
	}
}

// TestEcho: a single-wire adapter gives every command back, and a zero for the break.
func TestEcho(t *testing.T) {
	answers := map[string][]string{"0I!": {"013CampbellCS1234003STD.03.01\r\n"}, "1!": {"1\r\n"}}
	on(t, script(answers), func(t *testing.T, b *Bus, w *wire) {
		w.echoes = true
		id, err := b.Sensor('0').Identify(t.Context())
		if err != nil || id != "13CampbellCS1234003STD.03.01" {
			t.Errorf("Identify = %q, %v", id, err)
		}
		if h := b.Health(); !h.Echo || h.Noise != 0 || h.Alien != 0 {
			t.Errorf("health %+v", h)
		}
	})
}

// TestEnds: a call ends with its context wherever it is, and leaves the line usable.
func TestEnds(t *testing.T) {
	answer := func(n int, sent string) (string, []follow) {
		switch {
		case sent == "0C!":
			return "006001\r\n", nil
		case sent == "0M!" && n < 5:
			return "00601\r\n", nil
		case sent == "1R0!":
			return "1+8\r\n", nil
		}
		return "", nil
	}
	for _, command := range []string{"M", "C", "R0"} {
		for _, after := range []time.Duration{0, 5 * time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond, 10 * time.Second} {
			on(t, answer, func(t *testing.T, b *Bus, w *wire) {
				ctx, cancel := context.WithCancel(t.Context())
				stop := time.AfterFunc(after, cancel)
				defer stop.Stop()
				start := time.Now()
				_, err := b.Sensor('0').Measure(ctx, command)
				if took := time.Since(start); command != "R0" && (!errors.Is(err, context.Canceled) || took > after+breakFor) {
					t.Errorf("%s, cancelled after %v: %v after %v", command, after, err, took)
				}
				if v, err := b.Sensor('1').Measure(t.Context(), "R0"); err != nil || v[0] != "+8" {
					t.Errorf("%s, cancelled after %v: the next one gets %v, %v", command, after, v, err)
				}
				cancel()
			})
		}
	}
	on(t, script(nil), func(t *testing.T, b *Bus, w *wire) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := b.Sensor('0').Measure(ctx, "M"); !errors.Is(err, drivers.ErrTimeout) || drivers.FaultWord(err) != "timeout" {
			t.Errorf("Measure without time = %v", err)
		}
		w.broken = drivers.ErrUnplugged
		time.Sleep(time.Second)
		if _, err := b.Sensor('0').Measure(t.Context(), "M"); !errors.Is(err, drivers.ErrUnplugged) {
			t.Errorf("Measure on an unplugged line = %v", err)
		}
		if got := w.sent(); !strings.HasSuffix(got, "0M! break") {
			t.Errorf("an unplugged line is asked again: %q", got)
		}
	})
}
