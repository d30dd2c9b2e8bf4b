package camera

// noise is a tile of random numbers from -1 to 1, the same in every run.
type noise [noiseSize * noiseSize]float32

// noiseSize is a power of two.
const noiseSize = 256

func newNoise(seed uint64) *noise {
	n := new(noise)
	for i := range n {
		n[i] = float32(draw(seed, uint64(i)))*2 - 1
	}
	return n
}

// at returns the number for a pixel; the tile repeats without end.
func (n *noise) at(x, y int) float64 {
	return float64(n[(y&(noiseSize-1))*noiseSize+x&(noiseSize-1)])
}

// row returns one row of the tile.
func (n *noise) row(y int) []float32 {
	y &= noiseSize - 1
	return n[y*noiseSize : (y+1)*noiseSize]
}

// draw returns the n-th number of a series, from 0 to 1 (SplitMix64).
func draw(seed, n uint64) float64 {
	x := seed + (n+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}
