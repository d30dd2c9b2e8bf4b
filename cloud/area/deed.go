package area

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// text is a document as a deed has it.
func text(doc any) string {
	b, err := json.Marshal(doc)
	if err != nil { // plain data
		return ""
	}
	return string(b)
}

// written is what is there under an id; empty: nothing.
func written[T any](all map[string]T, id string) string {
	if doc, ok := all[id]; ok {
		return text(doc)
	}
	return ""
}

func (s *state) roster(id string) string {
	if r, ok := s.rosters[id]; ok {
		return text(r.Roster)
	}
	return ""
}

// moved is the deed of a place that is new from now on.
func (s *state) moved(p view.Place, new string) view.Deed {
	d := view.Deed{What: "place.put", About: p.Gateway, New: new}
	if p.Device != "" {
		d.About += "/" + p.Device
	}
	if was, ok := s.places[placeKey{p.Gateway, p.Device}]; ok {
		d.Old = text(was)
	}
	return d
}

// rerouted are the routes that a new table takes away, and those that it brings.
func (s *state) rerouted(now []view.Route) (old, new string) {
	var gone, come []string
	still := map[routeKey]bool{}
	for _, r := range now {
		k := routeKey{r.Category, r.Area}
		if s.routes[k] == r.Department {
			still[k] = true
		} else {
			come = append(come, routeText(k, r.Department))
		}
	}
	for k, department := range s.routes {
		if !still[k] {
			gone = append(gone, routeText(k, department))
		}
	}
	slices.Sort(gone)
	slices.Sort(come)
	return strings.Join(gone, "; "), strings.Join(come, "; ")
}

// routeText is a route in a line: category, area, department.
func routeText(k routeKey, department string) string {
	star := func(s string) string {
		if s == "" {
			return "*"
		}
		return s
	}
	return star(k.category) + " " + star(k.area) + " " + department
}

// toldOf is how many changes of an import a deed names.
const toldOf = 50

// deed is that of an import.
func (p *Plan) deed(f File) view.Deed {
	var b strings.Builder
	fmt.Fprintf(&b, "%d changes", len(p.Changes))
	for i, c := range p.Changes {
		if i == toldOf {
			b.WriteString("; …")
			break
		}
		fmt.Fprintf(&b, "; %s %s", c.What, c.Code)
	}
	return view.Deed{What: "areas.import", About: f.Name, New: b.String()}
}
