package gateway

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/quality"
)

// memoryKey is the journal's state key for what quality tests remember: a sensor that
// has stood still for hours must not be credible again because the gateway restarted.
const memoryKey = "quality"

// keptMemory is what tests remember, by stream, and when it was so.
type keptMemory struct {
	Boot    string                     `json:"boot"`
	BootMS  int64                      `json:"boot_ms"`
	Epoch   string                     `json:"epoch"`
	Streams map[string]json.RawMessage `json:"streams"`
}

// keepMemory writes down what tests remember, those first whose flag stands; what does
// not fit begins anew after a restart, and is named. The caller holds the lock.
func (g *Gateway) keepMemory() {
	if g.gen == nil {
		return
	}
	g.memoryAt = g.clock.BootMS()
	kept := keptMemory{g.clock.Boot(), g.memoryAt, string(g.epoch), map[string]json.RawMessage{}}
	room, left := journal.MaxState-1024, 0
	for _, bad := range []bool{true, false} {
		g.gen.memories(func(stream string, m quality.Memory) {
			if m.Bad() != bad {
				return
			}
			b, err := json.Marshal(m)
			if need := len(b) + len(stream) + 4; err == nil && need <= room { // "": and a comma
				kept.Streams[stream], room = b, room-need
				return
			}
			left++
		})
	}
	state, err := json.Marshal(kept)
	if err == nil {
		err = g.journal.SetState(memoryKey, state)
	}
	if err != nil || left > 0 {
		g.log.Error("what quality tests remember cannot be kept over a restart", "streams left out", left, "error", err)
	}
}

// memories calls fn with what the tests of each stream remember, if anything.
func (gen *generation) memories(fn func(stream string, m quality.Memory)) {
	for _, id := range gen.order {
		d := gen.devices[id]
		streams := d.streams
		if streams == nil {
			streams = d.recalled
		}
		for i := range streams {
			if m, ok := streams[i].Memory(); ok {
				fn(dotted(obs.Stream{Device: id, Channel: d.channels[i]}), m)
			}
		}
	}
}

// restoreMemory takes up what tests remembered when the gateway last ran, and reads from
// the journal what came after that was kept. Then it keeps it, so that the next start
// never reads more than this run has written since.
func (g *Gateway) restoreMemory(gen *generation) {
	kept, ok := g.memoryKept()
	tested := gen.recallStreams(kept.Streams)
	if tested && ok {
		r := recollection{reread: reread{g: g}, gen: gen, boot: kept.Boot, bootMS: kept.BootMS}
		r.walk(kept)
		r.goOn(g.clock.Boot(), g.clock.BootMS())
	}
	if tested {
		g.keepMemory()
	}
}

// memoryKept is what was kept last. Without it, as after an update from a program that
// kept nothing, it is empty as of a while before the end of the last run; false if there
// was none.
func (g *Gateway) memoryKept() (kept keptMemory, ok bool) {
	if b, has := g.journal.State(memoryKey); has {
		err := json.Unmarshal(b, &kept)
		if err == nil {
			return kept, true
		}
		g.log.Warn("what quality tests remembered cannot be read", "error", err)
	}
	kept = keptMemory{}
	for _, e := range g.journal.Epochs() {
		if e.Epoch.String() != string(g.epoch) && e.First <= e.Last && e.LastCommit.Boot != "" {
			kept = keptMemory{Boot: e.LastCommit.Boot, BootMS: max(0, e.LastCommit.BootMS-keepMemoryEvery.Milliseconds()), Epoch: e.Epoch.String()}
		}
	}
	return kept, kept.Epoch != ""
}

// recallStreams makes the streams of devices whose tests remember, with what was kept of
// them, and says whether there are any.
func (gen *generation) recallStreams(kept map[string]json.RawMessage) (tested bool) {
	for id, d := range gen.devices {
		streams, remembers := make([]quality.Stream, len(d.channels)), false
		for i := range streams {
			streams[i] = *quality.New(&d.limits[i], 0)
			remembers = remembers || streams[i].Remembers()
			var m quality.Memory
			if b := kept[dotted(obs.Stream{Device: id, Channel: d.channels[i]})]; b != nil && json.Unmarshal(b, &m) == nil {
				streams[i].Recall(m)
			}
		}
		if remembers {
			d.recalled, tested = streams, true
		}
	}
	return tested
}

// recollection is the walk through what was measured after the kept state.
type recollection struct {
	reread
	gen    *generation
	boot   string
	bootMS int64 // of the newest record
}

// maxRecollected bounds how many records of an epoch are read: some seconds on a small
// board. There are more only if the state could not be kept for long.
const maxRecollected = 500_000

func (r *recollection) walk(kept keptMemory) {
	all := r.g.journal.Epochs()
	first := 0 // the kept epoch may be gone: then all came after
	for i, e := range all {
		if e.Epoch.String() == kept.Epoch {
			first = i
		}
	}
	for i, e := range all[first:] {
		if e.First > e.Last {
			continue
		}
		from := e.First
		if e.Last-from >= maxRecollected {
			from = e.Last - maxRecollected + 1
		}
		if i == 0 && e.Epoch.String() == kept.Epoch {
			from = max(from, r.g.journal.SeqAt(e.Epoch, func(s journal.Stamp) bool { return s.BootMS < kept.BootMS-margin.Milliseconds() }))
		} else if e.Opened.Boot != "" {
			r.goOn(e.Opened.Boot, e.Opened.BootMS)
		}
		r.epoch(e, from, kept)
	}
}

func (r *recollection) epoch(e journal.EpochInfo, from uint64, kept keptMemory) {
	r.read(stretch{e.Epoch, from, e.Last}, "quality tests", func() {
		if e.Epoch.String() != kept.Epoch || r.sample.BootMS > kept.BootMS || r.sample.Late != nil {
			r.take()
		}
	})
}

// take shows a sample to the tests of its streams.
func (r *recollection) take() {
	d := r.gen.devices[r.sample.Device]
	if d == nil || d.recalled == nil || r.sample.Fault != "" {
		return
	}
	if r.sample.Late != nil {
		r.takeBack(d)
		return
	}
	r.bootMS = max(r.bootMS, r.sample.BootMS)
	for i, c := range r.sample.Channels {
		if i < len(r.sample.Readings) && i < len(d.channels) && d.channels[i] == c {
			d.recalled[i].Remember(r.sample.BootMS, r.sample.Readings[i])
		}
	}
}

// takeBack tells tests of a late verdict, which is no new reading: that the one before was
// a spike.
func (r *recollection) takeBack(d *device) {
	for i, c := range r.sample.Channels {
		if at := slices.Index(d.channels, c); at >= 0 && i < len(r.sample.Late) && lateIn(&r.sample, i).Why == obs.Spike {
			d.recalled[at].Unsay(r.sample.BootMS)
		}
	}
}

// goOn goes on in another run of the program, at bootMS of boot. In another boot the time
// between counts as far as it is known.
func (r *recollection) goOn(boot string, bootMS int64) {
	by := int64(0)
	if boot != r.boot {
		by = bootMS - r.bootMS - r.pause(boot, bootMS)
	}
	for _, d := range r.gen.devices {
		for i := range d.recalled {
			d.recalled[i].Resume()
			d.recalled[i].Shift(by)
		}
	}
	r.boot, r.bootMS = boot, bootMS
}

// pause is how long nothing ran before bootMS of boot, in ms; 0 if nobody knows.
func (r *recollection) pause(boot string, bootMS int64) int64 {
	before, ok := r.g.clock.Date(r.boot, r.bootMS)
	after, too := r.g.clock.Date(boot, bootMS)
	if !ok || !too || before.Guess || after.Guess {
		return 0
	}
	return max(after.UnixMS-before.UnixMS, 0)
}

// keepMemoryEvery is how often what tests remember is written down; what comes after is
// read from the journal again.
const keepMemoryEvery = 10 * time.Minute

// watchMemory keeps it when it is due. The caller does not hold the lock.
func (g *Gateway) watchMemory() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := g.clock.BootMS(); g.gen != nil && now-g.memoryAt >= keepMemoryEvery.Milliseconds() {
		g.keepMemory()
	}
}
