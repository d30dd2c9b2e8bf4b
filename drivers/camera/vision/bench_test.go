package vision

import (
	"image"
	"testing"
	"time"
)

// pictures to look at: a wall before which something moves, in colour.
func pictures(w, h int) (ms [8]image.Image) {
	for i := range ms {
		small := wall{noise: 5, dx: i / 4}.picture(i)
		m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
		for y := range h {
			for x := range w {
				m.Y[m.YOffset(x, y)] = small.Y[y*height/h*width+x*width/w]
				o := m.COffset(x, y)
				m.Cb[o], m.Cr[o] = uint8(100+x%40), uint8(120+y%60)
			}
		}
		ms[i] = m
	}
	return ms
}

var everything = Config{Staff: riverStaff, Zones: []Zone{{Area: Polygon{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}}, Masks: []Polygon{{{0, 0}, {0.1, 0}, {0, 0.1}}}}

// BenchmarkLook is everything that is measured in one picture, by the picture's size.
func BenchmarkLook(b *testing.B) {
	for _, size := range []struct {
		name string
		w, h int
	}{{"320x240", 320, 240}, {"640x480", 640, 480}, {"1280x720", 1280, 720}, {"1920x1080", 1920, 1080}} {
		b.Run(size.name, func(b *testing.B) {
			e, ms := seasoned(b, size.w, size.h)
			n := e.looked
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Look(ms[n%len(ms)], noon.Add(time.Duration(n)*time.Second)); err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
	}
}

func seasoned(b *testing.B, w, h int) (*Eye, [8]image.Image) {
	b.Helper()
	e, err := New(everything)
	if err != nil {
		b.Fatal(err)
	}
	ms := pictures(w, h)
	for n := range 70 {
		if _, err := e.Look(ms[n%len(ms)], noon.Add(time.Duration(n)*time.Second)); err != nil {
			b.Fatal(err)
		}
	}
	return e, ms
}

// BenchmarkMeasurement is each measurement alone, of a picture that is reduced.
func BenchmarkMeasurement(b *testing.B) {
	e, ms := seasoned(b, 320, 240)
	y, cb, cr, err := planes(ms[3])
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"reduce", func() { e.reduce.take(&e.now, y, cb, cr, &e.open) }},
		{"brightness and sharpness", func() { e.light.measure(&e.now, &e.open, e.visible) }},
		{"motion", func() { e.ground.look(e, 1) }},
		{"tamper", func() { e.detail.measure(e); e.tamper.judge(e, 1, 12, false) }},
		{"staff", func() { e.staff.read(e, y, 1) }},
		{"smoke", func() { e.smoke.look(e, 1) }},
		{"flame", func() { e.flame.look(e, 1) }},
		{"presence", func() { e.zones.look(e, 1, e.seen.Presence) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.do()
			}
		})
	}
}
