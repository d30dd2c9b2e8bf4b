package fleet

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// maxSwitched bounds an answer of Switched.
const maxSwitched = 1000

// Switched returns what a gateway did to its outputs from one Unix time to another, in
// milliseconds, both included, oldest first, at most a thousand events. Each has an
// Actuation. What is not dated is not in it.
func (r *Registry) Switched(ctx context.Context, gateway string, from, to int64) ([]wire.Event, error) {
	rows, err := r.o.DB.Read().QueryContext(ctx, `select body from event
		where gateway = ? and kind = 'actuation' and unix != 0 and unix between ? and ? order by unix, seq limit ?`, gateway, from, to, maxSwitched)
	if err != nil {
		return nil, fmt.Errorf("fleet: what %s switched: %w", gateway, err)
	}
	defer rows.Close()
	var out []wire.Event
	for rows.Next() {
		var body []byte
		var e wire.Event
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("fleet: what %s switched: %w", gateway, err)
		}
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, fmt.Errorf("fleet: what %s switched: %w", gateway, err)
		}
		if e.Actuation != nil {
			out = append(out, e)
		}
	}
	return out, rows.Err()
}
