//go:build linux

package gpio

import "time"

// gust finds the highest mean over three seconds, as WMO-No. 8 wants it for wind: a
// running sum over twelve quarters of a second.
type gust struct {
	quarters [12]uint32
	newest   int64 // number of the quarter that was written last
	most     uint32
}

const (
	quarter    = 250 * time.Millisecond
	gustWindow = 12 * quarter
)

// add takes one pulse.
func (g *gust) add(at time.Duration) {
	n := int64(at / quarter)
	for i := max(g.newest+1, n-int64(len(g.quarters))+1); i <= n; i++ {
		g.quarters[i%int64(len(g.quarters))] = 0
	}
	g.newest = max(g.newest, n)
	g.quarters[g.newest%int64(len(g.quarters))]++
	var sum uint32
	for _, k := range g.quarters {
		sum += k
	}
	g.most = max(g.most, sum)
}

// take returns the highest mean since it was called last, in pulses a second.
func (g *gust) take() float64 {
	most := g.most
	g.most = 0
	return float64(most) / gustWindow.Seconds()
}
