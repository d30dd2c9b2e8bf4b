// Package clock tells the time of a board that may have no clock chip.
//
// Two clocks are kept apart. Boot time, milliseconds since boot by
// CLOCK_BOOTTIME, never jumps and counts suspend: every reading is stamped with
// it, and schedules run on the monotonic clock. Wall time is worked out from boot
// time and anchors: moments of which the truth became known, from the kernel once
// it is synchronised, or from the aggregator's acknowledgements. A [Timeline] is
// the anchors of one boot; it is pure data and a pure function, so that a reading
// sent again after a restart carries the same time as the first time. A [Run] is
// what is on record of a boot besides; [Settle], pure too, dates the boots that
// ended before anybody knew the time.
//
// # What is promised
//
// Wall time never falls within a boot, whatever the wall clock does, and two moments
// at least 2 ms apart never share a millisecond. Nor does it fall from one boot to
// the next, unless a source lied in the one and tells the truth in the other.
//
// A date once given never changes: anchors are on the disk before they count, and
// those of earlier boots before the one that they follow from.
//
// Each date comes with an error bound, and if the sources are honest the truth lies
// within it:
//
//   - Dated by an anchor of its own boot: the anchor's error, and [DriftPPM] for the
//     time between the anchor and the moment. After a step back the date is held until
//     the truth has caught up; the bound then includes by how much.
//   - Dated by the clock chip ([FromChip]), which provably ran from here to the next
//     anchored boot: two seconds, that anchor's error, and DriftPPM for the time
//     between.
//   - Dated by the order of boots ([FromBounds]): half of all the time that the board was
//     off between the last anchored boot before and the first one after, and their
//     errors. If there is none before: all the time back to when the program was
//     built, and the date is as late as can be. Such dates are a [Date.Guess].
//
// Until the first anchor nothing of a boot is dated ([Unsynced]), and then everything
// of it is, and of the boots before. While no later boot ever has an anchor, an
// undated boot waits.
//
// A source is only followed into a contradiction with what is known, by more than both
// bounds, when it has insisted for five minutes or another source agrees, and
// never while another source stands by what is known; see [Status].Dispute.
// A time before the program was built is never believed. [Clock.Floor] is a time that
// has surely passed, for who has to judge a certificate in 1970.
//
// Not promised: anything against a source that lies alone and for longer; or against a
// person who sets the clock chip between two boots that nobody synchronises, on a
// board that never was synchronised before.
//
// # What to know about the sources
//
// chrony tells the kernel that it is synchronised only with rtcsync in its
// configuration. After sync is lost the kernel says so only when its error estimate
// passes 16 s, nine hours later. So the estimate (maxerror, which grows by 500 ppm by
// itself) is the bound, and that it does anything else than grow is the sign of
// life: without one for an hour the clock is [Held]. Setting the clock by hand clears
// the bit, so that such a time is not believed. A clock chip is looked at through
// /sys, where it says itself if it stopped; the wall clock at boot says nothing,
// since fake-hwclock and systemd-timesyncd set it to whatever was saved last. The
// kernel sets the chip once it is synchronised itself, so that what a chip is
// worth can only be seen before.
package clock
