package area

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// maxPlaces bounds how many gateways and devices are placed.
const maxPlaces = 200_000

// PutPlace says where a gateway or a device stands; without area and position, that
// nothing is known any more. What is said here wins over what a gateway says of itself.
// Its error is a *view.FieldError if it cannot be kept.
func (a *Atlas) PutPlace(ctx context.Context, p view.Place) (view.Place, error) {
	err := a.change(ctx, partRest, func(tx *sql.Tx, s *state) error {
		if err := s.judgePlace(&p); err != nil {
			return err
		}
		if p.Area == "" && p.Position == nil {
			if _, err := tx.ExecContext(ctx, "delete from place where gateway = ? and device = ?", p.Gateway, p.Device); err != nil {
				return err
			}
			return a.o.Record(ctx, tx, s.moved(p, ""))
		}
		b, err := json.Marshal(p)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `insert into place(gateway, device, body) values(?, ?, ?)
			on conflict(gateway, device) do update set body = excluded.body`, p.Gateway, p.Device, string(b)); err != nil {
			return err
		}
		return a.o.Record(ctx, tx, s.moved(p, string(b)))
	})
	if err != nil {
		return p, fmt.Errorf("area: place %s/%s: %w", p.Gateway, p.Device, err)
	}
	return p, nil
}

func (s *state) judgePlace(p *view.Place) error {
	if obs.CheckID(p.Gateway) != nil {
		return wrong("gateway", "网关编号无效", "this cannot be the id of a gateway")
	}
	if p.Device != "" && obs.CheckID(p.Device) != nil {
		return wrong("device", "设备编号无效", "this cannot be the id of a device")
	}
	if q := p.Position; q != nil && (q.Lat < -90 || q.Lat > 90 || q.Lon < -180 || q.Lon > 180 || q.Lat != q.Lat || q.Lon != q.Lon) {
		return wrong("position", "请写 WGS-84 经纬度（度）", "write latitude and longitude in degrees, WGS 84")
	}
	if _, known := s.places[placeKey{p.Gateway, p.Device}]; !known && len(s.places) >= maxPlaces {
		return wrong("gateway", fmt.Sprintf("最多登记 %d 个位置", maxPlaces), fmt.Sprintf("at most %d places are kept", maxPlaces))
	}
	return s.checkArea("area", &p.Area)
}

// Place returns what is said of a gateway or, with a device, of one of its devices.
func (a *Atlas) Place(gateway, device string) (view.Place, bool) {
	p, ok := a.is.Load().places[placeKey{gateway, device}]
	return p, ok
}

// Locate returns where a gateway or, with a device, one of its devices stands, as a code
// that the tree knows; empty if nothing leads to one. In this order: what PutPlace said
// of the device, then of the gateway, its area before its position; then what the gateway
// says of itself: an area that is known, the area around its position, and the nearest
// known area above the one it names.
func (a *Atlas) Locate(gateway, device, area string, pos *wire.Position) Code {
	return a.is.Load().locate(gateway, device, area, pos)
}

func (s *state) locate(gateway, device, area string, pos *wire.Position) Code {
	if device != "" {
		if c, ok := s.placed(placeKey{gateway, device}); ok {
			return c
		}
	}
	if c, ok := s.placed(placeKey{gateway, ""}); ok {
		return c
	}
	var hint Code
	if area != "" {
		hint, _ = ParseCode(area) // what is no code leads nowhere
	}
	if c, ok := s.tree.Resolve(hint); ok {
		return c
	}
	if pos != nil {
		if c, ok := s.tree.At(*pos); ok {
			return c
		}
	}
	c, _ := s.tree.Nearest(hint)
	return c
}

// Site returns what is shown as the place of a gateway or, with a device, of one of its
// devices, of what the gateway says of itself: the area and position that it was given
// here, or its own. An old code is told as the present one; in place of one that is not known
// here stands the area in which the position lies.
func (a *Atlas) Site(gateway, device, area string, pos *wire.Position) (string, *wire.Position) {
	s := a.is.Load()
	own, home := placeKey{gateway, device}, placeKey{gateway, ""}
	for _, k := range []placeKey{own, home} {
		if p := s.places[k]; p.Position != nil {
			pos = p.Position
			break
		}
	}
	for _, k := range []placeKey{own, home} {
		if c, ok := s.placed(k); ok {
			return string(c), pos
		}
	}
	if hint, why := ParseCode(area); why == nil {
		switch c, ok := s.tree.Resolve(hint); {
		case ok && c != hint:
			return string(c), pos
		case ok:
			return area, pos
		}
	}
	if pos != nil {
		if c, ok := s.tree.At(*pos); ok {
			return string(c), pos
		}
	}
	return area, pos
}

// placed returns where something was put.
func (s *state) placed(k placeKey) (Code, bool) {
	p, ok := s.places[k]
	if !ok {
		return "", false
	}
	if c, ok := s.tree.Resolve(Code(p.Area)); ok {
		return c, true
	}
	if p.Position != nil {
		return s.tree.At(*p.Position)
	}
	return "", false
}
