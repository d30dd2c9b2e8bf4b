package aggregator

import (
	"context"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/area"
	"github.com/lamppost-city/lamppost/cloud/auth"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/handover"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// handoverDesk is the handovers for whoever is logged in, and the reports that go with them.
// Whether who asks may see an area, or write for it, the API has asked.
type handoverDesk struct {
	caseDesk
	*handover.Book
}

// How much a report has at most.
const (
	mostSites = 200
	mostGaps  = 100
)

// ShiftArea is the present code of an area, or *; the error is a *view.FieldError if it is
// none that is known.
func (d handoverDesk) ShiftArea(text string) (string, error) {
	if text == role.Everywhere {
		return text, nil
	}
	code, bad := area.ParseCode(text)
	if bad != nil || text == "" {
		return "", &view.FieldError{Field: "area", Text: view.Text{Zh: "请写区域代码，或 * 表示全部区域", En: "write the code of an area, or * for all of them"}}
	}
	now, known := d.places.Tree().Resolve(code)
	if !known {
		return "", &view.FieldError{Field: "area", Text: view.Text{Zh: "没有这个区域", En: "there is no such area"}}
	}
	return string(now), nil
}

// Shift is a report of an area's shift as it is now.
func (d handoverDesk) Shift(ctx context.Context, q view.ShiftQuery) (view.ShiftReport, error) {
	now := time.Now().UnixMilli()
	r := view.ShiftReport{At: now, Open: []view.ShiftCase{}, Changes: []view.ShiftChange{}, Sites: []view.ShiftSite{}, Gaps: []view.Gap{}}
	if err := handover.CheckShift(q.From, q.To, now); err != nil {
		return r, err
	}
	a, err := d.actor(ctx)
	if err != nil {
		return r, err
	}
	within := strings.TrimSuffix(q.Area, role.Everywhere)
	if err := d.docket.Shift(ctx, &r, within, q.From, q.To, a); err != nil {
		return r, err
	}
	d.sites(&r, q.Area)
	return r, d.gaps(ctx, &r, q)
}

// holds says whether something lies in the area of a shift.
func (d handoverDesk) holds(shift, gateway, device string) bool {
	return shift == role.Everywhere || areaTree{d.places}.Contains(shift, placedFleet{d.fleet, d.places}.Area(gateway, device))
}

// sites lists the gateways and devices that do not do what they are there for.
func (d handoverDesk) sites(r *view.ShiftReport, shift string) {
	for _, g := range (placedFleet{d.fleet, d.places}).Gateways() {
		if !g.Online && d.holds(shift, g.ID, "") {
			addSite(r, view.ShiftSite{Gateway: g.ID, Name: g.Name, Area: g.Area, State: "offline", Since: g.Since})
		}
		for _, x := range g.Devices {
			s := view.ShiftSite{Gateway: g.ID, Device: x.ID, Name: g.Name, Area: g.Area, State: x.State}
			switch {
			case x.Upkeep != nil:
				s.State, s.Until, s.By = "maintenance", x.Upkeep.UntilMS, x.Upkeep.By
			case !g.Online || x.State != "silent" && x.State != "fault":
				continue // a gateway that is away speaks for its devices
			default:
				s.Fault = x.Fault
			}
			if d.holds(shift, g.ID, x.ID) {
				addSite(r, s)
			}
		}
	}
}

func addSite(r *view.ShiftReport, s view.ShiftSite) {
	if r.SitesTotal++; r.SitesTotal <= mostSites {
		r.Sites = append(r.Sites, s)
	}
}

// gaps lists those of values in the time of the shift.
func (d handoverDesk) gaps(ctx context.Context, r *view.ShiftReport, q view.ShiftQuery) error {
	all, err := d.fleet.Gaps(ctx, "", q.From, q.To)
	if err != nil {
		return err
	}
	for _, g := range all {
		if !d.holds(q.Area, g.Gateway, "") {
			continue
		}
		if r.GapsTotal++; r.GapsTotal <= mostGaps {
			r.Gaps = append(r.Gaps, g)
		}
	}
	return nil
}

// Hand writes what who asks leaves to the next shift, with things as they are now.
func (d handoverDesk) Hand(ctx context.Context, key string, t view.HandoverText) (view.Handover, error) {
	r, err := d.Shift(ctx, view.ShiftQuery{Area: t.Area, From: t.From, To: t.To})
	if err != nil {
		return view.Handover{}, err
	}
	who := auth.From(ctx)
	return d.Write(ctx, key, view.Handover{
		Area: t.Area, Roster: t.Roster, From: t.From, To: t.To, Written: r.At, By: who.Person, ByName: who.Name, Next: t.Next, Notes: t.Notes, Todo: t.Todo, Report: &r,
	})
}

// TakeOver writes that who asks has taken a shift over.
func (d handoverDesk) TakeOver(ctx context.Context, id, note string) (view.Handover, error) {
	who := auth.From(ctx)
	return d.Take(ctx, id, view.HandoverTaken{At: time.Now().UnixMilli(), By: who.Person, Name: who.Name, Note: note})
}
