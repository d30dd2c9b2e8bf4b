package vision

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
)

// What an eye keeps over a restart is its view and the detail of each hour, in one form of
// a fixed length, numbers big-endian:
//
//	1    the form, keptForm
//	4    FNV-1a of the configuration: of an eye that looks at something else it is worth nothing
//	1    how like the kept view is to what it stands for, in 255ths
//	4    what one step of the view is, IEEE 754
//	800  the view: over each two by two small cells the mean edge along x and along y, in
//	     steps from -2 to 2; three of them a byte, the first the most
//	175  what is usual lately, and in each hour of the day: the seconds that were learned, in
//	     tens, and fine, coarse, edges as sixteen bits of a logarithm each
const (
	keptForm  = 1
	keptHead  = 10
	keptView  = viewNumbers / 3
	keptBytes = keptHead + keptView + 25*usualBytes

	viewCols    = fineCols / 2
	viewNumbers = 2 * viewCols * (fineRows / 2)
	viewSteps   = 2 // to either side
	usualBytes  = 7
)

// Of the logarithm that a usual value is kept as: 2 to the power of -12 to 20.
const (
	leastPower = -12
	perPower   = 65535 / 32
)

// ErrKept: what was kept is none of ours, or damaged.
var ErrKept = errors.New("what was kept of the view cannot be read")

// Keep returns what is worth keeping over a restart, at most 1 KiB that nobody changes any
// more; nil while there is nothing: the view was not seen for ten minutes yet, or what is
// seen now is not what was seen before.
func (e *Eye) Keep() []byte {
	t := &e.tamper
	if t.known < hourSeconds || t.trust < wellTrusted || t.elsewise() {
		return nil
	}
	b := make([]byte, keptHead, keptBytes)
	b[0] = keptForm
	binary.BigEndian.PutUint32(b[1:], e.config.digest())
	step := t.step()
	binary.BigEndian.PutUint32(b[6:], math.Float32bits(step))
	var view [viewNumbers]int8
	t.coarsen(step, &view)
	var gx, gy [fineCells]float32
	refine(&view, step, &gx, &gy)
	b[5] = uint8(255 * min(max(viewLikeness(t, &gx, &gy), 0), 1))
	for i := 0; i < viewNumbers; i += 3 {
		n := byte(0)
		for _, v := range view[i : i+3] {
			n = n*(2*viewSteps+1) + byte(v+viewSteps)
		}
		b = append(b, n)
	}
	b = t.lately.keep(b)
	for i := range t.hours {
		b = t.hours[i].keep(b)
	}
	return b
}

// wellTrusted is how much a view must have become one's own before it is kept again.
const wellTrusted = 0.95

// Recall takes up what Keep returned in an earlier run, before the first picture. Of an eye
// that was told to look at something else it is passed over: who masks, or marks a staff,
// says how the camera stands now. The error is ErrKept.
func (e *Eye) Recall(kept []byte) error {
	if len(kept) != keptBytes || kept[0] != keptForm {
		return fmt.Errorf("%w: %d bytes, %d of form %d are read", ErrKept, len(kept), keptBytes, keptForm)
	}
	trust, step := float64(kept[5])/255, math.Float32frombits(binary.BigEndian.Uint32(kept[6:]))
	if !(step > 0 && step < 1) {
		return fmt.Errorf("%w: a step of %v", ErrKept, step)
	}
	var view [viewNumbers]int8
	for i, n := range kept[keptHead:][:keptView] {
		const base = 2*viewSteps + 1
		if n >= base*base*base {
			return fmt.Errorf("%w: byte %d of the view is %d", ErrKept, i, n)
		}
		view[3*i], view[3*i+1], view[3*i+2] = int8(n/base/base)-viewSteps, int8(n/base%base)-viewSteps, int8(n%base)-viewSteps
	}
	if binary.BigEndian.Uint32(kept[1:]) != e.config.digest() || trust < leastTrust {
		return nil
	}
	t := &e.tamper
	t.known, t.trust, t.proven = warmSeconds, trust, true // of no other is anything kept
	refine(&view, step, &t.gx, &t.gy)
	usuals := kept[keptHead+keptView:]
	t.lately.recall(usuals)
	for i := range t.hours {
		t.hours[i].recall(usuals[(i+1)*usualBytes:])
	}
	return nil
}

// leastTrust is how like a kept view must be to what it stands for to judge by it.
const leastTrust = 0.3

// digest stands for a configuration.
func (c Config) digest() uint32 {
	h := fnv.New32a()
	staff := Staff{}
	if c.Staff != nil {
		staff = *c.Staff
	}
	_, _ = fmt.Fprint(h, c.Masks, c.Zones, c.Smoke, c.Staff != nil, staff)
	if c.View != "" {
		_, _ = fmt.Fprint(h, "view", c.View)
	}
	return h.Sum32()
}

// step is what the view is told in steps of: a little more than the mean of its numbers.
func (t *tamper) step() float32 {
	sum := 0.0
	for i := range viewNumbers {
		sum += math.Abs(float64(t.mean(i)))
	}
	return float32(min(max(1.2*sum/viewNumbers, 1e-6), 0.99))
}

// mean is one number of the coarser view: edges along x first, then those along y.
func (t *tamper) mean(i int) float32 {
	g := &t.gx
	if i >= viewNumbers/2 {
		g, i = &t.gy, i-viewNumbers/2
	}
	at := i/viewCols*2*fineCols + i%viewCols*2
	return (g[at] + g[at+1] + g[at+fineCols] + g[at+fineCols+1]) / 4
}

// coarsen writes the view in steps.
func (t *tamper) coarsen(step float32, view *[viewNumbers]int8) {
	for i := range view {
		v := math.Round(float64(t.mean(i) / step))
		view[i] = int8(min(max(v, -viewSteps), viewSteps))
	}
}

// refine makes edges of a view in steps.
func refine(view *[viewNumbers]int8, step float32, gx, gy *[fineCells]float32) {
	for i := range gx {
		at := i/fineCols/2*viewCols + i%fineCols/2
		gx[i], gy[i] = float32(view[at])*step, float32(view[viewNumbers/2+at])*step
	}
}

// viewLikeness is how like others are to the view's own edges.
func viewLikeness(t *tamper, gx, gy *[fineCells]float32) float64 {
	d := &detail{gx: t.gx, gy: t.gy}
	for i := range d.open {
		d.open[i] = 1
	}
	return d.likeness(gx, gy, 0, 0)
}

func (u *usual) keep(b []byte) []byte {
	b = append(b, uint8(min(u.seconds/10, 255)))
	for _, v := range [...]float64{u.fine, u.coarse, u.edges} {
		power := math.Log2(max(v, 1e-9))
		b = binary.BigEndian.AppendUint16(b, uint16(min(max((power-leastPower)*perPower, 0), 65535)))
	}
	return b
}

func (u *usual) recall(b []byte) {
	*u = usual{seconds: 10 * float64(b[0])}
	for i, v := range [...]*float64{&u.fine, &u.coarse, &u.edges} {
		if n := binary.BigEndian.Uint16(b[1+2*i:]); n > 0 {
			*v = math.Exp2(float64(n)/perPower + leastPower)
		}
	}
}
