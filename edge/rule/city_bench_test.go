package rule

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// kinds of rules of a city: what a condition costs depends on what it reads. Of five, three
// have windows or a forecast.
var cityRules = [...]string{
	`%[1]s > 3.00 and %[2]s > 1`,
	`avg(%[1]s, 5m) > 3.00 or %[3]s > 4`,
	`%[1]s > 3.00 and rate(%[1]s, 10m) > 0.2 or max(%[2]s, 1m) > 5`,
	`stale(%[1]s) > 300 or stuck(%[2]s) > 6h`,
	`rise(%[1]s, 10m) > 20 and %[2]s - %[3]s > 1 and abs(%[4]s) < 5 or %[5]s > 9`,
}

// theCity makes so many rules, each over its own ten streams, so that all of them are read:
// the first half by the kinds above, the other half by a comparison.
func theCity(b testing.TB, size int) (*Engine, [][]obs.Stream, uint64) {
	b.Helper()
	devices := make([][]obs.Stream, size)
	known := Streams{}
	for i := range devices {
		for c := range 10 {
			st := obs.Stream{Device: fmt.Sprintf("d%d", i), Channel: fmt.Sprintf("level.c%d", c)}
			known[st] = Stream{Every: time.Second, Step: 0.01}
			devices[i] = append(devices[i], st)
		}
	}
	before := heap()
	var rules []*Rule
	for i, d := range devices {
		name := func(c int) any { return d[c].Device + "." + d[c].Channel }
		text := fmt.Sprintf(cityRules[i%len(cityRules)]+" or (%[6]s > 90 and %[7]s > 90 and %[8]s > 90 and %[9]s > 90 and %[10]s > 90 and %[1]s > 90 and %[2]s > 90 and %[3]s > 90 and %[4]s > 90 and %[5]s > 90)",
			name(0), name(1), name(2), name(3), name(4), name(5), name(6), name(7), name(8), name(9))
		r, errs := Compile(Spec{ID: fmt.Sprintf("r%d", i), When: text, For: 2 * time.Minute, ClearFor: time.Minute, Hold: 5 * time.Minute}, known)
		if len(errs) > 0 {
			b.Fatal(errs)
		}
		rules = append(rules, r)
	}
	perRule := (heap() - before) / uint64(len(rules))
	return New(rules), devices, perRule
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// second shows the engine one second of the city: of each device a sample of ten values, a Tick
// behind each, as the gateway does.
func second(e *Engine, devices [][]obs.Stream, now int64) (told int) {
	for i, d := range devices {
		at := now*1000 + int64(i)
		for c, st := range d {
			e.Observe(st, at, obs.Of(float64((now/7+int64(i+c))%5)+float64(now%10)/100))
		}
		told += len(e.Tick(at))
	}
	return told
}

// A benchmark that nobody runs rots: each of its rules is compiled and judged here.
func TestTheCityIsJudged(t *testing.T) {
	e, devices, _ := theCity(t, 2*len(cityRules))
	told := 0
	for now := int64(0); now < 140; now++ { // longer than the rules' for
		told += second(e, devices, now)
	}
	if told == 0 {
		t.Error("none of the city's rules said anything in 140 s")
	}
}

// BenchmarkCity is 1 000 rules over 10 000 streams at 1 Hz, windows full: one operation
// is one second of the city, so that a second per operation is a whole core.
func BenchmarkCity(b *testing.B) {
	before := heap()
	e, devices, perRule := theCity(b, 1000)
	now := int64(0)
	for ; now < 700; now++ { // longer than the longest window
		second(e, devices, now)
	}
	perStream := (heap() - before - perRule*1000) / 10_000
	b.ReportAllocs()
	told := 0
	for b.Loop() {
		told += second(e, devices, now)
		now++
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*100, "%core")
	b.ReportMetric(float64(perRule), "B/rule")
	b.ReportMetric(float64(perStream), "B/stream")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/value")
	b.ReportMetric(float64(told)/float64(b.N), "transitions/s")
}
