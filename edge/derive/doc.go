// Package derive makes streams of other streams: the rain of the last hour, the level
// above a datum, the air quality index, the class of a water. It is pure: readings and
// the time come in, results go out; it reads no clock, starts no goroutine and does no
// I/O. An [Engine] is for one goroutine.
//
// A derived stream is a device that measures nothing itself: it has an id, and its result
// is a channel named by its metric, rain-1h.rain_sum, with the unit of the catalogue. It
// may be made of derived streams; a circle is refused with its chain.
//
// # What it can be
//
//	mean, min, max       of the readings of a window; each counts the same
//	sum                  what a running total (rain, pulses, volume, energy) grew by; of
//	                     rain_rate and flow what they make in the time
//	intensity            that, per hour (rain_rate, flow, W) or second (pulse_rate)
//	percentile           percent: 90 is the value that 90 % of the readings are below,
//	                     between two of them interpolated; every value is kept
//	leq                  10·lg of the mean of 10^(L/10): the energy mean of a noise, of which
//	                     a plain mean is refused (of L10, L50 and L90 it is usual)
//	vector-mean          of {speed, dir}: length of the mean vector, and whence it blows
//	wetness              antecedent precipitation index: keep · yesterday's + today's rain
//	nowcast              US EPA's weighted mean of twelve hours, truncated to 0.1
//	aqi                  air quality index and individual indices of an edition's table
//	water-class          1 to 5, 6 for worse than V, of the worst indicator, and each one's
//	convert              into another unit; shares of a gas into mass per volume
//	a formula            arithmetic on the inputs and on constants that have a history; what it
//	                     means is judged as conditions of rules are (package quantity), a
//	                     direction goes on at 0 behind 360, what has no finite result is missing
//
// # Windows
//
// A window that slides has a result every step (a sixtieth of it, unless every is
// written), at multiples of the step in running time; it holds the readings of
// end-over ≤ t < end. An aligned window is one of the wall clock in its zone (China's,
// unless written), 13:00 ≤ t < 14:00, with one result at its end; day_start moves the
// day. A wall clock that is not trusted yet aligns nothing: those readings do not count.
// Formulas, conversions, classes and report: now have no window. They come as soon as
// every input has a new reading, and where one is late after the longest interval, with
// what there is.
//
// # Spikes
//
// Whether a value is a spike the one behind it shows. A window takes what is awaited
// ([Engine.Await]) when that has come: the step that holds it waits for two intervals of
// its stream, and what is never decided does not count. A formula's result is told at once
// as open, used by windows in the same way, and told again with what it is worth if the
// verdict is bad ([Engine.Judge]).
//
// # What a result is worth
//
// As much as the weakest reading in it, in the order pass, not evaluated, suspect, fail,
// missing. Readings that failed or are missing stay out of windows; a reading speaks for
// the time since the one before, at most an interval, and a result of which less than
// three quarters is covered so is not evaluated, with the reason sparse; so is one over a
// window that slides while its stream is silent for three intervals, half a minute at
// least: it would go on to change by what it forgets. A sparse sum or maximum is at least
// so much, a minimum at most; other sparse results say nothing to a rule. It is missing
// where nothing is left. What lies outside its metric's range is suspect. An air quality
// index takes means only that are valid by GB 3095-2026: 45 minutes of an hour, 6 of 8
// hours, 20 of a day; else it is missing. A wetness index is not evaluated until what was
// not seen counts less than a tenth.
//
// A running total that falls began anew: it grew by what it shows at least, and that is
// suspect (lost). One that grows faster than possible (1 000 mm of rain in an hour) was
// misread: nothing is added, and that time was not observed. What a total grew by over a
// gap counts at its end, and is suspect (time) while the window does not hold the whole
// gap.
//
// # Restart
//
// [Engine.Snapshot] and [Engine.Restore] carry a stream over a restart at any moment, and
// [Engine.Continue] tells how long nothing ran. Where nobody knows, the pause counts as
// nothing and results are suspect (time) for a window's length: rain that may be older
// still warns.
//
// # Problem ids
//
//	E2901  there is no way to derive of this name
//	E2902  no such stream, or not the right ones
//	E2903  a key that does not fit
//	E2904  a window, step or figure that cannot be
//	E2905  something is made of itself
//	E2906  no such metric, or the wrong unit
//	E2907  no such edition, report, body, state, pollutant or indicator
//	E2908  a constant whose history cannot be
//	E2909  the formula cannot be read
//
// Sources: HJ 633-2026 and HJ 633-2012, GB 3095-2026, GB 3838-2002, GB/T 8170-2008; US EPA,
// NowCast for PM (truncation) and 40 CFR part 58 appendix G.
package derive
