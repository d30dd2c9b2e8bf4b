//go:build linux

package process

import (
	"context"
	"fmt"
	"os"
	"time"
)

const (
	lookEvery = time.Second
	// The share of a core is an average over so many looks.
	window = 30
	// clockTicks is USER_HZ, 100 on every Linux that Go runs on.
	clockTicks = 100
)

// usage is what a child takes.
type usage struct {
	memory    int64   // bytes resident
	cpu       float64 // share of a core, average of the last half minute
	processes int
}

// watch looks at the child once a second and ends it when it takes too much.
func (r *running) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	m := meter{alone: r.cfg.Children > 0}
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			members, _ := r.family.look()
			u := m.look(members, now.Sub(r.started))
			r.mu.Lock()
			r.usage = u
			r.mu.Unlock()
			if why := u.beyond(r.cfg.Memory, r.cfg.CPU, m.full()); why != nil {
				r.kill(why)
			}
		}
	}
}

// beyond says which limit u is over. Only a full window judges the share of a core:
// starting an interpreter takes a whole one for a moment.
func (u usage) beyond(memory int64, cpu float64, full bool) error {
	switch {
	case u.memory > memory:
		return fmt.Errorf("it takes %.1f MB of memory; %.1f MB are allowed", float64(u.memory)/1e6, float64(memory)/1e6)
	case full && u.cpu > cpu:
		return fmt.Errorf("it took %.0f %% of a core for %d s; %.0f %% are allowed", 100*u.cpu, window, 100*cpu)
	case u.processes > maxProcesses:
		return fmt.Errorf("it has %d processes; %d are allowed", u.processes, maxProcesses)
	}
	return nil
}

// meter averages the CPU time of a session over the window. A process that ended
// takes its time with it unless its parent waited for it: the sum may fall, which
// counts as nothing.
type meter struct {
	alone bool // what children have spent counts as theirs
	marks []mark
	spent uint64 // ticks, never falling
	last  uint64
}

type mark struct {
	at    time.Duration
	spent uint64
}

func (m *meter) look(all []proc, at time.Duration) usage {
	u := usage{processes: len(all)}
	var ticks uint64
	for _, p := range all {
		ticks += p.ticks
		if !m.alone {
			ticks += p.childTicks
		}
		u.memory += int64(p.pages) * int64(os.Getpagesize())
	}
	if ticks > m.last {
		m.spent += ticks - m.last
	}
	m.last = ticks
	m.marks = append(m.marks, mark{at, m.spent})
	if len(m.marks) > window+1 {
		m.marks = append(m.marks[:0], m.marks[1:]...)
	}
	first := m.marks[0]
	if took := at - first.at; took > 0 {
		u.cpu = float64(m.spent-first.spent) / clockTicks / took.Seconds()
	}
	return u
}

func (m *meter) full() bool { return len(m.marks) > window }
