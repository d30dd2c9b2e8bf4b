// Package rehearsal lets rules live through readings before a gateway does: made-up ones,
// of which a test says what is to become of them, and recorded ones, of which it tells
// what would have been raised, how early, and how often for nothing. The evaluator is the
// gateway's own, [rule.Engine]; time is that of the readings, and between them the rules'
// own timers run.
//
// # Tests
//
//	tests:
//	  - name: a cloudburst
//	    use: underpass-flood             # in a pack; elsewhere rule: an id of the configuration
//	    with: {red: 0.35}
//	    start: fri 22:00                 # or 2026-11-20 22:00, time of the place
//	    every: 10s
//	    series: {level: "0.00x30 +0.01x20 0.20x6 +0.03x8 _x3 0.41"}
//	    expect:
//	      5m..7m:  forecast yellow
//	      7m50s:   yellow
//	      10m..11m: orange
//
// A series is readings, one each interval, separated by blanks:
//
//	2.40      a reading          2.40x6    six of them
//	+0.03     so much more       -0.03x10  ten, each so much less than the one before
//	=-5       below nought       _  _x3    no reading: silence
//	9.99!     a reading that is flagged fail, 9.99? one that is suspect
//
// Behind its last reading a stream is silent. expect lists every change of the rule's
// alert, with the time at which, or the times between which, it happens; what is not
// listed must not happen. start is for schedules; without it nobody knows the time of day,
// and a rule works as if it had none. A change is to normal, or to a severity, with the word forecast
// before it for a pre-alert. {} says that nothing happens. until lets the time go on
// behind the last reading and the last change.
//
// # Records
//
// [ReadCSV] takes what lamppost buffer export writes, and tables with a column time and
// one for each device.channel. [ReadLines] takes InfluxDB line protocol, as the cloud's
// store has it (level,device=river v=2.71) and as others write it (river level=2.71).
// [Simulation] takes readings from anywhere, in the order of their time.
//
// It is pure: it opens nothing and reads no clock.
//
// # Problem ids
//
//	E3101…  those of the rules' texts
//	E3201   a test names no rule, or two
//	E3202   a series that cannot be read, or of no stream
//	E3203   an expectation that cannot be read, or is out of order
//	E3204   an interval or end that cannot be
//	W3201   a rule of a pack without a test
package rehearsal
