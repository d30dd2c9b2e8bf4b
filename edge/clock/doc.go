// Package clock tells the time of a board that may have no clock chip.
//
// Two clocks are kept apart. Boot time, milliseconds since boot by
// CLOCK_BOOTTIME, never jumps and counts suspend: every reading is stamped with
// it, and schedules run on the monotonic clock. Wall time is worked out from boot
// time and anchors: moments of which the truth became known, from the kernel once
// it is synchronised, or from the aggregator's acknowledgements. A [Timeline] is
// the anchors of one boot; it is pure data and a pure function, so that a reading
// sent again after a restart carries the same time as the first time.
//
// Promised: within a boot, wall time never falls, whatever the wall clock does,
// and two moments at least 2 ms apart never share a millisecond; a date once given
// never changes; each comes with an error bound, which grows by [DriftPPM] while
// nothing confirms it. Until the first anchor nothing is dated ([Unsynced]), and
// then everything of this boot is. Not promised: dates for an earlier boot that
// never had an anchor.
//
// What to know about the sources: chrony tells the kernel that it is
// synchronised only with rtcsync in its configuration; after sync is lost the
// kernel says so only when its error estimate passes 16 s, hours later, so the
// estimate (maxerror, growing by 500 ppm) is used as the bound and not the bit
// alone; setting the clock by hand clears the bit, so that such a time is not
// believed.
package clock
