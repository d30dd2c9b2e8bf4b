package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite" // reads the aggregator's events

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// mishap is one fault of the scenario and what people must be told of it.
type mishap struct {
	event, over string // the simulator's marks
	device      string
	health      string // id of the health entry
	about       string
	en, zh      string // what its sentence must say
	state       string // of the device meanwhile; empty: it stays ok
	recovers    time.Duration
}

// recovers is how long the words may stay after the fault is over: the breaker asks
// a silent slave again after a pause as long as the silence was; the share of
// damaged frames is that of the last hundred.
func mishaps() []mishap {
	return []mishap{
		{"silent", "silent-over", "weather", "device-timeout", "weather",
			"other devices on this line do, so the line is good", "同一线路上其他设备正常", "silent", 25 * time.Second},
		{"noise", "noise-over", "river", "line-noise", "rs485-1",
			"of the frames arrive damaged (limit 1 %)", "的报文损坏（限值 1 %）", "", 100 * time.Second},
		{"unplug", "replug", "air", "device-unplugged", "air",
			"Plug it back in", "重新插上即可", "fault", 15 * time.Second},
		{"frozen", "frozen-over", "underpass", "device-frozen", "underpass",
			"it may be stuck", "可能已卡死", "", 5 * time.Second},
	}
}

// What goes wrong with one device is told in words, and is nobody else's business:
// the values of the others are complete and come when they are due.
func TestOneBadThingStaysOneBadThing(t *testing.T) {
	city, _, _ := newCity(t, "faults")
	city.keepOnFailure()
	var states, stateBytes atomic.Int64
	connect(t, strings.TrimPrefix(city.mqtt, "mqtt://"), "LOOKING-ON").hear(wire.DefaultPrefix+"/+/state", func(payload []byte) {
		states.Add(1)
		stateBytes.Add(int64(len(payload)))
	})
	began := time.Now().Add(3 * time.Second)
	seen := city.lookOn(t, began.Add(178*time.Second))
	ended := time.Now().Add(-2 * time.Second)
	t.Logf("the state was published %d times, %d bytes, in %v", states.Load(), stateBytes.Load(), ended.Sub(began).Round(time.Second))
	if states.Load() > 60 {
		t.Errorf("the state was published %d times", states.Load())
	}
	city.drained(soon)

	from, to := began.Add(-time.Minute), ended.Add(time.Minute)
	report := city.judgeWith(city.points(from.UnixMilli(), to.UnixMilli()), city.faults(nil, from, to), began, ended,
		func(r *truth.Run) { r.Grace = 10 * time.Second })
	t.Log(report.String())
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	lines, err := truth.ReadFile(filepath.Join(city.dir, "street", "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mishaps() {
		m.recovers += city.slack()
		m.check(t, lines, seen)
	}
	for key := range seen {
		if strings.Contains(key, "device-doubted") {
			t.Errorf("seen: %s; no part of the street is another than it should be", key)
		}
	}
	city.checkTiming(lines, began, ended)
	city.checkDeviceEvents("weather", "air")
	if n := len(city.gaps()); n != 0 {
		t.Errorf("%d gaps were declared; a device that fails is no loss of the gateway's", n)
	}
}

// sighting is one sentence, or one state of a device, on one page.
type sighting struct {
	first, last time.Time
	text        map[string]string
}

// lookOn looks at the gateway's own page and at the aggregator's picture of it
// until a moment, and returns what was seen: "page line-noise rs485-1" or
// "cloud weather silent".
func (c *city) lookOn(t *testing.T, until time.Time) map[string]*sighting {
	t.Helper()
	seen := map[string]*sighting{}
	note := func(key string, text map[string]string) {
		s := seen[key]
		if s == nil {
			s = &sighting{first: time.Now(), text: text}
			seen[key] = s
			t.Logf("%s  %s %s", s.first.Format("15:04:05.0"), key, text["en"])
		}
		s.last = time.Now()
	}
	for time.Now().Before(until) {
		pause(t, 500*time.Millisecond)
		var g gatewayRow
		c.get("/gateways/"+gatewayID, &g)
		page, err := c.page()
		if err != nil {
			t.Fatal(err)
		}
		for where, at := range map[string]gatewayRow{"page": {Health: page.State.Health, Devices: page.State.Devices}, "cloud": g} {
			for _, h := range at.Health {
				note(fmt.Sprintf("%s %s %s", where, h.ID, h.About), h.Text)
			}
			for _, d := range at.Devices {
				note(fmt.Sprintf("%s %s %s", where, d.ID, d.State), nil)
			}
		}
	}
	return seen
}

// gatewayRow is a gateway as the aggregator shows it.
type gatewayRow struct {
	Name     string
	ID       string
	Online   bool
	Clock    string
	Config   string
	Conflict bool
	Health   []wire.Health
	Devices  []wire.DeviceState
}

// span finds when a fault was, by the simulator's own marks.
func (m mishap) span(t *testing.T, lines []truth.Line) (from, to time.Time) {
	t.Helper()
	for _, l := range lines {
		if l.Device != m.device {
			continue
		}
		switch l.Event {
		case m.event:
			from = time.UnixMilli(l.T)
		case m.over:
			to = time.UnixMilli(l.T)
		}
	}
	if from.IsZero() || to.IsZero() {
		t.Fatalf("the simulator did not play %s of %s: %v to %v", m.event, m.device, from, to)
	}
	return from, to
}

func (m mishap) check(t *testing.T, lines []truth.Line, seen map[string]*sighting) {
	t.Helper()
	from, to := m.span(t, lines)
	for _, where := range []string{"page", "cloud"} {
		s := seen[where+" "+m.health+" "+m.about]
		if s == nil {
			t.Errorf("%s of %s: %s never shows %s", m.event, m.device, where, m.health)
			continue
		}
		t.Logf("%s of %s: %s says %s from %.1f s after its begin until %.1f s after its end", m.event, m.device, where, m.health,
			s.first.Sub(from).Seconds(), s.last.Sub(to).Seconds())
		if s.first.Before(from) || s.first.After(to) {
			t.Errorf("%s of %s from %v to %v: %s first says so at %v", m.event, m.device, from, to, where, s.first)
		}
		if s.last.Sub(to) > m.recovers {
			t.Errorf("%s of %s: %s still says so %v after it was over, %v are allowed", m.event, m.device, where, s.last.Sub(to), m.recovers)
		}
		if !strings.Contains(s.text["en"], m.en) || !strings.Contains(s.text["zh"], m.zh) {
			t.Errorf("%s of %s: %s says %q, want %q and %q", m.event, m.device, where, s.text, m.en, m.zh)
		}
		if m.state == "" {
			continue
		}
		if bad := seen[where+" "+m.device+" "+m.state]; bad == nil || bad.first.Before(from) || bad.last.Sub(to) > m.recovers {
			t.Errorf("%s of %s: %s has it %s %+v, want it within %v to %v and %v", m.event, m.device, where, m.state, bad, from, to, m.recovers)
		}
		if ok := seen[where+" "+m.device+" ok"]; ok == nil || ok.last.Before(to) {
			t.Errorf("%s of %s: %s never has it ok again", m.event, m.device, where)
		}
	}
}

// checkTiming compares the readings' intervals while another device is in trouble
// with those of quiet times. The figures are logged; what is demanded is that no
// slot is missed. A part that talks by itself once a second, asked for a reading
// each two, is up to a second off by its nature.
func (c *city) checkTiming(lines []truth.Line, began, ended time.Time) {
	c.t.Helper()
	beats, every := c.beats(began, ended)
	spans := troubleSpans(lines)
	slack := c.slack().Milliseconds()
	c.t.Logf("%-10s %6s | %5s %9s %9s | %5s %9s %9s", "device", "every", "quiet", "p99", "max", "fault", "p99", "max")
	for _, id := range slices.Sorted(maps.Keys(beats)) {
		var quiet, during []int64
		for i, at := range beats[id][1:] {
			own, other := spans.touch(id, beats[id][i], at)
			off := at - beats[id][i] - every[id]
			switch {
			case own:
			case other:
				during = append(during, max(off, -off))
			default:
				quiet = append(quiet, max(off, -off))
			}
		}
		qp, qm := p99(quiet)
		fp, fm := p99(during)
		c.t.Logf("%-10s %4d s | %5d %6d ms %6d ms | %5d %6d ms %6d ms", id, every[id]/1000, len(quiet), qp, qm, len(during), fp, fm)
		if fm >= every[id]*3/4+slack {
			c.t.Errorf("%s: a reading is %d ms off its interval of %d ms while another device was in trouble: a slot was missed", id, fm, every[id])
		}
		if len(during) == 0 {
			c.t.Errorf("%s: no interval was judged", id)
		}
	}
}

// beats returns when each device was sampled, by one of its channels, and its
// interval, in milliseconds.
func (c *city) beats(from, to time.Time) (beats map[string][]int64, every map[string]int64) {
	c.t.Helper()
	page, err := c.page()
	if err != nil {
		c.t.Fatal(err)
	}
	beats, every = map[string][]int64{}, map[string]int64{}
	for _, d := range page.State.Devices {
		every[d.ID] = d.EveryMS
	}
	channel := map[string]string{}
	for _, p := range c.points(from.UnixMilli(), to.UnixMilli()) {
		if channel[p.Device] == "" {
			channel[p.Device] = p.Channel
		}
		if channel[p.Device] == p.Channel && every[p.Device] > 0 { // not the gateway's own
			beats[p.Device] = append(beats[p.Device], p.T)
		}
	}
	return beats, every
}

// trouble is when which device had a fault of its own.
type trouble []struct {
	device   string
	from, to int64
}

// afterwards is how long a device's own fault keeps its rhythm from being judged:
// the breaker's last pause, an adapter's reopening.
const afterwards = 20_000

func troubleSpans(lines []truth.Line) (out trouble) {
	open := map[string]int64{}
	for _, l := range lines {
		name, over := strings.CutSuffix(l.Event, "-over")
		if l.Event == "replug" {
			name, over = "unplug", true
		}
		switch {
		case l.Device == "" || l.Event == "":
		case !over:
			open[l.Device+name] = l.T
		default:
			out = append(out, struct {
				device   string
				from, to int64
			}{l.Device, open[l.Device+name], l.T})
		}
	}
	return out
}

// touch says whether the time from a to b meets a fault of the device itself, or
// of another one.
func (ts trouble) touch(device string, a, b int64) (own, other bool) {
	for _, f := range ts {
		switch {
		case f.device == device:
			own = own || a <= f.to+afterwards && b >= f.from
		default:
			other = other || a <= f.to && b >= f.from
		}
	}
	return own, other
}

// p99 returns the 99th percentile and the maximum.
func p99(ns []int64) (p, worst int64) {
	if len(ns) == 0 {
		return 0, 0
	}
	ns = slices.Sorted(slices.Values(ns))
	return ns[min(len(ns)-1, len(ns)*99/100)], ns[len(ns)-1]
}

// checkDeviceEvents demands that the aggregator keeps, of each of these devices,
// that it went away and that it came back.
func (c *city) checkDeviceEvents(devices ...string) {
	c.t.Helper()
	type change struct {
		up bool
		at int64
	}
	got := map[string][]change{}
	c.rows(`select json_extract(body, '$.device.device'), json_extract(body, '$.device.up'), unix from event
		where gateway = '`+gatewayID+`' and kind = 'device' order by unix`, func(scan func(...any) error) error {
		var id string
		var ch change
		err := scan(&id, &ch.up, &ch.at)
		got[id] = append(got[id], ch)
		return err
	})
	for _, id := range devices {
		down, up := false, false
		for _, ch := range got[id] {
			up = up || down && ch.up
			down = down || !ch.up
			if ch.at == 0 {
				c.t.Errorf("%s: an event without a time although the clock is trusted", id)
			}
		}
		if !down || !up {
			c.t.Errorf("%s: the aggregator's events are %+v, want that it went and that it came back", id, got[id])
		}
	}
	if n := len(got["pump"]) + len(got["gauge"]) + len(got["cabinet"]); n != 0 {
		c.t.Errorf("%d events of devices that had no fault: %+v", n, got)
	}
}

// rows reads the aggregator's database beside the running aggregator.
func (c *city) rows(query string, each func(scan func(...any) error) error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(c.dir, "cloud", "lamppost.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		c.t.Fatal(err)
	}
	defer db.Close()
	rs, err := db.QueryContext(ctx, query)
	if err != nil {
		c.t.Fatal(err)
	}
	defer rs.Close()
	for rs.Next() {
		if err := each(rs.Scan); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := rs.Err(); err != nil {
		c.t.Fatal(err)
	}
}
