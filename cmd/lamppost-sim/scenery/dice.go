package scenery

import (
	"hash/fnv"
	"math"
)

// dice are a film's random numbers: each has a name, so that a change in one place does
// not change all others.
type dice struct{ seed uint64 }

func (d dice) draw(name string, n ...int) float64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	x := d.seed ^ h.Sum64()
	for _, i := range n {
		x = mix(x + uint64(i))
	}
	return float64(mix(x)>>11) / (1 << 53)
}

func (d dice) between(name string, low, high float64) float64 {
	return low + (high-low)*d.draw(name)
}

// mix is the last step of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// grain is a tile of random numbers from -1 to 1 that repeats without end.
type grain [grainSize * grainSize]float32

const grainSize = 256 // a power of two

func newGrain(seed uint64) *grain {
	g := new(grain)
	for i := range g {
		g[i] = float32(mix(seed+uint64(i))>>40)/(1<<23) - 1
	}
	return g
}

func (g *grain) at(x, y int) float64 {
	return float64(g[(y&(grainSize-1))*grainSize+x&(grainSize-1)])
}

// flow is the tile between its numbers: a landscape without steps.
func (g *grain) flow(x, y float64) float64 {
	i, j := math.Floor(x), math.Floor(y)
	u, v := smooth(x-i), smooth(y-j)
	a, b := int(i), int(j)
	upper := g.at(a, b)*(1-u) + g.at(a+1, b)*u
	lower := g.at(a, b+1)*(1-u) + g.at(a+1, b+1)*u
	return upper*(1-v) + lower*v
}

// rough is flow in three sizes.
func (g *grain) rough(x, y float64) float64 {
	return (g.flow(x, y) + g.flow(2*x+17, 2*y+5)/2 + g.flow(4*x+31, 4*y+11)/4) / 1.75
}
