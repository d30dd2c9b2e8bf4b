package area

import (
	"github.com/lamppost-city/lamppost/cloud/view"
)

// Count counts gateways, their devices, and what is open, for every area of the present
// tree.
func (a *Atlas) Count(gateways []view.Gateway, open []view.Standing) *Sums {
	return a.is.Load().count(gateways, open)
}

func (s *state) count(gateways []view.Gateway, open []view.Standing) *Sums {
	things := make([]Thing, 0, 2*len(gateways)+len(open))
	homes := make(map[string]Code, len(gateways))
	for i := range gateways {
		g := &gateways[i]
		home := s.locate(g.ID, "", g.Area, g.Position)
		if g.Area != "" || g.Position != nil || home != "" {
			homes[g.ID] = home
		}
		things = s.gateway(things, g, home)
	}
	for _, o := range open {
		things = append(things, Thing{s.whereOpen(o, homes), view.AreaCounts{Alerts: o.Alerts, Cases: o.Cases, Worst: o.Worst}})
	}
	return s.tree.RollUp(things)
}

// whereOpen is where something open counts: where its device was put, else where its
// gateway is, else where it says itself. In a storm there are many of one gateway, so each
// gateway is located once.
func (s *state) whereOpen(o view.Standing, homes map[string]Code) Code {
	if o.Device != "" {
		if c, ok := s.placed(placeKey{o.Gateway, o.Device}); ok {
			return c
		}
	}
	if home, ok := homes[o.Gateway]; ok {
		return home
	}
	return s.locate(o.Gateway, "", o.Area, nil)
}

// gateway counts a gateway and its devices where they stand; those that stand with their
// gateway count together.
func (s *state) gateway(things []Thing, g *view.Gateway, home Code) []Thing {
	here := Thing{home, view.AreaCounts{Gateways: 1}}
	for i := range g.Devices {
		d := &g.Devices[i]
		c := &here.Counts
		if _, own := s.places[placeKey{g.ID, d.ID}]; own {
			if there := s.locate(g.ID, d.ID, g.Area, g.Position); there != home {
				things = append(things, Thing{Area: there})
				c = &things[len(things)-1].Counts
			}
		}
		c.Devices++
		switch {
		case d.State == "waiting":
			c.Waiting++
		case !g.Online || d.State == "silent":
			c.Silent++
		case d.State == "fault":
			c.Faulty++
		default:
			c.Online++
		}
	}
	return append(things, here)
}
