package uplink

import (
	"testing"
	"time"
)

// A link that is slow, or not known, is given little at once; one that has just shown
// that it is fast, as much as it carries in chunkTime.
func TestWriteChunk(t *testing.T) {
	var u traffic
	for _, c := range []struct {
		bytes int
		took  time.Duration
		want  int
	}{
		{0, 0, writeChunk},                           // nothing is known
		{100, time.Microsecond, writeChunk},          // a small message says nothing
		{20_000, 5 * time.Millisecond, 20_000},       // 4 MB/s
		{200, time.Second, 20_000},                   // neither does this one
		{20_000, 20 * time.Microsecond, mostChunk},   // this machine
		{20_000, 2 * time.Second, writeChunk},        // the link has become slow
		{20_000, 0, mostChunk},                       // a clock that stood still
		{20_000, 10 * time.Millisecond, 10_000},      //
		{20_000, 100 * time.Millisecond, writeChunk}, //
	} {
		u.confirmed(c.bytes, c.took)
		if got := u.write(1 << 20); got != c.want {
			t.Errorf("after %d bytes in %v: %d at once, want %d", c.bytes, c.took, got, c.want)
		}
	}
	if got := u.write(10); got != 10 {
		t.Errorf("10 bytes are written as %d", got)
	}
}
