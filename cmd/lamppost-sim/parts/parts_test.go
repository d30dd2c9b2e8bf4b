package parts

import (
	"regexp"
	"testing"
)

// TestParts: every entry of the list is whole.
func TestParts(t *testing.T) {
	id := regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
	seen := map[string]bool{}
	for _, p := range All() {
		ways := 0
		for _, there := range []bool{p.Serial != nil, p.Unit != nil, p.Chip != nil, p.Pin != nil, p.Slave != nil, p.Own != nil} {
			if there {
				ways++
			}
		}
		switch {
		case !id.MatchString(p.ID), seen[p.ID]:
			t.Errorf("%q is no id, or there twice", p.ID)
		case ways != 1:
			t.Errorf("%s is played in %d ways, want one", p.ID, ways)
		case p.Title.ZH == "" || p.Title.EN == "":
			t.Errorf("%s has no title in both languages", p.ID)
		case len(p.Channels) == 0:
			t.Errorf("%s has no channels", p.ID)
		}
		seen[p.ID] = true
		names := map[string]bool{}
		for _, c := range p.Channels {
			if names[c.Name] {
				t.Errorf("%s has %s twice", p.ID, c.Name)
			}
			names[c.Name] = true
		}
		if p.Unit == nil {
			continue
		}
		v, err := NewValues(p, "x", 1, nil, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := p.Unit(Stage{Device: "x", Address: 1, Source: v}); err != nil {
			t.Error(err)
		}
	}
}
