package role

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The whole table, as a person reads it: one line a role, one column an action.
func TestMatrix(t *testing.T) {
	columns := []Action{View, Acknowledge, Work, Supervise, Ask, Switch, Configure, Export, MakeToken, Accounts, Settings, ReadAudit, SeePersons, ReadMetrics}
	want := map[Role]string{
		//           V A W S A S C E T A S R P M
		Viewer:     "x - - - - - - - - - - - - -",
		Operator:   "x x x - x - - - - - - - x -",
		Dispatcher: "x x x x x x - - - - - - x -",
		Engineer:   "x - - - x x x - x - - - - x",
		Integrator: "x - - - - - - x x - - - - x",
		Admin:      "x - - - - - - - x x x x x x",
	}
	if !slices.Equal(columns, Actions()) {
		t.Fatalf("the columns are %v, the actions %v", columns, Actions())
	}
	if len(want) != len(All()) || len(may) != len(All()) {
		t.Fatalf("%d lines for %d roles", len(want), len(All()))
	}
	areas := []struct {
		area      string
		own, wide bool // a grant for 330105 covers it; one for everywhere does
	}{
		{"330105", true, true}, {"330105003", true, true}, {"330105003012", true, true}, {"33010500301200A", true, true},
		{"330105000000", true, true}, {"330106", false, true}, {"3301", false, true}, {"330106003012", false, true}, {"", false, true}, {Everywhere, false, true},
	}
	for _, r := range All() {
		for i, mark := range strings.Fields(want[r]) {
			a := columns[i]
			for _, c := range areas {
				if got := Permit([]Grant{{r, "330105"}}, a, c.area, Codes{}); got != (mark == "x" && c.own) {
					t.Errorf("%s of 330105 may %s in %q: %v", r, a, c.area, got)
				}
				if got := Permit([]Grant{{r, Everywhere}}, a, c.area, Codes{}); got != (mark == "x" && c.wide) {
					t.Errorf("%s of everywhere may %s in %q: %v", r, a, c.area, got)
				}
			}
			if got := Anywhere([]Grant{{r, "330105"}}, a); got != (mark == "x") {
				t.Errorf("%s may %s anywhere: %v", r, a, got)
			}
		}
	}
	for _, a := range Actions() {
		if Permit(nil, a, "330105", Codes{}) || Permit([]Grant{{"", Everywhere}}, a, "330105", Codes{}) || Permit([]Grant{{Admin, ""}}, a, "", Codes{}) {
			t.Errorf("nobody, a role that is none, or a grant without an area may %s", a)
		}
	}
}

func TestNobodyHasMoreThanTheTableSays(t *testing.T) {
	role, area, action := rapid.SampledFrom(All()), rapid.SampledFrom([]string{"*", "33", "3301", "330105", "330105003", "330106", ""}), rapid.SampledFrom(Actions())
	rapid.Check(t, func(t *rapid.T) {
		var grants []Grant
		for range rapid.IntRange(0, 4).Draw(t, "grants") {
			grants = append(grants, Grant{role.Draw(t, "role"), area.Draw(t, "area")})
		}
		a, where := action.Draw(t, "action"), area.Draw(t, "where")
		one := slices.ContainsFunc(grants, func(g Grant) bool { return Permit([]Grant{g}, a, where, Codes{}) })
		if Permit(grants, a, where, Codes{}) != one {
			t.Fatalf("several grants together give something else than each alone")
		}
		held := Held(grants, where, Codes{})
		if one != slices.ContainsFunc(held, func(r Role) bool { return r.May(a) }) {
			t.Fatalf("roles held in %q are %v, yet %s is %v", where, held, a, one)
		}
		g := Grant{role.Draw(t, "asked"), area.Draw(t, "asked for")}
		if Within([]Grant{g}, grants, Codes{}) && Permit([]Grant{g}, a, where, Codes{}) && !one {
			t.Fatalf("%v lies within %v and gives more: %s in %q", g, grants, a, where)
		}
	})
}

func TestCodes(t *testing.T) {
	for _, c := range []struct {
		ancestor, area string
		want           bool
	}{
		{"33", "330105003012", true}, {"330000000000", "330105003012", true}, {"330100000000", "330105", true}, {"330105003000", "330105003012", true},
		{"330105003012", "330105003000", false}, {"330110000000", "330119", false}, {"330110", "330110", true}, {"", "330105", false}, {"33", "", false},
		{"330105003012", "330105003012001", true}, {"000000000000", "330105", false}, {"330105003012000", "330105003012", false},
	} {
		if got := (Codes{}).Contains(c.ancestor, c.area); got != c.want {
			t.Errorf("Contains(%q, %q) = %v, want %v", c.ancestor, c.area, got, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	many := make([]Grant, maxGrants+1)
	for _, c := range []struct {
		grants []Grant
		want   string // empty: they are good
	}{
		{nil, ""},
		{[]Grant{{Viewer, "*"}, {Admin, "33"}, {Operator, "3301"}, {Operator, "330105"}, {Operator, "330105003"}, {Operator, "330105003012"}, {Operator, "330105003012A0Z"}}, ""},
		{[]Grant{{"root", "*"}}, `no role "root"`},
		{[]Grant{{Viewer, ""}}, "no area code"},
		{[]Grant{{Viewer, "33010"}}, "no area code"},
		{[]Grant{{Viewer, "33010A"}}, "no area code"},
		{[]Grant{{Viewer, "33"}, {Viewer, "33"}}, "stands twice"},
		{many, "at most 64"},
	} {
		err := Check(c.grants)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("Check(%v) = %v, want %q", c.grants, err, c.want)
		}
	}
}
