package street

import (
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/registers"
)

// part is what the street needs of a maker's table.
type part struct {
	registers []modbusslave.Register
	limit     int // registers in one request; 0: not stated
}

// readParts takes the parts of the slaves from their makers' tables.
func readParts() (map[string]part, error) {
	parts := map[string]part{}
	for _, s := range slaves() {
		table, ok := registers.Get(s.profile)
		if !ok {
			return nil, fmt.Errorf("there is no table of %q", s.profile)
		}
		rows, err := s.rows(table)
		if err != nil {
			return nil, err
		}
		parts[s.profile] = part{rows, table.Limit}
	}
	return parts, nil
}

// rows are those of the table, with what the gateway is told to add to them. What the
// scenario has no course for and the part does not say of itself is 0 for ever, and has
// no line in the truth log.
func (s slave) rows(table registers.Table) ([]modbusslave.Register, error) {
	rows, err := table.Registers(s.address)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].Offset += s.offsets[rows[i].Channel]
		if rows[i].Fixed == nil && !slices.Contains(s.channels, rows[i].Channel) {
			rows[i].Shadow = true
		}
	}
	return rows, nil
}
