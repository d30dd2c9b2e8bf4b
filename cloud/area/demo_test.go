package area

import (
	"io/fs"
	"slices"
	"testing"

	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// demo reads a file of the demo city.
func demo(t *testing.T, name string) File {
	t.Helper()
	b, err := fs.ReadFile(firmwareconfigs.Sites(), name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Read(name, b, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Both files of the demo city say the same areas, and its boundaries fit: who stands
// anywhere in the district stands in exactly one community, and in its street.
func TestDemoCity(t *testing.T) {
	plan, err := (&Tree{}).Plan(demo(t, "demo-city.csv"), 1)
	if err != nil {
		t.Fatal(err)
	}
	plan, err = plan.Tree.Plan(demo(t, "demo-city.geojson"), 2)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Kept != 1 || len(plan.Changes) != plan.Tree.Len()-1 { // the city itself has no boundary
		t.Errorf("%d areas kept, %d changes of %d", plan.Kept, len(plan.Changes), plan.Tree.Len())
	}
	for _, c := range plan.Changes {
		if c.What != "bounded" {
			t.Errorf("the second file changes more than boundaries: %+v", c)
		}
	}
	all := plan.Tree.nodes
	district := all[plan.Tree.at["990101"]]
	inside := 0
	for x := 120.111; x < 120.174; x += 0.00097 {
		for y := 30.288; y < 30.351; y += 0.00093 {
			p := Point{x, y}
			if !district.Shape.has(p) {
				continue
			}
			inside++
			in := map[Level]Code{}
			for i := range all {
				if all[i].Shape.has(p) {
					if l := all[i].Code.Level(); in[l] != "" {
						t.Fatalf("%v is in %s and in %s", p, in[l], all[i].Code)
					} else {
						in[l] = all[i].Code
					}
				}
			}
			if in[Street] == "" || in[Community].Above() != in[Street] || in[Cell] != "" && in[Cell].Above() != in[Community] {
				t.Fatalf("%v is in %v", p, in)
			}
		}
	}
	if inside < 3000 {
		t.Errorf("only %d positions were tried", inside)
	}
	// The simulated street stands in it.
	if c, ok := plan.Tree.At(wire.Position{Lat: 30.319, Lon: 120.142}); !ok || c.Level() != Cell {
		t.Errorf("the simulated street is in %q", c)
	}
}

// The ground of the demo city is taken whole, has something of everything a map may have, and
// lies in its district.
func TestDemoGround(t *testing.T) {
	const name = "demo-city-ground.geojson"
	b, err := fs.ReadFile(firmwareconfigs.Sites(), name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := ReadLayer(name, b, ReadOptions{})
	if err != nil || len(f.LeftOut) > 0 {
		t.Fatal(err, f.LeftOut)
	}
	for _, kind := range allKinds {
		if f.Kinds[kind] == 0 {
			t.Errorf("it has no %s", kind)
		}
	}
	district := box{Point{120.112 - 1e-3, 30.289 - 1e-3}, Point{120.172 + 1e-3, 30.349 + 1e-3}}
	for _, thing := range f.Things {
		for _, line := range append(slices.Concat(thing.Shape...), thing.Lines...) {
			for _, p := range line {
				if !district.has(p) {
					t.Fatalf("%s %s is outside the district at %v", thing.Kind, thing.Name.En, p)
				}
			}
		}
	}
}
