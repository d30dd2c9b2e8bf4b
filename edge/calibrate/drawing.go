package calibrate

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Drawing is what a camera's configuration says of places in its picture: its keys
// masks, zones and staff, and the word for its view. Places are shares of the picture's width and height, from
// [0, 0] at the top left to [1, 1] at the bottom right. Whether it makes sense is
// judged by the check of the configuration, not here.
type Drawing struct {
	Masks []Area          `json:"masks"`
	Zones map[string]Area `json:"zones"`
	Staff *Staff          `json:"staff"` // nil: none
	// View is any word: with another one, what the camera sees from now on is its view.
	View string `json:"view,omitempty"`
}

// Area is a polygon's corners [x, y] in order.
type Area [][]float64

// Staff is a staff gauge.
type Staff struct {
	Marks   [][]float64 `json:"marks"`             // [x, y, metres]
	Width   float64     `json:"width"`             // share of the picture's width
	Lowest  *float64    `json:"lowest,omitempty"`  // m; nil: half of the marks' distance beyond them
	Highest *float64    `json:"highest,omitempty"` // m; as Lowest
}

// Bounds of a drawing: more than a configuration may hold, so that its check has the
// say, and little enough to be no burden.
const (
	maxAreas   = 64
	maxCorners = 128
	maxName    = 100 // bytes
)

// keysDrawn are the keys that a drawing sets, in the order in which they are written.
var keysDrawn = []string{"masks", "zones", "staff", "view"}

// nothing is how a key says that nothing is drawn.
var nothing = map[string]string{"masks": "[]", "zones": "{}", "staff": "null", "view": `""`}

// bounded says what is too much in a drawing that came from outside.
func (d Drawing) bounded() error {
	all := slices.Collect(maps.Values(d.Zones))
	all = append(all, d.Masks...)
	if d.Staff != nil {
		all = append(all, d.Staff.Marks)
	}
	if len(all) > maxAreas {
		return fmt.Errorf("%d areas are too many", len(all))
	}
	for _, a := range all {
		if len(a) > maxCorners {
			return fmt.Errorf("%d corners are too many", len(a))
		}
		for _, c := range a {
			if len(c) > 3 || slices.ContainsFunc(c, func(v float64) bool { return math.IsNaN(v) || math.Abs(v) > 1e6 }) {
				return errors.New("a corner is [x, y]")
			}
		}
	}
	for name := range d.Zones {
		if name == "" || len(name) > maxName {
			return errors.New("a zone has no name, or too long a one")
		}
	}
	if len(d.View) > maxName {
		return errors.New("the word for the view is too long")
	}
	return nil
}

// DrawingOf reads a device's drawing out of a configuration, as far as it can be read:
// what is written in another form is left out.
func DrawingOf(device *yamldoc.Node) (d Drawing) {
	for i := range device.Node("masks").Len() {
		d.Masks = append(d.Masks, areaOf(device.Node("masks", strconv.Itoa(i))))
	}
	for _, name := range device.Node("zones").Keys() {
		if d.Zones == nil {
			d.Zones = map[string]Area{}
		}
		d.Zones[name] = areaOf(device.Node("zones", name))
	}
	if s := device.Node("staff"); s.Kind() == yamldoc.Map {
		d.Staff = &Staff{Marks: areaOf(s.Node("marks")), Width: number(s.Node("width")), Lowest: maybe(s.Node("lowest")), Highest: maybe(s.Node("highest"))}
	}
	if v := device.Node("view"); v.Kind() == yamldoc.Scalar {
		d.View = v.Text()
	}
	return d
}

func areaOf(n *yamldoc.Node) Area {
	a := Area{}
	for i := range n.Len() {
		corner := n.Node(strconv.Itoa(i))
		values := []float64{}
		for j := range corner.Len() {
			values = append(values, number(corner.Node(strconv.Itoa(j))))
		}
		a = append(a, values)
	}
	return a
}

func number(n *yamldoc.Node) float64 {
	v, err := strconv.ParseFloat(n.Text(), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// maybe is a number that need not be there.
func maybe(n *yamldoc.Node) *float64 {
	if n.Kind() == yamldoc.Null {
		return nil
	}
	v := number(n)
	return &v
}

// YAML returns the drawing as it is pasted below a device, indented by so many blanks:
// lines that end in a line break. What was drawn and is not any more is written as nothing,
// so that it also takes away what the device has from elsewhere; there is no line for what
// never was drawn.
func (d Drawing) YAML(indent int, was Drawing) string {
	var b strings.Builder
	for _, key := range keysDrawn {
		lines := d.lines(key)
		if len(lines) == 0 && was.flow(key) != "" {
			lines = []string{key + ": " + nothing[key]}
		}
		for _, line := range lines {
			b.WriteString(strings.Repeat(" ", indent) + line + "\n")
		}
	}
	return b.String()
}

// lines are one key and its value in block style; none: it is not drawn.
func (d Drawing) lines(key string) (out []string) {
	switch {
	case key == "masks" && len(d.Masks) > 0:
		out = append(out, "masks:")
		for _, m := range d.Masks {
			out = append(out, "  - "+m.flow(places))
		}
	case key == "zones" && len(d.Zones) > 0:
		out = append(out, "zones:")
		for _, name := range slices.Sorted(maps.Keys(d.Zones)) {
			out = append(out, "  "+keyText(name)+": "+d.Zones[name].flow(places))
		}
	case key == "staff" && d.Staff != nil:
		out = append(out, "staff: "+d.Staff.flow())
	case key == "view" && d.View != "":
		out = append(out, "view: "+strconv.Quote(d.View))
	}
	return out
}

// flow is a key's value in flow style, to stand inside { }; empty: it is not drawn.
func (d Drawing) flow(key string) string {
	var parts []string
	switch {
	case key == "masks" && len(d.Masks) > 0:
		for _, m := range d.Masks {
			parts = append(parts, m.flow(places))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case key == "zones" && len(d.Zones) > 0:
		for _, name := range slices.Sorted(maps.Keys(d.Zones)) {
			parts = append(parts, keyText(name)+": "+d.Zones[name].flow(places))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case key == "staff" && d.Staff != nil:
		return d.Staff.flow()
	case key == "view" && d.View != "":
		return strconv.Quote(d.View)
	}
	return ""
}

// end is one end of a staff; empty: it is not written.
func end(key string, level *float64) string {
	if level == nil {
		return ""
	}
	return ", " + key + ": " + short(*level, levels)
}

func (s Staff) flow() string {
	text := "{marks: " + Area(s.Marks).flow(places) + ", width: " + short(s.Width, places)
	return text + end("lowest", s.Lowest) + end("highest", s.Highest) + "}"
}

// Decimals that are written: a ten-thousandth of a picture is less than a pixel, a tenth
// of a millimetre less than a staff shows.
const (
	places = 4
	levels = 4
)

func (a Area) flow(decimals int) string {
	var corners []string
	for _, c := range a {
		var values []string
		for _, v := range c {
			values = append(values, short(v, decimals))
		}
		corners = append(corners, "["+strings.Join(values, ", ")+"]")
	}
	return "[" + strings.Join(corners, ", ") + "]"
}

// short writes a number with so many decimals at most.
func short(v float64, decimals int) string {
	if math.Abs(v) >= 1e15 { // nobody drew it
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	text = strings.TrimRight(text, "0")
	if text = strings.TrimSuffix(text, "."); text == "-0" {
		return "0"
	}
	return text
}

// bareKey is a name that is a text in YAML without quotes.
var bareKey = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

func keyText(name string) string {
	if bareKey.MatchString(name) && !slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}, name) {
		return name
	}
	return strconv.Quote(name)
}

// rounded is d as it will be read back.
func (d Drawing) rounded() Drawing {
	out := Drawing{View: d.View}
	for _, m := range d.Masks {
		out.Masks = append(out.Masks, m.rounded())
	}
	for name, z := range d.Zones {
		if out.Zones == nil {
			out.Zones = map[string]Area{}
		}
		out.Zones[name] = z.rounded()
	}
	if s := d.Staff; s != nil {
		out.Staff = &Staff{Marks: Area(s.Marks).rounded(), Width: round(s.Width), Lowest: roundIf(s.Lowest), Highest: roundIf(s.Highest)}
	}
	return out
}

func roundIf(v *float64) *float64 {
	if v == nil {
		return nil
	}
	out := round(*v)
	return &out
}

func (a Area) rounded() Area {
	out := Area{}
	for _, c := range a {
		values := []float64{}
		for _, v := range c {
			values = append(values, round(v))
		}
		out = append(out, values)
	}
	return out
}

func round(v float64) float64 {
	r, _ := strconv.ParseFloat(short(v, places), 64) // it was written a moment ago
	return r
}
