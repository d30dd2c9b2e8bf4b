package scenery

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"testing"
	"time"
)

func film(t testing.TB, kind string, seed uint64, w, h int) *Film {
	t.Helper()
	f, err := New(kind, seed, w, h)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// settled draws a moment after some before it, so that the exposure has followed.
func settled(f *Film, at time.Duration) *image.RGBA {
	for i := 8; i > 0; i-- {
		f.Draw(at - time.Duration(i)*time.Second)
	}
	return f.Draw(at)
}

func grey(m *image.RGBA, i int) float64 {
	return 0.3*float64(m.Pix[4*i]) + 0.59*float64(m.Pix[4*i+1]) + 0.11*float64(m.Pix[4*i+2])
}

func mean(m *image.RGBA) (sum float64) {
	n := len(m.Pix) / 4
	for i := range n {
		sum += grey(m, i)
	}
	return sum / float64(n)
}

// Equal seeds make equal bytes, another seed another film.
func TestSeedsDecide(t *testing.T) {
	for _, kind := range Kinds() {
		play := func(seed uint64) (all []byte) {
			f := film(t, kind, seed, 64, 64)
			for _, at := range []time.Duration{0, time.Second, f.From + 20*time.Second, f.To + time.Second} {
				b, _, err := f.JPEG(at)
				if err != nil {
					t.Fatal(err)
				}
				if m, err := jpeg.Decode(bytes.NewReader(b)); err != nil || m.Bounds().Dx() != 64 {
					t.Fatalf("%s: %v", kind, err)
				}
				all = append(all, b...)
			}
			return all
		}
		if !bytes.Equal(play(3), play(3)) {
			t.Errorf("%s: one seed makes two films", kind)
		}
		if bytes.Equal(play(3), play(4)) {
			t.Errorf("%s: two seeds make one film", kind)
		}
	}
}

// What the truth says happens can be seen in the picture, against the moment before, by
// plain means that know nothing of how anybody looks for it.
func TestTruthIsInThePicture(t *testing.T) {
	for _, c := range []struct {
		kind string
		seen func(before, now *image.RGBA) bool
	}{
		{"dark", func(b, n *image.RGBA) bool { return mean(n) < 25 && mean(b) > 35 }},
		{"glare", func(_, n *image.RGBA) bool { return mean(n) > 100 && brightest(n) > 0.25 }},
		{"blocked", func(b, n *image.RGBA) bool { return differ(b, n) > 0.4 }},
		{"defocused", func(b, n *image.RGBA) bool { return steps(n) < steps(b)/2 }},
		{"moved", func(b, n *image.RGBA) bool { return differ(b, n) > 0.2 }},
		{"flame-night", func(b, n *image.RGBA) bool { return orange(n) > orange(b)+20 }},
		{"smoke", func(b, n *image.RGBA) bool { return differ(b, n) > 0.02 }},
		{"person", func(b, n *image.RGBA) bool { return differ(b, n) > 0.004 }},
		{"tipping", func(b, n *image.RGBA) bool { return differ(b, n) > 0.02 }},
	} {
		for seed := range uint64(3) {
			f := film(t, c.kind, seed, 160, 120)
			before := settled(f, f.From-2*time.Second)
			at := f.From + 60*time.Second
			now := settled(f, at)
			tr := f.Truth(at)
			if tr.Tamper == "" && !tr.Smoke && !tr.Flame && !tr.Presence {
				t.Fatalf("%s, seed %d: nothing happens a minute after it began: %+v", c.kind, seed, tr)
			}
			if !c.seen(before, now) {
				t.Errorf("%s, seed %d: what happens is not in the picture (grey %.0f, then %.0f; %.3f of it differs)", c.kind, seed, mean(before), mean(now), differ(before, now))
			}
		}
	}
}

func brightest(m *image.RGBA) (share float64) {
	n := len(m.Pix) / 4
	for i := range n {
		if grey(m, i) > 250 {
			share += 1 / float64(n)
		}
	}
	return share
}

// steps is the sum of what neighbours two pixels apart differ by.
func steps(m *image.RGBA) (sum float64) {
	for i := 2; i < len(m.Pix)/4; i++ {
		if d := grey(m, i) - grey(m, i-2); math.Abs(d) > 12 {
			sum += math.Abs(d)
		}
	}
	return sum
}

// differ is the share of pixels that differ by a lot.
func differ(a, b *image.RGBA) (share float64) {
	n := len(a.Pix) / 4
	for i := range n {
		if math.Abs(grey(a, i)-grey(b, i)) > 22 {
			share += 1 / float64(n)
		}
	}
	return share
}

func orange(m *image.RGBA) (n int) {
	for i := range len(m.Pix) / 4 {
		if r, b := m.Pix[4*i], m.Pix[4*i+2]; r > 200 && int(r)-int(b) > 90 {
			n++
		}
	}
	return n
}

// The white of the staff ends where the truth says that the water is: within two
// centimetres, measured down the part of the staff that has no bars.
func TestWaterStandsAtTheLevel(t *testing.T) {
	for seed := range uint64(4) {
		f := film(t, "river", seed, 640, 480)
		m := settled(f, 100*time.Second)
		want := f.Truth(100 * time.Second).Level
		marks, _, ok := f.Staff()
		if !ok {
			t.Fatal("no staff")
		}
		x := int(marks[0].X * 640) // between the bars
		row := func(level float64) float64 {
			u := (level - marks[0].Level) / (marks[1].Level - marks[0].Level)
			return (marks[0].Y + u*(marks[1].Y-marks[0].Y)) * 480
		}
		above, below := 0.0, 0.0
		for k := 4; k < 12; k++ {
			above += grey(m, (int(row(want))-k)*640+x) / 8
			below += grey(m, (int(row(want))+k)*640+x) / 8
		}
		if above < below+25 {
			t.Errorf("seed %d: at %.3f m the staff is %.0f and the water %.0f", seed, want, above, below)
		}
	}
}

// A film that is played again is another one at the same place: the wall and the staff are
// where they were, the water goes on from where it stood and stays on the staff.
func TestAgainAtTheSamePlace(t *testing.T) {
	f := film(t, "river", 3, 96, 72)
	marks, _, _ := f.Staff()
	wall, from := f.stage.albedo, f.From
	for seed := range uint64(50) {
		stood := f.Truth(f.Length).Level
		f.Draw(f.Length)
		f.Again(seed + 4)
		if is := f.Truth(0).Level; math.Abs(is-stood) > 1e-9 {
			t.Fatalf("seed %d: the water stood at %v m and goes on from %v", seed, stood, is)
		}
		if is := f.Truth(f.Length).Level; !(is > 0.2 && is < 1.7) {
			t.Errorf("seed %d: the water leaves the staff: %v m", seed, is)
		}
		if f.Draw(0); f.lens.gain < leastGain || f.lens.gain > mostGain {
			t.Fatalf("seed %d: a gain of %v", seed, f.lens.gain)
		}
	}
	if again, _, _ := f.Staff(); again != marks || &f.stage.albedo[0] != &wall[0] || f.From == from {
		t.Errorf("the staff was at %v and is at %v; what happens begins at %v, then at %v", marks, again, from, f.From)
	}
}

func TestWhatCannotBeFilmed(t *testing.T) {
	for _, c := range []struct {
		kind string
		w, h int
	}{{"sunrise", 320, 240}, {"smoke", 63, 240}, {"smoke", 320, 1921}} {
		if _, err := New(c.kind, 1, c.w, c.h); err == nil {
			t.Errorf("%s of %d × %d is filmed", c.kind, c.w, c.h)
		}
	}
}

func BenchmarkFilm(b *testing.B) {
	for _, kind := range []string{"street", "flame", "river"} {
		b.Run(kind, func(b *testing.B) {
			f := film(b, kind, 1, 320, 240)
			n := 0
			for b.Loop() {
				if _, _, err := f.JPEG(f.From + time.Duration(n)*time.Second); err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
	}
}
