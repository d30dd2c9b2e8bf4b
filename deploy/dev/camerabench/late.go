//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// every is how often a meter is asked.
const every = time.Second

// lateness is how late requests were against their grid.
type lateness struct {
	late    []time.Duration
	skipped int // slots of the grid in which none came
}

// of adds one meter's requests, in their order: those from a moment on, until another. The
// grid is taken from all of them; a point less than half a second from either end need not
// have one.
func (l *lateness) of(asked []time.Time, from, until time.Time) {
	if len(asked) == 0 {
		return
	}
	slot := func(t time.Time) int { return int((t.Sub(asked[0]) + every/2) / every) }
	late := func(t time.Time) time.Duration { return t.Sub(asked[0]) - time.Duration(slot(t))*every }
	least := late(asked[0])
	for _, t := range asked {
		least = min(least, late(t))
	}
	came := 0
	for _, t := range asked {
		if !t.Before(from) {
			came++
			l.late = append(l.late, late(t)-least)
		}
	}
	l.skipped += max(0, int((until.Sub(from)-every/2)/every)-came)
}

// String is how many there were, how many are missing, p50, p99 and the largest.
func (l lateness) String() string {
	if len(l.late) == 0 {
		return "0\t-\t-\t-\t-"
	}
	return fmt.Sprintf("%d\t%d\t", len(l.late), l.skipped) + l.shares()
}

// shares are p50, p99 and the largest.
func (l lateness) shares() string {
	slices.Sort(l.late)
	at := func(share float64) float64 {
		return float64(l.late[min(int(share*float64(len(l.late))), len(l.late)-1)]) / float64(time.Millisecond)
	}
	return fmt.Sprintf("%.1f ms\t%.1f ms\t%.1f ms", at(0.5), at(0.99), at(1))
}

// timer is how late timers of this process are, thirty a second, until ctx ends.
func timer(ctx context.Context) (l lateness) {
	const step = time.Second / meters
	start := time.Now()
	for n := 1; ctx.Err() == nil; n++ {
		due := start.Add(time.Duration(n) * step)
		t := time.NewTimer(time.Until(due))
		<-t.C
		l.late = append(l.late, time.Since(due))
	}
	return l
}
