package main

import (
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/registers"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// clipped tells a person, once for each channel, that a part sends another value than
// it was set to: the set one does not fit into what it sends. It passes every truth
// line on.
type clipped struct {
	to parts.Recorder

	mu  sync.Mutex // guards what follows, and the screen
	out io.Writer
	set map[string]parts.Setting // not told yet
}

func newClipped(out io.Writer, settings []parts.Setting) *clipped {
	c := &clipped{out: out, set: map[string]parts.Setting{}}
	for _, s := range settings {
		c.set[s.Channel] = s
	}
	return c
}

// Add implements parts.Recorder.
func (c *clipped) Add(lines ...truth.Line) {
	c.to.Add(lines...)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range lines {
		if l.Event == "" && l.Via != truth.Silence {
			c.compare(l.Channel, l.V, l.Resolution)
		}
	}
}

// registers compares what the registers of a Modbus part hold, before anybody asks for
// them. The caller holds the lock.
func (c *clipped) registers(id string) {
	table, _ := registers.Get(id) // another part has none
	rows, err := table.Registers(table.Address)
	if err != nil {
		return // the part is not played with these either
	}
	for _, r := range rows {
		if s, ok := c.set[r.Channel]; ok && !r.Shadow {
			_, held := r.Encode(s.Is)
			c.compare(r.Channel, held, max(math.Abs(r.Scale), r.Resolution))
		}
	}
}

// compare tells of a value that is not the one that was set, but for what rounding and
// moving make of it. The caller holds the lock.
func (c *clipped) compare(channel string, sent, step float64) {
	s, ok := c.set[channel]
	if !ok || !(math.Abs(sent-s.Is) > s.By+step+1e-6*math.Abs(s.Is)) {
		return
	}
	delete(c.set, channel)
	fmt.Fprintf(c.out, "  %s: the part cannot send %s; it sends %s instead\n", channel, shown(s.Is), shown(sent))
}
