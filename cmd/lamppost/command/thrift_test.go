package command

import (
	"context"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"
)

// The collector goes on as it was set, whatever that was.
func TestThriftIsOver(t *testing.T) {
	was := debug.SetGCPercent(100)
	defer debug.SetGCPercent(was)
	for _, percent := range []int{100, 400, 20, -1} {
		debug.SetGCPercent(percent)
		started := thrift(t.Context())
		during := debug.SetGCPercent(thriftyPercent)
		if want := min(percent, thriftyPercent); during != want {
			t.Errorf("with GOGC=%d the start goes with %d, want %d", percent, during, want)
		}
		started()
		if after := debug.SetGCPercent(100); after != percent {
			t.Errorf("GOGC=%d is %d after the start", percent, after)
		}
	}
}

// A heap is kept small only where that is cheap, and what was set otherwise stays.
func TestPace(t *testing.T) {
	for _, c := range []struct {
		name            string
		percent, before int
		collections     uint64
		want            int
	}{
		{"little to do", 100, 100, 1, thriftyPercent},
		{"as little as may be", 100, 100, calmCollections, thriftyPercent},
		{"what is calm may be three times as much when it is thrifty", thriftyPercent, 100, 3 * calmCollections, thriftyPercent},
		{"between", 100, 100, calmCollections + 1, 100},
		{"much to do", thriftyPercent, 100, busyCollections, 100},
		{"much to do, and set generously", thriftyPercent, 400, 1000, 400},
		{"set thriftier", 20, 20, 1, 20},
		{"switched off", -1, -1, 0, -1},
	} {
		if got := pace(c.percent, c.before, c.collections); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// A gateway with nothing to do becomes thrifty at the first look, and the looking ends.
func TestKeepPace(t *testing.T) {
	was := debug.SetGCPercent(100)
	defer debug.SetGCPercent(was)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() {
			keepPace(ctx, 100)
			close(done)
		}()
		time.Sleep((settling + 1) * paceEvery)
		cancel()
		<-done
	})
	if got := debug.SetGCPercent(100); got != thriftyPercent {
		t.Errorf("the collector goes with %d, want %d", got, thriftyPercent)
	}
}
