package area

import (
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Count counts gateways, their devices, and what is open, for every area of the present
// tree.
func (a *Atlas) Count(gateways []view.Gateway, open []view.Standing) *Sums {
	return a.is.Load().count(gateways, open)
}

func (s *state) count(gateways []view.Gateway, open []view.Standing) *Sums {
	things := make([]Thing, 0, 2*len(gateways)+len(open))
	at := make(map[string]*view.Gateway, len(gateways))
	for i := range gateways {
		g := &gateways[i]
		at[g.ID] = g
		things = s.gateway(things, g)
	}
	for _, o := range open {
		area, pos := o.Area, (*wire.Position)(nil)
		if g := at[o.Gateway]; g != nil && (g.Area != "" || g.Position != nil) {
			area, pos = g.Area, g.Position
		}
		things = append(things, Thing{s.locate(o.Gateway, o.Device, area, pos), view.AreaCounts{Alerts: o.Alerts, Cases: o.Cases, Worst: o.Worst}})
	}
	return s.tree.RollUp(things)
}

// gateway counts a gateway and its devices where they stand; those that stand with their
// gateway count together.
func (s *state) gateway(things []Thing, g *view.Gateway) []Thing {
	home := s.locate(g.ID, "", g.Area, g.Position)
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
