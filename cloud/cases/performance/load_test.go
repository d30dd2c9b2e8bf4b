package performance

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const minute = int64(60_000)

// midnight of 23 November 2026 in China.
var midnight = time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC).UnixMilli()

var china = time.FixedZone("Asia/Shanghai", 8*3600)

// came are alerts of one point, some minutes after midnight, in a day that has ended.
func came(minutes ...float64) *view.AlertLoad {
	l := NewLoad(midnight, midnight+day, midnight+2*day, china)
	for _, m := range minutes {
		l.Add(midnight+int64(m*float64(minute)), l.Point(Point{"gw", "river", "high"}), wire.Red)
	}
	return l.Figures(0)
}

// A flood begins with the eleventh alert within ten minutes, and ends when fewer than five are
// less than ten minutes old.
func TestFloods(t *testing.T) {
	flood := func(from, to float64) view.Flood {
		return view.Flood{From: midnight + int64(from*float64(minute)), To: midnight + int64(to*float64(minute))}
	}
	ten := []float64{100, 100.5, 101, 101.5, 102, 102.5, 103, 103.5, 104, 104.5}
	eleven := append(append([]float64{}, ten...), 105)
	for name, c := range map[string]struct {
		at      []float64
		count   int
		total   float64
		longest view.Flood
	}{
		"none":                        {nil, 0, 0, view.Flood{}},
		"ten":                         {ten, 0, 0, view.Flood{}},
		"eleven":                      {eleven, 1, 8, flood(105, 113)}, // at 113 that of 103 is ten minutes old, and four are left
		"the eleventh is late":        {append(append([]float64{}, ten...), 110), 0, 0, view.Flood{}},
		"it goes on":                  {append(append([]float64{}, eleven...), 108, 111), 1, 9, flood(105, 114)},
		"another one":                 {append(append([]float64{}, eleven...), 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200), 2, 18, flood(200, 210)},
		"begun the day before":        {[]float64{-5, -5, -5, -5, -5, -5, -5, -5, -5, -5, -5}, 1, 5, flood(0, 5)},
		"over the day before":         {[]float64{-15, -15, -15, -15, -15, -15, -15, -15, -15, -15, -15}, 0, 0, view.Flood{}},
		"until the end of the day":    {[]float64{1435, 1435, 1435, 1435, 1435, 1435, 1435, 1435, 1435, 1435, 1435}, 1, 5, flood(1435, 1440)},
		"the next day is not counted": {[]float64{1441, 1441, 1441, 1441, 1441, 1441, 1441, 1441, 1441, 1441, 1441}, 0, 0, view.Flood{}},
	} {
		got := came(c.at...).Floods
		want := view.Floods{Count: c.count, Total: int64(c.total * float64(minute)), Longest: c.longest, Share: c.total / 1440}
		if got.Count != want.Count || got.Total != want.Total || got.Longest != want.Longest || math.Abs(got.Share-want.Share) > 1e-12 {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// Minute by minute, by the definition, whatever comes.
func TestFloodsByDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for round := range 60 {
		var at []float64
		for m := 0; m < 600; m++ {
			for range r.IntN(1 + r.IntN(1+round%5)) {
				at = append(at, float64(m))
			}
		}
		within := func(m int) (n int) { // alerts less than ten minutes old
			for _, x := range at {
				if d := float64(m) - x; d >= 0 && d < 10 {
					n++
				}
			}
			return n
		}
		// Within one minute alerts leave before others come.
		floods, minutes, on := 0, 0, false
		for m := range 1440 {
			now := within(m)
			left := now
			for _, x := range at {
				if x == float64(m) {
					left--
				}
			}
			if on && left < 5 {
				on = false
			}
			if !on && now > 10 {
				on = true
				floods++
			}
			if on {
				minutes++
			}
		}
		if got := came(at...).Floods; got.Count != floods || got.Total != int64(minutes)*minute {
			t.Fatalf("round %d, %v: %+v, want %d, %d minutes", round, at, got, floods, minutes)
		}
	}
}

func TestLoad(t *testing.T) {
	l := NewLoad(midnight, midnight+day, midnight+6*hour, china)
	river, wind := l.Point(Point{"gw", "river", "high"}), l.Point(Point{"gw", "mast", "wind"})
	for _, a := range []struct {
		minute float64
		from   int
		worst  wire.Severity
	}{{-1, wind, wire.Red}, {0, river, wire.Red}, {5, river, wire.Blue}, {9.99, river, wire.Blue}, {10, wind, wire.Yellow}, {20, wind, wire.Blue}, {30, wind, wire.Blue}, {350, wind, wire.Orange}, {1441, wind, wire.Red}} {
		l.Add(midnight+int64(a.minute*float64(minute)), a.from, a.worst)
	}
	got := l.Figures(3)
	slots := got.Slots
	got.Slots = nil
	at := func(m float64) int64 { return midnight + int64(m*float64(minute)) }
	river3 := view.AlertFrom{Gateway: "gw", Device: "river", Rule: "high", Alerts: 3, Share: 3.0 / 7, Most: 3}
	want := &view.AlertLoad{Alerts: 7, Elapsed: 6 * hour, PerHour: 7.0 / 6, Per10Min: 7.0 / 36, PeakHour: view.Peak{Alerts: 6, At: at(0)},
		Peak10Min: view.Peak{Alerts: 3, At: at(0)}, Standing: 3, Chattering: 1, Chatterers: []view.AlertFrom{river3},
		Sources:    []view.AlertFrom{{Gateway: "gw", Device: "mast", Rule: "wind", Alerts: 4, Share: 4.0 / 7, Most: 1}, river3},
		FromTopTen: 1, Severities: [4]int{1, 1, 1, 4}, Slot: tenMinutes}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if len(slots) != 37 || slots[0] != (view.LoadSlot{At: at(0), Alerts: 3, Most: 3}) || slots[1] != (view.LoadSlot{At: at(10), Alerts: 1, Most: 3}) || slots[35].Alerts != 1 {
		t.Errorf("%d slots: %+v", len(slots), slots)
	}
}

// Slots are ten minutes, hours, or the days of the zone, as long as they are there.
func TestSlots(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 10, 1, 0, 0, 0, 0, berlin)
	for _, c := range []struct {
		days, slots int
		slot        int64
	}{{1, 144, tenMinutes}, {2, 288, tenMinutes}, {3, 72, hour}, {14, 336, hour}, {15, 15, day}, {31, 31, day}, {400, 400, day}} {
		to := from.AddDate(0, 0, c.days)
		l := NewLoad(from.UnixMilli(), to.UnixMilli(), to.UnixMilli(), berlin)
		l.Add(to.UnixMilli()-1, l.Point(Point{}), wire.Blue)
		got := l.Figures(0)
		last := got.Slots[len(got.Slots)-1]
		if len(got.Slots) != c.slots || got.Slot != c.slot || last.Alerts != 1 {
			t.Errorf("%d days: %d slots of %d, the last %+v", c.days, len(got.Slots), got.Slot, last)
		}
		if c.slot == day && time.UnixMilli(last.At).In(berlin).Hour() != 0 {
			t.Errorf("%d days: a day begins at %v", c.days, time.UnixMilli(last.At).In(berlin))
		}
	}
}
