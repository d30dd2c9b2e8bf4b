package camera

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"testing"
	"time"
)

var afternoon = time.Date(2026, 6, 21, 15, 4, 5, 0, time.FixedZone("UTC+8", 8*3600))

// weathers are what the scenarios show.
var weathers = map[string]State{
	"calm":  {Light: 31000, Haze: 37, Wind: 2},
	"storm": {Light: 3800, Haze: 30, Wind: 9, Rain: 145},
	"haze":  {Light: 4100, Haze: 220, Wind: 0.5},
}

func picture(t testing.TB, c *Scene, s State) (image.Image, []byte) {
	t.Helper()
	s.At = afternoon
	b, err := c.JPEG(s)
	if err != nil {
		t.Fatal(err)
	}
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return m, b
}

// brightness is the mean grey of a row between two columns, 0 to 255.
func brightness(m image.Image, y, from, to int) float64 {
	sum := 0.0
	for x := from; x < to; x++ {
		r, g, b, _ := m.At(x, y).RGBA()
		sum += (0.299*float64(r) + 0.587*float64(g) + 0.114*float64(b)) / 257
	}
	return sum / float64(to-from)
}

// waterline finds the row where the white of the staff ends: where the rows above
// are brightest against the rows below. It knows nothing of how it was drawn.
func waterline(m image.Image) int {
	const window = 8
	best, at := 0.0, 0
	var sums [Height + 1]float64
	for y := range Height {
		sums[y+1] = sums[y] + brightness(m, y, StaffLeft+20, StaffRight-3)
	}
	top := int(Row(StaffTop)) + window
	for y := top; y < Height-window; y++ {
		drop := (sums[y]-sums[y-window])/window - (sums[y+window]-sums[y])/window
		if drop > best {
			best, at = drop, y
		}
	}
	return at
}

func TestWaterStandsWhereTheLevelSays(t *testing.T) {
	c := NewScene()
	for name, s := range weathers {
		for _, s.Level = range []float64{1.8, 2.31, 2.66, 2.985, 3.45} {
			m, _ := picture(t, c, s)
			if got, want := waterline(m), Row(s.Level); math.Abs(float64(got)-want) > 3 { // 2 cm
				t.Errorf("%s, level %v: the staff ends at row %d, want %.1f", name, s.Level, got, want)
			}
		}
	}
}

// The numbers and bars on the staff are where the scale says.
func TestStaffIsToScale(t *testing.T) {
	m, _ := picture(t, NewScene(), State{Level: 1.7, Light: 31000, Haze: 20})
	for _, z := range []float64{1.9, 2.0, 2.3, 2.5, 3.0, 3.4} {
		y := int(math.Round(Row(z)))
		line, above, below := brightness(m, y, StaffLeft+22, StaffRight-4), brightness(m, y-2, StaffLeft+22, StaffRight-4), brightness(m, y+1, StaffLeft+44, StaffRight-4)
		if line > above-40 || line > below-25 {
			t.Errorf("at %v m, row %d: grey %.0f between %.0f above and %.0f below; want a line", z, y, line, above, below)
		}
	}
	if one := Row(2) - Row(3); one != perMetre {
		t.Errorf("a metre has %v rows", one)
	}
}

func TestPictureIsAPicture(t *testing.T) {
	c := NewScene()
	for name, s := range weathers {
		s.Level = 2.31
		m, b := picture(t, c, s)
		if m.Bounds() != image.Rect(0, 0, 640, 480) {
			t.Errorf("%s: %v", name, m.Bounds())
		}
		if len(b) < 30_000 || len(b) > 80_000 {
			t.Errorf("%s: %d bytes, want 30 to 80 kB", name, len(b))
		}
		if !bytes.HasPrefix(b, []byte{0xFF, 0xD8, 0xFF}) || !bytes.HasSuffix(b, []byte{0xFF, 0xD9}) {
			t.Errorf("%s: begins % X and ends % X", name, b[:3], b[len(b)-2:])
		}
	}
}

func TestWeatherShows(t *testing.T) {
	c := NewScene()
	sky := func(s State) float64 {
		s.Level = 2.31
		m, _ := picture(t, c, s)
		return brightness(m, 60, 420, 600)
	}
	contrast := func(s State) float64 { // between a house and the sky beside it
		s.Level = 2.31
		m, _ := picture(t, c, s)
		return math.Abs(brightness(m, 80, 445, 470) - brightness(m, 20, 445, 470))
	}
	if calm, storm := sky(weathers["calm"]), sky(weathers["storm"]); storm > calm-20 {
		t.Errorf("sky: %.0f in calm, %.0f in a storm; want it darker", calm, storm)
	}
	if calm, haze := contrast(weathers["calm"]), contrast(weathers["haze"]); haze > calm/2 {
		t.Errorf("far houses stand out by %.0f in calm, %.0f in haze; want them to fade", calm, haze)
	}
}

func TestPicturesDifferOnlyWithTheirState(t *testing.T) {
	c, other := NewScene(), NewScene()
	s := State{Level: 2.31, Light: 20000, Rain: 40, Wind: 3, Haze: 50, At: afternoon}
	first, _ := c.JPEG(s)
	if again, _ := other.JPEG(s); !bytes.Equal(first, again) {
		t.Error("one state, two pictures")
	}
	s.At = s.At.Add(time.Second)
	if later, _ := c.JPEG(s); bytes.Equal(first, later) {
		t.Error("a second later it is the same picture")
	}
}

func BenchmarkJPEG(b *testing.B) {
	c := NewScene()
	s := weathers["storm"]
	s.Level = 2.8
	b.ReportAllocs()
	for b.Loop() {
		s.At = s.At.Add(time.Second)
		if _, err := c.JPEG(s); err != nil {
			b.Fatal(err)
		}
	}
}
