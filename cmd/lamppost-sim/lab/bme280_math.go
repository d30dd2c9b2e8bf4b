package lab

import "encoding/binary"

// coefficients are the calibration by the data sheet's names, table 16.
type coefficients struct {
	t1                             float64
	t2, t3                         float64
	p1                             float64
	p2, p3, p4, p5, p6, p7, p8, p9 float64
	h1, h2, h3, h4, h5, h6         float64
}

// trim reads the calibration of the part that is played.
func trim() coefficients { return readTrim(trimming, trimmingH) }

func readTrim(a [26]byte, e [7]byte) (c coefficients) {
	unsigned := func(i int) float64 { return float64(binary.LittleEndian.Uint16(a[i:])) }
	signed := func(i int) float64 { return float64(int16(binary.LittleEndian.Uint16(a[i:]))) }
	c.t1, c.t2, c.t3 = unsigned(0), signed(2), signed(4)
	c.p1 = unsigned(6)
	for i, p := range []*float64{&c.p2, &c.p3, &c.p4, &c.p5, &c.p6, &c.p7, &c.p8, &c.p9} {
		*p = signed(8 + 2*i)
	}
	c.h1 = float64(a[25])
	c.h2, c.h3 = float64(int16(binary.LittleEndian.Uint16(e[0:]))), float64(e[2])
	c.h4 = float64(int16(int8(e[3]))<<4 | int16(e[4]&0x0f))
	c.h5 = float64(int16(int8(e[5]))<<4 | int16(e[4]>>4))
	c.h6 = float64(int8(e[6]))
	return c
}

// fine is the temperature that the other two are corrected with, section 8.1.
func (c coefficients) fine(raw int) float64 {
	v := float64(raw)
	coarse := v/131072 - c.t1/8192
	return (v/16384-c.t1/1024)*c.t2 + coarse*coarse*c.t3
}

// temp is in °C.
func (c coefficients) temp(raw int) float64 { return c.fine(raw) / 5120 }

// pressure is in hPa. It falls with raw.
func (c coefficients) pressure(raw, rawTemp int) float64 {
	x := c.fine(rawTemp)/2 - 64000
	y := x*x*c.p6/32768 + x*c.p5*2
	y = y/4 + c.p4*65536
	x = (c.p3*x*x/524288 + c.p2*x) / 524288
	x = (1 + x/32768) * c.p1
	if x == 0 {
		return 0
	}
	p := (1048576 - float64(raw) - y/4096) * 6250 / x
	p += (c.p9*p*p/2147483648 + p*c.p8/32768 + c.p7) / 16
	return p / 100
}

// humidity is in %.
func (c coefficients) humidity(raw, rawTemp int) float64 {
	x := c.fine(rawTemp) - 76800
	h := float64(raw) - (c.h4*64 + c.h5/16384*x)
	h *= c.h2 / 65536 * (1 + c.h6/67108864*x*(1+c.h3/67108864*x))
	h *= 1 - c.h1*h/524288
	return min(max(h, 0), 100)
}
