package area

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// maxRoutes bounds the routing table.
const maxRoutes = 20_000

// Routes returns the routing table, by category and area.
func (a *Atlas) Routes() []view.Route {
	out := []view.Route{}
	for k, d := range a.is.Load().routes {
		out = append(out, view.Route{Category: k.category, Area: k.area, Department: d})
	}
	slices.SortFunc(out, func(a, b view.Route) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Area, b.Area))
	})
	return out
}

// PutRoutes replaces the routing table. Its error is a *view.FieldError that names the
// row if one cannot be kept; then all stays as it was.
func (a *Atlas) PutRoutes(ctx context.Context, routes []view.Route) error {
	err := a.change(ctx, partRest, func(tx *sql.Tx, s *state) error {
		rows, err := s.routing(routes)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "delete from route"); err != nil {
			return err
		}
		for _, r := range rows {
			if _, err := tx.ExecContext(ctx, "insert into route(category, area, department) values(?, ?, ?)", r.Category, r.Area, r.Department); err != nil {
				return err
			}
		}
		old, new := s.rerouted(rows)
		return a.o.Record(ctx, tx, view.Deed{What: "routes.put", Old: old, New: new})
	})
	if err != nil {
		return fmt.Errorf("area: routes: %w", err)
	}
	return nil
}

// routing judges a routing table.
func (s *state) routing(routes []view.Route) ([]view.Route, error) {
	if len(routes) > maxRoutes {
		return nil, wrong("routes", fmt.Sprintf("派单规则最多 %d 条", maxRoutes), fmt.Sprintf("there are at most %d routes", maxRoutes))
	}
	seen := map[routeKey]int{}
	out := slices.Clone(routes)
	for i := range out {
		r := &out[i]
		at := func(field string) string { return fmt.Sprintf("routes[%d].%s", i, field) }
		if r.Category != "" && obs.CheckID(r.Category) != nil {
			return nil, wrong(at("category"), "类别为类型代码（如 06010）、大类（如 06）或小写单词", "a category is a type code (06010), a class (06) or a word of small letters")
		}
		if err := s.checkArea(at("area"), &r.Area); err != nil {
			return nil, err
		}
		if _, ok := s.departments[r.Department]; !ok {
			return nil, wrong(at("department"), fmt.Sprintf("没有部门“%s”", shown(r.Department)), fmt.Sprintf("there is no department %q", shown(r.Department)))
		}
		k := routeKey{r.Category, r.Area}
		if first, twice := seen[k]; twice {
			return nil, wrong(at("category"), fmt.Sprintf("与第 %d 条的类别和区域相同", first+1), fmt.Sprintf("route %d has the same category and area", first+1))
		}
		seen[k] = i
	}
	return out, nil
}

// Responsible returns which department is to deal with a category in an area: that of the
// most exact category for which the area, or the nearest above it, has a route. So a
// catch-all of a street does not take from the city's water department what is its own.
// ok is false where nobody is.
func (a *Atlas) Responsible(c Code, category string) (found view.Routed, ok bool) {
	s := a.is.Load()
	up := s.tree.Path(c)
	slices.Reverse(up)
	for _, word := range categories(category) {
		for _, where := range append(up, "") {
			if d, ok := s.routes[s.key(word, where)]; ok {
				return view.Routed{Route: view.Route{Category: word, Area: string(where), Department: d}, Department: s.departments[d]}, true
			}
		}
	}
	return view.Routed{}, false
}

// key finds the route of an area under its present code, or under an old one by which the
// route was written.
func (s *state) key(category string, c Code) routeKey {
	k := routeKey{category, string(c)}
	if _, ok := s.routes[k]; ok || c == "" {
		return k
	}
	for _, old := range s.tree.Aliases(c) {
		if k := (routeKey{category, string(old.Old)}); s.routes[k] != "" {
			return k
		}
	}
	return k
}

// categories are the words under which a category may stand, the most exact first. A
// matter's code of 11 digits begins with the district's.
func categories(c string) []string {
	c = strings.ToLower(strings.TrimSpace(c))
	if len(c) == 11 && digits(c) {
		c = c[6:]
	}
	out := []string{c}
	if len(c) == 5 && digits(c) {
		out = append(out, c[:2])
	}
	if c != "" {
		out = append(out, "")
	}
	return out
}
