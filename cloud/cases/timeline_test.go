package cases_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// switching is an event of an output, so many milliseconds behind noon.
func switching(at int64, output string, on bool, why wire.Why, by string) wire.Event {
	return wire.Event{V: 1, Kind: "actuation", At: wire.Moment{Boot: "b", Unix: noonMS + at},
		Actuation: &wire.Actuation{Output: output, On: on, Why: why, By: by, Result: wire.Done}}
}

// line writes a step as a person would.
func line(s view.Step) string {
	out := fmt.Sprintf("%d %s", s.At-noonMS, s.What)
	if s.Severity != "" {
		out += " " + string(s.Severity)
	}
	if s.From != nil && s.To != nil {
		out += fmt.Sprintf(" %d…%d", *s.From-noonMS, *s.To-noonMS)
	}
	if s.Image != "" {
		out += " " + s.Image
	}
	if x := s.Switched; x != nil {
		out += fmt.Sprintf(" %s %v %s %s", x.Output, x.On, x.Why, x.By)
	}
	return out
}

// The timeline of an alert is what the gateway said, each change once although a gateway
// that starts again says it once more, and what it switched for it: also by a person, if
// it is an output that the rule switched; not what other rules did to others.
func TestTimeline(t *testing.T) {
	b := open(t)
	to := func(stage string, severity wire.Severity, condition, image string) func(*wire.Alert) {
		return func(a *wire.Alert) {
			a.Stage, a.Severity, a.Condition, a.Image = stage, severity, condition, image
			a.At.Unix = noonMS + int64(a.Rev)*1000
			if stage == "forecast" {
				a.Expected = &wire.Expected{FromMS: 3000 - int64(a.Rev)*1000, ToMS: 10_000 - int64(a.Rev)*1000} // as seen from its own time
			}
			if condition == "cleared" {
				a.Cleared = &wire.Moment{Boot: "b", Unix: noonMS + 6000}
			}
		}
	}
	all := []wire.Alert{
		alert(1, to("forecast", wire.Yellow, "active", "p1")),
		alert(2, to("forecast", wire.Yellow, "active", "p1")), // sent again after a start
		alert(3, to("actual", wire.Orange, "active", "p3")),
		alert(4, to("actual", wire.Red, "active", "p4")),
		alert(5, to("actual", wire.Orange, "active", "p5")),
		alert(6, to("actual", wire.Orange, "cleared", "p5")),
	}
	b.switched = []wire.Event{
		switching(3001, "siren", true, wire.WhyRule, "river-high"),
		switching(3500, "beacon", true, wire.WhyRule, "another"),
		switching(4500, "siren", false, wire.WhyCommand, "wang"),
		switching(6001, "siren", false, wire.WhyRule, "river-high"),
		switching(90_000, "siren", true, wire.WhyRule, "river-high"), // for the next alert
	}
	for i, order := range [][]int{{0, 1, 2, 3, 4, 5}, {5, 2, 0, 4, 3, 1}} {
		if i > 0 {
			switched := b.switched
			b = open(t)
			b.switched = switched
		}
		for _, k := range order {
			b.record(t, all[k])
		}
		got, err := b.Get(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, s := range got.Timeline {
			lines = append(lines, line(s))
		}
		want := []string{
			"1000 forecast yellow 3000…10000 p1", "3000 actual orange p3", "3001 switched siren true rule river-high",
			"4000 actual red p4", "4500 switched siren false command wang", "5000 actual orange p5",
			"6000 cleared orange", "6001 switched siren false rule river-high",
		}
		if strings.Join(lines, "\n") != strings.Join(want, "\n") {
			t.Errorf("arriving in order %v, got\n%s\nwant\n%s", order, strings.Join(lines, "\n"), strings.Join(want, "\n"))
		}
	}
	page, err := b.List(t.Context(), view.AlertFilter{State: "all", Limit: 10}, nil)
	list := page.Alerts
	if err != nil || len(list) != 1 || list[0].Timeline != nil {
		t.Errorf("a list carries timelines: %+v, %v", list, err)
	}
}

// A forecast whose range is told anew shows each of them, and what said nothing else once.
func TestTimelineOfRanges(t *testing.T) {
	b := open(t)
	for rev, to := range []int64{300_000, 299_000, 60_000, 59_000} {
		b.record(t, alert(rev+1, func(a *wire.Alert) {
			a.Stage, a.At.Unix = "forecast", noonMS+int64(rev)*1000
			a.Expected = &wire.Expected{ToMS: to}
		}))
	}
	got, err := b.Get(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range got.Timeline {
		lines = append(lines, line(s))
	}
	if want := []string{"0 forecast yellow 0…300000", "2000 renewed yellow 2000…62000"}; strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", lines, want)
	}
}

// An alert that chatters without end has a timeline that ends.
func TestTimelineIsBounded(t *testing.T) {
	b := open(t)
	for rev := 1; rev <= 450; rev++ {
		b.record(t, alert(rev, func(a *wire.Alert) {
			a.Stage = "actual"
			a.Severity = []wire.Severity{wire.Orange, wire.Red}[rev%2]
		}))
	}
	got, err := b.Get(t.Context(), "a")
	if err != nil || len(got.Timeline) != 400 || got.Timeline[0].At != noonMS+1 || got.Timeline[399].At != noonMS+450 {
		t.Errorf("%d steps, %v", len(got.Timeline), err)
	}
}

// The pictures of the raise keep their moments whatever revision names them.
func TestPicturesOfTheRaise(t *testing.T) {
	b := open(t)
	a := alert(2, func(a *wire.Alert) {
		a.Pictures = []wire.Picture{{Image: "p1", Moment: wire.PictureBefore, SinceMS: -4000}, {Image: "p2", Moment: wire.PictureAfter, SinceMS: 30_000}}
	})
	b.record(t, a)
	v, err := b.Get(t.Context(), a.ID)
	if err != nil || len(v.Pictures) != 2 {
		t.Fatalf("%+v, %v", v.Pictures, err)
	}
	for i, want := range []view.Picture{{Image: "p1", Moment: "before", Due: v.Since - 4000}, {Image: "p2", Moment: "after", Due: v.Since + 30_000}} {
		if v.Pictures[i] != want {
			t.Errorf("picture %d is %+v, want %+v", i, v.Pictures[i], want)
		}
	}
}
