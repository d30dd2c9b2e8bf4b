package mypart

import (
	"encoding/json"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// state is what one page says; nil: the part does not have the value.
type state struct {
	Temp *float64 `json:"temp"` // °C
	RH   *float64 `json:"rh"`   // %
}

// readings turns a page into readings: pure, so that it can be tested and fuzzed
// without a network.
func readings(page []byte) ([]obs.Reading, error) {
	var s state
	if err := json.Unmarshal(page, &s); err != nil {
		return nil, fmt.Errorf("%s: %w: %v", name, drivers.ErrProtocol, err)
	}
	if s.Temp == nil && s.RH == nil {
		return nil, fmt.Errorf("%s: %w: the answer has neither temp nor rh", name, drivers.ErrProtocol)
	}
	out := make([]obs.Reading, len(channels))
	for i, v := range []*float64{s.Temp, s.RH} {
		out[i] = obs.None(obs.Instrument)
		if v != nil {
			out[i] = channels[i].Read(*v)
		}
	}
	return out, nil
}
