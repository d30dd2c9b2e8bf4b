package gateway

import (
	"slices"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/derive"
	"github.com/lamppost-city/lamppost/edge/quality"
	"github.com/lamppost-city/lamppost/edge/record"
)

// recallBefore shows spike tests and rules what was measured last before this run, in this
// boot: the next value decides the last one, and takes back what rests on it, as if the
// program had not ended in between. late is what the end of the last run left untold of
// derived streams.
func (g *Gateway) recallBefore(gen *generation, late []derive.Output) {
	b := before{reread: reread{g: g}, gen: gen, newest: map[obs.Stream]int64{}}
	for _, s := range b.stretches() {
		b.read(s, spikeTests, b.take)
	}
	for _, w := range b.wrong {
		gen.engine.Recall(w.stream, w.bootMS)
		gen.engine.Retract(w.stream, w.bootMS)
	}
	for st, ms := range b.newest {
		gen.engine.Recall(st, ms)
	}
	for _, o := range late {
		g.judgeResult(gen, o)
	}
}

// before is the walk through the last records of this boot.
type before struct {
	reread
	gen     *generation
	newest  map[obs.Stream]int64 // when each stream was usable last
	wrong   []moment             // what the last sample showed to be wrong
	judging bool                 // that sample itself is to come
}

// moment is one value of a stream.
type moment struct {
	stream obs.Stream
	bootMS int64
}

// spikeTests are who goes without what cannot be read.
const spikeTests = "spike tests"

// How many records are read for the last two samples of each device that has a spike test:
// ever more, as far as that takes a second on a small board.
const (
	fewBefore  = 1 << 12
	mostBefore = 1 << 16
)

// stretches returns the last records of this boot, so many that what is wanted is among them.
func (b *before) stretches() (all []stretch) {
	wanted := map[string]int{}
	for id, d := range b.gen.devices {
		if d.recalled != nil && slices.ContainsFunc(d.limits, func(l quality.Limits) bool { return l.Tests.Doubts() }) {
			wanted[id] = 0
		}
	}
	for n, had := uint64(fewBefore), uint64(fewBefore); len(wanted) > 0 && n <= mostBefore && had >= n/4; n *= 4 {
		if all, had = b.tail(n); b.hold(all, wanted) {
			break
		}
	}
	return all
}

// hold says whether there are two samples of each of these devices, which it counts.
func (b *before) hold(all []stretch, devices map[string]int) bool {
	for id := range devices {
		devices[id] = 0
	}
	for _, s := range all {
		b.read(s, spikeTests, func() {
			if n, is := devices[b.sample.Device]; is && b.sample.Late == nil && b.sample.Fault == "" {
				devices[b.sample.Device] = n + 1
			}
		})
	}
	for _, n := range devices {
		if n < 2 {
			return false
		}
	}
	return true
}

// tail returns the last n records of this boot, oldest first, and how many there are.
func (b *before) tail(n uint64) (all []stretch, had uint64) {
	for _, e := range slices.Backward(b.g.journal.Epochs()) {
		if e.First > e.Last {
			continue
		}
		if e.Opened.Boot != b.g.clock.Boot() || had == n {
			break
		}
		first := e.First
		if most := n - had; e.Last-first >= most {
			first = e.Last - most + 1
		}
		had += e.Last - first + 1
		all = append(all, stretch{e.Epoch, first, e.Last})
	}
	slices.Reverse(all)
	return all, had
}

// take notes one sample.
func (b *before) take() {
	s := &b.sample
	d := b.gen.devices[s.Device]
	if d == nil || s.Fault != "" {
		return
	}
	if d.spec.driver != derivedDriver {
		if !b.judging || s.Late != nil {
			b.wrong = nil // the run went on behind what showed it: rules have seen it
		}
		b.judging = s.Late != nil
	}
	for i, c := range s.Channels {
		at := slices.Index(d.channels, c)
		switch {
		case at < 0:
		case i < len(s.Late):
			b.judge(d, at, lateIn(s, i))
		case i < len(s.Readings):
			b.see(d, at, s.Readings[i])
		}
	}
}

func (b *before) see(d *device, channel int, r obs.Reading) {
	if d.recalled != nil {
		d.recalled[channel].Precede(b.sample.BootMS, r)
	}
	if r.Quality.Usable() {
		b.newest[obs.Stream{Device: d.spec.id, Channel: d.channels[channel]}] = b.sample.BootMS
	}
}

func (b *before) judge(d *device, channel int, q obs.Quality) {
	st := obs.Stream{Device: d.spec.id, Channel: d.channels[channel]}
	if d.recalled != nil {
		d.recalled[channel].Decided(b.sample.BootMS, q)
	}
	if !q.Usable() && b.newest[st] == b.sample.BootMS {
		b.wrong = append(b.wrong, moment{st, b.sample.BootMS})
	}
}

// lateIn is what record s says late of its channel i. What an older program wrote has no
// reason.
func lateIn(s *record.Sample, i int) obs.Quality {
	q := obs.Quality{Flag: s.Late[i]}
	if i < len(s.LateWhy) {
		q.Why = s.LateWhy[i]
	}
	return q
}
