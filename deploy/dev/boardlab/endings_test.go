package boardlab

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// The gateway is killed with -9 and started again: what is missing is declared, and
// everything that was sampled before is there once.
func (l *lab) killed(t *testing.T) {
	l = l.in(t)
	l.board.write(l.pull(doorLine), "pull-up")
	l.stands(t, sirenLine, "1")
	mark, when := l.heard.gapMark(), time.Now()
	l.killGateway()
	l.board.write(l.pull(doorLine), "pull-down")
	l.startGateway()
	l.stands(t, sirenLine, "0") // whoever had it on is gone
	l.declared(t, mark, "killed", when)
	l.allAgain(t)
}

// The board loses its power, QEMU being killed: the journal on its card bears it.
func (l *lab) powerCut(t *testing.T) {
	l = l.in(t)
	before := l.pulses(t, flow, l.heard.mark(), anyTotal)
	mark, all, when := l.heard.gapMark(), l.heard.mark(), time.Now()
	l.board.Kill()
	l.bootAndFit()
	l.startGateway()
	l.declared(t, mark, "power", when)
	l.allAgain(t)
	if after := l.pulses(t, flow, all, unwatched); after.V != before.V {
		t.Errorf("the counter stands at %v after the power cut, want %v as before", after.V, before.V)
	}
}

// Ten devices and no camera, in an orderly stop and start: what the gateway takes then.
// The figure is printed, and held at twice what is promised: a library's growth shows.
func (l *lab) footprint(t *testing.T) {
	l = l.in(t)
	l.stopGateway()
	const path = "/etc/lamppost/gateway.yaml"
	whole := l.board.read(path)
	l.board.write(path, regexp.MustCompile(`(?m)^  (gauge|eye|hall|store):.*\n`).ReplaceAllString(whole, ""))
	l.startGateway()
	l.passes(t, 15)
	if m := l.figures("10 devices, no camera, after half a minute", l.heard.firstPack().Sub(l.began)); m.Resident > 40e6 {
		t.Errorf("the gateway occupies %d MB, twice the 20 MB that are promised", m.Resident/1e6)
	}
	l.stopGateway()
	l.board.write(path, whole+"\n")
	l.startGateway()
}

// slack is what the gateway's clock may be off and a sample may be late, on a board
// that is emulated on a machine shared with others. It is no measure of anything.
const slack = 5 * time.Second

// declared waits for the gap that a kill leaves. It must cover the moment of the kill,
// and begin no more than the commit interval before it.
func (l *lab) declared(t *testing.T, after int, why string, when time.Time) {
	t.Helper()
	var gap wire.Gap
	eventually(t, "a gap because of "+why, func() bool {
		gaps := l.heard.gapsSince(after)
		i := slices.IndexFunc(gaps, func(g wire.Gap) bool { return g.Why == why && !g.From.Time().IsZero() })
		if i >= 0 {
			gap = gaps[i]
		}
		return i >= 0
	})
	from, to := gap.From.Time(), gap.To.Time()
	if to.IsZero() && gap.To.Boot != gap.From.Boot { // the next boot, before it knew the time
		to = from.Add(time.Duration(gap.To.BootMS) * time.Millisecond)
	}
	if from.Before(when.Add(-time.Second-slack)) || from.After(when.Add(slack)) || to.Before(from) {
		t.Errorf("the gap is from %v to %v, want that it begins at most the commit interval of 1s before %v", from, to, when)
	}
	t.Logf("declared: nothing from %v before the end on, for %v and more", when.Sub(from).Round(time.Millisecond), to.Sub(from).Round(time.Millisecond))
}

// allAgain waits for a value of every device.
func (l *lab) allAgain(t *testing.T) {
	t.Helper()
	mark := l.heard.mark()
	for device, channel := range map[string]string{"river": "level", "weather": "temp", "cabinet": "temp", "air": "pm2_5", "pump": "voltage",
		"hall": "temp", "store": "temp", "box": "temp", "pipe": "temp", "soil": "temp"} {
		l.heard.next(t, mark, device, channel, func(h heard) bool { return h.V == h.V })
	}
}
