package street

import (
	"fmt"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// part is what the street needs of a device profile.
type part struct {
	registers []modbusslave.Register
	limit     int // registers in one request
}

// readParts takes the parts of the slaves from the gateway's own device profiles,
// by profile id. Only the data is shared: what is a register's address, type,
// order and scale. How that becomes bytes is package modbusslave's business.
func readParts() (map[string]part, error) {
	profiles, err := modbus.ParseProfiles(firmwareconfigs.Devices())
	if err != nil {
		return nil, err
	}
	parts := map[string]part{}
	for _, s := range slaves() {
		p, ok := profiles.Get(s.profile)
		if !ok {
			return nil, fmt.Errorf("there is no device profile %q", s.profile)
		}
		parts[s.profile] = part{registers(p, s.offsets), p.MaxRegisters}
	}
	return parts, nil
}

// registers translates a profile's channels, with what the gateway is told to add
// to them.
func registers(p *modbus.Profile, offsets map[string]float64) []modbusslave.Register {
	var out []modbusslave.Register
	for _, r := range p.Channels {
		out = append(out, modbusslave.Register{
			Channel: r.Channel, Function: r.Function, Address: r.Address,
			Type: modbusslave.Type(r.Type.String()), Order: r.Order.String(),
			Scale: r.Scale.Float(), Offset: r.Offset.Float() + offsets[r.Channel], Resolution: r.Resolution.Float(),
		})
	}
	return out
}
