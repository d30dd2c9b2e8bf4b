package rule

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// site is what is known of the streams that the tests below speak of.
var site = Streams{
	level:                                    {Every: time10s, Max: 4, Unit: "m"},
	{Device: "tank", Channel: "temp"}:        {Every: time10s, Min: -40, Max: 80, Unit: "℃"},
	{Device: "mast", Channel: "wind_dir"}:    {Every: time10s, Max: 360, Unit: "°", Turns: true},
	{Device: "gauge", Channel: "rain"}:       {Every: time10s, Max: 1e5, Unit: "mm", Total: true},
	{Device: "main", Channel: "volume"}:      {Every: time10s, Max: 1e6, Unit: "m³", Total: true, Meter: true},
	{Device: "roof", Channel: "rain"}:        {Every: time10s, Max: 1e5, Unit: "mm", Total: true},
	noise:                                    {Every: time10s, Max: 150, Unit: "dB(A)", Level: true},
	{Device: "door", Channel: "open"}:        {Every: time10s, Max: 1},
	{Device: "fast", Channel: "level"}:       {Every: time10s, Fastest: time.Second, Max: 4},
	{Device: "nobody", Channel: "electrode"}: {Every: time10s},
	{Device: "rough", Channel: "wind_dir"}:   {Every: time10s, Max: 360, Unit: "°", Turns: true},
	{Device: "index", Channel: "aqi"}:        {Every: time10s, Max: 500, Bare: true},
	{Device: "rough", Channel: "level"}:      {Every: time10s, Min: 1.6499999999999997, Max: 4.25, Unit: "m"},
}

const (
	sumOfLevels = "two levels in decibels have no sum and no plain mean: of 40 and 80 that would be 60, and is 77"
	levelHint   = "write leq(device.channel, 10m) for the energy mean of one over a time; of two make a stream under derived: with is: \"10*log10((10^(a/10) + 10^(b/10)) / 2)\""
	circleHint  = "how far two are apart is 180 - abs(abs(a - b) - 180); for a mean make a stream under derived: with is: vector-mean, and compare that"
)

// What can never be right is refused, at its place.
func TestSense(t *testing.T) {
	for _, c := range []struct{ text, id, msg, hint string }{
		{"«river.level > 4.5»", "E3115", "river.level is from 0 to 4 m: this can never be true", "compare with a number between 0 and 4"},
		{"«river.level < 0»", "E3115", "river.level is from 0 to 4 m: this can never be true", "compare with a number between 0 and 4"},
		{"«max(tank.temp, 10m) > 80»", "E3115", "tank.temp is from -40 to 80 ℃: this can never be true", "compare with a number between -40 and 80"},
		{"«door.open > 1»", "E3115", "door.open is from 0 to 1: this can never be true", "compare with a number between 0 and 1"},
		{"«rise(river.level, 1h) > 5»", "E3115", "this can never be true", "compare with a number between 0 and 4"},
		{"«count(river.level, 1m) > 7»", "E3115", "1m of one every 10s are 7 readings at most: this can never be true", "compare with a number between 0 and 7"},
		{"«count(fast.level, 1m) > 61»", "E3115", "1m of one every 1s are 61 readings at most: this can never be true", "compare with a number between 0 and 61"},
		{"«stale(river.level) < 0»", "E3115", "this can never be true", "compare with what the metric can be, and let the limits of an and overlap"},
		{"«river.level > 3 and river.level < 2»", "E3115", "this can never be true", "compare with what the metric can be, and let the limits of an and overlap"},
		{"«river.level > 3 and door.open == 1 and river.level == 2»", "E3115", "this can never be true", "compare with what the metric can be, and let the limits of an and overlap"},
		{"«mast.wind_dir > 350 and mast.wind_dir < 10»", "E3115", "this can never be true", "for a direction on both sides of north write (mast.wind_dir > 350 or mast.wind_dir < 10)"},
		{"«mast.wind_dir <= 10 and river.level > 1 and mast.wind_dir >= 350.5»", "E3115", "this can never be true", "for a direction on both sides of north write (mast.wind_dir >= 350.5 or mast.wind_dir <= 10)"},
		{"«mast.wind_dir == 350 and mast.wind_dir < 10»", "E3115", "this can never be true", "compare with what the metric can be, and let the limits of an and overlap"},
		{"«river.level == 2 and river.level != 2»", "E3115", "this can never be true", "compare with what the metric can be, and let the limits of an and overlap"},
		{"«river.level >= 0»", "E3116", "river.level is from 0 to 4 m: this is always true", "compare with a number between 0 and 4"},
		{"«rough.level > 0»", "E3116", "rough.level is from 1.65 to 4.25 m: this is always true", "compare with a number between 1.65 and 4.25"},
		{"«river.level > -3»", "E3116", "river.level is from 0 to 4 m: this is always true", "compare with a number between 0 and 4"},
		{"«river.level > 3 or true»", "E3116", "this is always true", "compare with a number that it can be above and below"},
		{"«river.level > 3 or river.level <= 3»", "E3116", "this is always true", "compare with a number that it can be above and below"},
		{"«river.level > 2 or door.open == 1 or river.level < 3»", "E3116", "this is always true", "compare with a number that it can be above and below"},
		{"«river.level == 2 or river.level != 2»", "E3116", "this is always true", "compare with a number that it can be above and below"},
		{"avg(river.level, «5s») > 3", "E3117", "river.level gives a reading every 10s, of which 5s holds too few", "write at least 10s"},
		{"rate(river.level, «15s») > 3", "E3117", "river.level gives a reading every 10s, of which 15s holds too few", "write at least 20s"},
		{"«avg(mast.wind_dir, 10m)» > 100", "E3118", "mast.wind_dir is a direction, of which there is no avg: 350 and 10 are near one another", "make a mean under derived: (is: vector-mean, of: {speed: …, dir: mast.wind_dir}) and compare that"},
		{"«rises_to(mast.wind_dir, 100, 10m)» < 100", "E3118", "mast.wind_dir is a direction, of which there is no rises_to: 350 and 10 are near one another", "make a mean under derived: (is: vector-mean, of: {speed: …, dir: mast.wind_dir}) and compare that"},
		{"«avg(gauge.rain, 10m)» > 100", "E3118", "gauge.rain is a running total, of which a mean says nothing", "write rise(gauge.rain, 10m), which is what came in that time"},
		{"«avg(street.noise, 10m)» > 60", "E3118", "street.noise is a level in decibels, whose plain mean is wrong: of 40 and 80 it is 77, not 60", "write leq(street.noise, 10m), the energy mean"},
		{"«leq(river.level, 10m)» > 3", "E3118", "river.level is no sound level, of which there is an energy mean", "write avg(river.level, 10m)"},
		{"leq(street.noise, «5s») > 60", "E3117", "street.noise gives a reading every 10s, of which 5s holds too few", "write at least 10s"},
		{"«leq(street.noise, 10m) > 150»", "E3115", "street.noise is from 0 to 150 dB(A): this can never be true", "compare with a number between 0 and 150"},
		{"leq(street.noise, 10m) > 60 or «leq(street.noise, 10m) > 2m»", "E3114", "dB(A) and s do not go together", "write a number of dB(A), or how long something lasts, like stale(device.channel) > 5m"},
		{"river.level / «0» > 3", "E3119", "nothing can be divided by 0", "write what to divide by"},
		{"river.level % («1 - 1») > 3", "E3119", "nothing can be divided by 0", "write what to divide by"},
		{"«river.level - river.level» > 3", "E3119", "this is always 0", "name two different streams, or leave it out"},
		{"«tank.temp / tank.temp» > 3", "E3119", "this is always 1", "name two different streams, or leave it out"},
		{"«stale(river.level) > 1s»", "E3120", "river.level gives a reading every 10s, so it is silent for so long again and again", "write more than 10s, like 30s"},
		{"«stale(river.level) >= 10s»", "E3120", "river.level gives a reading every 10s, so it is silent for so long again and again", "write more than 10s, like 30s"},
		{"river.level > 3 or «stale(river.level) > 5s»", "E3120", "river.level gives a reading every 10s, so it is silent for so long again and again", "write more than 10s, like 30s"},
		{"«stale(river.level) > 2160h»", "E3120", "nobody waits so long for a reading", "write 720h, which are 30 days, or less"},
		{"«stuck(river.level) > 2160h»", "E3120", "nobody waits so long for a reading", "write 720h, which are 30 days, or less"},
		{"«stuck(river.level) > 10s»", "E3120", "river.level gives a reading every 10s, so its value stands for so long again and again", "write 50s or more"},
		{"«stale(river.level) < 1m»", "E3121", "this is met while every reading comes in time", "turn the comparison round, like stale(device.channel) > 5m"},
		{"«not (stale(river.level) > 1m)»", "E3121", "this is met while every reading comes in time", "turn the comparison round, like stale(device.channel) > 5m"},
		{"«river.level > 3 or stale(door.open) <= 5m»", "E3121", "this is met while every reading comes in time", "turn the comparison round, like stale(device.channel) > 5m"},
		{"«rate(river.level, 20s) > 1500»", "E3115", "river.level changes by 1440 m an hour at most: this can never be true", "compare with a number between -1440 and 1440"},
		{"«rate(river.level, 10m) < -49»", "E3115", "river.level changes by 37 m an hour at most: this can never be true", "compare with a number between -37 and 37"},
		{"«stuck(river.level) < 1m»", "E3121", "a value that stands still ends no alert, so this one would never end", "write a clear that compares the value itself, like device.channel < 3"},
		{"«count(river.level, 1m) > 3»", "E3121", "this is met while every reading comes in time", "turn the comparison round, like stale(device.channel) > 5m"},
		{"«river.level > 3 and stale(river.level) > 10m»", "E3115", "river.level is not known any more when it has been silent for 30s: this can never be true", "write max(river.level, 1h) for what it was before, or make two rules"},
		{"«door.open == 1 and not (rate(river.level, 10m) < 3 or stale(river.level) < 1m)»", "E3115", "river.level is not known any more when it has been silent for 30s: this can never be true", "write max(river.level, 1h) for what it was before, or make two rules"},
		{"«avg(river.level, 10m) > 3 and count(river.level, 1m) < 1»", "E3115", "river.level is not known any more when it has been silent for 30s: this can never be true", "write max(river.level, 1h) for what it was before, or make two rules"},
		{"river.level > «0 ^ -1»", "E3119", "this has no finite result", "write the number that is meant"},
		{"river.level > «0 ** -0.5»", "E3119", "this has no finite result", "write the number that is meant"},
		{"river.level ^ «1000» > 3", "E3119", "nothing that is measured has a power of 1000", "write one from -10 to 10"},
		{"river.level ^ 100 ^ «100» > 3", "E3119", "nothing that is measured has a power of 100", "write one from -10 to 10"},
		{"river.level ^ «10 ^ 10» > 3", "E3119", "nothing that is measured has a power of 10000000000", "write one from -10 to 10"},
		{"river.level > «1e200 * 1e200»", "E3119", "this has no finite result", "write the number that is meant"},
		{"river.level ** «-11» > 3", "E3119", "nothing that is measured has a power of -11", "write one from -10 to 10"},
		{"river.level > 3 and «2.5 < 3»", "E3119", "this compares two numbers, which never change", "compare a stream: device.channel > 3"},
		{"«4 == 2 * 2» or river.level > 3", "E3119", "this compares two numbers, which never change", "compare a stream: device.channel > 3"},
		{"«rises_to(gauge.rain, 100, 10m)» < 100", "E3118", "gauge.rain is a running total, whose trend leads to every number in time", "write rise(gauge.rain, 10m), which is what came in that time"},
		{"«falls_to(gauge.rain, 100, 10m)» < 100", "E3118", "gauge.rain is a running total, whose trend leads to every number in time", "write rise(gauge.rain, 10m), which is what came in that time"},
		{"(«street.noise + street.noise»)/2 > 70", "E3118", sumOfLevels, "write leq(street.noise, 10m), the energy mean"},
		{"«street.noise + leq(street.noise, 1h)» > 70", "E3118", sumOfLevels, levelHint},
		{"«street.noise / 2 > 35»", "E3118", "a level in decibels cannot be multiplied or divided: half of the energy is 3 dB less", levelHint},
		{"«mast.wind_dir / 2» > 90", "E3118", "a direction cannot be multiplied or divided: 360 is 0 again", circleHint},
		{"«mast.wind_dir + rough.wind_dir» > 90", "E3118", "two directions have no sum and no mean: of 350 and 10 that would be 180, which is south", circleHint},
		{"«abs(mast.wind_dir - rough.wind_dir) > 30»", "E3118", "the difference of two directions jumps at north: 350 and 10 are 20 apart, not 340", circleHint},
		{"«river.level ^ 0.5 > rough.level»", "E3114", "m^0.5 and m do not go together", "multiply one of them, like 100 * …, or compare what has one unit"},
		{"«river.level * rough.level > tank.temp»", "E3114", "m^2 and ℃ do not go together", "multiply one of them, like 100 * …, or compare what has one unit"},
		{"«rate(river.level, 10m) > river.level»", "E3114", "m/h and m do not go together", "multiply one of them, like 100 * …, or compare what has one unit"},
		{"«index.aqi > river.level»", "E3114", "no unit and m do not go together", "multiply one of them, like 100 * …, or compare what has one unit"},
		{"1 / («river.level - river.level») > 3", "E3119", "this is always 0", "name two different streams, or leave it out"},
		{"1 / («river.level + fast.level - (fast.level + river.level)») > 3", "E3119", "this is always 0", "name two different streams, or leave it out"},
		{"«river.level > river.level + 1»", "E3119", "this is always the same, whatever is read", "name two different streams, or leave it out"},
		{"«river.level * 0» > 3", "E3119", "this is always 0", "name two different streams, or leave it out"},
		{"«river.level == river.level»", "E3119", "both sides are the same", "compare with a number, or with another stream"},
	} {
		text := strings.NewReplacer("«", "", "»", "").Replace(c.text)
		_, errs := Compile(Spec{ID: "r", When: text}, site)
		if len(errs) != 1 {
			t.Errorf("%s: %v, want one error", c.text, errs)
			continue
		}
		e := errs[0]
		if diff := cmp.Diff([]string{c.id, c.msg, c.hint}, []string{e.ID, e.Msg, e.Hint}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
		if marked := text[:e.Offset] + "«" + text[e.Offset:e.Offset+e.Length] + "»" + text[e.Offset+e.Length:]; marked != c.text {
			t.Errorf("%s: marked %s", c.text, marked)
		}
	}
}

// What may be right is taken, at the very ends too.
func TestSenseLeavesAlone(t *testing.T) {
	for _, text := range []string{
		"river.level >= 4", "river.level > 0", "river.level < 4", "river.level <= 0", "door.open == 1", "door.open != 0", "0 <= river.level < 2", "nobody.electrode > 1e9", "nobody.electrode < -5",
		"count(river.level, 1m) > 5", "count(fast.level, 1m) > 7", "mast.wind_dir > 350 or mast.wind_dir < 10", "stale(mast.wind_dir) > 5m", "count(mast.wind_dir, 1m) < 3", "rise(gauge.rain, 10m) > 20", "avg(river.level, 10s) > 3",
		"rate(river.level, 20s) > 3", "river.level > 3 or river.level < 1", "river.level > 3 or tank.temp <= 3", "river.level - fast.level > 1", "river.level > 3 and river.level != 3.5", "river.level > 3 or river.level < 3",
		"stale(river.level) > 11s", "stale(river.level) > 720h", "river.level > 3 and stale(door.open) < 5m", "stale(river.level) < 5m and stale(door.open) > 5m", "stuck(river.level) > 50s", "river.level > 3 and stuck(river.level) < 1m", "river.level > 3 and not (stuck(river.level) > 1m)",
		"stale(nobody.electrode) > 31s", "rate(river.level, 10m) > 36", "rate(nobody.electrode, 10m) > 1e9", "rises_to(river.level, 3, 10m) < 30m",
		"max(river.level, 1h) > 3 and stale(river.level) > 10m", "river.level > 3 or stale(river.level) > 10m", "tank.temp > 3 and stale(river.level) > 10m", "river.level > 3 and stale(river.level) > 20s",
		"min(river.level, 1h) < 1 and count(river.level, 10m) < 1", "river.level > 3 and count(river.level, 10m) > 3", "river.level > 3 and count(river.level, 30s) < 1", "(river.level > 3) == (stale(river.level) > 10m) or tank.temp > 3",
		"stale(river.level) > 10m ? max(river.level, 1h) > 3 : river.level > 3", "rate(gauge.rain, 10m) > 20", "river.level ^ 3 > 2", "river.level ^ -0.5 < 1",
		"180 - abs(abs(mast.wind_dir - rough.wind_dir) - 180) > 30", "(mast.wind_dir + 15) % 360 > 180", "street.noise - leq(street.noise, 1h) > 10", "rise(street.noise, 1h) / 2 > 3", "river.level / rough.level > 2",
		"index.aqi * river.level > 3", "main.volume > 500", "gauge.rain > roof.rain", "gauge.rain - roof.rain > 5", "rise(gauge.rain, 1h) > 30", "stale(gauge.rain) > 5m", "count(gauge.rain, 1m) < 3",
		"2.1 * river.level ^ 0.5 > rough.level", "count(river.level, 1m) > index.aqi - 495", "stale(tank.temp) / 60 > 5", "(river.level > 2 ? street.noise : leq(street.noise, 1h)) > 60",
	} {
		r, errs := Compile(Spec{ID: "r", When: text}, site)
		if len(errs) > 0 {
			t.Errorf("%s: %v", text, errs[0])
		} else if len(r.Doubts()) > 0 {
			t.Errorf("%s: %v", text, r.Doubts()[0])
		}
	}
}

// A part that is always the same, of a condition that is not, is doubted.
func TestDoubts(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{When: "river.level > 30 or door.open == 1"}, "when, byte 0: W3101 this part is never true, whatever is read; delete this part, or compare with a number between 0 and 4"},
		{Spec{When: "door.open == 1 and river.level > -1"}, "when, byte 19: W3101 this part is always true, whatever is read; delete this part, or compare with a number between 0 and 4"},
		{Spec{When: "door.open == 1", Clear: "door.open == 0 and stale(river.level) > -5m"}, "clear, byte 19: W3101 this part is always true, whatever is read; delete this part, or mend its number"},
		{Spec{When: "stuck(river.level) > 49s"}, "when, byte 0: W3104 a value that stands for 49s is nothing unusual with one every 10s; write 50s or more"},
		{Spec{When: "stuck(river.level) == 60"}, "when, byte 0: W3104 a time that passes is hardly ever exactly so long; compare with > or <"},
		{Spec{When: "river.level == 3.5"}, "when, byte 0: W3104 river.level is hardly ever exactly 3.5; compare with >, >=, < or <="},
		{Spec{When: "rises_to(river.level, 3, 10m) < 31m"}, "when, byte 0: W3104 a trend of 10m looks 30m ahead at most; write less than that, or a longer window"},
		{Spec{When: "river.level > 3 and count(river.level, 1m) > 6"}, "when, byte 20: W3104 1m of one every 10s are 6 readings, and one more only by chance; compare with less than 6"},
		{Spec{When: "river.level > 3 and count(river.level, 1m) >= 7"}, "when, byte 20: W3104 1m of one every 10s are 6 readings, and one more only by chance; compare with less than 6"},
		{Spec{When: "gauge.rain > 30"}, "when, byte 0: W3105 gauge.rain is a running total, which has grown ever since the part was mounted; write rise(gauge.rain, 1h) > 30 for what came in an hour, or make a stream under derived: with is: sum and compare that"},
		{Spec{When: "river.level > 3 and 30 <= max(gauge.rain, 1h)"}, "when, byte 20: W3105 gauge.rain is a running total, which has grown ever since the part was mounted; write rise(gauge.rain, 1h) >= 30 for what came in an hour, or make a stream under derived: with is: sum and compare that"},
		{Spec{When: "2 * gauge.rain - 5 > 30", Clear: "rise(gauge.rain, 1h) < 1"}, "when, byte 0: W3105 gauge.rain is a running total, which has grown ever since the part was mounted; write rise(gauge.rain, 1h) > … for what came in an hour, or make a stream under derived: with is: sum and compare that"},
		{Spec{When: "river.level > 3", Clear: "door.open == 0"}, "clear, byte 0: W3103 this reads nothing of what when reads, so the alert may end while its cause goes on; let it read river.level"},
		{Spec{When: "door.open == 1 or rate(river.level, 10m) > 49"}, "when, byte 18: W3101 this part is never true, whatever is read; delete this part, or compare with a number between -37 and 37"},
		{Spec{Levels: [MaxLevels]Level{{Severity: "red", When: "river.level > 3"}, {Severity: "blue", When: "river.level < 1"}}}, "levels.red.when, byte 0: W3102 red goes the other way than blue, and one alert stands for both; turn one of the comparisons round, or make two rules"},
		{Spec{Levels: [MaxLevels]Level{{Severity: "red", When: "door.open == 1 or river.level > 30"}}}, "levels.red.when, byte 18: W3101 this part is never true, whatever is read; delete this part, or compare with a number between 0 and 4"},
	} {
		r, errs := Compile(c.spec, site)
		if len(errs) > 0 {
			t.Errorf("%+v: %v", c.spec, errs)
			continue
		}
		if all := r.Doubts(); len(all) != 1 || all[0].Error() != c.want {
			t.Errorf("%+v: %v, want %s", c.spec, all, c.want)
		}
	}
}

// What a clear that never comes means is said, and a direction has no trend.
func TestSenseOfStages(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{When: "river.level > 3", Clear: "river.level < -20"}, "clear, byte 0: E3115 river.level is from 0 to 4 m: this can never be true, so the alert would never end; compare with a number between 0 and 4"},
		{Spec{When: "river.level > 3", Clear: "river.level < 20"}, "clear, byte 0: E3116 river.level is from 0 to 4 m: this is always true; delete it: without a clear the alert ends when its condition is over"},
		{Spec{When: "river.level > 3", Clear: "stale(river.level) > 1m"}, "clear, byte 0: E3121 this is never met while readings come in time, so that only silence would end the alert; turn the comparison round, or leave it out"},
		{Spec{When: "river.level > 3", Clear: "stuck(river.level) > 10m"}, "clear, byte 0: E3121 a value that stands still ends no alert, so this one would never end; write a clear that compares the value itself, like device.channel < 3"},
		{Spec{When: "river.level > 3", Clear: "river.level < 2 and not (stuck(river.level) <= 10m)"}, "clear, byte 0: E3121 a value that stands still ends no alert, so this one would never end; write a clear that compares the value itself, like device.channel < 3"},
		{Spec{When: "river.level > 3", Clear: "count(river.level, 1m) < 1"}, "clear, byte 0: E3121 this is never met while readings come in time, so that only silence would end the alert; turn the comparison round, or leave it out"},
		{Spec{When: "river.level > 3", Clear: "river.level < 2 and stale(river.level) > 1m"}, "clear, byte 0: E3115 river.level is not known any more when it has been silent for 30s: this can never be true, so the alert would never end; write max(river.level, 1h) for what it was before, or make two rules"},
		{Spec{When: "gauge.rain > 100", Forecast: Forecast{Within: time.Hour, Window: time.Hour}}, "forecast, byte 0: E3111 gauge.rain is a running total, whose trend leads to every number in time; leave the forecast out"},
		{Spec{When: "river.level > 3", Clear: "river.level < 2 and stale(river.level) < 1s"}, "clear, byte 20: E3120 river.level gives a reading every 10s, so it is silent for so long again and again; write more than 10s, like 30s"},
		{Spec{When: "mast.wind_dir > 100", Forecast: Forecast{Within: time.Hour, Window: time.Hour}}, "forecast, byte 0: E3111 mast.wind_dir is a direction, which has no trend; leave the forecast out"},
	} {
		_, errs := Compile(c.spec, site)
		if len(errs) != 1 || errs[0].Error() != c.want {
			t.Errorf("%+v: %v, want %s", c.spec, errs, c.want)
		}
	}
}

// A mistake inside of something does not hide others, and stops nothing.
func TestMistakesInside(t *testing.T) {
	for _, text := range []string{"1 + averge(river.level, 5m) + river.level > 3", "river.level + -rivr.level > 3", "abs(rivr.level) + river.level > 3", "river.level > 3 and not rivr.level > 3 or (rivr.level > 3 ? 1 : 2) > river.level"} {
		if _, errs := Compile(Spec{When: text}, site); len(errs) == 0 {
			t.Errorf("%s: taken", text)
		}
	}
}
