package vision

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// deed is what somebody does to a camera, from one moment to another.
type deed struct {
	state    State
	name     string
	from, to time.Duration
	view     func(n int) image.Image
}

// covered is a wall behind a cloth that leaves a share of it free at the right, and whose
// noise the camera amplifies, by so many levels to either side.
func covered(free float64, noise int) func(n int) image.Image {
	return few(func(n int) image.Image {
		m, bare := wall{noise: noise, contrast: 0.999, gain: 0.4}.picture(n), wall{noise: 4}.picture(n)
		for y := range height {
			from := int((1 - free) * width)
			copy(m.Y[y*width+from:(y+1)*width], bare.Y[y*width+from:(y+1)*width])
		}
		return m
	})
}

// few makes a handful of pictures do for many.
func few(view func(n int) image.Image) func(n int) image.Image {
	var all [5]image.Image
	for i := range all {
		all[i] = view(i)
	}
	return func(n int) image.Image { return all[n%len(all)] }
}

func walls(w wall) func(n int) image.Image {
	return few(func(n int) image.Image { return w.picture(n) })
}

// kinds is what may be done, and nothing.
var kinds = sync.OnceValue(func() []deed {
	return []deed{
		{Blocked, "a cloth", 0, 0, covered(0, 4)},
		{Blocked, "most of a cloth", 0, 0, covered(0.12, 4)},
		{Blocked, "a cloth that is nearly black", 0, 0, covered(0.06, 20)},
		{Defocused, "a lens out of focus", 0, 0, walls(wall{soft: 4, noise: 4})},
		{Moved, "a turned camera", 0, 0, walls(wall{dx: 17, dy: 4, noise: 4})},
		{Dark, "a night without light", 0, 0, walls(wall{gain: 0.03, noise: 3})},
		{Glare, "a lamp in the eye", 0, 0, walls(wall{gain: 2.4, noise: 4})},
		{States, "nothing", 0, 0, walls(wall{noise: 4})},
	}
})

// deeds are done one after another, with some minutes between them.
func deeds(r *rand.Rand) (all []deed) {
	kinds := kinds()
	at := 3 * time.Minute
	for range 6 {
		d := kinds[r.IntN(len(kinds)-1)]
		if r.IntN(2) == 0 { // the same is done again, as often as not
			d = kinds[r.IntN(3)]
		}
		d.from = at
		d.to = at + time.Duration(4+r.IntN(4))*time.Minute
		at = d.to + time.Duration(3+r.IntN(3))*time.Minute
		all = append(all, d)
	}
	return all
}

// pauses is how long nothing comes, once in a while, on a machine that stands still.
func pauses(r *rand.Rand, kind int) time.Duration {
	switch kind {
	case 0: // none
		return 2 * time.Second
	case 1: // seconds
		if r.IntN(3) == 0 {
			return time.Duration(4000+r.IntN(18000)) * time.Millisecond
		}
		return 2 * time.Second
	case 2: // always half a minute: a slow camera
		return 30 * time.Second
	}
	if r.IntN(20) == 0 { // minutes, now and then
		return time.Duration(60+r.IntN(1500)) * time.Second
	}
	return 3 * time.Second
}

// What was done to a camera is told after its patience and three pictures that show it,
// however long no picture came before or between, and how often it was done before; not
// sooner, and until then it is never said to be well.
func TestNoGapHidesADeed(t *testing.T) {
	long(t)
	for seed := range uint64(4) {
		for kind := range 4 {
			t.Run(fmt.Sprintf("seed %d pauses %d", seed, kind), func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(seed, uint64(kind)))
				watchDeeds(t, r, deeds(r), kind)
			})
		}
	}
}

func watchDeeds(t *testing.T, r *rand.Rand, todo []deed, kind int) {
	t.Helper()
	e, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	end, told := todo[len(todo)-1].to+3*time.Minute, 0
	var shown deed
	var first time.Duration
	times, was := 0, false
	for n, at := 0, time.Duration(0); at < end; n++ {
		at += 2 * time.Second
		if at > 2*time.Minute { // the view is known
			at += pauses(r, kind) - 2*time.Second
		}
		now := kinds()[len(kinds())-1]
		for _, d := range todo {
			if at >= d.from && at < d.to {
				now = d
			}
		}
		if now.from != shown.from || times == 0 {
			was = now.state == shown.state || now.state != States && e.tamper.on(now.state) // it goes on
			shown, first, times = now, at, 0
		}
		times++
		s, err := e.Look(now.view(n), noon.Add(at))
		if err != nil {
			t.Fatal(err)
		}
		if now.state == States {
			continue
		}
		got := s.Tamper[now.state]
		lasted := (at - first).Seconds()
		switch {
		case got.Quality.Usable() && got.Value == 0:
			t.Fatalf("%v: %s, seen for %.0f s in %d pictures, is told as good", at, now.name, lasted, times)
		case lasted >= patience[now.state] && times >= leastTimes+1 && !(got.Quality.Usable() && got.Value == 1):
			t.Fatalf("%v: %s, seen for %.0f s in %d pictures, is told as %+v; left %.2f", at, now.name, lasted, times, got, e.tamper.left)
		case got.Value == 1 && !was && lasted < patience[now.state]:
			t.Fatalf("%v: %s is told, seen for %.0f s only", at, now.name, lasted)
		case got.Value == 1:
			told++
		}
	}
	if told == 0 && kind < 3 {
		t.Fatalf("nothing was told of %d deeds", len(todo))
	}
}

// A cloth that stays stays told: it never becomes the camera's view.
func TestACoverIsNeverLearned(t *testing.T) {
	long(t)
	good, cloth := walls(wall{noise: 4}), covered(0.1, 4)
	all := watch(t, Config{}, noon, 1000, 30*time.Second, func(at time.Duration) image.Image {
		if n := int(at.Seconds()); n >= 600 {
			return cloth(n / 30)
		}
		return good(int(at.Seconds() / 30))
	})
	for n, s := range all[30:] {
		if got := s.Tamper[Blocked]; got != obs.Of(1) {
			t.Fatalf("after %d pictures: %+v", n+30, got)
		}
	}
}

// The first picture after a restart, or after a pause, is no more than one picture: a turn too
// small to be told does not become the view by it.
func TestOnePictureIsNoView(t *testing.T) {
	long(t)
	good := wall{noise: 4}
	kept := lived(t, Config{}, func(n int) image.Image { return good.picture(n) }, noon)
	e, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Recall(kept); err != nil {
		t.Fatal(err)
	}
	before, trust := e.tamper.gx, e.tamper.trust
	if _, err := e.Look(wall{dx: 3, noise: 4}.picture(1), noon); err != nil {
		t.Fatal(err)
	}
	if e.tamper.gx != before || e.tamper.trust != trust {
		t.Errorf("after one picture the view is trusted by %.2f, was %.2f, and is another one: %t", e.tamper.trust, trust, e.tamper.gx != before)
	}
}

// lorry stands before most of a view: its planks are sharp, and has fewer edges than what it hides.
func lorry() func(n int) image.Image {
	return few(func(n int) image.Image {
		m := wall{noise: 4}.picture(n)
		for y := height / 10; y < height; y++ {
			for x := range width {
				v := 150
				if x/24%2 == 0 {
					v = 110
				}
				m.Y[y*width+x] = uint8(v + (x*7+y*13+n*29)%9 - 4)
			}
		}
		return m
	})
}

// What hides the view and is sharp and still becomes the view after hours of being seen; a
// cloth, or a view that nobody can see, does not.
func TestWhatStandsThereBecomesTheView(t *testing.T) {
	long(t)
	good, stands, cloth, night := walls(wall{noise: 4}), lorry(), covered(0.1, 4), walls(wall{gain: 0.03, noise: 3})
	for _, c := range []struct {
		name  string
		view  func(hour int) func(n int) image.Image
		after float64 // hours after which it is well again; 0: not in thirty
	}{
		{"a lorry", func(int) func(n int) image.Image { return stands }, 12.1},
		{"a lorry, dark for six hours", func(h int) func(n int) image.Image {
			if h >= 4 && h < 10 {
				return night
			}
			return stands
		}, 18.5},
		{"a cloth", func(int) func(n int) image.Image { return cloth }, 0},
		{"a lorry that goes", func(h int) func(n int) image.Image {
			if h%8 == 7 {
				return good
			}
			return stands
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, err := New(Config{})
			if err != nil {
				t.Fatal(err)
			}
			at := noon
			look := func(view func(n int) image.Image, n int) Seen {
				at = at.Add(time.Minute)
				s, err := e.Look(view(n), at)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			for n := range 60 {
				look(good, n)
			}
			told, well := false, 0.0
			for n := range 30 * 60 {
				s := look(c.view(n/60), n)
				told = told || s.Tamper[Blocked] == obs.Of(1)
				if e.Learning().Renewed > 0 && s.Tamper[Blocked] == obs.Of(0) {
					well = float64(n) / 60
					break
				}
			}
			if !told {
				t.Error("it was never told")
			}
			if math.Abs(well-c.after) > 0.3 {
				t.Errorf("well after %.2f h, want %.2f; stood for %v", well, c.after, e.Learning().Stands)
			}
			if c.after == 0 {
				return
			}
			for n := range 30 {
				if s := look(good, n); s.Tamper[Moved] == obs.Of(1) || s.Tamper[Blocked] == obs.Of(1) {
					return
				}
			}
			t.Error("the view that was before is the new one's too")
		})
	}
}
