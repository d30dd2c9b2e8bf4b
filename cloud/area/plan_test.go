package area

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// imported plans a CSV on a tree.
func imported(t testing.TB, tree *Tree, text string) Plan {
	t.Helper()
	f, err := Read("city.csv", []byte(text), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := tree.Plan(f, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func told(p Plan) string {
	var out []string
	for _, c := range p.Changes {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s>%s", c.What, c.Code, c.Was, c.Is)))
	}
	return strings.Join(out, ", ")
}

const district = "code,name\n990101,灯柱区\n990101001,桥头街道\n990101002,河西街道\n990101001001,柳岸社区\n990101001002,桥东社区\n990101002001,河西社区\n"

// The years of a district: it is set up, renamed, its streets are merged, a community
// moves, the merger is taken back, and at last the city around it is imported.
func TestPlans(t *testing.T) {
	tree := &Tree{}
	for _, step := range []struct {
		name, text, want string
		unchanged, kept  int
	}{
		{"setting up", district, "added 990101 >, added 990101001 >990101, added 990101002 >990101, added 990101001001 >990101001, added 990101001002 >990101001, added 990101002001 >990101002", 0, 0},
		{"the same again", district, "", 6, 0},
		{"a new name", "code,name,name_en\n990101001,桥头街道,Bridgehead\n", "renamed 990101001 桥头街道>桥头街道 Bridgehead", 0, 5},
		{"no name where it is known", "code,since\n990101001,2026-02-01\n", "dated 990101001 >", 0, 5},
		{"a community moves", "code,parent\n990101001002,990101002\n", "moved 990101001002 990101001>990101002", 0, 5},
		{"a list without parents moves nothing back", district, "", 6, 0},
		{"two streets become one", "code,name,replaces,since\n990101003,新桥街道,990101001;990101002,2026-03-01\n",
			"added 990101003 >990101, replaced 990101003 990101001>990101003, replaced 990101003 990101002>990101003, moved 990101001001 990101001>990101003, moved 990101001002 990101002>990101003, moved 990101002001 990101002>990101003", 0, 1},
		{"the same again", "code,name,replaces,since\n990101003,新桥街道,990101001;990101002,2026-03-01\n", "", 1, 4},
		{"a new community of an old street", "code,name,parent\n990101001003,桥北社区,990101001\n", "added 990101001003 >990101003", 0, 5},
		{"its code follows", "code,replaces\n990101003001,990101001001\n", "", 0, 0}, // refused: see below
		{"the merger is taken back", "code,name\n990101001,桥头街道\n", "revived 990101001 990101003>990101001", 0, 6},
		{"the city around it", "code,name\n9901,灯市\n", "added 9901 >, moved 990101 >9901", 0, 6},
	} {
		if step.name == "its code follows" {
			f, err := Read("x", []byte(step.text), ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tree.Plan(f, 1); err == nil || !strings.Contains(err.Error(), "990101003001 is new; write its name") {
				t.Errorf("a new code without a name: %v", err)
			}
			continue
		}
		plan := imported(t, tree, step.text)
		if got := told(plan); got != step.want || plan.Unchanged != step.unchanged || plan.Kept != step.kept {
			t.Errorf("%s:\n got %s (%d unchanged, %d kept)\nwant %s (%d, %d)", step.name, got, plan.Unchanged, plan.Kept, step.want, step.unchanged, step.kept)
		}
		tree = plan.Tree
	}
	if got := fmt.Sprint(tree.Path("990101002001")); got != "[99 9901 990101 990101003 990101002001]" {
		t.Errorf("at last: %s", got)
	}
	if a := tree.Aliases("990101003"); len(a) != 1 || a[0].Name.Zh != "河西街道" || a[0].To != 1772323200000 {
		t.Errorf("old codes: %+v", a)
	}
}

func TestPlanRefuses(t *testing.T) {
	tree := imported(t, &Tree{}, district).Tree
	for text, want := range map[string]string{
		"code,name\n990101007001,a\n":                                        "x:2: parent: 990101007001 is an orphan: there is no 990101007; add it to the file, or name one that is there as parent (990101 lies above it)",
		"code,name\n980101007,a\n":                                           "980101007 is an orphan: there is no 980101; add it to the file",
		"code,name,parent\n990101005,a,980101\n":                             "990101005 is an orphan: there is no 980101",
		"code,name,parent\n990101005,a,990101001001\n":                       "990101005, a street, cannot lie in 990101001001, a community",
		"code,name,parent\n990101005,a,990101001\n":                          "990101005, a street, cannot lie in 990101001, a street",
		"code,name\n990101005,\n":                                            "990101005 is new; write its name",
		"code,name\n990101005,a\n990101005000,b\n":                           "x:3: code: 990101005 stands in line 2 already",
		"code,name\nGRID00000000001,a\n":                                     "the code GRID00000000001 does not say its community; write parent",
		"code,name,replaces\n990101005,a,990101006\n":                        "there is no 990101006 that could be replaced",
		"code,name,replaces\n990101005,a,990101001001\n":                     "990101001001 is a community, and a street cannot take its place",
		"code,name,replaces\n990101005,a,990101005\n":                        "990101005 is in the file itself",
		"code,name,replaces\n990101005,a,990101001\n990101001,b,\n":          "990101001 is in the file itself",
		"code,name,replaces\n990101005,a,990101001\n990101006,b,990101001\n": "x:3: replaces: 990101001 is replaced by 990101005 in line 2 already",
	} {
		f, err := Read("x", []byte(text), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = tree.Plan(f, 1)
		var faults view.Faults
		if !errors.As(err, &faults) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
	merged := imported(t, tree, "code,name,replaces\n990101005,a,990101001\n").Tree
	f, err := Read("x", []byte("code,name,replaces\n990101006,b,990101001\n"), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := merged.Plan(f, 1); err == nil || !strings.Contains(err.Error(), "990101001 was replaced by 990101005 before") {
		t.Errorf("replaced a second time: %v", err)
	}
}

// A file of boundaries alone gives known areas their shape, and names nothing anew.
func TestBoundariesAlone(t *testing.T) {
	tree := imported(t, &Tree{}, district).Tree
	f, err := Read("x", []byte(collection(`{"type":"Feature","properties":{"code":"990101001"},"geometry":{"type":"Polygon","coordinates":[`+ringOf+`]}}`)), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := tree.Plan(f, 1)
	if err != nil || told(plan) != "bounded 990101001 >" {
		t.Fatalf("%v: %s", err, told(plan))
	}
	if a, _ := plan.Tree.Area("990101001"); a.Name.Zh != "桥头街道" || a.Edition != "x" {
		t.Errorf("it is %+v", a)
	}
	if again := imported(t, plan.Tree, district); len(again.Changes) != 0 {
		t.Errorf("a list without boundaries takes one away: %s", told(again))
	}
}
