package area

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What a map has below everything: lines, and surfaces of water.
const (
	motorway = "motorway"
	mainRoad = "main"
	street   = "street"
	path     = "path"
	rail     = "rail"
	river    = "river"
	stream   = "stream"
	water    = "water" // a surface
)

// kindWords are what the property kind may say. Each kind is its own word, too.
var kindWords = map[string]string{
	"highway": motorway, "高速公路": motorway, "快速路": motorway,
	"main road": mainRoad, "主干道": mainRoad, "主干路": mainRoad,
	"road": street, "道路": street, "街道": street,
	"小路": path, "步行道": path,
	"railway": rail, "铁路": rail,
	"河流": river, "河": river, "canal": river, "运河": river,
	"溪流": stream, "沟渠": stream, "ditch": stream,
	"lake": water, "水面": water, "湖泊": water, "水域": water,
}

// openStreetMap is what files from OpenStreetMap say, by property and value. What is not
// among it is left out: there is much more in them than a map of a control room needs.
var openStreetMap = []struct {
	property string
	kinds    map[string]string
}{
	{"highway", map[string]string{
		"motorway": motorway, "motorway_link": motorway, "trunk": motorway, "trunk_link": motorway,
		"primary": mainRoad, "primary_link": mainRoad, "secondary": mainRoad, "secondary_link": mainRoad,
		"tertiary": street, "tertiary_link": street, "residential": street, "unclassified": street, "living_street": street, "service": street, "road": street,
		"pedestrian": path, "footway": path, "cycleway": path, "path": path, "track": path, "steps": path, "bridleway": path,
	}},
	{"railway", map[string]string{"rail": rail, "light_rail": rail, "tram": rail, "narrow_gauge": rail, "monorail": rail}},
	{"waterway", map[string]string{"river": river, "canal": river, "fairway": river, "stream": stream, "ditch": stream, "drain": stream, "riverbank": water, "dock": water}},
	{"natural", map[string]string{"water": water}},
	{"landuse", map[string]string{"reservoir": water, "basin": water}},
}

// allKinds are those that a file may name, for messages.
var allKinds = []string{motorway, mainRoad, street, path, rail, river, stream, water}

// kindNames are the properties that may name a kind.
var kindNames = []string{"kind", "类型", "种类"}

// kindOf says what a feature is by its properties. meant: the file was written for this, and
// what is wrong with the feature is a fault. Without a kind, what is what the file calls it.
func kindOf(properties map[string]any) (kind, what string, meant bool) {
	for _, name := range kindNames {
		if v, ok := properties[name]; ok && v != nil {
			what = strings.TrimSpace(fmt.Sprint(v))
			word := strings.ToLower(what)
			if slices.Contains(allKinds, word) {
				return word, what, true
			}
			return kindWords[word], what, true
		}
	}
	for _, o := range openStreetMap {
		v, ok := properties[o.property].(string)
		if !ok {
			continue
		}
		what = o.property + "=" + v
		if kind = o.kinds[v]; kind != "" {
			return kind, what, false
		}
	}
	return "", cmp.Or(what, "?"), false
}

// asDrawn says as which kind a feature of a kind and a geometry is drawn; ok is false if
// it cannot be. A river may be a surface, as it is in good maps; it is water then.
func asDrawn(kind, geometry string) (as string, ok bool) {
	flat := geometry == "Polygon" || geometry == "MultiPolygon"
	line := geometry == "LineString" || geometry == "MultiLineString"
	switch {
	case flat && (kind == river || kind == stream || kind == water):
		return water, true
	case line && kind != water:
		return kind, true
	}
	return "", false
}

// mapNames are the properties that may hold a name, in Chinese and in English.
var mapNames = [2][]string{{"name:zh", "name", "name_zh", "名称"}, {"name_en", "name:en", "英文名称"}}

// named returns what the first of some properties that is there says.
func named(properties map[string]any, names []string) string {
	for _, n := range names {
		if s, ok := properties[n].(string); ok && strings.TrimSpace(s) != "" {
			return strings.TrimSpace(s)
		}
	}
	return ""
}

// most returns the reasons that count most, at most so many.
func most(counts map[string]int, n int) []string {
	by := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	})
	return by[:min(n, len(by))]
}
