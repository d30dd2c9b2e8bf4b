package vision

import (
	"bytes"
	"errors"
	"image"
	"math"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// lived is what an eye keeps that has seen a view for eleven minutes, from an hour on.
func lived(t testing.TB, c Config, view func(n int) image.Image, from time.Time) []byte {
	t.Helper()
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 67 {
		if kept := e.Keep(); n < 60 && kept != nil {
			t.Fatalf("after %d pictures it keeps %d bytes", n, len(kept))
		}
		if _, err := e.Look(view(n), from.Add(time.Duration(n)*10*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	return e.Keep()
}

// Who starts again knows the view and the hours: what was done to the camera while it was off
// is told as if it had been seen, in a minute, and a camera to which nothing was done is well
// from the first picture on.
func TestAViewIsKept(t *testing.T) {
	long(t)
	good := wall{noise: 4}
	kept := lived(t, Config{}, func(n int) image.Image { return good.picture(n) }, noon)
	if len(kept) == 0 || len(kept) > 1024 {
		t.Fatalf("%d bytes are kept, want 1 to 1024", len(kept))
	}
	yard := Config{Zones: []Zone{{Area: Polygon{{0, 0}, {1, 0}, {1, 1}}}}}
	for name, c := range map[string]struct {
		config Config
		view   wall
		want   string
		warm   bool // judged from the first picture on
	}{
		"as it was":            {Config{}, good, "", true},
		"another exposure":     {Config{}, wall{gain: 0.75, noise: 4}, "", true},
		"in gusts":             {Config{}, wall{dx: 1, noise: 4}, "", true},
		"turned":               {Config{}, wall{dx: 17, dy: 4, noise: 4}, "moved ", true},
		"turned a little":      {Config{}, wall{dx: 6, noise: 4}, "moved ", true},
		"turned away":          {Config{}, wall{dx: 9000, dy: 700, noise: 4}, "moved ", true},
		"out of focus":         {Config{}, wall{soft: 4, noise: 4}, "defocused ? ", true},
		"covered":              {Config{}, wall{contrast: 0.99, gain: 0.5, noise: 6}, "blocked ? ? ", true},
		"in the dark":          {Config{}, wall{gain: 0.03, noise: 3}, "? ? ? dark ", true},
		"told another view":    {yard, wall{dx: 9000, dy: 700, noise: 4}, "", false},
		"an hour not yet seen": {Config{}, good, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := New(c.config)
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Recall(kept); err != nil {
				t.Fatal(err)
			}
			at := noon.Add(24 * time.Hour)
			if name == "an hour not yet seen" {
				at = at.Add(5 * time.Hour)
			}
			var s Seen
			for n := range 25 { // two minutes
				if s, err = e.Look(c.view.picture(n+500), at.Add(time.Duration(n)*5*time.Second)); err != nil {
					t.Fatal(err)
				}
				if warm := s.Tamper[Moved].Quality.Why != obs.WarmUp; n == 1 && warm != c.warm {
					t.Errorf("in the second picture it is judged: %v, want %v", warm, c.warm)
				}
				if c.want == "" && c.warm && tampers(s) != "" {
					t.Fatalf("picture %d: told as %s", n, tampers(s))
				}
			}
			if got := tampers(s); got != c.want {
				t.Errorf("told as %q, want %q", got, c.want)
			}
			if c.want == "" && c.warm && math.Abs(s.Clarity.Value-100) > 45 {
				t.Errorf("its clarity is %+v", s.Clarity)
			}
		})
	}
}

// An eye that doubts what it sees keeps nothing, and what it recalls it keeps again alike.
func TestKeepAgain(t *testing.T) {
	long(t)
	good := wall{noise: 4}
	view := func(n int) image.Image { return good.picture(n) }
	kept := lived(t, Config{}, view, noon)
	e, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Recall(kept); err != nil {
		t.Fatal(err)
	}
	if again := e.Keep(); again != nil {
		t.Errorf("before the first picture %d bytes are kept", len(again))
	}
	if u, v := e.tamper.hours[noon.Hour()], e.tamper.lately; u.seconds < hourSeconds || v.fine <= 0 || v.coarse <= 0 || v.edges <= 0 || e.tamper.hours[3].seconds != 0 {
		t.Errorf("recalled %+v, %+v", u, v)
	}
	if _, err := e.Look(wall{dx: 9000, noise: 4}.picture(1), noon); err != nil {
		t.Fatal(err)
	}
	if e.tamper.known = 2 * hourSeconds; e.Keep() != nil {
		t.Error("another view is kept")
	}
}

func TestRecallRefuses(t *testing.T) {
	good := wall{noise: 4}
	kept := lived(t, Config{}, func(n int) image.Image { return good.picture(n % 4) }, noon)
	change := func(at int, to ...byte) []byte {
		b := bytes.Clone(kept)
		copy(b[at:], to)
		return b
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "cut": kept[:len(kept)-1], "longer": append(bytes.Clone(kept), 0), "of another form": change(0, 2),
		"a step of nothing": change(6, 0, 0, 0, 0), "a step that is no number": change(6, 0x7f, 0xc0, 0, 0), "a view that cannot be": change(keptHead, 125),
	} {
		e, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Recall(b); !errors.Is(err, ErrKept) || e.tamper.known != 0 {
			t.Errorf("%s: %v, %v s are known", name, err, e.tamper.known)
		}
	}
}

// FuzzRecall holds that whatever was kept, what an eye says afterwards is a number with a
// quality or none with a reason.
func FuzzRecall(f *testing.F) {
	good := wall{noise: 4}
	f.Add(lived(f, Config{}, func(n int) image.Image { return good.picture(n % 4) }, noon))
	f.Add([]byte{keptForm})
	m := good.picture(1)
	f.Fuzz(func(t *testing.T, kept []byte) {
		e, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Recall(kept); err != nil && !errors.Is(err, ErrKept) {
			t.Fatal(err)
		}
		for n := range 2 {
			s, err := e.Look(m, noon.Add(time.Duration(n)*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			s.each(func(r *obs.Reading) {
				if math.IsInf(r.Value, 0) || math.IsNaN(r.Value) != (r.Quality.Flag == obs.Missing) {
					t.Fatalf("%+v", *r)
				}
			})
		}
	})
}
