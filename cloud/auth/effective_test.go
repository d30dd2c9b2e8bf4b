package auth

import (
	"slices"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
)

// What stands in Effective gives the same roles in every area as all layers together: a
// token never more than its owner has at that moment.
func TestEffectiveIsWhatAllLayersGive(t *testing.T) {
	grant := func(r role.Role, area string) role.Grant { return role.Grant{Role: r, Area: area} }
	layers := map[string][]role.Grant{
		"city":     {grant(role.Operator, "3301"), grant(role.Viewer, "33")},
		"district": {grant(role.Operator, "330105"), grant(role.Dispatcher, "330106")},
		"all":      {grant(role.Dispatcher, "*"), grant(role.Integrator, "330105")},
		"other":    {grant(role.Operator, "440101")},
		"none":     {},
	}
	areas := []string{"*", "", "33", "3301", "330105", "330105003", "330106001", "440101"}
	for above, a := range layers {
		for below, b := range layers {
			p := &Principal{layers: [][]role.Grant{a, b}, tree: role.Codes{}}
			for _, area := range areas {
				if got, want := role.Held(p.Effective(), area, role.Codes{}), p.Roles(area); !slices.Equal(got, want) {
					t.Errorf("%s under %s in %q: Effective gives %v, the layers %v", below, above, area, got, want)
				}
			}
		}
	}
	must := &Principal{layers: [][]role.Grant{layers["all"]}, tree: role.Codes{}, Must: "password"}
	if got := append(must.Effective(), (*Principal)(nil).Effective()...); len(got) != 0 {
		t.Errorf("who must change the password first, and nobody, have %v", got)
	}
}
