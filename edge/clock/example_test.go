package clock_test

import (
	"fmt"

	"github.com/lamppost-city/lamppost/edge/clock"
)

// Two minutes after boot the truth becomes known; a reading from before is dated.
func ExampleTimeline() {
	var t clock.Timeline
	_, _, trusted := t.Unix(5_000)
	fmt.Println(trusted)
	if err := t.Add(clock.Anchor{Source: clock.FromUplink, BootMS: 120_000, UnixMS: 1_795_291_320_000, ErrMS: 40}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(t.Unix(5_000))
	// Output:
	// false
	// 1795291205000 51 true
}
