package vision

// light is what the brightness of one picture says.
type light struct {
	histogram [256]int32
	mean      float64 // 0 to 255
	low, high int     // the fifth and the ninety-fifth percentile
	white     float64 // share of pixels that are white, or nearly
	heaped    float64 // share of pixels in the fullest sixteen neighbouring levels
	sharpness float64 // variance of the Laplacian
}

// Of light.
const (
	whitest    = 250
	heapLevels = 16
)

func (l *light) measure(f *frame, open *[pixels]uint8, visible int) {
	clear(l.histogram[:])
	for i, p := range f.luma {
		l.histogram[p] += int32(open[i])
	}
	sum, seen, heap, best, white := int32(0), int32(0), int32(0), int32(0), int32(0)
	n := int32(max(visible, 1))
	l.low, l.high = -1, -1
	for v, c := range l.histogram {
		sum += int32(v) * c
		seen += c
		heap += c
		if v >= heapLevels {
			heap -= l.histogram[v-heapLevels]
		}
		best = max(best, heap)
		if v >= whitest {
			white += c
		}
		if l.low < 0 && seen*20 >= n {
			l.low = v
		}
		if l.high < 0 && seen*20 >= n*19 {
			l.high = v
		}
	}
	l.mean = float64(sum) / float64(n)
	l.white = float64(white) / float64(n)
	l.heaped = float64(best) / float64(n)
	l.sharpness = laplacian(&f.luma, open)
}

// laplacian is the variance of what the kernel
//
//	0  1  0
//	1 -4  1
//	0  1  0
//
// gives on each inner pixel that, like its neighbours, is open: 0 for a picture without an
// edge, 1 040 400 for a checkerboard of black and white pixels.
func laplacian(luma, open *[pixels]uint8) float64 {
	var sum, squares, n int64
	for y := 1; y < height-1; y++ {
		at := y * width
		above, here, below := luma[at-width:at], luma[at:at+width], luma[at+width:at+2*width]
		up, in, down := open[at-width:at], open[at:at+width], open[at+width:at+2*width]
		var s, q int32
		var rowN int32
		for x := 1; x < width-1; x++ {
			use := int32(up[x] & down[x] & in[x-1] & in[x] & in[x+1])
			v := (int32(above[x]) + int32(below[x]) + int32(here[x-1]) + int32(here[x+1]) - 4*int32(here[x])) * use
			s += v
			q += v * v
			rowN += use
		}
		sum, squares, n = sum+int64(s), squares+int64(q), n+int64(rowN)
	}
	if n == 0 {
		return 0
	}
	mean := float64(sum) / float64(n)
	return float64(squares)/float64(n) - mean*mean
}

// laplacianIn is the variance of the same within a part, masked or not.
func laplacianIn(luma *[pixels]uint8, in box) float64 {
	var sum, squares, n int64
	for y := in.top * fine; y < in.bottom*fine; y++ {
		for x := in.left * fine; x < in.right*fine; x++ {
			i := y*width + x
			v := int64(luma[i-1]) + int64(luma[i+1]) + int64(luma[i-width]) + int64(luma[i+width]) - 4*int64(luma[i])
			sum += v
			squares += v * v
			n++
		}
	}
	mean := float64(sum) / float64(n)
	return float64(squares)/float64(n) - mean*mean
}
