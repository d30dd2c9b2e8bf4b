package lifecycle

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/wire"
	"pgregory.net/rapid"
)

// Working time adds up: what is added is found between, moments keep their order, and half
// of a limit is not after it.
func TestCalendarLaws(t *testing.T) {
	c, p := DefaultCalendar(), DefaultPolicy()
	rapid.Check(t, func(t *rapid.T) {
		start := time.UnixMilli(noon + rapid.Int64Range(-300*aDay, 300*aDay).Draw(t, "start"))
		work := time.Duration(rapid.Int64Range(1, 100*anHour).Draw(t, "work")) * time.Millisecond
		end := c.Add(start, work)
		if got := c.Between(start, end); got != work {
			t.Fatalf("%s and %s of work is %s, between them are %s", start, work, end, got)
		}
		if more := c.Add(start, work+time.Minute); !more.After(end) {
			t.Fatalf("a minute more of work ends at %s, not after %s", more, end)
		}
		if again := c.Add(c.Add(start, work/2), work-work/2); !again.Equal(end) {
			t.Fatalf("in two parts it ends at %s, at once at %s", again, end)
		}
		l := Limit{rapid.IntRange(1, 30).Draw(t, "n"), rapid.SampledFrom(units).Draw(t, "unit")}
		half, full, twice := p.due(l, start.UnixMilli())
		if start.UnixMilli() > half || half > full || full > twice || full == start.UnixMilli() {
			t.Fatalf("%s from %s: %d, %d, %d", l, start, half, full, twice)
		}
	})
}

// A city's file changes what it names and nothing else.
func TestParsePolicy(t *testing.T) {
	const file = `
limits:
  acknowledge: {red: 3m}
categories:
  "06012": {handle: {blue: 5wh, yellow: 2wd}}
calendar:
  zone: "+08:00"
  hours: ["09:00-12:00", "13:00-17:00"]
  week: [mon, tue, wed, thu, fri, sat]
  holidays: ["2027-01-01", "2027-02-05..2027-02-11"]
  worked: ["2027-02-14"]
hold: 10m
shelve_for: {blue: 2h}
start_level: {red: city}
answer: "恢复于 {to}"
join: {within: 1h, storm: 20}
`
	p, err := ParsePolicy("cases.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	was := DefaultPolicy()
	for what, ok := range map[string]bool{
		"red is acknowledged in 3m":        p.limit(StepAcknowledge, "", wire.Red) == Limit{3, "m"},
		"orange as before":                 p.limit(StepAcknowledge, "", wire.Orange) == was.limit(StepAcknowledge, "", wire.Orange),
		"its category":                     p.limit(StepHandle, "06012", wire.Blue) == Limit{5, "wh"},
		"another category":                 p.limit(StepHandle, "06013", wire.Blue) == Limit{5, "wd"},
		"another step of its category":     p.limit(StepSign, "06012", wire.Blue) == Limit{1, "wd"},
		"Saturdays":                        p.Calendar.Works(at(t, "2027-01-09 09:00")) && p.Calendar.Works(at(t, "2027-02-14 09:00")),
		"holidays":                         !p.Calendar.Works(at(t, "2027-02-08 09:00")) && p.Calendar.Knows(2027),
		"hold":                             p.Hold == 10*time.Minute && p.CloseAfter == was.CloseAfter,
		"shelving":                         p.Shelve[wire.Blue] == 2*time.Hour,
		"level":                            p.StartLevel[wire.Red] == City,
		"joining":                          p.Join.Within == time.Hour && p.Join.Storm == 20 && p.Join.Quiet == was.Join.Quiet,
		"the default stays as it was":      was.limit(StepAcknowledge, "", wire.Red) == Limit{5, "m"},
		"an empty file is the default":     same(ParsePolicy("f", nil)),
		"a limit is written as it is read": Limit{5, "wh"}.String() == "5wh",
	} {
		if !ok {
			t.Errorf("%s: %+v", what, p)
		}
	}
}

func same(p Policy, err error) bool {
	return err == nil && p.Hold == DefaultPolicy().Hold && p.limit(StepClose, "", wire.Blue) == Limit{3, "wd"} && len(p.Calendar.Holidays) == 7
}

// What no policy can be is refused, with its place.
func TestBadPolicy(t *testing.T) {
	for file, want := range map[string]string{
		"limits: {sleep: {red: 1m}}":                            "f:1:",
		"limits: {handle: {pink: 1m}}":                          "limits have one time for each of red",
		"limits: {handle: {red: 1y}}":                           "is no limit; write 5m",
		"limits: {handle: {red: 0m}}":                           "is no limit",
		"limits: {handle: {red: 2000d}}":                        "is no limit",
		"categories: {x: {handle: {pink: 1m}}}":                 "limits have one time",
		"hold: 1s":                                              "hold",
		"shelve_for: {red: 1h}":                                 "red is never shelved",
		"start_level: {red: moon}":                              "one of grid, community",
		"calendar: {hours: [\"12:00-09:00\"]}":                  "is no part of a day",
		"calendar: {hours: [\"09:00-12:00\", \"11:00-12:00\"]}": "rise and do not overlap",
		"calendar: {hours: []}":                                 "1 to 8 hours",
		"calendar: {week: [today]}":                             "is no day of the week",
		"calendar: {zone: Mars/Phobos}":                         "is no time zone",
		"calendar: {holidays: [tomorrow]}":                      "is no day; write",
		"calendar: {holidays: [\"2026-10-07..2026-10-01\"]}":    "is no day; write",
		"hodl: 10m":        "hold",
		"join: {storm: 1}": "storm",
	} {
		_, err := ParsePolicy("f", []byte(file))
		var ps yamldoc.Problems
		if !errors.As(err, &ps) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "f:1:") {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
}

// Whatever is taken for a policy has every limit, and a case can live by it.
func FuzzPolicy(f *testing.F) {
	f.Add("limits: {acknowledge: {red: 3m}}\nhold: 10m\n", noon)
	f.Add("calendar: {week: [sun], hours: [\"00:00-00:01\"], worked: [\"2026-12-01\"]}\n", noon)
	f.Add("calendar: {holidays: [\"2026-01-01..2027-01-01\"], zone: America/New_York}\n", noon)
	f.Fuzz(func(t *testing.T, file string, start int64) {
		p, err := ParsePolicy("f", []byte(file))
		if err != nil || start < 0 || start > 1<<42 {
			return
		}
		for _, s := range severities {
			for _, step := range steps {
				half, full, twice := p.due(p.limit(step, "", s), start)
				if half < start || full < half || twice < full {
					t.Fatalf("%s of %s from %d: %d, %d, %d", step, s, start, half, full, twice)
				}
			}
		}
	})
}
