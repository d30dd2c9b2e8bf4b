package derive

import (
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Ids of the problems that ParseTables reports beside those of package yamldoc.
const (
	badTable = "E2951" // a table that contradicts itself
	badKind  = "E2952" // a kind of table that nobody reads
)

// Tables are the index tables by edition. They are never changed and may be shared.
type Tables struct {
	air   map[string]*airTable
	water map[string]*waterTable
	gases gasTable
}

// Air returns the editions of air quality indices, in order.
func (t *Tables) Air() []string { return sorted(t.air) }

// Water returns the editions of water classes, in order.
func (t *Tables) Water() []string { return sorted(t.water) }

func sorted[V any](m map[string]V) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// airTable is one edition of an air quality index.
type airTable struct {
	up      bool // round up, else to the nearest
	all     []string
	publish int64 // with a pollutant missing an index must be above this
	columns map[string]*column
}

// column is how one pollutant's concentration over one period makes an index.
type column struct {
	decimals int
	cut      bool // truncate the concentration, else round half to even
	rows     []segment
	above    int64 // the index beyond the last row; 0: none is computed
}

// segment is a row: concentrations from to, scaled to integers, and their indices.
type segment struct{ from, to, low, high int64 }

// index returns the individual index of a concentration; ok is false where the edition
// computes none.
func (t *airTable) index(c *column, v float64) (i int64, ok bool) {
	scaled := halfEven(v, c.decimals)
	if c.cut {
		scaled = cut(v, c.decimals)
	}
	scaled = max(scaled, 0)
	for _, r := range c.rows {
		if scaled > r.to {
			continue
		}
		rise := (r.high - r.low) * (scaled - r.from)
		if t.up {
			return r.low + ceilDiv(rise, r.to-r.from), true
		}
		return r.low + nearDiv(rise, r.to-r.from), true
	}
	return c.above, c.above > 0
}

// waterTable is one edition of water classes.
type waterTable struct {
	indicators map[string]indicator
	saturated  float64
}

// indicator holds the limits of classes I to V; lake, where it differs or is all there is.
type indicator struct {
	between, least, most, lake []float64
}

// worse is the class of a water that meets no limit.
const worse = 6

// class returns the class of one indicator's value, 1 to 6; ok is false where it is not
// judged for this water.
func (i indicator) class(v float64, lake bool) (class float64, ok bool) {
	v = math.Round(v*1e6) / 1e6 // limits are decimal numbers
	limits := i.most
	switch {
	case i.between != nil:
		if v >= i.between[0] && v <= i.between[1] {
			return 1, true
		}
		return worse, true
	case i.least != nil:
		at := slices.IndexFunc(i.least, func(l float64) bool { return v >= l })
		return classAt(at), true
	case lake && i.lake != nil:
		limits = i.lake
	case limits == nil:
		return 0, false
	}
	return classAt(slices.IndexFunc(limits, func(l float64) bool { return v <= l })), true
}

func classAt(i int) float64 {
	if i < 0 {
		return worse
	}
	return float64(i + 1)
}

// gasTable converts shares of the air to masses.
type gasTable struct {
	mass   map[string]float64 // g/mol by metric
	volume map[string]float64 // L/mol by name of the state
}

// tableFile is a file as it is written.
type tableFile struct {
	Kind    string `yaml:"kind,required"`
	Edition string `yaml:"edition,required"`
	Source  string `yaml:"source,required"`

	Index   []int64              `yaml:"index"`
	Round   string               `yaml:"round"`
	All     []string             `yaml:"all"`
	Publish int64                `yaml:"publish_above"`
	Columns map[string]columnRow `yaml:"columns"`

	Indicators map[string]indicatorRow `yaml:"indicators"`
	Saturated  float64                 `yaml:"saturated"`

	Mass   map[string]float64 `yaml:"molar_mass"`
	Volume map[string]float64 `yaml:"molar_volume"`
}

type columnRow struct {
	Steps    []float64   `yaml:"steps"`
	Rows     [][]float64 `yaml:"rows"`
	Above    string      `yaml:"above,required"`
	Decimals int         `yaml:"decimals"`
	Cut      bool        `yaml:"cut"`
}

type indicatorRow struct {
	Between []float64 `yaml:"between"`
	Least   []float64 `yaml:"least"`
	Most    []float64 `yaml:"most"`
	Lake    []float64 `yaml:"lake"`
}

// ParseTables reads the index tables of a folder, each file one edition. The error is
// yamldoc.Problems, or that of a file that cannot be read.
func ParseTables(folder fs.FS) (*Tables, error) {
	t := &Tables{air: map[string]*airTable{}, water: map[string]*waterTable{}}
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		src, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("index tables: %w", err)
		}
		if err := t.add("firmware-configs/indices/"+name, src); err != nil {
			return nil, fmt.Errorf("index tables: %w", err)
		}
	}
	return t, nil
}

func (t *Tables) add(file string, src []byte) error {
	doc, err := yamldoc.Parse(file, src)
	if err != nil {
		return err
	}
	var f tableFile
	if err := doc.Decode(&f); err != nil {
		return err
	}
	c := &tableChecker{doc: doc}
	switch f.Kind {
	case "air":
		t.air[f.Edition] = c.air(f)
	case "water":
		t.water[f.Edition] = c.water(f)
	case "gases":
		c.positive(f.Mass, "molar_mass")
		c.positive(f.Volume, "molar_volume")
		t.gases = gasTable{f.Mass, f.Volume}
	default:
		c.say(badKind, fmt.Sprintf("%q is no kind of table; write air, water or gases", f.Kind), "kind")
	}
	return c.found.Err()
}

// tableChecker judges what the YAML reader cannot.
type tableChecker struct {
	doc   *yamldoc.Doc
	found yamldoc.Problems
}

func (c *tableChecker) say(id, msg string, path ...string) {
	c.found = append(c.found, c.doc.Problem(path, id, msg))
}

func (c *tableChecker) positive(m map[string]float64, key string) {
	for name, v := range m {
		if !(v > 0 && v < 1e6) {
			c.say(badTable, fmt.Sprintf("%v is not possible", v), key, name)
		}
	}
}

func (c *tableChecker) air(f tableFile) *airTable {
	t := &airTable{up: f.Round == "up", all: f.All, publish: f.Publish, columns: map[string]*column{}}
	if f.Round != "up" && f.Round != "nearest" {
		c.say(badTable, "round is up or nearest", "round")
	}
	for name, row := range f.Columns {
		col := &column{decimals: row.Decimals, cut: row.Cut}
		if row.Above != "none" {
			above, err := strconv.ParseInt(row.Above, 10, 32)
			if col.above = above; err != nil || above <= 0 {
				c.say(badTable, "above is an index, or none", "columns", name, "above")
			}
		}
		if _, period, ok := strings.Cut(name, "."); !ok || period != "day" && period != "hour" {
			c.say(badTable, "a column is called pollutant.hour or pollutant.day", "columns", name)
		}
		if row.Decimals < 0 || row.Decimals > 6 {
			c.say(badTable, "decimals are 0 to 6", "columns", name, "decimals")
			continue
		}
		c.rows(col, f.Index, row, name)
		t.columns[name] = col
	}
	for _, p := range f.All {
		if t.columns[p+".hour"] == nil {
			c.say(badTable, fmt.Sprintf("%s has no column %s.hour", p, p), "all")
		}
	}
	return t
}

// rows makes the segments of a column: between steps, or as they are written.
func (c *tableChecker) rows(col *column, index []int64, row columnRow, name string) {
	scale := func(v float64) int64 { return int64(math.Round(v * math.Pow10(row.Decimals))) }
	if len(row.Steps) > len(index) {
		c.say(badTable, "there are more steps than indices", "columns", name, "steps")
		return
	}
	for i := 1; i < len(row.Steps); i++ {
		col.rows = append(col.rows, segment{scale(row.Steps[i-1]), scale(row.Steps[i]), index[i-1], index[i]})
	}
	for _, r := range row.Rows {
		if len(r) != 4 {
			c.say(badTable, "a row has four numbers: from, to, index from, index to", "columns", name, "rows")
			return
		}
		col.rows = append(col.rows, segment{scale(r[0]), scale(r[1]), int64(r[2]), int64(r[3])})
	}
	last := segment{to: -1, high: -1}
	for _, s := range col.rows {
		rises := s.from < s.to && s.low < s.high && s.from >= last.to && s.low >= last.high && s.to < 1<<30 && s.high < 1<<20
		if !rises {
			c.say(badTable, "concentrations and indices rise from row to row", "columns", name)
			return
		}
		last = s
	}
	if len(col.rows) == 0 || col.rows[0].from != 0 {
		c.say(badTable, "a column begins at 0", "columns", name)
	}
}

func (c *tableChecker) water(f tableFile) *waterTable {
	t := &waterTable{indicators: map[string]indicator{}, saturated: f.Saturated}
	for name, r := range f.Indicators {
		t.indicators[name] = indicator{r.Between, r.Least, r.Most, r.Lake}
		kinds := 0
		for key, limits := range map[string][]float64{"least": r.Least, "most": r.Most, "lake": r.Lake} {
			if limits == nil {
				continue
			}
			kinds++
			back := slices.Clone(limits)
			slices.Reverse(back)
			if len(limits) != worse-1 || key == "least" && !slices.IsSorted(back) || key != "least" && !slices.IsSorted(limits) {
				c.say(badTable, "limits are five, from class I to class V, each as strict as the next or stricter", "indicators", name, key)
			}
		}
		if r.Between != nil && (len(r.Between) != 2 || !(r.Between[0] < r.Between[1]) || kinds > 0) || r.Between == nil && kinds == 0 || r.Least != nil && kinds > 1 {
			c.say(badTable, "an indicator has between, or least, or most and lake", "indicators", name)
		}
	}
	return t
}
