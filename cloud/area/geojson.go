package area

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// feature is what is read of one.
type feature struct {
	Type       string
	ID         any
	Properties map[string]any
	Geometry   *struct {
		Type        string
		Coordinates json.RawMessage
	}
}

// geojson reads a FeatureCollection, or one Feature.
func (r *reader) geojson() {
	if strings.Count(r.text, "[") > maxPoints*5/4 {
		r.wrong(view.Fault{}, fmt.Sprintf("边界点超过 %d 个，请简化边界或分成几个文件", maxPoints), fmt.Sprintf("there are more than %d corners; simplify the boundaries or split the file", maxPoints))
		return
	}
	var whole json.RawMessage
	if err := json.Unmarshal([]byte(r.text), &whole); err != nil {
		at := view.Fault{}
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = r.place(int(syntax.Offset) - 1)
		}
		r.wrong(at, "不是有效的 JSON", "this is not JSON: "+err.Error())
		return
	}
	d := json.NewDecoder(strings.NewReader(r.text))
	kind, seen := "", false
	_, _ = d.Token() // the brace; the text is an object, and JSON throughout
	for d.More() {
		key, _ := d.Token()
		switch key {
		case "type":
			_ = d.Decode(&kind) // of another type: it stays empty
		case "crs":
			r.crs(d)
		case "features":
			seen = true
			r.features(d)
		default:
			var skip json.RawMessage
			_ = d.Decode(&skip)
		}
		if r.full() {
			return
		}
	}
	switch {
	case kind == "Feature" && !seen:
		r.feature(1, 0, []byte(r.text))
	case kind != "FeatureCollection" || !seen:
		r.wrong(r.place(0), "应为 GeoJSON 的 FeatureCollection，内有 features", "this is no GeoJSON FeatureCollection with features")
	}
}

// crs refuses what is in other coordinates than longitude and latitude. GeoJSON of today
// has no such member; older programs still write it.
func (r *reader) crs(d *json.Decoder) {
	at := r.place(int(d.InputOffset()))
	var doc struct{ Properties struct{ Name string } }
	var raw json.RawMessage
	_ = d.Decode(&raw)
	if string(raw) == "null" {
		return
	}
	name := "?"
	if json.Unmarshal(raw, &doc) == nil {
		name = doc.Properties.Name
	}
	for _, good := range []string{"CRS84", "4326", "4490"} { // WGS 84, CGCS 2000
		if strings.HasSuffix(name, ":"+good) {
			return
		}
	}
	at.Field = "crs"
	r.wrong(at, fmt.Sprintf("坐标系为“%s”；请转换为 WGS-84 或 CGCS2000 经纬度（EPSG:4326 或 EPSG:4490）", shown(name)),
		fmt.Sprintf("the coordinates are in %q; convert them to degrees of WGS 84 or CGCS2000 (EPSG:4326 or EPSG:4490)", shown(name)))
}

// features reads the list.
func (r *reader) features(d *json.Decoder) {
	if t, _ := d.Token(); t != json.Delim('[') {
		r.wrong(r.place(int(d.InputOffset())-1), "features 应为列表", "features is a list")
		return
	}
	lines := &counter{text: r.text}
	for n := 1; d.More() && !r.full(); n++ {
		at := int(d.InputOffset())
		at += len(r.text[at:]) - len(strings.TrimLeft(r.text[at:], ", \t\r\n"))
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			r.wrong(r.place(at), "无法读取", err.Error())
			return
		}
		r.feature(n, lines.line(at), raw)
	}
	_, _ = d.Token() // the bracket
}

// counter counts lines of a text from place to place, so that many places cost one walk.
type counter struct {
	text     string
	at, seen int
}

func (c *counter) line(offset int) int {
	c.seen += strings.Count(c.text[c.at:offset], "\n")
	c.at = offset
	return c.seen + 1
}

// feature reads one, which begins in a line; 0: in the first.
func (r *reader) feature(n, line int, raw []byte) {
	at := view.Fault{Line: max(line, 1), Feature: n}
	var f feature
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber() // codes are numbers for some programs; a float would lose digits
	if err := d.Decode(&f); err != nil || f.Type != "Feature" {
		r.wrong(at, "不是 GeoJSON 的 Feature", "this is no GeoJSON feature")
		return
	}
	r.each(at, &f)
}

// bounded reads an area with its boundary.
func (r *reader) bounded(at view.Fault, f *feature) {
	values := map[string]string{}
	for field, names := range fields {
		for _, name := range names {
			if v, ok := f.Properties[name]; ok && v != nil && values[field] == "" {
				values[field] = fmt.Sprint(v)
			}
		}
	}
	if values["code"] == "" && f.ID != nil {
		values["code"] = fmt.Sprint(f.ID)
	}
	before, rows := len(r.faults), len(r.Rows)
	r.row(values, func(string) view.Fault { return at })
	var shape Shape
	if f.Geometry != nil {
		at.Field = "geometry"
		shape = r.shape(at, f.Geometry.Type, f.Geometry.Coordinates)
	}
	if len(r.faults) > before {
		r.Rows = r.Rows[:rows]
		return
	}
	r.Rows[rows].Shape = shape
}

// shape reads a geometry.
func (r *reader) shape(at view.Fault, kind string, coordinates []byte) (s Shape) {
	var err error
	switch kind {
	case "Polygon":
		s = make(Shape, 1)
		err = json.Unmarshal(coordinates, &s[0])
	case "MultiPolygon":
		err = json.Unmarshal(coordinates, &s)
	default:
		r.wrong(at, "边界应为 Polygon 或 MultiPolygon", "a boundary is a Polygon or a MultiPolygon")
		return nil
	}
	if err != nil {
		r.wrong(at, "坐标应为 [经度, 纬度]，多边形为环的列表", "a position is [longitude, latitude], a polygon a list of rings: "+err.Error())
		return nil
	}
	for _, polygon := range s {
		if len(polygon) == 0 {
			r.wrong(at, "多边形没有边界环", "a polygon has no ring")
			return nil
		}
		for _, ring := range polygon {
			if zh, en := judge(ring); en != "" {
				r.wrong(at, zh, en)
				return nil
			}
		}
	}
	if r.points += s.points(); !r.few(at) {
		return nil
	}
	if r.o.GCJ02 {
		s = s.converted(fromGCJ)
	}
	return s
}

// few says whether there are not too many positions up to here.
func (r *reader) few(at view.Fault) bool {
	if r.points <= maxPoints {
		return true
	}
	r.wrong(at, fmt.Sprintf("至此已超过 %d 个点，请简化", maxPoints), fmt.Sprintf("up to here there are more than %d corners; simplify the boundaries", maxPoints))
	return false
}

// judge says what is wrong with a ring.
func judge(ring []Point) (zh, en string) {
	if len(ring) < 4 {
		return "边界环至少要 4 个点，首尾相同", "a ring has at least 4 positions, the last of which is the first"
	}
	if zh, en = judgePositions(ring); en != "" {
		return zh, en
	}
	if ring[0] != ring[len(ring)-1] {
		return "边界环没有闭合；请在末尾重复第一个点", "a ring is not closed; repeat its first position at its end"
	}
	return "", ""
}

// judgePositions says what is wrong with the first position that is none.
func judgePositions(list []Point) (zh, en string) {
	for _, p := range list {
		lon, lat := p[0], p[1]
		switch {
		case lat < -90 || lat > 90:
			if lon >= -90 && lon <= 90 && lat >= -180 && lat <= 180 {
				return fmt.Sprintf("[%v, %v] 的经纬度似乎写反了；请写 [经度, 纬度]", lon, lat), fmt.Sprintf("[%v, %v] seems to be exchanged; write [longitude, latitude]", lon, lat)
			}
			fallthrough
		case lon < -180 || lon > 180:
			return fmt.Sprintf("[%v, %v] 不是经纬度；请转换为度（EPSG:4326 或 EPSG:4490）", lon, lat), fmt.Sprintf("[%v, %v] is no longitude and latitude; convert to degrees (EPSG:4326 or EPSG:4490)", lon, lat)
		}
	}
	return "", ""
}

// errPosition says that a position is none.
var errPosition = errors.New("a position has two or three numbers")

// UnmarshalJSON reads a position; a height is left out.
func (p *Point) UnmarshalJSON(b []byte) error {
	var n [4]*float64
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	if n[0] == nil || n[1] == nil || n[3] != nil {
		return errPosition
	}
	*p = Point{*n[0], *n[1]}
	return nil
}
