package command

import (
	"runtime/debug"
	"testing"
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
