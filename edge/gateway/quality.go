package gateway

import (
	"math"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/quality"
	"github.com/lamppost-city/lamppost/edge/record"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// civilTime tells the time at ms since boot, and whether the clock is trusted.
type civilTime func(ms int64) (time.Time, bool)

// in is the same as the clocks of a place show it: a season begins by them, whatever
// zone the machine was set up with.
func (c civilTime) in(place *time.Location) civilTime {
	if c == nil || place == nil {
		return c
	}
	return func(ms int64) (time.Time, bool) {
		t, ok := c(ms)
		return t.In(place), ok
	}
}

// civil is the civilTime of this boot.
func (g *Gateway) civil(ms int64) (time.Time, bool) {
	at, ok := g.dates.clock.Date(g.clock.Boot(), ms)
	return time.UnixMilli(at.UnixMS), ok
}

// peers are the streams that tests look at beside their own.
type peers map[obs.Stream]*quality.Peer

func (ps peers) of(s obs.Stream) *quality.Peer {
	if ps[s] == nil {
		ps[s] = &quality.Peer{}
	}
	return ps[s]
}

// seen is a channel whose values the tests of other streams are told.
type seen struct {
	channel int
	peer    *quality.Peer
}

// see notes which of a device's channels others look at: those first that look at none
// of the same device themselves.
func (d *device) see(all peers, id string) {
	if len(all) == 0 {
		return
	}
	var last []seen
	for i, c := range d.channels {
		switch p := all[obs.Stream{Device: id, Channel: c}]; {
		case p == nil:
		case looksAt(d.spec.checks[c], id):
			last = append(last, seen{i, p})
		default:
			d.seen = append(d.seen, seen{i, p})
		}
	}
	d.seen = append(d.seen, last...)
}

// looksAt says whether tests compare with a stream of this device.
func looksAt(k obs.Checks, device string) bool {
	of := func(with string) bool {
		s, err := obs.ParseDotted(with)
		return err == nil && s.Device == device
	}
	return k.Neighbour != nil && of(k.Neighbour.With) || k.Multivariate != nil && of(k.Multivariate.With)
}

// judge judges the readings of one sample. What belongs to one moment is compared at
// that moment: channels that others look at are told before anything is judged, and
// judged first; what turns out not to be usable is taken back.
func (d *device) judge(bootMS int64, rs []obs.Reading) {
	for _, w := range d.seen {
		w.peer.Propose(bootMS, d.streams[w.channel].Plausible(bootMS, rs[w.channel]))
	}
	for _, w := range d.seen {
		d.judgeOne(bootMS, rs, w.channel)
		w.peer.Settle(rs[w.channel])
	}
	for i := range rs {
		if len(d.seen) == 0 || !slices.ContainsFunc(d.seen, func(w seen) bool { return w.channel == i }) {
			d.judgeOne(bootMS, rs, i)
		}
	}
}

func (d *device) judgeOne(bootMS int64, rs []obs.Reading, i int) {
	r, st := &rs[i], &d.streams[i]
	*r = st.Judge(bootMS, *r)
	d.frozen = d.frozen || r.Quality.Why == obs.Flat
	if st.Remembers() {
		d.lateFor(i)
	}
}

// place prepares the test of where a device is, if it is asked for and can be made.
func (d *device) place(site *wire.Position) {
	lat, _, ok := d.fix()
	if !ok {
		return
	}
	k := d.spec.checks[d.channels[lat]].Location
	if k == nil || k.Off {
		return
	}
	d.located = &quality.Location{}
	if k.Suspect != nil && site != nil {
		d.located.Lat, d.located.Lon, d.located.Away = site.Lat, site.Lon, *k.Suspect
	}
	if k.Step != nil {
		d.located.Step = *k.Step
	}
}

// fix finds the two channels of a position.
func (d *device) fix() (lat, lon int, ok bool) {
	lat, lon = -1, -1
	for i, c := range d.channels {
		switch obs.MetricName(c) {
		case "latitude":
			lat = i
		case "longitude":
			lon = i
		}
	}
	return lat, lon, lat >= 0 && lon >= 0
}

// locate judges where a device is. The verdict is on the pair: both bear it.
func (d *device) locate(rs []obs.Reading) {
	if d.located == nil {
		return
	}
	lat, lon, _ := d.fix()
	q := d.located.Judge(rs[lat].Value, rs[lon].Value)
	for _, i := range []int{lat, lon} {
		if rs[i].Quality.Flag != obs.Missing {
			rs[i].Quality = rs[i].Quality.Worst(q)
		}
	}
}

// lateFor keeps what channel i's newest value has decided about the one before.
func (d *device) lateFor(i int) {
	l, ok := d.streams[i].Late()
	if !ok {
		return
	}
	for len(d.late) < len(d.channels) {
		d.late = append(d.late, quality.Late{})
	}
	d.late[i] = l
}

// keepLate writes late verdicts down and sends them: a record of its own that repeats
// the values they are about, under their time. Nothing is overwritten, in the journal
// or on the wire.
func (g *Gateway) keepLate(d *device) {
	if len(d.late) == 0 {
		return
	}
	rec, units := lateSample(d)
	body, err := rec.Append(g.scratch[:0])
	if err != nil {
		g.log.Error("a late verdict cannot be written down", "device", rec.Device, "error", err)
		return
	}
	g.scratch = body
	seq, err := g.journal.Append(record.KindSample, body)
	if err != nil {
		g.log.Error("a late verdict cannot be written down", "device", rec.Device, "error", err)
		return
	}
	if g.uplink != nil {
		g.uplink.Offer(seq, sampleValues(nil, &rec, rec.BootMS, units))
	}
}

// lateSample makes the record of a device's late verdicts. All are about one sample.
func lateSample(d *device) (rec record.Sample, units shapeUnits) {
	rec = record.Sample{Device: d.spec.id, BootMS: math.MaxInt64}
	for _, l := range d.late {
		if l.Final.Flag != obs.NotEvaluated {
			rec.BootMS = min(rec.BootMS, l.MS)
		}
	}
	units = shapeUnits{}
	for i, l := range d.late {
		if l.Final.Flag == obs.NotEvaluated || l.MS != rec.BootMS {
			continue
		}
		rec.Channels = append(rec.Channels, d.channels[i])
		rec.Readings = append(rec.Readings, obs.Reading{Value: l.Value, Quality: l.Sent})
		rec.Late, rec.LateWhy = append(rec.Late, l.Final.Flag), append(rec.LateWhy, l.Final.Why)
		units[d.channels[i]] = d.metrics[i]
	}
	return rec, units
}

// shapeUnits are the metrics of a few channels.
type shapeUnits map[string]obs.Metric

func (u shapeUnits) Lookup(channel string) (obs.Metric, bool) {
	m, ok := u[channel]
	return m, ok
}
