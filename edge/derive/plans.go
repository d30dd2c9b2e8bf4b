package derive

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// windowPlan judges what goes over a window.
func (c *compiler) windowPlan(p *Plan, ins []Known) {
	s := c.s
	a := aggregate{kind: s.Is, percent: s.Percent, scale: 1}
	if s.Is == "vector-mean" {
		if !c.wind(p, ins, &a) {
			return
		}
	} else {
		in, ok := c.alone(ins)
		if !ok {
			return
		}
		a.every[0] = in.Every.Milliseconds()
		c.measured(p, in.Metric, &a)
	}
	slowest := slices.MaxFunc(ins, func(a, b Known) int { return cmp.Compare(a.Every, b.Every) }).Every
	if !c.times(p, slowest) {
		return
	}
	if s.Is == "percentile" && s.Over/slowest > maxValues {
		c.say("over", "E2904", fmt.Sprintf("a percentile keeps every value, here %d", s.Over/slowest), fmt.Sprintf("at most %d; shorten over, or sample less often", maxValues))
	}
	a.window = window{step: p.Every.Milliseconds(), n: int(s.Over / p.Every)}
	if p.wall = s.Aligned; !p.wall {
		a.hush = staleAfter(slowest)
	}
	p.make = func() worker {
		w := a
		return &w
	}
}

// measured judges the metric of an aggregate.
func (c *compiler) measured(p *Plan, m obs.Metric, a *aggregate) {
	s := c.s
	if Total(m.Name) && (s.Is == "mean" || s.Is == "percentile") {
		c.say("of", "E2906", fmt.Sprintf("%s is a running total, of which a %s says nothing", m.Name, s.Is), "write is: sum for what came in that time, or is: intensity")
		return
	}
	if Turns(m) && s.Is != "sum" && s.Is != "intensity" && s.Is != "leq" {
		c.say("of", "E2906", "the mean of 350° and 10° is not 180°", "write is: vector-mean with of: {speed: …, dir: …}")
		return
	}
	switch s.Is {
	case "sum", "intensity":
		c.summed(p, m, a)
	case "leq":
		if !Level(m) {
			c.say("of", "E2906", fmt.Sprintf("%s is no noise level", m.Name), "leq is the energy mean of decibels; of this write is: mean")
			return
		}
		c.result(p, "noise_leq")
		c.same(p, m.Unit, m.Name)
	case "percentile":
		if !(s.Percent > 0 && s.Percent < 100) {
			c.say("percent", "E2904", fmt.Sprintf("%v is no percentile", s.Percent), "write percent: 90 for the value that 90 % are below; L90 of noise, exceeded 90 % of the time, is percent: 10")
		}
		usual := m.Name
		if noise, ok := map[float64]string{90: "noise_l10", 50: "noise_l50", 10: "noise_l90"}[s.Percent]; ok && m.Name == "noise" {
			usual = noise
		}
		c.result(p, usual)
		c.same(p, m.Unit, m.Name)
	default:
		if s.Is == "mean" && Level(m) {
			c.say("of", "E2906", "the mean of 40 dB and 80 dB is not 60 dB: levels are logarithms", "write is: leq, the energy mean")
			return
		}
		c.result(p, m.Name)
		c.same(p, m.Unit, m.Name)
	}
}

// summed judges a sum: of a running total, or of what says how fast one grows.
func (c *compiler) summed(p *Plan, m obs.Metric, a *aggregate) {
	t, isTotal := totals[m.Name]
	amount, isRate := rates[m.Name]
	switch {
	case isTotal && c.s.Is == "sum":
		a.total = &total{perHour: t.most}
		c.result(p, t.amount)
	case isTotal:
		a.total, a.scale = &total{perHour: t.most}, t.factor*hourMS/float64(c.s.Over.Milliseconds())
		c.result(p, t.rate)
		amount = t.rate
	case isRate && c.s.Is == "sum":
		a.total = &total{rate: true}
		c.result(p, amount)
	default:
		c.say("of", "E2906", fmt.Sprintf("%s is no running total, so nothing of it adds up", m.Name), "write mean, min or max; sum takes "+strings.Join(sorted(totals), ", ")+" and rain_rate, flow")
		return
	}
	if isTotal && c.s.Is == "sum" {
		amount = t.amount
	}
	if want, ok := c.Metrics.Lookup(amount); ok {
		c.same(p, want.Unit, amount)
	}
}

// wind judges the two inputs of a vector mean and puts them in the order speed, dir.
func (c *compiler) wind(p *Plan, ins []Known, a *aggregate) bool {
	at := func(name string) int { return slices.IndexFunc(c.s.Of, func(o Source) bool { return o.Name == name }) }
	speed, dir := at("speed"), at("dir")
	if len(ins) != 2 || speed < 0 || dir < 0 {
		c.say("of", "E2902", "a vector mean is made of a speed and a direction", "write of: {speed: mast.wind_speed, dir: mast.wind_dir}")
		return false
	}
	if u := ins[speed].Metric.Unit; u != "m/s" {
		c.say("of.speed", "E2906", fmt.Sprintf("a speed in %s", u), "name a stream in m/s")
	}
	if u := ins[dir].Metric.Unit; u != "deg" {
		c.say("of.dir", "E2906", fmt.Sprintf("a direction in %s", u), "name a stream in degrees")
	}
	p.spec.Of = []Source{c.s.Of[speed], c.s.Of[dir]}
	a.every = [2]int64{ins[speed].Every.Milliseconds(), ins[dir].Every.Milliseconds()}
	c.result(p, "wind_speed")
	c.result(p, "wind_dir")
	return true
}

// times judges window and step.
func (c *compiler) times(p *Plan, slowest time.Duration) bool {
	s := c.s
	before := len(c.wrong)
	switch {
	case s.Over == 0:
		c.say("over", "E2904", s.Is+" goes over a time", "write over: 1h, for example")
	case s.Over < max(2*slowest, minStep) || s.Over > maxOver || s.Over%time.Second != 0:
		c.say("over", "E2904", fmt.Sprintf("%s is no window for streams that come every %s", brief(s.Over), brief(slowest)), fmt.Sprintf("write whole seconds, %s to 31d", brief(max(2*slowest, minStep))))
	case s.Aligned && s.Every != 0 && s.Every != s.Over:
		c.say("every", "E2904", "an aligned window has one result, at its end", "delete every, or aligned")
	case s.Aligned && 24*time.Hour%s.Over != 0:
		c.say("over", "E2904", fmt.Sprintf("a day is not made of windows of %s", brief(s.Over)), "write 10m, 1h, 8h or 24h, for example, or delete aligned")
	case s.Every != 0 && (s.Every < max(minStep, slowest) || s.Over%s.Every != 0 || s.Over/s.Every > maxSteps):
		c.say("every", "E2904", fmt.Sprintf("%s does not part %s", brief(s.Every), brief(s.Over)), fmt.Sprintf("write a part of it, %s or longer; leave it out for %s", brief(max(minStep, slowest, s.Over/maxSteps)), brief(usualStep(s.Over, slowest))))
	}
	switch p.Every = s.Every; {
	case s.Aligned:
		p.Every = s.Over
	case s.Every == 0:
		p.Every = usualStep(s.Over, slowest)
	}
	return len(c.wrong) == before
}

// usualStep is the step of a window that slides: a sixtieth, or as near to it as whole
// seconds and the streams' interval allow.
func usualStep(over, slowest time.Duration) time.Duration {
	for n := time.Duration(usualSteps); n > 1; n-- {
		if step := over / n; over%n == 0 && step%time.Second == 0 && step >= max(minStep, slowest) {
			return step
		}
	}
	return over
}

func brief(d time.Duration) string {
	text := d.String()
	text = strings.TrimSuffix(text, "0s")
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	if text == "" || text[len(text)-1] >= '0' && text[len(text)-1] <= '9' {
		return d.String()
	}
	return text
}

// wetnessPlan judges an antecedent precipitation index.
func (c *compiler) wetnessPlan(p *Plan, ins []Known) {
	in, ok := c.alone(ins)
	if !ok {
		return
	}
	if in.Metric.Name != "rain" {
		c.say("of", "E2906", fmt.Sprintf("%s is no rain total", in.Metric.Name), "name a stream of the metric rain")
	}
	keep := cmp.Or(c.s.Keep, 0.9)
	if !(keep >= 0.5 && keep < 1) {
		c.say("keep", "E2904", fmt.Sprintf("a day cannot leave %v of itself", keep), "write 0.85 to 0.95; 0.9 is usual")
	}
	c.result(p, "rain_index")
	p.wall, p.Every = true, time.Hour
	every := in.Every.Milliseconds()
	p.make = func() worker { return &wetness{keep: keep, every: every, rain: &total{perHour: totals["rain"].most}} }
}

// nowcastPlan judges a NowCast.
func (c *compiler) nowcastPlan(p *Plan, ins []Known) {
	in, ok := c.alone(ins)
	if !ok {
		return
	}
	if in.Metric.Unit != "ug/m3" {
		c.say("of", "E2906", fmt.Sprintf("%s is no concentration of particles", in.Metric.Name), "name a stream of pm2_5 or pm10")
	}
	c.hourly(in, "of")
	c.result(p, in.Metric.Name)
	c.same(p, in.Metric.Unit, in.Metric.Name)
	p.wall, p.Every = true, time.Hour
	every := []int64{in.Every.Milliseconds()}
	p.make = func() worker { return &air{Of: make([]pollutant, 1), every: every, report: "nowcast"} }
}

// hourly refuses what comes too seldom for hourly means.
func (c *compiler) hourly(in Known, key string) {
	if in.Every > 15*time.Minute {
		c.say(key, "E2904", fmt.Sprintf("of a stream that comes every %s no mean of an hour can be made", brief(in.Every)), "sample it at least every 15m")
	}
}

// largest is the channel of the largest index of all pollutants that are measured.
const largest = "iaqi.most"

// airPlan judges an air quality index.
func (c *compiler) airPlan(p *Plan, ins []Known) {
	t := c.Tables.air[c.s.Edition]
	if t == nil {
		c.edition("an air quality index", c.Tables.Air())
		return
	}
	report := cmp.Or(c.s.Report, "hourly")
	if !slices.Contains([]string{"hourly", "daily", "now"}, report) {
		c.say("report", "E2907", fmt.Sprintf("there is no report %q", report), "write hourly (means of the hour), daily (of the natural day) or now (each reading as it is)")
		return
	}
	c.result(p, "aqi")
	var names []string
	var every []int64
	column := map[string]string{"hourly": "hour", "daily": "day", "now": "hour"}[report]
	for i, o := range c.s.Of {
		names, every = append(names, o.Name), append(every, ins[i].Every.Milliseconds())
		key := keyOf(c.s, o)
		m, _ := c.Metrics.Lookup(o.Name)
		switch {
		case t.columns[o.Name+"."+column] == nil:
			c.say(key, "E2907", fmt.Sprintf("%s has no index of %q", c.s.Edition, o.Name), "write "+strings.Join(t.all, ", "))
		case m.Unit != ins[i].Metric.Unit:
			c.say(key, "E2906", fmt.Sprintf("%s is in %s, the table in %s", ins[i].Metric.Name, ins[i].Metric.Unit, m.Unit), "derive it first with is: convert")
		case report != "now":
			c.hourly(ins[i], key)
		}
		c.result(p, "iaqi."+o.Name)
	}
	c.result(p, largest)
	p.Sparse = make([]obs.Bound, len(p.Channels))
	p.Sparse[len(p.Sparse)-1] = obs.AtLeast
	if missing := slices.DeleteFunc(slices.Clone(t.all), func(n string) bool { return slices.Contains(names, n) }); len(missing) > 0 && t.publish > 0 {
		p.Instead = largest
		p.Note = fmt.Sprintf("%s is told only above %d without %s; rules read %s.%s, the largest of what is measured", c.s.Edition, t.publish, strings.Join(missing, ", "), c.s.ID, largest)
	}
	if report == "now" {
		c.nowPlan(p, ins, t, names)
		return
	}
	p.wall, p.Every = true, map[string]time.Duration{"hourly": time.Hour, "daily": 24 * time.Hour}[report]
	p.make = func() worker {
		return &air{Of: make([]pollutant, len(names)), names: names, every: every, report: report, table: t}
	}
}

func (c *compiler) nowPlan(p *Plan, ins []Known, t *airTable, names []string) {
	c.instantPlan(p, ins, func() func([]obs.Reading, At) []obs.Reading {
		return func(in []obs.Reading, _ At) []obs.Reading {
			return t.judge(names, "hour", func(name string) mean {
				r := in[slices.Index(names, name)]
				return mean{r.Value, r.Quality.Usable(), r.Quality.Flag, r.Quality.Why}
			})
		}
	})
}

// waterPlan judges a water class.
func (c *compiler) waterPlan(p *Plan, ins []Known) {
	t := c.Tables.water[c.s.Edition]
	if t == nil {
		c.edition("water classes", c.Tables.Water())
		return
	}
	lake := c.s.Body == "lake"
	if c.s.Body != "river" && !lake {
		c.say("body", "E2907", "the limits of rivers and lakes differ", "write body: river, or body: lake (reservoirs too)")
		return
	}
	c.result(p, "water_class")
	var names []string
	for i, o := range c.s.Of {
		names = append(names, o.Name)
		key := keyOf(c.s, o)
		ind, ok := t.indicators[o.Name]
		m, _ := c.Metrics.Lookup(o.Name)
		switch _, judged := ind.class(0, lake); {
		case o.Name == "do_saturation" && slices.ContainsFunc(c.s.Of, func(o Source) bool { return o.Name == "do" }):
			continue
		case !ok:
			c.say(key, "E2907", fmt.Sprintf("%s does not judge %q", c.s.Edition, o.Name), yamldoc.Hint(o.Name, sorted(t.indicators)))
		case !judged:
			c.say(key, "E2907", fmt.Sprintf("%s is not judged in rivers", o.Name), "delete it, or write body: lake")
		case m.Unit != ins[i].Metric.Unit:
			c.say(key, "E2906", fmt.Sprintf("%s is in %s, the table in %s", ins[i].Metric.Name, ins[i].Metric.Unit, m.Unit), "derive it first with is: convert")
		}
		c.result(p, "water_class."+o.Name)
	}
	c.instantPlan(p, ins, func() func([]obs.Reading, At) []obs.Reading { return waterOf(t, names, lake) })
}

// convertPlan judges a change of units.
func (c *compiler) convertPlan(p *Plan, ins []Known) {
	in, ok := c.alone(ins)
	if !ok {
		return
	}
	state := cmp.Or(c.s.State, "25C")
	if c.Tables.gases.volume[state] == 0 {
		c.say("state", "E2907", fmt.Sprintf("there is no reference state %q", state), "write "+strings.Join(sorted(c.Tables.gases.volume), " or "))
		return
	}
	if c.s.Metric == "" {
		c.say("metric", "E2906", "nothing says into what", "write metric: o3, for example")
		return
	}
	if c.result(p, ""); len(p.Metrics) == 0 {
		return
	}
	if a, b := c.Tables.gases.substance(in.Metric), c.Tables.gases.substance(p.Metrics[0]); a != b && a != "" && b != "" {
		c.say("metric", "E2906", fmt.Sprintf("%s and %s are different substances: no unit makes one of the other", in.Metric.Name, p.Metrics[0].Name), "name a metric of the same substance, or another stream")
		return
	}
	factor, ok := c.Tables.gases.factor(in.Metric, p.Metrics[0], state)
	if !ok {
		c.say("metric", "E2906", fmt.Sprintf("%s in %s cannot be made %s in %s", in.Metric.Name, orNone(in.Metric.Unit), p.Channels[0], orNone(p.Metrics[0].Unit)), convertHint(in.Metric.Unit, p.Metrics[0].Unit))
		return
	}
	c.instantPlan(p, ins, func() func([]obs.Reading, At) []obs.Reading {
		return func(in []obs.Reading, _ At) []obs.Reading {
			return []obs.Reading{reading(in[0].Value*factor, in[0].Quality)}
		}
	})
}

// formulaPlan judges a formula and its constants.
func (c *compiler) formulaPlan(p *Plan, ins []Known) {
	var names []string
	for _, o := range c.s.Of {
		names = append(names, o.Name)
	}
	for _, k := range c.s.Constants {
		if slices.Contains(names, k.Name) {
			c.say("constants."+k.Name, "E2908", fmt.Sprintf("%s is the name of a stream already", k.Name), "call it otherwise")
		}
		names = append(names, k.Name)
		c.history(k)
	}
	f, err := ParseFormula(c.s.Is, names)
	if err != nil {
		e := asFormulaError(err)
		c.wrong = append(c.wrong, Error{ID: c.s.ID, Key: "is", Offset: e.Offset, Length: e.Length, Code: "E2909", Msg: e.Msg, Hint: e.Hint})
		return
	}
	for i, name := range names {
		if !f.Uses(i) {
			c.say("is", "E2909", fmt.Sprintf("the formula does not speak of %s", name), "use it, or delete it")
		}
	}
	good := c.computable(f, len(ins))
	usual := ""
	if len(ins) == 1 {
		usual = ins[0].Metric.Name
	}
	c.result(p, usual)
	if good && c.meant(p, f, ins) {
		c.sensible(p, ins)
	}
	constants := c.s.Constants
	c.instantPlan(p, ins, func() func([]obs.Reading, At) []obs.Reading {
		return formulaOf(f, len(ins), constants, len(p.Metrics) > 0 && Turns(p.Metrics[0]))
	})
}

// history judges the values of a constant.
func (c *compiler) history(k Constant) {
	key := "constants." + k.Name
	if looksFree := functions[k.Name].of == nil && k.Name != ""; !looksFree || !wordStart(k.Name[0]) {
		c.say(key, "E2908", fmt.Sprintf("%q cannot be the name of a constant", k.Name), "write a name like datum")
	}
	if len(k.Values) == 0 {
		c.say(key, "E2908", "it has no value", "write datum: 12.40, or datum: [{from: 2026-03-01, is: 12.40}]")
	}
	for i := 1; i < len(k.Values); i++ {
		if !k.Values[i].From.After(k.Values[i-1].From) {
			c.say(key, "E2908", "the moments do not rise", "write the oldest first, each with another from")
			return
		}
	}
}

// instantPlan makes what is computed of the newest readings.
func (c *compiler) instantPlan(p *Plan, ins []Known, compute func() func([]obs.Reading, At) []obs.Reading) {
	stale := make([]int64, len(ins))
	for i, k := range ins {
		p.Every = max(p.Every, k.Every)
		stale[i] = staleAfter(k.Every)
	}
	p.make = func() worker {
		return &instant{Newest: make([]newest, len(ins)), stale: stale, late: p.Every.Milliseconds(), compute: compute(), values: make([]obs.Reading, len(ins))}
	}
}
