// Package rule decides when something is wrong, from text that a field engineer
// can read aloud:
//
//	when:  "river.level > 3.00 and rate(river.level, 10m) > 0.2"
//	for:   2m
//	clear: "river.level < 2.90"
//
// [Compile] checks the text against the streams that exist. An [Engine] is given
// readings and the time and answers with [Transition] values. It is pure: it reads
// no clock, starts no goroutine and does no I/O; times are milliseconds since boot
// and may be negative. It is for one goroutine.
//
// # The language
//
// Expressions are written in the syntax of expr-lang, of which this is the part
// that a rule needs: numbers, + - * / % ^ **, < <= > >= == !=, chained comparisons
// (1 < x < 3), and or not (&& || !), condition ? a : b, abs(x), and
//
//	river.level               the last usable value; tank.temp.inlet is a qualified channel
//	avg(river.level, 10m)     mean of the readings of the last ten minutes; also min, max
//	leq(street.noise, 10m)    energy mean of a sound level, 10·lg of the mean of 10^(L/10)
//	count(river.level, 10m)   how many usable readings there were
//	rise(river.level, 10m)    by how much the last reading is above the lowest one in the window
//	rate(river.level, 30m)    last reading less the first in the window, per hour; both of a
//	                          running total are what it grew by, see Totals
//	rises_to(river.level, 3.00, 15m)
//	                          seconds until the trend of the last fifteen minutes reaches 3.00
//	                          from below; falls_to from above
//	stale(river.level)        seconds since the last usable value, or since the part was last
//	                          warming up, calibrated, under maintenance or switched off by plan
//	stuck(river.level)        seconds for which it has given the same, readings that the
//	                          flat line test failed among them
//
// A window is written as a constant duration, 10m or "10m", from 1s to 48h. A
// duration elsewhere is a number of seconds: stale(air.pm2_5) > 5m. Device ids may
// contain dashes: where pm-north.pm2_5 is a stream it is read as one; put spaces
// around a minus. Loops, lists and texts are not part of a rule. A text has at most
// 2000 bytes, 200 parts and 16 streams and windows, so that an evaluation costs
// microseconds whatever is written.
//
// What is computed must mean something: units that go together, in sums as in what products,
// roots and powers make of them, no means of directions or decibels, nothing that is always
// the same. The judgement is package quantity's, by which formulas of derived streams go too.
//
// # Totals
//
// A running total (rain, energy) that falls began anew and has grown by what it shows at
// least; one that grows faster than possible was misread: nothing is added, and that time
// was not observed ([obs.Grown], by which derived sums go too). One that is compared as it
// stands is doubted, but for what meters of a volume or an energy show.
//
// # What is not known
//
// A value is used until the stream is stale: three of its intervals, at least half
// a minute. After that it is unknown, and so is, by Kleene's logic, what depends on
// it: unknown or true is true, unknown and true is unknown. A reading flagged fail or
// missing makes nothing true or false, but until the next usable one what is raised does
// not end on the value before it: its timer goes on and does not run out.
//
// A window goes with the readings, not with the clock: it ends half an interval behind
// the newest one until that is stale, so that a pause or a reading that comes a little
// early or late changes nothing. A window of a stale stream, or one that is covered by
// readings to less than three quarters (each speaks for no more than a quarter of it, or
// one and a half intervals), is known only on one side: its maximum is at least what was
// seen, so max(river.level, 1h) > 3 can be true a minute after the start, and false only
// when the hour is known. The same holds for min, for rise while the stream is not stale
// and, until the engine has run for the window, for count, which alone goes with the
// clock. avg, leq and rate are unknown then. A derived stream that is marked as sparse is a
// bound, too, or unknown ([Stream]). How long a stream has been silent is known on one
// side until it has spoken once, how long it has been stuck until it has moved once.
// Division by zero is unknown too.
//
// # From the condition to the alert
//
// The condition becomes met when the expression when is true. It ends when clear is
// true and when is not; between the two it stays what it was. Without a clear of
// its own a rule clears when the expression when is false. A condition that has been
// met for the time for raises; one that has been over for clear_for clears:
//
//	normal → pending → Active → clearing → normal
//
// An alert stays for hold at least. clear_for begins when the condition is over, and
// anew whenever it was met in between; hold begins with the raise, once, and runs
// whatever is known. An alert ends when both have run and its condition is known to be
// over.
//
// A rule may have levels instead, one condition for each severity, and a forecast,
// whose condition is that the trend reaches the limit in time. Each of these stages
// goes its own way through the phases; the rule's one alert is that of the most severe
// stage that is raised: it climbs at once and comes down by each level's own clear. A
// forecast ends with what it forecast.
//
// While either expression is unknown and neither is true, nothing changes and the
// timers stand still; after an hour of that a pending or clearing rule goes back to
// where it came from. Unknown never raises and never clears.
//
// A reading that [Engine.Retract] takes back has never been: windows forget it, and
// what was met on it and on nothing newer ends at once. One whose verdict is still to
// come ([Engine.Await]) raises alerts and ends none, nor what is pending: for that the
// value before it counts as much. One that was a spike and still counts, a suspect one, is
// no movement to stuck either ([Engine.Unmoved]).
//
// # What keeps a rule from judging
//
// A rule neither raises nor clears, as if nothing were known, under maintenance
// ([Engine.Maintain]) and while a rule that it depends on has an alert: one for the
// port, not one for each stream on it. Of what happens at one moment parents see it
// first. An alert that stands stays.
//
// Outside its [Schedule] a rule raises nothing and what was pending ends. An alert that
// stands goes on like any other until it is over, or ends with the schedule where that
// says so. While nobody knows the time of day there is no schedule.
//
// A rule whose evaluation panics is stopped, see [Engine.Stopped]. It cannot loop, and
// what it needs is bounded by its text.
//
// # Chatter
//
// An alert that changes too often is kept as it was at its worst. Time is divided into
// twentieths of a span that the rule names or that follows from its own times; a
// twentieth in which the alert changed weighs 0.8 if it is the oldest, 1.2 if it is the
// newest. Above half of the greatest weight the alert chatters, below a quarter of it it
// has calmed down. Meanwhile one transition says so, then one in ten minutes at most
// ([Transition.News]); each change is still a transition. The first raise, and a rise in
// severity at any time, are told at once.
//
// # Trends
//
// A trend is the median of the slopes between all pairs of at most forty points
// (Theil 1950, Sen 1968), so that a quarter of them may be wrong; more readings than
// that are thinned by medians. Where the newest third of the window surely goes
// another way, the trend is its. It is found again after a fortieth of the window.
// Nothing is forecast from fewer than six points or from less than half of the window
// (unknown); where the slope may as well be none, is less than a step of the sensor,
// or leads to the limit only after three windows, the limit is at least that far away.
//
// No line passes above where the water stands now, the median of the newest three points,
// by more than noise (below it, where the limit is lower): the limit is reckoned from there.
// Where the points have gone back from the limit by more than noise, the limit is three windows
// away, until they have made up for half of that or rise through the newest third of the window;
// where the newest reading alone has, nothing is known. A pre-alert always has a range.
//
// A forecast is a span, from where a straight line reaches the limit to where the flattest
// line does that nine in ten slopes allow: a pre-alert begins when all of it lies within
// the time that is looked ahead, and only while the limit is not reached yet.
//
// The range of minutes that an alert announces is wider: rises change their pace. It is
// straight-line time, times what such forecasts were off by, nine times in ten, on
// storms to practise on, and by how much the line itself may be misplaced (scatter and half
// a step, at its slope, and the time between two fits); it depends on how steady the rise was, which is the slope of the
// whole window as a share of the newest third's (the table spread, in trend.go). How often
// it holds on other storms docs/foresight.md says; a tide, a pump or a gate turns a trend
// that was right.
//
// While the pre-alert stands its range is told anew (News) where it has become half as
// wide, where the limit is expected outside of it, or where half of the announced time is
// over; at most once a minute.
//
// # Restart
//
// [Engine.Snapshot] gives a rule's state as a few bytes of JSON, to be saved at each
// transition, also those where only a timer stopped or went on (From equals To), and now
// and then of the rules that [Engine.Unsaved] names, for what their alerts will say.
// [Engine.Restore] takes it back: the time during which nothing ran counts as
// unknown, so a timer goes on where it stood, also after a reboot, hold among them. Windows are not
// part of it: [Engine.Refill] fills them with the past before the first Tick, in the current
// boot's milliseconds, from the caller's journal.
//
// # Memory
//
// A window holds at most 512 points (28 KiB). When it has more readings than that
// they are pooled into steps of 1/256 of the window, by which its edge is then
// blurred.
//
// # Problem ids
//
//	E3101  the text is no expression
//	E3102  no such device or channel
//	E3103  no such function
//	E3104  wrong arguments of a function, or a window that is no duration from 1s to 48h
//	E3105  a number where a condition belongs, or the other way round
//	E3106  the expression reads no stream, so it never changes
//	E3107  the expression is too long or reads too much
//	E3108  a part of expr-lang that rules do not have
//	E3109  clear can be true while when is: the limits are crossed over
//	E3110  clear and when go the same way
//	E3111  a forecast of something else than one value against a number
//	E3112  a forecast that its window cannot support, that comes too late, or of a method that does not exist
//	E3113  a level that is more severe than the next but does not lie beyond it
//	E3114  two sides of different units, like a level and a time
//	E3115  a condition that no reading can meet
//	E3116  a condition that every reading meets
//	E3117  a window that is too short for the stream's interval
//	E3118  a function or arithmetic that says nothing of such a stream: a mean of directions or decibels, half of a direction,
//	       a mean or a trend of a total
//	E3119  arithmetic without a result, or with one that is always the same
//	E3120  a silence or standstill that comes again and again, or is too long to wait for
//	E3121  a condition that is met because readings come, or a clear that then never is, or needs a standstill
//	E3122  a stream that has values only above a limit, as an air quality index without all its pollutants
//	W3101  a part of a condition that is always true, or never
//	W3102  levels that look two ways: too much is one alert, too little another
//	W3103  a clear that reads nothing of what when reads
//	W3104  a time, a number of readings or a value that is hardly ever reached, or always
//	W3105  a running total that is compared as it stands
package rule
