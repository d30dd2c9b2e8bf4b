package quality

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// kinds are the tests with what makes a random question and our answer to it. flags
// are those that must occur.
var kinds = []struct {
	name  string
	flags []int
	make  func(r *rand.Rand) (question, []int)
}{
	{"gross", []int{1, 3, 4, 9}, askGross},
	{"climatology", []int{1, 2, 3, 4, 9}, askClimatology},
	{"spike", []int{1, 2, 3, 4, 9}, askSpike},
	{"rate", []int{1, 2, 3, 4, 9}, askRate},
	{"flat", []int{1, 2, 3, 4, 9}, askFlat},
	{"flat-ioos", []int{1, 3, 4, 9}, askFlatIOOS},
	{"attenuated", []int{1, 2, 3, 4, 9}, askAttenuated},
	{"multivariate", []int{1, 2, 3, 9}, askMultivariate},
	{"neighbour", []int{1, 2, 3, 4, 9}, askNeighbour},
	{"location", []int{1, 3, 4, 9}, askLocation},
	{"gap", []int{1, 4, 9}, askGap},
	{"order", []int{1, 3, 9}, askOrder},
	{"rollup", []int{1, 2, 3, 4, 9}, askRollup},
}

// walk is a random series: a walk with steps, spikes, standstills and holes, in whole
// thousandths.
func walk(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	v, step, still := r.NormFloat64(), 0.02+r.Float64(), 0
	for i := range x {
		switch {
		case still > 0:
			still--
		case r.IntN(12) == 0:
			still = r.IntN(10)
		default:
			v += step * r.NormFloat64()
		}
		x[i] = math.Round(v*1000) / 1000
		switch r.IntN(20) {
		case 0:
			x[i] = math.Round((v+4*step*r.NormFloat64())*1000) / 1000
		case 1:
			x[i] = nan
		}
	}
	return x
}

// threshold draws one between the digits of walk, or upon them: a value that equals a
// limit passes.
func threshold(r *rand.Rand, most float64) float64 {
	if r.IntN(2) == 0 {
		return between(r, most)
	}
	return float64(1+r.IntN(1+int(most*1000))) / 1000
}

// between draws a threshold that no value of walk equals, for what the two programs may
// round differently: a standard deviation.
func between(r *rand.Rand, most float64) float64 {
	return math.Round(r.Float64()*most*1000)/1000 + 0.00037
}

// rising draws n times in ms, most of them on a grid.
func rising(r *rand.Rand, n int, every int64) []int64 {
	ms := make([]int64, n)
	at := r.Int64N(1000) * 1000
	for i := range ms {
		ms[i] = at
		at += every
		if r.IntN(15) == 0 {
			at += r.Int64N(10 * every)
		}
	}
	return ms
}

func length(r *rand.Rand) int { return 1 + r.IntN(62) }

func askGross(r *rand.Rand) (question, []int) {
	x := walk(r, length(r))
	a, b := threshold(r, 2), threshold(r, 2)
	q := question{Test: "gross", T: seconds(rising(r, len(x), 1000)), X: nulls(x), Config: map[string]any{"fail": []float64{a + b, -a - b}}}
	l := Limits{Part: rangeOf([]float64{a + b, -a - b})}
	if r.IntN(3) > 0 {
		l.Metric = rangeOf([]float64{-a, a})
		q.Config["user"] = []float64{-a, a}
	}
	s := New(&l, 0)
	flags := make([]int, len(x))
	for i, v := range x {
		flags[i] = s.Judge(int64(i), obs.Of(v)).Quality.Flag.Code()
	}
	return q, flags
}

func askClimatology(r *rand.Rand) (question, []int) {
	x := walk(r, length(r))
	const day = 86_400_000
	ms := rising(r, len(x), 1+r.Int64N(60*day))
	for i := range ms {
		ms[i] += 1_600_000_000_000
	}
	names := map[string]int{"month": 12, "week": 53, "day": 366, "weekday": 7, "quarter": 4}
	order := []string{"month", "week", "day", "weekday", "quarter"}
	var seasons []obs.Season
	members := []map[string]any{}
	for range 1 + r.IntN(4) {
		unit := order[r.IntN(len(order))]
		from := 1 + r.IntN(names[unit])
		to := from + r.IntN(names[unit]-from+1)
		a := threshold(r, 1)
		s := obs.Season{Suspect: []float64{a, -a}}
		m := map[string]any{"unit": unit, "from": from, "to": to, "ok": s.Suspect}
		if r.IntN(2) == 0 {
			s.Fail = []float64{-a - 1, a + 1}
			m["fail"] = s.Fail
		}
		if r.IntN(8) == 0 { // at any time
			m = map[string]any{"ok": s.Suspect, "fail": m["fail"]}
			seasons, members = append(seasons, s), append(members, m)
			continue
		}
		*map[string]*[]int{"month": &s.Months, "week": &s.Weeks, "day": &s.Days, "weekday": &s.Weekdays, "quarter": &s.Quarters}[unit] = []int{from, to}
		seasons, members = append(seasons, s), append(members, m)
	}
	one := &climatology{members: membersOf(seasons), civil: func(ms int64) (time.Time, bool) { return time.UnixMilli(ms).UTC(), true }}
	return question{Test: "climatology", T: seconds(ms), X: nulls(x), Config: map[string]any{"members": members}}, series(one, ms, x)
}

// thresholds draws two, of which either may be missing.
func thresholds(r *rand.Rand, most float64, config map[string]any) (suspect, fail *float64) {
	a := threshold(r, most)
	if r.IntN(8) > 0 {
		suspect = num(a)
		config["suspect"] = a
	}
	if b := a + threshold(r, most); r.IntN(4) > 0 {
		fail = num(b)
		config["fail"] = b
	}
	return suspect, fail
}

func askSpike(r *rand.Rand) (question, []int) {
	x := walk(r, length(r))
	method := []string{Average, Differential}[r.IntN(2)]
	q := question{Test: "spike", Config: map[string]any{"method": method}, X: nulls(x)}
	suspect, fail := thresholds(r, 1, q.Config)
	if r.IntN(8) == 0 {
		suspect, q.Config["suspect"] = num(0), 0.0
	}
	if r.IntN(8) == 0 {
		fail, q.Config["fail"] = num(0), 0.0
	}
	ms := rising(r, len(x), 1000)
	q.T = seconds(ms)
	return q, series(newSpike(&obs.SpikeCheck{Method: method, Suspect: suspect, Fail: fail}), ms, x)
}

func askRate(r *rand.Rand) (question, []int) {
	x := walk(r, 1+length(r))
	ms := rising(r, len(x), []int64{500, 1000, 60_000}[r.IntN(3)])
	for range r.IntN(3) {
		i := 1 + r.IntN(len(x)-1)
		ms[i] = ms[i-1] - int64(r.IntN(2))*1000
	}
	q := question{Test: "rate", Config: map[string]any{}, T: seconds(ms), X: nulls(x)}
	suspect, fail := thresholds(r, 1, q.Config)
	return q, series(&rate{limits: limits{above(suspect), above(fail)}}, ms, x)
}

func askFlat(r *rand.Rand) (question, []int) {
	x := walk(r, length(r))
	every := int64(1 + r.IntN(60))
	ms := rising(r, len(x), every*1000)
	suspect, tolerance := every*int64(1+r.IntN(6)), threshold(r, 0.3)
	fail, samples := suspect+every*int64(r.IntN(8)), r.IntN(7)
	switch r.IntN(8) {
	case 0:
		suspect = 0
	case 1:
		fail = 0
	}
	config := map[string]any{"interval": every, "suspect": orNone(suspect), "fail": orNone(fail), "tolerance": tolerance, "samples": samples}
	one := newFlat(&obs.FlatCheck{Suspect: time.Duration(suspect) * time.Second, Fail: time.Duration(fail) * time.Second, Tolerance: &tolerance, Samples: samples},
		Env{Every: time.Duration(every) * time.Second})
	return question{Test: "flat", Config: config, T: seconds(ms), X: nulls(x)}, series(one, ms, x)
}

// orNone is what the protocol has for a duration of 0, which is none to us.
func orNone(seconds int64) any {
	if seconds == 0 {
		return nil
	}
	return seconds
}

func askFlatIOOS(r *rand.Rand) (question, []int) {
	x := walk(r, 2+length(r))
	every := int64(1 + r.IntN(60))
	ms := grid(len(x), every)
	suspect, tolerance := every*int64(1+r.IntN(6))+r.Int64N(every), threshold(r, 0.3)
	fail := suspect + every*int64(r.IntN(8))
	switch r.IntN(8) {
	case 0:
		suspect = 0
	case 1:
		fail = 0
	}
	config := map[string]any{"compat": IOOS, "interval": every, "suspect": orNone(suspect), "fail": orNone(fail), "tolerance": tolerance}
	one := newFlat(&obs.FlatCheck{Compat: IOOS, Suspect: time.Duration(suspect) * time.Second, Fail: time.Duration(fail) * time.Second, Tolerance: &tolerance},
		Env{Every: time.Duration(every) * time.Second})
	return question{Test: "flat", Config: config, T: seconds(ms), X: nulls(x)}, series(one, ms, x)
}

func askAttenuated(r *rand.Rand) (question, []int) {
	x := walk(r, length(r))
	far := math.Pow(10, float64(r.IntN(9)))
	for i := range x { // some are far off, and what they leave behind is judged as finely
		if r.IntN(20) == 0 {
			x[i] += far
		}
	}
	ms := rising(r, len(x), 10_000)
	method, window, samples := []string{Std, Span}[r.IntN(2)], int64(20+r.IntN(200)), r.IntN(8)
	config := map[string]any{"method": method, "window": window, "samples": samples}
	draw := threshold
	if method == Std {
		draw = between
	}
	high, low := num(draw(r, 1)), num(draw(r, 0.3))
	*low = min(*low, *high)
	switch r.IntN(8) {
	case 0:
		high = nil
	case 1:
		low = nil
	}
	config["suspect"], config["fail"] = high, low
	one := makeAttenuated(method == Span, time.Duration(window)*time.Second, below(high), below(low), samples)
	return question{Test: "attenuated", Config: config, T: seconds(ms), X: nulls(x)}, series(one, ms, x)
}

// beside runs a test that looks at a second series, whose value is known first.
func beside(one test, p *Peer, ms []int64, x, y []float64) []int {
	flags := make([]int, len(x))
	for i := range x {
		p.Note(ms[i], obs.Of(y[i]))
		now, _ := one.judge(ms[i], x[i])
		flags[i] = now.Code()
	}
	return flags
}

func askMultivariate(r *rand.Rand) (question, []int) {
	x := walk(r, length(r))
	y := walk(r, len(x))
	for i := 0; i < len(y); i += 1 + r.IntN(4) {
		y[i] = nan
	}
	ms := rising(r, len(x), 10_000)
	suspect, moves, within := threshold(r, 1), threshold(r, 1), int64(r.IntN(60))
	p := &Peer{}
	env := Env{Peer: func(obs.Stream) *Peer { return p }}
	one := newMultivariate(&obs.MultivariateCheck{With: "a.b", Suspect: &suspect, Moves: &moves, Within: time.Duration(within) * time.Second}, env)
	if r.IntN(2) == 0 { // somebody else looks at the same stream, with a threshold of its own
		newMultivariate(&obs.MultivariateCheck{With: "a.b", Suspect: &suspect, Moves: num(threshold(r, 1))}, env)
	}
	return question{Test: "multivariate", T: seconds(ms), X: nulls(x), Y: nulls(y),
		Config: map[string]any{"suspect": suspect, "moves": moves, "within": within}}, beside(one, p, ms, x, y)
}

func askNeighbour(r *rand.Rand) (question, []int) {
	x := walk(r, length(r))
	y := slices.Clone(x)
	for i := range y {
		if y[i] += 0.01 * math.Round(6*r.NormFloat64()); r.IntN(12) == 0 {
			y[i] = nan
		}
	}
	ms := grid(len(x), 1)
	q := question{Test: "neighbour", T: seconds(ms), X: nulls(x), Y: nulls(y), Config: map[string]any{}}
	suspect, fail := thresholds(r, 0.1, q.Config)
	offset, step := 0.01*float64(r.IntN(5)), []float64{0, 0.001}[r.IntN(2)]
	q.Config["offset"], q.Config["resolution"] = offset, step
	p := &Peer{}
	one := newNeighbour(&obs.NeighbourCheck{With: "a.b", Suspect: suspect, Fail: fail, Offset: &offset, Within: 500 * time.Millisecond},
		Env{Step: step, Peer: func(obs.Stream) *Peer { return p }})
	return q, beside(one, p, ms, x, y)
}

func askLocation(r *rand.Rand) (question, []int) {
	n := length(r)
	lat, lon := make([]float64, n), make([]float64, n)
	la, lo := -80+160*r.Float64(), -170+340*r.Float64()
	l := Location{Step: 1 + 300*r.Float64()}
	flags := make([]int, n)
	for i := range n {
		lat[i], lon[i] = la+0.002*r.NormFloat64(), lo+0.002*r.NormFloat64()
		switch r.IntN(16) {
		case 4:
			lat[i] = 90
		case 5:
			lon[i] = -180
		case 0:
			lat[i] = nan
		case 1:
			lat[i], lon[i] = nan, nan
		case 2:
			lon[i] = 180.5
		case 3:
			lat[i] = -90.5
		}
		flags[i] = l.Judge(lat[i], lon[i]).Flag.Code()
	}
	return question{Test: "location", T: seconds(grid(n, 1)), Lat: nulls(lat), Lon: nulls(lon), Config: map[string]any{"step": l.Step}}, flags
}

func askGap(r *rand.Rand) (question, []int) {
	n := 2 + r.IntN(40)
	ms := rising(r, n, 10_000)
	if r.IntN(4) == 0 {
		i := 1 + r.IntN(n-1)
		ms[i] = ms[i-1] - r.Int64N(100_000)
	}
	limit := int64(10 + r.IntN(60))
	x := walk(r, n)
	flags := series(&gap{limitMS: limit * 1000}, ms, x)
	return question{Test: "gap", T: seconds(ms), X: nulls(x), Config: map[string]any{"compat": IOOS, "limit": limit}}, flags
}

func askOrder(r *rand.Rand) (question, []int) {
	n := length(r)
	ms := rising(r, n, 1000)
	for i := 1; i < n; i++ {
		if r.IntN(6) == 0 {
			ms[i] = ms[i-1] - int64(r.IntN(2))*r.Int64N(5000)
		}
	}
	x := walk(r, n)
	return question{Test: "order", T: seconds(ms), X: nulls(x), Config: map[string]any{}}, series(&order{}, ms, x)
}

func askRollup(r *rand.Rand) (question, []int) {
	n := length(r)
	tests := make([][]int, 1+r.IntN(6))
	qs := make([]obs.Quality, n)
	for i := range qs {
		qs[i].Flag = obs.Missing
	}
	for k := range tests {
		for i := range n {
			code := []int{1, 2, 3, 4, 9, 9, 9, 2, 2}[r.IntN(9)]
			f, _ := obs.FlagOf(code)
			qs[i] = qs[i].Worst(verdict(f, "x"))
			tests[k] = append(tests[k], code)
		}
	}
	flags := make([]int, n)
	for i, q := range qs {
		flags[i] = q.Flag.Code()
	}
	return question{Test: "rollup", T: seconds(grid(n, 1)), X: nulls(make([]float64, n)), Tests: tests, Config: map[string]any{}}, flags
}
