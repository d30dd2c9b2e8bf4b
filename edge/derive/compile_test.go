package derive

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

func TestWrongSpecs(t *testing.T) {
	lib := library(t)
	level, rain := from("river/level"), from("gauge/rain")
	named := func(name, stream string) Source {
		o := from(stream)[0]
		o.Name = name
		return o
	}
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		spec Spec
		want string // key: code message; hint
	}{
		{"nothing", Spec{Of: level}, "is: E2901 nothing says what it is; write one of mean, min"},
		{"a slip", Spec{Is: "meen", Of: level, Over: time.Hour}, `is: E2901 there is no way to derive called "meen"; did you mean "mean"?`},
		{"no stream", Spec{Is: "mean", Over: time.Hour}, "of: E2902 it is made of 0 streams"},
		{"no such channel", Spec{Is: "mean", Of: from("river/rain"), Over: time.Hour}, "of: E2902 there is no stream river.rain; write river.level"},
		{"no such device", Spec{Is: "mean", Of: from("rivr/level"), Over: time.Hour}, `of: E2902 there is no stream rivr.level; did you mean "river.level"?`},
		{"two streams", Spec{Is: "mean", Of: from("river/level", "gauge/rain"), Over: time.Hour}, "of: E2902 mean is made of one stream, not of 2"},
		{"no window", Spec{Is: "mean", Of: level}, "over: E2904 mean goes over a time; write over: 1h"},
		{"a short window", Spec{Is: "mean", Of: level, Over: 15 * time.Second}, "over: E2904 15s is no window for streams that come every 10s; write whole seconds, 20s to 31d"},
		{"an odd step", Spec{Is: "mean", Of: level, Over: time.Hour, Every: 7 * time.Minute}, "every: E2904 7m does not part 1h; write a part of it, 10s or longer; leave it out for 1m"},
		{"a day of seven hours", Spec{Is: "mean", Of: level, Over: 7 * time.Hour, Aligned: true}, "over: E2904 a day is not made of windows of 7h"},
		{"two results of an hour", Spec{Is: "mean", Of: level, Over: time.Hour, Every: time.Minute, Aligned: true}, "every: E2904 an aligned window has one result"},
		{"a sum of levels", Spec{Is: "sum", Of: level, Over: time.Hour}, "of: E2906 level is no running total, so nothing of it adds up; write mean"},
		{"a mean of directions", Spec{Is: "mean", Of: from("mast/wind_dir"), Over: time.Hour}, "of: E2906 the mean of 350° and 10° is not 180°; write is: vector-mean"},
		{"a percentile of directions", Spec{Is: "percentile", Percent: 90, Of: from("mast/wind_dir"), Over: time.Hour}, "of: E2906 the mean of 350° and 10° is not 180°; write is: vector-mean"},
		{"a mean of decibels", Spec{Is: "mean", Of: from("mic/noise"), Over: time.Hour}, "of: E2906 the mean of 40 dB and 80 dB is not 60 dB: levels are logarithms; write is: leq, the energy mean"},
		{"loud rain", Spec{Is: "leq", Of: rain, Over: time.Hour}, "of: E2906 rain is no noise level"},
		{"no percentage", Spec{Is: "percentile", Of: level, Over: time.Hour}, "percent: E2904 0 is no percentile"},
		{"too many values", Spec{Is: "percentile", Percent: 50, Of: from("mic/noise"), Over: 2 * time.Hour}, "over: E2904 a percentile keeps every value, here 7200; at most 4000"},
		{"a percentage of a mean", Spec{Is: "mean", Percent: 3, Of: level, Over: time.Hour}, "percent: E2903 mean has no percent; delete it"},
		{"another unit", Spec{Is: "mean", Of: level, Over: time.Hour, Metric: "temp"}, "metric: E2906 temp is in Cel, this is in m; name a metric with the unit of level"},
		{"no metric", Spec{Is: "mean", Of: level, Over: time.Hour, Metric: "levl"}, `metric: E2906 there is no metric "levl"; did you mean "level"?`},
		{"half a wind", Spec{Is: "vector-mean", Of: from("mast/wind_speed"), Over: time.Hour}, "of: E2902 a vector mean is made of a speed and a direction"},
		{"no edition", Spec{Is: "aqi", Of: from("air/pm2_5")}, `edition: E2907 nothing says by which edition of an air quality index; add edition: epa-2024 or hj633-2012 or hj633-2026`},
		{"no report", Spec{Is: "aqi", Edition: "hj633-2026", Report: "weekly", Of: from("air/pm2_5", "air/o3")}, `report: E2907 there is no report "weekly"`},
		{"no pollutant", Spec{Is: "aqi", Edition: "hj633-2026", Of: []Source{named("level", "river/level")}}, `of.level: E2907 hj633-2026 has no index of "level"`},
		{"shares of ozone", Spec{Is: "aqi", Edition: "hj633-2026", Of: []Source{named("o3", "gas/o3_ppb")}}, "of.o3: E2906 o3_ppb is in [ppb], the table in ug/m3; derive it first with is: convert"},
		{"seldom", Spec{Is: "nowcast", Of: from("slow/pm2_5")}, "of: E2904 of a stream that comes every 1h no mean of an hour"},
		{"what water", Spec{Is: "water-class", Edition: "gb3838-2002", Of: from("probe/do", "probe/codmn")}, "body: E2907 the limits of rivers and lakes differ"},
		{"nitrogen in a river", Spec{Is: "water-class", Edition: "gb3838-2002", Body: "river", Of: []Source{named("total_n", "probe/total_n")}}, "of.total_n: E2907 total_n is not judged in rivers"},
		{"dust into gas", Spec{Is: "convert", Of: from("gas/o3_ppb"), Metric: "pm2_5"}, "metric: E2906 o3_ppb and pm2_5 are different substances"},
		{"one gas into another", Spec{Is: "convert", Of: from("gas/co_ppm"), Metric: "o3"}, "metric: E2906 co_ppm and o3 are different substances"},
		{"no state", Spec{Is: "convert", Of: from("gas/o3_ppb"), Metric: "o3", State: "20C"}, `state: E2907 there is no reference state "20C"; write 0C or 25C`},
		{"a bad formula", Spec{Is: "12.4 - z", Of: level}, `is+7: E2909 nothing is called "z"; here there are x`},
		{"a division by nought", Spec{Is: "12 + x / 0", Of: level}, "is+9: E2909 nothing can be divided by 0; write what to divide by"},
		{"nought in brackets", Spec{Is: "x / (2 - 2)", Of: level}, "E2909 nothing can be divided by 0"},
		{"a constant of nought", Spec{Is: "x / k", Of: level, Constants: []Constant{{"k", []Since{{Is: 2}, {From: day, Is: 0}}}}}, "is+4: E2909 nothing can be divided by 0"},
		{"a root that is none", Spec{Is: "x + sqrt(3 - 5)", Of: level}, "is+4: E2909 this is never a number"},
		{"gas into metres", Spec{Is: "x * 0.001", Of: from("gas/o3_ppb"), Metric: "level"}, "metric: E2906 o3_ppb is in [ppb]: of that no level in m can be computed"},
		{"gas converted into metres", Spec{Is: "convert", Of: from("gas/o3_ppb"), Metric: "level"}, "metric: E2906 o3_ppb in [ppb] cannot be made level in m; name a metric of the same kind"},
		{"an idle input", Spec{Is: "12.4 * 2", Of: level}, "is: E2909 the formula does not speak of x"},
		{"of what", Spec{Is: "river - gauge", Of: []Source{named("river", "river/level"), named("gauge", "gauge/rain")}}, "metric: E2906 nothing says what a formula's result measures"},
		{"history backward", Spec{Is: "c - x", Of: level, Constants: []Constant{{"c", []Since{{day, 1}, {day, 2}}}}}, "constants.c: E2908 the moments do not rise"},
		{"two of one name", Spec{Is: "x - x", Of: level, Constants: []Constant{{"x", []Since{{day, 1}}}}}, "constants.x: E2908 x is the name of a stream already"},
		{"a wet level", Spec{Is: "wetness", Of: level}, "of: E2906 level is no rain total"},
		{"never dry", Spec{Is: "wetness", Of: rain, Keep: 1.5}, "keep: E2904 a day cannot leave 1.5 of itself"},
		{"a moving zone", Spec{Is: "x + 1", Of: level, DayStart: 8 * time.Hour}, "day_start: E2903 a formula does not follow the wall clock"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spec.ID = "d"
			_, wrong := Compile([]Spec{c.spec}, lib)
			for _, e := range wrong {
				at := e.Key
				if e.Offset > 0 {
					at += fmt.Sprintf("+%d", e.Offset)
				}
				if text := fmt.Sprintf("%s: %s %s; %s", at, e.Code, e.Msg, e.Hint); strings.Contains(text, c.want) {
					return
				}
			}
			t.Errorf("the problems are %+v\nwant %s", wrong, c.want)
		})
	}
}

// A circle is refused with its chain; what only reads of it is not blamed.
func TestCircle(t *testing.T) {
	of := func(id, device string) Spec {
		return Spec{ID: id, Is: "x + 1", Of: []Source{{"x", obs.Stream{Device: device, Channel: "level"}}}, Metric: "level"}
	}
	plans, wrong := Compile([]Spec{of("a", "b"), of("b", "c"), of("c", "a"), of("reader", "a"), of("self", "self"), of("good", "river"), of("later", "good")}, library(t))
	var said []string
	for _, e := range wrong {
		said = append(said, e.ID+" "+e.Code+" "+e.Msg)
	}
	if want := "c E2905 a is made of itself: a ← b ← c ← a\nself E2905 self is made of itself: self ← self"; strings.Join(said, "\n") != want {
		t.Errorf("said is\n%s\nwant\n%s", strings.Join(said, "\n"), want)
	}
	if len(plans) != 2 || plans[0].ID != "good" || plans[1].ID != "later" {
		t.Errorf("%d plans", len(plans))
	}
}

// What is made of a derived stream comes behind it, whatever the order of the file.
func TestOrder(t *testing.T) {
	plans, wrong := Compile([]Spec{
		{ID: "top", Is: "max", Of: from("base/rain_sum"), Over: time.Hour},
		{ID: "base", Is: "sum", Of: from("gauge/rain"), Over: 10 * time.Minute},
	}, library(t))
	if len(wrong) > 0 || len(plans) != 2 || plans[0].ID != "base" || plans[1].Channels[0] != "rain_sum" {
		t.Errorf("%v %v", plans, wrong)
	}
}

// What is exceeded for a share of the time is a level that holds no energy: its plain mean is
// usual, its energy mean is not.
func TestMeanOfPercentileLevels(t *testing.T) {
	l10 := Spec{ID: "l10", Is: "percentile", Percent: 90, Of: from("mic/noise"), Over: time.Hour}
	for is, good := range map[string]bool{"mean": true, "max": true, "leq": false} {
		_, wrong := Compile([]Spec{l10, {ID: "day", Is: is, Of: from("l10/noise_l10"), Over: 18 * time.Hour}}, library(t))
		if (len(wrong) == 0) != good {
			t.Errorf("%s of L10: %v", is, wrong)
		}
	}
}

func TestUsualStep(t *testing.T) {
	for _, c := range []struct{ over, slowest, want time.Duration }{
		{time.Hour, 10 * time.Second, time.Minute}, {5 * time.Minute, 10 * time.Second, 10 * time.Second}, {24 * time.Hour, time.Second, 24 * time.Minute},
		{time.Minute, time.Second, time.Second}, {20 * time.Second, 10 * time.Second, 10 * time.Second}, {7 * time.Second, 2 * time.Second, 7 * time.Second},
	} {
		if got := usualStep(c.over, c.slowest); got != c.want {
			t.Errorf("usualStep(%v, %v) = %v, want %v", c.over, c.slowest, got, c.want)
		}
	}
}

// Days are the place's where the stream itself says nothing.
func TestPlace(t *testing.T) {
	greenwich, delhi := 0, 330
	for _, c := range []struct {
		zone, place *int
		want        int64 // minutes
	}{{nil, nil, 480}, {nil, &delhi, 330}, {&greenwich, &delhi, 0}, {nil, &greenwich, 0}} {
		if got := zoneOf(Spec{Zone: c.zone, Place: c.place}) / 60_000; got != c.want {
			t.Errorf("zone %v at a place %v: %d minutes, want %d", c.zone, c.place, got, c.want)
		}
	}
}
