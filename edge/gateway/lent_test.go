package gateway

import (
	"context"
	"slices"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// keeper is a driver that takes readings back.
type keeper struct{ back [][]obs.Reading }

func (k *keeper) Sample(context.Context) ([]obs.Reading, error) { return nil, nil }
func (k *keeper) Close() error                                  { return nil }
func (k *keeper) Recycle(r []obs.Reading)                       { k.back = append(k.back, r) }

// Readings go back to their driver when the next good sample has replaced them and the
// uplink does not hold them any more, and never else: the driver writes over them while
// others may read.
func TestReadingsGoBackWhenNobodyCanReadThem(t *testing.T) {
	sample := func(v float64) []obs.Reading { return []obs.Reading{obs.Of(v)} }
	for _, c := range []struct {
		name string
		kept []lent
		want []float64 // that went back
	}{
		{"the first", []lent{{sample(1), 1, 1}}, nil},
		{"packed meanwhile", []lent{{sample(1), 1, 1}, {sample(2), 2, 2}}, []float64{1}},
		{"waiting still", []lent{{sample(1), 1, 1}, {sample(2), 2, 1}}, nil},
		{"another's waits", []lent{{sample(1), 5, 4}, {sample(2), 7, 6}}, []float64{1}},
		{"a fault between", []lent{{sample(1), 1, 1}, {nil, 2, 2}, {nil, 3, 3}}, nil},
		{"back after a fault", []lent{{sample(1), 1, 1}, {nil, 2, 2}, {sample(3), 3, 3}}, []float64{1}},
		{"not written down", []lent{{sample(1), 1, 1}, {}, {sample(3), 3, 3}}, []float64{1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d device
			var k keeper
			for _, l := range c.kept {
				d.lend(&k, l)
			}
			var got []float64
			for _, r := range k.back {
				got = append(got, r[0].Value)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v went back, not %v", got, c.want)
			}
		})
	}
}
