package aggregator

import (
	"context"

	"github.com/lamppost-city/lamppost/cloud/area"
	"github.com/lamppost-city/lamppost/cloud/fleet"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// openPlaces opens the areas, departments and rosters. What they count, the fleet and the
// alert book say, which are asked when somebody looks.
func (p *parts) openPlaces(ctx context.Context) (err error) {
	p.places, err = area.Open(ctx, area.Options{
		DB: p.db, Gateways: p.fleet.Gateways, Record: p.noteDeed,
		Standing: p.standing,
		Failed:   func(err error) { p.o.Log.Warn("what others changed is not known yet", "part", "area", "error", err) },
	})
	if err != nil {
		return storage(err)
	}
	return nil
}

// standing is what is open: the alerts that are active and, where there are cases, those
// that nobody has closed. A case counts in its own area, as the list of cases has it.
func (p *parts) standing(ctx context.Context) ([]view.Standing, error) {
	open := p.cases.Standing()
	if p.docket == nil {
		return open, nil
	}
	more, err := p.docket.Standing(ctx)
	return append(open, more...), err
}

// site says where a gateway or one of its devices stands, for its alerts: the city's own
// register wins over what the gateway says of itself.
func (p *parts) site(gateway, device string) (string, *wire.Position) {
	code, pos := p.fleet.Site(gateway)
	return p.places.Site(gateway, device, code, pos)
}

// placedFleet is the fleet as it is shown, each gateway where the city's register has it.
type placedFleet struct {
	*fleet.Registry
	places *area.Atlas
}

// Gateways returns all gateways, by id.
func (f placedFleet) Gateways() []view.Gateway {
	all := f.Registry.Gateways()
	for i := range all {
		f.put(&all[i])
	}
	return all
}

// Gateway returns one gateway; ok is false if it is not known.
func (f placedFleet) Gateway(id string) (view.Gateway, bool) {
	g, ok := f.Registry.Gateway(id)
	f.put(&g)
	return g, ok
}

// Area is where a gateway or, with a device, one of its devices stands.
func (f placedFleet) Area(gateway, device string) string {
	code, pos := f.Registry.Site(gateway)
	at, _ := f.places.Site(gateway, device, code, pos)
	return at
}

func (f placedFleet) put(g *view.Gateway) {
	g.Area, g.Position = f.places.Site(g.ID, "", g.Area, g.Position)
}
