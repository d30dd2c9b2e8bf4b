//go:build linux

package main

import (
	"testing"
	"time"
)

func TestLateness(t *testing.T) {
	start := time.Unix(1_800_000_000, 0)
	ms := func(all ...int) (out []time.Time) {
		for _, n := range all {
			out = append(out, start.Add(time.Duration(n)*time.Millisecond))
		}
		return out
	}
	var l lateness
	l.of(ms(40, 1000, 2010, 5300, 6000), start.Add(2*time.Second), start.Add(8900*time.Millisecond))
	l.of(nil, start, start)
	if got, want := l.String(), "3\t3\t10.0 ms\t300.0 ms\t300.0 ms"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (lateness{}).String(); got != "0\t-\t-\t-\t-" {
		t.Errorf("%q", got)
	}
}
