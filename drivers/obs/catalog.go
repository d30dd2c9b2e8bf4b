package obs

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Turns says whether m is a direction, in which 0 comes behind 360.
func (m Metric) Turns() bool { return m.Unit == "deg" && m.Min == 0 && m.Max == 360 }

// Metric is one observed property: what its name means everywhere in the system.
type Metric struct {
	Name     string  // the word before the dot in a channel: "pm2_5"
	Unit     string  // UCUM code: "ug/m3", "%"
	Wire     string  // unit in SenML packs, of the same scale: "ug/m3", "%RH"; never "%"
	Text     string  // the unit for people: "μg/m³"; empty for a plain number
	Min, Max float64 // what the property can be at all, in Unit; a part's range is narrower
	Decimals int     // how many a screen shows, 0 to 9
	Label    Label   // the name for people
	HJ212    string  // factor code on HJ 212 links; empty if the standard has none
	Checks   *Checks // how its values are tested unless a profile or site says otherwise; nil: not
}

// Label is a short text in the two languages of the console.
type Label struct {
	ZH string `json:"zh" yaml:"zh,required"`
	EN string `json:"en" yaml:"en,required"`
}

// In returns the text in language lang, English for every language but "zh".
func (l Label) In(lang string) string {
	if lang == "zh" {
		return l.ZH
	}
	return l.EN
}

// Format writes v as a screen shows it, without the unit: "2.71", and "-" for
// what is not a number. Only 0 is written as nought: what is less than the last of the
// metric's decimals gets as many as it takes to show two of its digits, and what is hardly a
// number of this world has an exponent.
func (m Metric) Format(v float64) string {
	switch {
	case v-v != 0:
		return "-"
	case math.Abs(v) >= hardly:
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	s := strconv.FormatFloat(v, 'f', m.Decimals, 64)
	if strings.Trim(s, "-0.") != "" {
		return s
	}
	if v != 0 {
		return tiny(v)
	}
	return strings.TrimPrefix(s, "-") // no minus nought
}

// hardly is a number that nothing has which is measured; from it on digits say nothing.
const hardly = 1e15

// Number writes v with all of its digits, which are few: what is hardly a number of this
// world has an exponent. It reads back as the same.
func Number(v float64) string {
	if size := math.Abs(v); size >= hardly || size > 0 && size < 1e-9 {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// tiny writes what is less than a screen's last decimal with its first two digits.
func tiny(v float64) string {
	places := 1 - int(math.Floor(math.Log10(math.Abs(v))))
	if places > maxDecimals {
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	return strings.TrimRight(strconv.FormatFloat(v, 'f', places, 64), "0")
}

// Catalog holds the metrics by name. It is never changed after ParseCatalog and
// may be read from several goroutines.
type Catalog struct {
	metrics []Metric
	byName  map[string]int
}

// All returns the metrics in the order of the file; the slice is the caller's.
func (c *Catalog) All() []Metric { return append([]Metric(nil), c.metrics...) }

// Lookup returns the metric that a channel measures; the channel may be
// qualified ("temp.inlet").
func (c *Catalog) Lookup(channel string) (Metric, bool) {
	i, ok := c.byName[MetricName(channel)]
	if !ok {
		return Metric{}, false
	}
	return c.metrics[i], true
}

// Ids of the problems that ParseCatalog reports beside those of package yamldoc.
const (
	badName     = "E1901" // the metric's name
	badUnit     = "E1902" // a unit that no reader would understand
	badRange    = "E1903" // min, max or decimals
	badLabel    = "E1904" // a label or unit text
	badFactor   = "E1905" // an HJ 212 factor code
	emptyFile   = "E1906" // no metric at all
	badChecks   = "E1907" // thresholds of its quality tests
	maxDecimals = 9
)

// factorCode is an HJ 212-2017 code: annex B.1 and B.2 codes, or a noise name.
var factorCode = regexp.MustCompile(`^([aw][0-9]{5}|LA|L[0-9]{1,2}|Leq|Ldn|Ld|Ln|LMx|LMn)$`)

// entry is a metric as the file has it.
type entry struct {
	Unit     string  `yaml:"unit,required"`
	Wire     string  `yaml:"wire"`
	Text     string  `yaml:"text,required"`
	Min      float64 `yaml:"min,required"`
	Max      float64 `yaml:"max,required"`
	Decimals int     `yaml:"decimals,required"`
	Label    Label   `yaml:"label,required"`
	HJ212    string  `yaml:"hj212"`
	Checks   *Checks `yaml:"checks"`
}

// ParseCatalog reads a catalogue; file names it in errors. Everything that is
// wrong is reported at once, as yamldoc.Problems.
func ParseCatalog(file string, data []byte) (*Catalog, error) {
	doc, err := yamldoc.Parse(file, data)
	if err != nil {
		return nil, fmt.Errorf("metric catalogue: %w", err)
	}
	var in struct {
		Metrics map[string]entry `yaml:"metrics,required"`
	}
	if err := doc.Decode(&in); err != nil {
		return nil, fmt.Errorf("metric catalogue: %w", err)
	}
	c := &Catalog{byName: make(map[string]int, len(in.Metrics))}
	k := checker{doc: doc, factors: map[string]string{}}
	for _, name := range doc.Node("metrics").Keys() {
		m := in.Metrics[name].metric(name)
		k.check(m)
		c.byName[name] = len(c.metrics)
		c.metrics = append(c.metrics, m)
	}
	if len(c.metrics) == 0 {
		k.report([]string{"metrics"}, emptyFile, "the catalogue holds no metric")
	}
	if err := k.found.Err(); err != nil {
		return nil, fmt.Errorf("metric catalogue: %w", err)
	}
	return c, nil
}

func (e entry) metric(name string) Metric {
	m := Metric{
		Name: name, Unit: e.Unit, Wire: e.Wire, Text: e.Text, Min: e.Min, Max: e.Max,
		Decimals: e.Decimals, Label: e.Label, HJ212: e.HJ212, Checks: e.Checks,
	}
	if m.Wire == "" {
		m.Wire = m.Unit
	}
	return m
}

// checker judges what the YAML reader cannot.
type checker struct {
	doc     *yamldoc.Doc
	factors map[string]string // factor code → the metric that has it
	found   yamldoc.Problems
}

func (k *checker) report(path []string, id, format string, args ...any) {
	k.found = append(k.found, k.doc.Problem(path, id, fmt.Sprintf(format, args...)))
}

func (k *checker) check(m Metric) {
	at := func(key string) []string { return []string{"metrics", m.Name, key} }
	if err := checkWord(m.Name); err != nil {
		k.report(at(""), badName, "metric %q: %v", m.Name, err)
	}
	k.checkUnits(m, at)
	if m.Min >= m.Max {
		k.report(at("max"), badRange, "max %v is not above min %v", m.Max, m.Min)
	}
	if m.Decimals < 0 || m.Decimals > maxDecimals {
		k.report(at("decimals"), badRange, "%d decimals; write 0 to %d", m.Decimals, maxDecimals)
	}
	if strings.TrimSpace(m.Label.ZH) == "" || strings.TrimSpace(m.Label.EN) == "" {
		k.report(at("label"), badLabel, "a label is empty; people see it in both languages")
	}
	if m.HJ212 != "" {
		k.checkFactor(m, at("hj212"))
	}
	if m.Checks != nil {
		for _, e := range m.Checks.Wrong(0) {
			k.report(append(at("checks"), e.Path...), badChecks, "%s", e.Msg)
		}
	}
}

func (k *checker) checkUnits(m Metric, at func(string) []string) {
	switch {
	case m.Unit == "" || strings.ContainsFunc(m.Unit, func(r rune) bool { return r <= ' ' || r > '~' }):
		k.report(at("unit"), badUnit, "%q is not a UCUM code; those are printable ASCII without spaces (ug/m3, Cel)", m.Unit)
	case m.Wire == "%":
		k.report(at("wire"), badUnit, `"%%" means a ratio from 0 to 1 in SenML; write /100, or %%RH for humidity`)
	case m.Wire != m.Unit && !primaryUnits[m.Wire] && !secondaryUnits[m.Wire]:
		k.report(at("wire"), badUnit, "%q is neither a SenML unit nor the UCUM code %q", m.Wire, m.Unit)
	}
}

func (k *checker) checkFactor(m Metric, at []string) {
	if !factorCode.MatchString(m.HJ212) {
		k.report(at, badFactor, "%q is not an HJ 212 factor code; they look like a34004, w01018 or Leq", m.HJ212)
		return
	}
	if first, twice := k.factors[m.HJ212]; twice {
		k.report(at, badFactor, "%s is already the code of %s", m.HJ212, first)
		return
	}
	k.factors[m.HJ212] = m.Name
}
