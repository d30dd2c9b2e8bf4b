package gateway

import (
	"context"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/process"
)

var _ drivers.Filterer = network{}

// Find implements drivers.Filterer.
func (network) Find(program string) error { return process.Find(program) }

// Filter implements drivers.Filterer.
func (network) Filter(ctx context.Context, s drivers.ProcessSpec, in []byte, most int) ([]byte, error) {
	return process.Filter(ctx, s, in, most)
}
