package area

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Drawn is one thing below everything on the map: lines of a kind and a name, or, of water,
// a surface.
type Drawn struct {
	Kind  string
	Name  view.Text
	Lines [][]Point
	Shape Shape
}

// LayerFile is what ReadLayer found in a file: what is alike is together, in the order in
// which it first came.
type LayerFile struct {
	Name, Encoding string
	Read           int
	Things         []Drawn
	Kinds          map[string]int
	Points         int
	Dropped        int
	LeftOut        map[string]int // by what the file says it is
}

// layerReader gathers a layer.
type layerReader struct {
	reader
	layer LayerFile
	at    map[thing]int // where a thing is in the layer
}

type thing struct {
	kind string
	name view.Text
}

// ReadLayer reads rivers, water, roads and railways of a GeoJSON file. The error, if there
// is one, is view.Faults.
func ReadLayer(name string, data []byte, o ReadOptions) (LayerFile, error) {
	r := &layerReader{reader: reader{File: File{Name: name}, o: o}, at: map[thing]int{}}
	r.layer = LayerFile{Name: name, Kinds: map[string]int{}, LeftOut: map[string]int{}}
	r.each = r.drawn
	if len(data) > MaxFile {
		r.tooLarge()
		return r.layer, r.faults
	}
	r.text = r.decode(data)
	r.layer.Encoding = r.Encoding
	if len(r.faults) == 0 {
		r.geojson()
	}
	if len(r.faults) == 0 && len(r.layer.Things) == 0 {
		list := strings.Join(allKinds, ", ")
		r.wrong(view.Fault{}, "文件中没有河流、水面、道路或铁路；请为每个要素写明 kind（"+list+"）",
			"there is no river, water, road or railway in the file; say kind of each feature ("+list+")")
	}
	if len(r.faults) > 0 {
		return r.layer, r.faults
	}
	return r.layer, nil
}

// drawn reads one feature.
func (r *layerReader) drawn(at view.Fault, f *feature) {
	r.layer.Read++
	kind, what, meant := kindOf(f.Properties)
	if kind == "" {
		if meant {
			at.Field = "kind"
			r.wrong(at, fmt.Sprintf("没有“%s”这一种类；可用：%s", shown(what), strings.Join(allKinds, "、")),
				fmt.Sprintf("there is no kind %q; there are %s", shown(what), strings.Join(allKinds, ", ")))
			return
		}
		r.leave(what)
		return
	}
	geometry := "null"
	if f.Geometry != nil {
		geometry = f.Geometry.Type
	}
	as, ok := asDrawn(kind, geometry)
	if !ok {
		if meant {
			at.Field = "geometry"
			r.wrong(at, "水面应为 Polygon 或 MultiPolygon，其他应为 LineString 或 MultiLineString", "water is a Polygon or a MultiPolygon, everything else a LineString or a MultiLineString")
			return
		}
		r.leave(what + " (" + shown(geometry) + ")")
		return
	}
	name, ok := r.name(at, f.Properties)
	if !ok {
		return
	}
	at.Field = "geometry"
	if as == water {
		if s := r.shape(at, geometry, f.Geometry.Coordinates); s != nil {
			r.put(thing{as, name}, what, nil, s)
		}
		return
	}
	if lines := r.lines(at, geometry, f.Geometry.Coordinates); lines != nil {
		r.put(thing{as, name}, what, lines, nil)
	}
}

// leave counts what is left out; of hostile files not everything by its name.
func (r *layerReader) leave(what string) {
	if what = shown(what); len(r.layer.LeftOut) >= 1000 && r.layer.LeftOut[what] == 0 || unseen(what) {
		what = "?"
	}
	r.layer.LeftOut[what]++
}

func (r *layerReader) name(at view.Fault, properties map[string]any) (view.Text, bool) {
	n := view.Text{Zh: named(properties, mapNames[0]), En: named(properties, mapNames[1])}
	for _, s := range []string{n.Zh, n.En} {
		if utf8.RuneCountInString(s) > maxName || unseen(s) {
			at.Field = "name"
			r.wrongName(at)
			return n, false
		}
	}
	return n, true
}

// lines reads the geometry of lines.
func (r *layerReader) lines(at view.Fault, kind string, coordinates []byte) (lines [][]Point) {
	var err error
	if kind == "LineString" {
		lines = make([][]Point, 1)
		err = json.Unmarshal(coordinates, &lines[0])
	} else {
		err = json.Unmarshal(coordinates, &lines)
	}
	if err != nil {
		r.wrong(at, "坐标应为 [经度, 纬度]，线为坐标的列表", "a position is [longitude, latitude], a line a list of them: "+err.Error())
		return nil
	}
	if len(lines) == 0 {
		r.wrong(at, "要素没有线", "there is no line")
		return nil
	}
	for _, l := range lines {
		zh, en := "线至少要 2 个点", "a line has at least 2 positions"
		if len(l) >= 2 {
			zh, en = judgePositions(l)
		}
		if en != "" {
			r.wrong(at, zh, en)
			return nil
		}
		r.points += len(l)
	}
	if !r.few(at) {
		return nil
	}
	if r.o.GCJ02 {
		for _, l := range lines {
			for i := range l {
				l[i] = fromGCJ(l[i])
			}
		}
	}
	return lines
}

// put adds what is to be drawn of a feature; of a very small one nothing is left.
func (r *layerReader) put(k thing, what string, lines [][]Point, s Shape) {
	before := s.points()
	var keptLines [][]Point
	for _, l := range lines {
		before += len(l)
		if l = thinned(l); len(l) >= 2 {
			keptLines = append(keptLines, l)
		}
	}
	s = s.thinned()
	parts, points := len(keptLines)+len(s), s.points()
	for _, l := range keptLines {
		points += len(l)
	}
	r.layer.Dropped += before - points
	if parts == 0 {
		r.leave(what + " (< 1 m)")
		return
	}
	i, ok := r.at[k]
	if !ok {
		i = len(r.layer.Things)
		r.at[k] = i
		r.layer.Things = append(r.layer.Things, Drawn{Kind: k.kind, Name: k.name})
	}
	t := &r.layer.Things[i]
	t.Lines, t.Shape = append(t.Lines, keptLines...), append(t.Shape, s...)
	r.layer.Kinds[k.kind] += parts
	r.layer.Points += points
}

// thinned is s without what nobody would see, and without rings of which nothing is left.
func (s Shape) thinned() (out Shape) {
	for _, polygon := range s {
		var rings [][]Point
		for n, ring := range polygon {
			if t := thinned(ring); len(t) >= 4 {
				rings = append(rings, t)
			} else if n == 0 {
				break // and its holes with it
			}
		}
		if len(rings) > 0 {
			out = append(out, rings)
		}
	}
	return out
}

// geojson is a thing as it is kept and sent.
func (d *Drawn) geojson() ([]byte, error) {
	type geometry struct {
		Type        string `json:"type"`
		Coordinates any    `json:"coordinates"`
	}
	g := geometry{"MultiLineString", d.Lines}
	if d.Kind == water {
		g = geometry{"MultiPolygon", d.Shape}
	}
	properties := map[string]string{"kind": d.Kind}
	if d.Name.Zh != "" {
		properties["name"] = d.Name.Zh
	}
	if d.Name.En != "" {
		properties["name_en"] = d.Name.En
	}
	return json.Marshal(map[string]any{"type": "Feature", "properties": properties, "geometry": g})
}
