package area

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestNewTreeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		areas   []Area
		aliases []Alias
		want    string
	}{
		"no code":       {[]Area{{Code: "9"}}, nil, "no code"},
		"twice":         {[]Area{{Code: "99"}, {Code: "99"}}, nil, "twice"},
		"upside down":   {[]Area{{Code: "99", Parent: "9901"}, {Code: "9901"}}, nil, "99 cannot lie in 9901"},
		"itself":        {[]Area{{Code: "99", Parent: "99"}}, nil, "99 cannot lie in 99"},
		"an orphan":     {[]Area{{Code: "9901", Parent: "98"}}, nil, "9901 lies in 98"},
		"alias nowhere": {[]Area{{Code: "99"}}, []Alias{{Old: "98", New: "97"}}, "98 leads nowhere"},
		"alias circle":  {[]Area{{Code: "99"}}, []Alias{{Old: "98", New: "97"}, {Old: "97", New: "98"}}, "leads nowhere"},
	} {
		if _, err := NewTree(c.areas, c.aliases); !errors.Is(err, ErrTree) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// town is a tree in which one community was moved to another street than its digits say,
// and one street was merged into another, twice.
func town(t testing.TB) *Tree {
	t.Helper()
	tree, err := NewTree([]Area{
		{Code: "990101"}, {Code: "990101001", Parent: "990101"}, {Code: "990101002", Parent: "990101"},
		{Code: "990101001001", Parent: "990101001"}, {Code: "990101001002", Parent: "990101002"},
	}, []Alias{{Old: "990101008", New: "990101007", To: 5}, {Old: "990101007", New: "990101002", From: 5, To: 9}})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestTheTreeSaysWhatLiesWhere(t *testing.T) {
	tree := town(t)
	for _, c := range []struct {
		above, code Code
		want        bool
	}{
		{"", "990101001001", true}, {"", "77", true},
		{"990101", "990101001002", true}, {"990101002", "990101001002", true}, {"990101001", "990101001002", false},
		{"990101001", "990101001001", true}, {"990101001001", "990101001", false},
		{"9901", "990101001001", true},      // a city that the tree does not have
		{"990101002", "990101008005", true}, // a community that the tree does not have, of a street that was merged
		{"990101008", "990101001002", true}, // the grant is of an old code
		{"990101001", "990101002", false}, {"9902", "990101", false}, {"990101", "980101", false},
	} {
		if got := tree.Contains(c.above, c.code); got != c.want {
			t.Errorf("Contains(%q, %q) = %v", c.above, c.code, got)
		}
	}
	if got := fmt.Sprint(tree.Path("990101008005")); got != "[99 9901 990101 990101002 990101008005]" {
		t.Errorf("Path = %s", got)
	}
	if c, ok := tree.Nearest("990101009001"); c != "990101" || !ok {
		t.Errorf("Nearest = %q, %v", c, ok)
	}
	if c, ok := tree.Nearest("77"); ok {
		t.Errorf("Nearest of a code of elsewhere = %q", c)
	}
	if got := tree.Aliases("990101002"); len(got) != 2 || got[0].Old != "990101007" {
		t.Errorf("Aliases = %v", got)
	}
	if _, ok := tree.Area("990101007"); ok {
		t.Error("a street that was merged is still there")
	}
}

// drawn is a random tree of a district.
func drawn(t *rapid.T) []Area {
	areas := []Area{{Code: "990101"}}
	streets := rapid.IntRange(1, 6).Draw(t, "streets")
	for s := range streets {
		areas = append(areas, Area{Code: Code(fmt.Sprintf("990101%03d", s+1)), Parent: "990101"})
	}
	for c := range rapid.IntRange(0, 20).Draw(t, "communities") {
		s := rapid.IntRange(1, streets).Draw(t, "street")
		areas = append(areas, Area{Code: Code(fmt.Sprintf("990101%03d%03d", s, c+1)), Parent: Code(fmt.Sprintf("990101%03d", s))})
	}
	return areas
}

// things draws what stands somewhere, also where no area is.
func things(t *rapid.T, areas []Area) []Thing {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Thing {
		c := rapid.SampledFrom(areas).Draw(t, "area").Code
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			c = ""
		case 1:
			c = "770101001"
		}
		n := rapid.IntRange(0, 3)
		online, silent := n.Draw(t, "online"), n.Draw(t, "silent")
		return Thing{c, view.AreaCounts{
			Gateways: 1, Devices: online + silent, Online: online, Silent: silent, Alerts: n.Draw(t, "alerts"), Cases: n.Draw(t, "cases"),
			Worst: rapid.SampledFrom([]wire.Severity{"", wire.Blue, wire.Yellow, wire.Orange, wire.Red}).Draw(t, "worst"),
		}}
	}), 0, 40).Draw(t, "things")
}

// naive counts an area by asking of every thing whether it lies in it.
func naive(tree *Tree, c Code, all []Thing) (sum view.AreaCounts) {
	for _, th := range all {
		at, ok := tree.Nearest(th.Area)
		if !ok || !slices.Contains(tree.Path(at), c) {
			continue
		}
		w := sum.Worst
		if slices.Index(worsening, th.Counts.Worst) > slices.Index(worsening, w) {
			w = th.Counts.Worst
		}
		sum = view.AreaCounts{
			Gateways: sum.Gateways + th.Counts.Gateways, Devices: sum.Devices + th.Counts.Devices, Online: sum.Online + th.Counts.Online,
			Silent: sum.Silent + th.Counts.Silent, Faulty: sum.Faulty + th.Counts.Faulty, Waiting: sum.Waiting + th.Counts.Waiting,
			Alerts: sum.Alerts + th.Counts.Alerts, Cases: sum.Cases + th.Counts.Cases, Worst: w,
		}
	}
	return sum
}

var worsening = []wire.Severity{"", wire.Blue, wire.Yellow, wire.Orange, wire.Red}

// Sums are those of a naive count, before and after communities are moved and streets
// are merged by imports, and nothing is lost or counted twice on the way.
func TestRollUpAfterMoves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		areas := drawn(t)
		tree, err := NewTree(areas, nil)
		if err != nil {
			t.Fatal(err)
		}
		all := things(t, areas)
		for step := range rapid.IntRange(1, 4).Draw(t, "imports") {
			compare(t, tree, all)
			f := File{Name: "moves.csv", Rows: []Row{change(t, tree)}}
			plan, err := tree.Plan(f, int64(step+1))
			if err != nil {
				t.Fatalf("%+v: %v", f.Rows, err)
			}
			tree = plan.Tree
		}
		compare(t, tree, all)
	})
}

func compare(t *rapid.T, tree *Tree, all []Thing) {
	sums := tree.RollUp(all)
	placed := 0
	for i := range tree.nodes {
		c := tree.nodes[i].Code
		if got, want := sums.Of(c), naive(tree, c, all); got != want {
			t.Fatalf("%s has %+v, want %+v", c, got, want)
		}
		if tree.nodes[i].parent < 0 {
			placed += sums.Of(c).Gateways
		}
	}
	if placed+sums.Unplaced().Gateways != len(all) {
		t.Fatalf("%d placed and %d unplaced of %d", placed, sums.Unplaced().Gateways, len(all))
	}
}

// change draws a row that moves a community or merges a street.
func change(t *rapid.T, tree *Tree) Row {
	var streets, communities []Code
	for i := range tree.nodes {
		switch c := tree.nodes[i].Code; c.Level() {
		case Street:
			streets = append(streets, c)
		case Community:
			communities = append(communities, c)
		}
	}
	to := rapid.SampledFrom(streets).Draw(t, "to")
	if len(communities) > 0 && rapid.Bool().Draw(t, "move") {
		return Row{Code: rapid.SampledFrom(communities).Draw(t, "community"), Parent: to, Name: view.Text{Zh: "移"}}
	}
	from := rapid.SampledFrom(streets).Draw(t, "from")
	if from == to { // a street gets a code of its own
		for n := 500; ; n++ {
			to = Code(fmt.Sprintf("990101%d", n))
			if _, used := tree.Resolve(to); !used {
				break
			}
		}
	}
	return Row{Code: to, Name: view.Text{Zh: "并"}, Replaces: []Code{from}}
}
