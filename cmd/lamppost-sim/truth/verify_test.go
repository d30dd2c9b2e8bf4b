package truth_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// river is an answer of 1 mm resolution at t seconds.
func river(t float64, v float64) truth.Line {
	return truth.Line{T: ms(t), Device: "river", Channel: "level", V: v, Resolution: 0.001, Via: truth.Answer, Good: true}
}

func slow(l truth.Line) truth.Line { l.Fault = "slow"; return l }

func bad(l truth.Line) truth.Line { l.Good, l.Fault = false, "crc"; return l }

func stored(t, v float64) truth.Point {
	return truth.Point{Device: "river", Channel: "level", T: ms(t), V: v, QC: 1}
}

func ms(s float64) int64 { return 1795291200000 + int64(s*1000) }

func TestVerifyPolled(t *testing.T) {
	var constLines []truth.Line
	var constPoints []truth.Point
	for i := range 50 { // a constant value that always arrives 1.4 s late
		constLines = append(constLines, river(float64(2*i), 2.7))
		constPoints = append(constPoints, stored(float64(2*i)+1.4, 2.7))
	}
	for _, c := range []struct {
		name   string
		lines  []truth.Line
		points []truth.Point
		run    truth.Run
		want   string // findings, in order
	}{
		{"all there", []truth.Line{river(0, 2.7), river(2, 2.71)}, []truth.Point{stored(0.01, 2.7), stored(2.01, 2.71)}, truth.Run{}, ""},
		{"nothing at all", nil, nil, truth.Run{}, ""},
		{"constant and late", constLines, constPoints, truth.Run{}, ""},
		{"constant, one missing", constLines, append(append([]truth.Point(nil), constPoints[:20]...), constPoints[21:]...), truth.Run{}, "missing"},
		{"missing in the middle", []truth.Line{river(0, 2.7), river(2, 2.71), river(4, 2.72)}, []truth.Point{stored(0.01, 2.7), stored(4.01, 2.72)}, truth.Run{}, "missing"},
		{"missing, but in a declared gap", []truth.Line{river(0, 2.7), river(2, 2.71), river(4, 2.72)}, []truth.Point{stored(0.01, 2.7), stored(4.01, 2.72)},
			truth.Run{Gaps: []truth.Gap{{From: ms(1), To: ms(3)}}}, ""},
		{"the gap is elsewhere", []truth.Line{river(0, 2.7), river(2, 2.71), river(4, 2.72)}, []truth.Point{stored(0.01, 2.7), stored(4.01, 2.72)},
			truth.Run{Gaps: []truth.Gap{{From: ms(3), To: ms(9)}}}, "missing"},
		{"outside what is judged", []truth.Line{river(0, 2.7), river(2, 2.71), river(4, 2.72)}, []truth.Point{stored(2, 2.71)},
			truth.Run{From: ms(1), To: ms(3)}, ""},
		{"stored in a gap without a line", []truth.Line{river(0, 2.7)}, []truth.Point{stored(0, 2.7), stored(1, 9.99)},
			truth.Run{Gaps: []truth.Gap{{From: ms(0), To: ms(9)}}}, "extra"},
		{"extra", []truth.Line{river(0, 2.7)}, []truth.Point{stored(0, 2.7), stored(1, 3.1)}, truth.Run{}, "extra"},
		{"extra stream", nil, []truth.Point{{Device: "river", Channel: "ghost", T: ms(1), V: 1}}, truth.Run{}, "extra"},
		{"other devices are not judged", nil, []truth.Point{{Device: "gateway", Channel: "uptime", T: ms(1), V: 1}}, truth.Run{}, ""},
		{"doubled", []truth.Line{river(0, 2.7), river(2, 2.71)}, []truth.Point{stored(0, 2.7), stored(0.5, 2.7), stored(2, 2.71)}, truth.Run{}, "doubled"},
		{"only in a damaged frame", []truth.Line{bad(river(0, 2.7))}, []truth.Point{stored(0, 2.7)}, truth.Run{}, "extra"},
		{"damaged, then asked again", []truth.Line{bad(river(0, 2.7)), river(0.2, 2.7)}, []truth.Point{stored(0.21, 2.7)}, truth.Run{}, ""},
		{"half a step off is equal", []truth.Line{river(0, 2.7)}, []truth.Point{stored(0, 2.7005)}, truth.Run{}, ""},
		{"half a step of what a single-precision number stands for is equal", []truth.Line{river(0, 5109.71484375)}, []truth.Point{stored(0, 5109.7153)}, truth.Run{}, ""},
		{"a whole step off is not", []truth.Line{river(0, 2.7)}, []truth.Point{stored(0, 2.701)}, truth.Run{}, "missing extra"},
		{"too late", []truth.Line{river(0, 2.7)}, []truth.Point{stored(2.5, 2.7)}, truth.Run{}, "missing extra"},
		{"late answer dropped", []truth.Line{slow(river(0, 2.7)), river(0.6, 2.7)}, []truth.Point{stored(0.6, 2.7)}, truth.Run{}, ""},
		{"late answer taken too", []truth.Line{slow(river(0, 2.7)), river(0.6, 2.7)}, []truth.Point{stored(0, 2.7), stored(0.6, 2.7)}, truth.Run{}, ""},
		{"the needed one is preferred", []truth.Line{slow(river(0, 2.7)), river(1.5, 2.7)}, []truth.Point{stored(0.1, 2.7)}, truth.Run{}, ""},
		{"silences and marks are not values", []truth.Line{
			{T: ms(0), Device: "river", Via: truth.Silence}, {T: ms(1), Device: "river", Event: "unplug"}}, nil, truth.Run{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run.Lines, c.run.Points = c.lines, c.points
			c.run.Every = map[string]time.Duration{"river": 2 * time.Second}
			check(t, truth.Verify(c.run), c.want)
		})
	}
}

func check(t *testing.T, r truth.Report, want string) {
	t.Helper()
	var kinds []string
	for _, f := range r.Findings {
		kinds = append(kinds, string(f.Kind))
	}
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("findings %q, want %q\n%s", got, want, r)
	}
	if (r.Err() != nil) != (want != "") {
		t.Errorf("Err() = %v, want one only with findings", r.Err())
	}
}

// ranging makes frames each 150 ms from 0 to n seconds; the value climbs 1 mm a
// frame, so that each is different.
func ranging(n float64) []truth.Line {
	var out []truth.Line
	for i := 0; float64(i)*0.15 < n; i++ {
		out = append(out, truth.Line{T: ms(float64(i) * 0.15), Device: "underpass", Channel: "level", V: float64(i) / 1000, Resolution: 0.001, Via: truth.Frame, Good: true})
	}
	return out
}

// readings takes the frame that comes first after each full second.
func readings(frames []truth.Line) []truth.Point {
	var out []truth.Point
	next := ms(0)
	for _, f := range frames {
		if f.T >= next {
			out = append(out, truth.Point{Device: f.Device, Channel: f.Channel, T: f.T + 20, V: f.V, QC: 1})
			next += 1000
		}
	}
	return out
}

func without(p []truth.Point, from, to float64) []truth.Point {
	var out []truth.Point
	for _, q := range p {
		if q.T < ms(from) || q.T >= ms(to) {
			out = append(out, q)
		}
	}
	return out
}

func TestVerifyStreaming(t *testing.T) {
	all := ranging(60)
	good := readings(all)
	mark := func(s float64, event string) truth.Line {
		return truth.Line{T: ms(s), Device: "underpass", Event: event}
	}
	twice := append(append([]truth.Point(nil), good[:9]...), truth.Point{Device: "underpass", Channel: "level", T: good[8].T + 90, V: good[8].V})
	twice = append(twice, good[9:]...)
	early := slices.Clone(good[:9])
	for due := good[8].T + 300; due < good[len(good)-1].T; due += 1000 { // a second grid, 0.3 s behind the first
		l := all[slices.IndexFunc(all, func(l truth.Line) bool { return l.T >= due })]
		early = append(early, truth.Point{Device: "underpass", Channel: "level", T: l.T + 10, V: l.V})
	}
	everyOther := func() (out []truth.Point) {
		for i := 0; i < len(good); i += 2 {
			out = append(out, good[i])
		}
		return out
	}()
	for _, c := range []struct {
		name   string
		lines  []truth.Line
		points []truth.Point
		run    truth.Run
		want   string
	}{
		{"one per second", all, good, truth.Run{}, ""},
		{"one reading twice", all, twice, truth.Run{}, "doubled"},
		{"begun again behind a declared gap", all, early, truth.Run{Gaps: []truth.Gap{{From: good[8].T + 10, To: good[8].T + 80}}}, ""},
		{"two in an interval, the gap is elsewhere", all, early, truth.Run{Gaps: []truth.Gap{{From: ms(40), To: ms(41)}}}, "doubled"},
		{"a hole", all, without(good, 20, 24), truth.Run{}, "missing"},
		{"a declared hole", all, without(good, 20, 24), truth.Run{Gaps: []truth.Gap{{From: ms(20), To: ms(24)}}}, ""},
		{"the first half is not judged", all, without(good, 0, 30), truth.Run{From: ms(30)}, ""},
		{"nothing stored", all, nil, truth.Run{}, "missing"},
		{"every other one", all, everyOther, truth.Run{}, strings.TrimSpace(strings.Repeat("missing ", 30))},
		{"a value that no frame had", all, append(append([]truth.Point(nil), good...), truth.Point{Device: "underpass", Channel: "level", T: ms(61), V: 7}), truth.Run{}, "extra"},
		{"silent and found again after 3 s", append(append(ranging(60)[:100], mark(15, "unplug"), mark(25, "replug")), ranging(60)[167:]...),
			without(good, 15, 28), truth.Run{Grace: 4 * time.Second}, ""},
		{"found again too late", append(append(ranging(60)[:100], mark(15, "unplug"), mark(25, "replug")), ranging(60)[167:]...),
			without(good, 15, 35), truth.Run{Grace: 4 * time.Second}, "missing"},
		{"a fault without end", append(ranging(30), mark(15, "noise")), without(good, 15, 60), truth.Run{}, ""},
		{"frozen is no excuse", append(ranging(30), mark(15, "frozen")), without(good, 15, 60), truth.Run{}, "missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run.Lines, c.run.Points = c.lines, c.points
			c.run.Every = map[string]time.Duration{"underpass": time.Second}
			check(t, truth.Verify(c.run), c.want)
		})
	}
}

func TestVerifyStills(t *testing.T) {
	still := func(s float64) truth.Line {
		return truth.Line{T: ms(s), Device: "gauge", V: 2.31, Via: truth.Still, Good: true, SHA256: "00"}
	}
	brightness := func(s float64) truth.Point {
		return truth.Point{Device: "gauge", Channel: "brightness", T: ms(s), V: s}
	}
	sharpness := func(s float64) truth.Point {
		return truth.Point{Device: "gauge", Channel: "sharpness", T: ms(s), V: s}
	}
	lines := []truth.Line{still(0), still(10)}
	for _, c := range []struct {
		name   string
		points []truth.Point
		want   string
	}{
		{"each left both channels", []truth.Point{brightness(0), brightness(10), sharpness(0), sharpness(10)}, ""},
		{"one channel once", []truth.Point{brightness(0), brightness(10), sharpness(0)}, "missing"},
		{"nothing", nil, "missing missing"},
		{"a reading without a picture", []truth.Point{brightness(0), brightness(10), brightness(30)}, "extra"},
		{"two readings of one picture", []truth.Point{brightness(0), brightness(10), brightness(14)}, "doubled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			check(t, truth.Verify(truth.Run{Lines: lines, Points: c.points, Every: map[string]time.Duration{"gauge": 10 * time.Second}}), c.want)
		})
	}
}

func TestReportIsBounded(t *testing.T) {
	var lines []truth.Line
	for i := range 500 {
		lines = append(lines, river(float64(i), 1))
	}
	r := truth.Verify(truth.Run{Lines: lines, Every: map[string]time.Duration{"river": time.Second}})
	text := r.String()
	if len(r.Findings) != 500 || strings.Count(text, "\n") != 31 || !strings.Contains(text, "and 470 more") {
		t.Errorf("%d findings, printed as\n%s", len(r.Findings), text)
	}
}

func ExampleVerify() {
	log := `{"t":1795291200000,"device":"river","channel":"level","v":2.713,"resolution":0.001,"via":"answer","good":true}
{"t":1795291202000,"device":"river","channel":"level","v":2.72,"resolution":0.001,"via":"answer","good":true}
`
	lines, err := truth.Read(strings.NewReader(log))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	fmt.Println(truth.Verify(truth.Run{
		Lines:  lines,
		Points: []truth.Point{{Device: "river", Channel: "level", T: 1795291200009, V: 2.713, QC: 1}},
		Every:  map[string]time.Duration{"river": 2 * time.Second},
	}))
	// Output:
	// 1 streams: 1 stored values have their line, 2 values had to be there, 0 need not; missing 1, extra 0, doubled 0
	// 20:00:02.000  missing river.level = 2.72 was answered at 20:00:02.000 and is not stored (nearest stored: 2.713 at 20:00:00.009)
}

// A day of one stream polled each 2 s.
func BenchmarkVerify(b *testing.B) {
	var lines []truth.Line
	var points []truth.Point
	for i := range 43200 {
		lines = append(lines, river(float64(2*i), float64(i%7)))
		points = append(points, stored(float64(2*i)+0.1, float64(i%7)))
	}
	run := truth.Run{Lines: lines, Points: points, Every: map[string]time.Duration{"river": 2 * time.Second}}
	b.ReportAllocs()
	for b.Loop() {
		if err := truth.Verify(run).Err(); err != nil {
			b.Fatal(err)
		}
	}
}
