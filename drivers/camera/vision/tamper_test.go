package vision

import (
	"image"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// wall is a view with edges of every size: blocks, bars and grain that stand still, seen
// through a lens that may be soft, moved, and under light. Each picture has noise of its
// own, unless frozen.
type wall struct {
	dx, dy   int
	soft     int     // pixels of a box blur, to either side
	contrast float64 // 0: as it is; 0.9: a tenth is left
	gain     float64 // 0: 1
	noise    int
}

func (w wall) picture(n int) *image.YCbCr {
	m := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	fill(m.Cb, 118)
	fill(m.Cr, 134)
	seed := uint32(n)*2654435761 + 99
	for y := range height {
		for x := range width {
			v, k := 0.0, 0
			for j := -w.soft; j <= w.soft; j++ {
				v += texture(x+w.dx, y+w.dy+j) + texture(x+w.dx+j, y+w.dy)
				k += 2
			}
			v /= float64(k)
			v = 120 + (v-120)*(1-w.contrast)
			if w.gain != 0 {
				v *= w.gain
			}
			if w.noise > 0 {
				seed = seed*1664525 + 1013904223
				v += float64(int(seed>>8)%(2*w.noise+1) - w.noise)
			}
			m.Y[y*width+x] = uint8(min(max(v, 0), 255))
		}
	}
	return m
}

// texture is the brightness of a place on the wall, which goes on without end.
func texture(x, y int) float64 { return tile()[y&511][x&511] }

var tile = sync.OnceValue(func() *[512][512]float64 {
	hash := func(a, b int) float64 {
		h := uint32(a)*374761393 + uint32(b)*668265263
		h = (h ^ h>>13) * 1274126177
		return float64(h>>16&0xFF) / 255
	}
	t := new([512][512]float64)
	for y := range t {
		for x := range t[y] {
			t[y][x] = 60 + 70*hash(x>>5, y>>5) + 40*hash(x>>3+1000, y>>3) + 30*hash(x+5000, y)
		}
	}
	return t
})

func tampers(s Seen) (all string) {
	for i, r := range s.Tamper {
		switch {
		case r.Value == 1:
			all += State(i).String() + " "
		case r.Quality.Flag == obs.Missing:
			all += "? "
		}
	}
	return all
}

func TestTamper(t *testing.T) {
	long(t)
	good := wall{noise: 4}
	for _, c := range []struct {
		name, want string
		at         func(n int) image.Image // from picture 120 on
	}{
		{"nothing", "", func(n int) image.Image { return good.picture(n) }},
		{"a hand", "blocked ? ? ", func(n int) image.Image {
			return drawn(width, height, func(x, y int) uint8 { return uint8(40 + x/16 + n%2*int(x*y%3)) })
		}},
		{"a lens out of focus", "defocused ? ", func(n int) image.Image { return wall{soft: 4, noise: 4}.picture(n) }},
		{"a turned camera", "moved ", func(n int) image.Image { return wall{dx: 17, dy: 4, noise: 4}.picture(n) }},
		{"a camera turned away", "moved ", func(n int) image.Image { return wall{dx: 9000, dy: 700, noise: 4}.picture(n) }},
		{"a camera that hangs", "frozen ", func(int) image.Image { return good.picture(7) }},
		{"a night without light", "? ? ? dark ", func(n int) image.Image { return wall{gain: 0.03, noise: 3}.picture(n) }},
		{"a lamp in the eye", "? ? ? glare ", func(n int) image.Image { return wall{gain: 2.4, noise: 4}.picture(n) }},
		{"fog that comes in three minutes", "", func(n int) image.Image {
			return wall{contrast: min(float64(n-120)/180, 0.85), noise: 4}.picture(n)
		}},
		{"another exposure", "", func(n int) image.Image { return wall{gain: 0.7, noise: 4}.picture(n) }},
		{"gusts at the mast", "", func(n int) image.Image { return wall{dx: n % 3 % 2, noise: 4}.picture(n) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := watch(t, Config{}, noon, 320, time.Second, func(at time.Duration) image.Image {
				if n := int(at.Seconds()); n >= 120 {
					return c.at(n)
				}
				return good.picture(int(at.Seconds()))
			})
			for i, s := range all[100:120] {
				if got := tampers(s); got != "" {
					t.Fatalf("before anything happens, picture %d: %s", i+100, got)
				}
			}
			if got := tampers(all[len(all)-1]); got != c.want {
				t.Errorf("it is told as %q, want %q", got, c.want)
			}
		})
	}
}

// What is told is taken back when it is over.
func TestTamperEnds(t *testing.T) {
	long(t)
	good := wall{noise: 4}
	all := watch(t, Config{}, noon, 330, time.Second, func(at time.Duration) image.Image {
		switch n := int(at.Seconds()); {
		case n >= 120 && n < 150:
			return wall{gain: 0.02, noise: 2}.picture(n)
		case n >= 180 && n < 210:
			return drawn(width, height, func(x, y int) uint8 { return uint8(50 + n%2) })
		default:
			return good.picture(n)
		}
	})
	for n, want := range map[int]string{119: "", 149: "? ? ? dark ", 175: "", 209: "blocked ? ? ", 329: ""} {
		if got := tampers(all[n]); got != want {
			t.Errorf("picture %d: %q, want %q", n, got, want)
		}
	}
}

// A camera that sets its exposure anew makes no motion; a thing that appears does, and
// what moves is its share of the picture.
func TestMotion(t *testing.T) {
	all := watch(t, Config{}, noon, 60, time.Second, func(at time.Duration) image.Image {
		n := int(at.Seconds())
		w := wall{noise: 4}
		if n >= 30 {
			w.gain = 0.8
		}
		m := w.picture(n)
		if n >= 50 {
			for y := 60; y < 180; y++ {
				fill(m.Y[y*width+100:y*width+180], 10)
			}
		}
		return m
	})
	for n, s := range all {
		want := 0.0
		if n >= 50 {
			want = 100 * 80 * 120.0 / pixels
		}
		if n >= fewPictures && math.Abs(s.Motion.Value-want) > 1 {
			t.Errorf("picture %d: %v %% move, want %.1f", n, s.Motion.Value, want)
		}
	}
	if all[0].Motion.Quality.Why != obs.WarmUp {
		t.Errorf("in the first picture %+v moves", all[0].Motion)
	}
}

// Masked places are not looked at: whatever is there, nothing changes.
func TestMasks(t *testing.T) {
	c := Config{Masks: []Polygon{{{0.5, 0}, {1, 0}, {1, 1}, {0.5, 1}}}}
	look := func(hidden func(n int, m *image.YCbCr)) []Seen {
		return watch(t, c, noon, 90, time.Second, func(at time.Duration) image.Image {
			n := int(at.Seconds())
			m := wall{noise: 4}.picture(n)
			hidden(n, m)
			return m
		})
	}
	plain := look(func(int, *image.YCbCr) {})
	wild := look(func(n int, m *image.YCbCr) {
		for y := range height {
			fill(m.Y[y*width+width/2:(y+1)*width], uint8(n*97))
			fill(m.Cr[y/2*width/2+width/4:(y/2+1)*width/2], uint8(n*53))
		}
	})
	for n := range plain {
		if a, b := plain[n], wild[n]; a.Brightness != b.Brightness || a.Sharpness != b.Sharpness || tampers(a) != tampers(b) || a.Motion.Value != b.Motion.Value && n >= fewPictures {
			t.Fatalf("picture %d: %+v, and with motion behind the mask %+v", n, a, b)
		}
	}
	e, err := New(Config{Masks: []Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := e.Look(wall{}.picture(0), noon); err != nil || s.Brightness.Quality.Why != obs.Absent {
		t.Errorf("all is masked and %+v is seen, %v", s, err)
	}
}

// Equal pictures give equal readings, and looking takes no memory.
func TestLookAllocatesNothing(t *testing.T) {
	c := Config{Staff: riverStaff, Zones: []Zone{{Area: Polygon{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}}, Masks: []Polygon{{{0, 0}, {0.1, 0}, {0, 0.1}}}}
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var ms [8]image.Image
	for i := range ms {
		ms[i] = wall{noise: 9, dx: i % 2}.picture(i)
	}
	n := 0
	look := func() {
		if _, err := e.Look(ms[n%len(ms)], noon.Add(time.Duration(n)*time.Second)); err != nil {
			t.Fatal(err)
		}
		n++
	}
	for range 70 {
		look()
	}
	if got := testing.AllocsPerRun(20, look); got != 0 {
		t.Errorf("a picture takes %v allocations", got)
	}
}

// Times that do not rise, and long pauses, begin anew and are no motion.
func TestTimesThatDoNotRise(t *testing.T) {
	e, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for i, at := range []time.Duration{0, 1, 2, 3, 3, 4, 2, 9000, 9001} {
		s, err := e.Look(wall{noise: 3, dx: i * 50}.picture(i), noon.Add(at*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if again := i == 0 || i == 4 || i == 6 || i == 7; again && s.Motion.Quality.Why != obs.WarmUp {
			t.Errorf("picture %d: motion %+v after a time that does not rise", i, s.Motion)
		}
	}
}
