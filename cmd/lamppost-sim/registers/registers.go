// Package registers has the register tables of Modbus parts as their makers print
// them: names, addresses, number formats, word orders, scales and units are the
// maker's. The simulator's slaves are filled from them.
//
// The tables were written from the makers' documents, by somebody who had not seen the
// gateway's profiles, so that a mistake in one of the two shows when the gateway reads
// the slave. Nothing here is shared with the gateway but the names of the channels and
// the units that they are stored in.
//
// Where a document does not say something, the table does not either: a row without a
// function is read with 3 and with 4. Doubt names what is guessed: what the document
// leaves open and a slave must decide.
package registers

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
)

// Table is what a maker says about one part.
type Table struct {
	ID     string        // of the gateway's profile
	Maker  string        // empty: several
	Model  string        // as the maker writes it
	Title  scenario.Text // what it is
	Source string        // the document, and where in it
	Doubt  string        // what the document leaves open; empty: nothing that matters here

	Baud    int    // 0: not stated
	Format  string // 8N1, 8E1; empty: not stated
	Address uint8  // as delivered; 0: not stated
	Also    []uint8
	Wakes   bool
	Limit   int // registers that one request may ask for; 0: not stated
	Gaps    modbusslave.Manner
	Start   *Start
	Keeps   map[uint16]uint16 // holding registers that can be written one at a time, and what they hold as delivered
	Rows    []Row
}

// Start is the request without which a part does not measure.
type Start struct {
	Function uint8
	Register uint16
}

// Row is one line of a table.
type Row struct {
	Name     string // the maker's
	Function uint8  // 0: not stated
	At       uint16 // zero-based, as sent on the wire
	Type     modbusslave.Type
	Order    string
	Step     float64 // Unit for one count
	Unit     string  // the maker's unit
	Places   float64 // of a number with a point: the step that the part rounds to, in Unit; 0: it does not

	Channel string  // the gateway's name for it; empty: it has none
	Shadow  bool    // it says once more, in another form, what the row with its channel says
	Metric  string  // the unit that the gateway stores it in
	Is      float64 // what the simulator says unless it is told otherwise, in Metric

	Turn     float64 // counts that are once around; 0: it does not turn
	Missing  uint64
	Misses   bool
	Fixed    []uint16
	Own      bool // Fixed is the address at which the part is asked
	Tells    string
	OK, Fail uint16
}

// The makers' number formats.
const (
	u16 = modbusslave.Uint16
	s16 = modbusslave.Int16
	u32 = modbusslave.Uint32
	s32 = modbusslave.Int32
	f32 = modbusslave.Float32
	dec = modbusslave.Decimals
)

// holding, input and either make a row that is read with function 3, with 4, or with
// both.
func holding(at uint16, name string, t modbusslave.Type, step float64, unit string) Row {
	return Row{Name: name, Function: 3, At: at, Type: t, Step: step, Unit: unit, Metric: unit}
}

func input(at uint16, name string, t modbusslave.Type, step float64, unit string) Row {
	r := holding(at, name, t, step, unit)
	r.Function = 4
	return r
}

func either(at uint16, name string, t modbusslave.Type, step float64, unit string) Row {
	r := holding(at, name, t, step, unit)
	r.Function = 0
	return r
}

// holds makes a row of words that never change.
func holds(function uint8, at uint16, name string, words ...uint16) Row {
	return Row{Name: name, Function: function, At: at, Fixed: words}
}

// own makes a row in which the part keeps its address.
func own(function uint8, at uint16) Row {
	return Row{Name: "Address", Function: function, At: at, Type: u16, Fixed: []uint16{1}, Own: true}
}

// tells makes a row that says whether a channel, or the part ("*"), is well.
func tells(function uint8, at uint16, name, of string, ok, fail uint16) Row {
	return Row{Name: name, Function: function, At: at, Tells: of, OK: ok, Fail: fail}
}

// as names the channel, which is stored in the maker's unit.
func (r Row) as(channel string, is float64) Row {
	r.Channel, r.Is = channel, is
	return r
}

// in names the channel, which is stored in another unit.
func (r Row) in(channel, metric string, is float64) Row {
	r.Channel, r.Metric, r.Is = channel, metric, is
	return r
}

func (r Row) cdab() Row { r.Order = "cdab"; return r }
func (r Row) dcba() Row { r.Order = "dcba"; return r }

// again names the channel of which this row is another form.
func (r Row) again(channel, metric string) Row {
	r.Channel, r.Metric, r.Shadow = channel, metric, true
	return r
}

// around is how many counts are once around.
func (r Row) around(counts float64) Row { r.Turn = counts; return r }

// missing is what is sent for a value that is not there.
func (r Row) missing(raw uint64) Row { r.Missing, r.Misses = raw, true; return r }

// places is the step that a number with a point is rounded to.
func (r Row) places(step float64) Row { r.Places = step; return r }

// linear is how a number changes from one unit to another.
type linear struct{ factor, offset float64 }

// metreOfWater is the pressure of a metre of water at 1000 kg/m3 and standard gravity,
// in bar.
const metreOfWater = 1000 * 9.80665 / 100000

// conversions are those from makers' units to stored ones: "from>to".
var conversions = map[string]linear{
	"PSU>g/kg":           {1, 0},
	"kPa>hPa":            {10, 0},
	"mbar>hPa":           {1, 0},
	"mbar>kPa":           {0.1, 0},
	"bar>kPa":            {100, 0},
	"kW>W":               {1000, 0},
	"VA>V.A":             {1, 0},
	"kVA>V.A":            {1000, 0},
	"kvar>V.A{reactive}": {1000, 0},
	"var>V.A{reactive}":  {1, 0},
	"g/L>mg/L":           {1000, 0},
	"klx>lx":             {1000, 0},
	"mm>m":               {0.001, 0},
	"0.1mm>m":            {0.0001, 0},
	"cm>m":               {0.01, 0},
	"mm/s>m/s":           {0.001, 0},
	"uA>mA":              {0.001, 0},
	"mS/cm>uS/cm":        {1000, 0},
	"FNU>{NTU}":          {1, 0},
	"NTU>{NTU}":          {1, 0},
	"L/s>m3/s":           {0.001, 0},
	"1>%":                {100, 0},
	"Pa>hPa":             {0.01, 0},
	"bar>m":              {1 / metreOfWater, 0},
	"Wh>kW.h":            {0.001, 0},
	"kWh>kW.h":           {1, 0},
	"degC>Cel":           {1, 0},
	"%RH>%":              {1, 0},
	"dB>dB[SPL]":         {1, 0},
	"lux>lx":             {1, 0},
	"ppm>[ppm]":          {1, 0},
	"pH>[pH]":            {1, 0},
	">1":                 {1, 0},
}

// register is the row as a slave holds it.
func (r Row) register() (modbusslave.Register, error) {
	by, ok := conversions[r.Unit+">"+r.Metric]
	if !ok && r.Unit != r.Metric {
		return modbusslave.Register{}, fmt.Errorf("%s: nobody wrote down how %s becomes %s", r.Name, r.Unit, r.Metric)
	}
	if !ok {
		by.factor = 1
	}
	channel := r.Channel
	if channel == "" && r.Fixed == nil && r.Tells == "" {
		channel = r.own()
	}
	return modbusslave.Register{Channel: channel, Function: r.Function, Address: r.At, Type: r.Type, Order: r.Order,
		Shadow: r.Shadow, Scale: plain(r.Step * by.factor), Offset: by.offset, Resolution: plain(r.Places * by.factor),
		Turn: r.Turn, Missing: r.Missing, Misses: r.Misses, Fixed: r.Fixed, Tells: r.Tells, OK: r.OK, Fail: r.Fail}, nil
}

// plain takes the rests of binary fractions out of a product: a tenth of a tenth is
// 0.01. Fifteen digits are left.
func plain(v float64) float64 {
	p, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64)
	if err != nil {
		return v
	}
	return p
}

// own is the name of what the gateway has no channel for: the maker's, in one word.
func (r Row) own() string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(r.Name), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }), "-")
}

// Registers returns the rows as a slave at an address holds them.
func (t Table) Registers(address uint8) ([]modbusslave.Register, error) {
	var out []modbusslave.Register
	for _, r := range t.Rows {
		reg, err := r.register()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.ID, err)
		}
		if r.Own {
			reg.Fixed, _ = modbusslave.Register{Type: r.Type, Scale: 1}.Encode(float64(address))
		}
		out = append(out, reg)
	}
	return out, nil
}

// Unit makes a slave of t at an address.
func (t Table) Unit(address uint8, device string, source modbusslave.Source) (*modbusslave.Unit, error) {
	rows, err := t.Registers(address)
	if err != nil {
		return nil, err
	}
	u, err := modbusslave.NewUnit(address, device, rows, source)
	if err != nil {
		return nil, err
	}
	u.Limit, u.Also, u.Gaps, u.Wakes = t.Limit, t.Also, t.Gaps, t.Wakes
	u.Settings = maps.Clone(t.Keeps)
	if t.Start != nil {
		u.Start = &modbusslave.Start{Function: t.Start.Function, Register: t.Start.Register}
	}
	return u, nil
}

// Reports says whether the part has a register in which it reports a fault.
func (t Table) Reports() bool {
	return slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Tells != "" })
}

// TellsOf says whether the part has a register that says whether a channel is to be
// believed.
func (t Table) TellsOf(channel string) bool {
	return slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Tells == channel })
}

// CanMiss says whether the row has a way to say that there is no value.
func (r Row) CanMiss() bool { return r.Misses || r.Type == f32 }

// Values returns the rows that hold a quantity, with a channel's name for each.
func (t Table) Values() []Row {
	var out []Row
	for _, r := range t.Rows {
		if r.Fixed != nil || r.Tells != "" || r.Shadow {
			continue
		}
		if r.Channel == "" {
			r.Channel = r.own()
		}
		out = append(out, r)
	}
	return out
}

// All returns the tables, in the order of their ids.
func All() []Table {
	all := slices.Concat(weather(), air(), power(), water(), level())
	slices.SortFunc(all, func(a, b Table) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Get returns the table with an id.
func Get(id string) (Table, bool) {
	all := All()
	i := slices.IndexFunc(all, func(t Table) bool { return t.ID == id })
	if i < 0 {
		return Table{}, false
	}
	return all[i], true
}

// text puts two languages together.
func text(zh, en string) scenario.Text { return scenario.Text{ZH: zh, EN: en} }
