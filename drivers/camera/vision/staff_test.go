package vision

import (
	"image"
	"math"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// The known vector: a staff of ten-row marks down to row 96, water from row 97 on. The
// largest step between neighbouring rows is a mark; the deviation tells the water.
func TestLineOfAKnownStrip(t *testing.T) {
	s := &staff{lay: layout{rows: 160, window: 20, decimetre: 20, lower: 160}, n: 1}
	for y := range 160 {
		for x := range stripCols {
			v := 90 + (7*y+13*x)%11 - 5
			if y <= 96 {
				v = 40 + 170*((y/10+1)%2)
			}
			s.strips[0][y*stripCols+x] = uint8(v)
		}
	}
	s.mix()
	s.marks.measure(&s.median, s.lay.rows, s.lay.decimetre)
	row, ok := s.line()
	if !ok || math.Abs(row-97) > 0.5 {
		t.Errorf("the line is at %v, %v; want 97", row, ok)
	}
}

// river is a picture with a staff of five-centimetre marks that is 48 pixels wide; metres
// count from the lower mark, and water stands at level.
func river(level float64, shine float64, at time.Duration) *image.Gray {
	return drawn(640, 480, func(x, y int) uint8 {
		grain := float64((x*7919+y*104729+int(at.Milliseconds())*31)%13) - 6
		z := (400 - float64(y) - 0.5) / 150
		v := 100 + 20*math.Sin(float64(x)/9)*math.Cos(float64(y)/13)
		staff := x >= 296 && x < 344
		if staff && z > level {
			v = 60 + 170*float64(int(math.Floor(z*20))&1)
			if x < 320 {
				v = 230
			}
		} else if z <= level {
			v = 85 + 8*math.Sin(float64(x)/17+at.Seconds()) + 6*math.Sin(float64(y)/5-at.Seconds())
			if mirror := 2*level - z; staff && int(math.Floor(mirror*20))&1 != 0 {
				v += 100 * shine
			}
		}
		return uint8(min(max(v+grain, 0), 255))
	})
}

var riverStaff = &Staff{Marks: [2]Mark{{Point{0.5, 100.0 / 480}, 2}, {Point{0.5, 400.0 / 480}, 0}}, Width: 48.0 / 640, Lowest: -0.4, Highest: 2.2}

func watch(t *testing.T, c Config, from time.Time, n int, every time.Duration, m func(time.Duration) image.Image) (all []Seen) {
	t.Helper()
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		s, err := e.Look(m(time.Duration(i)*every), from.Add(time.Duration(i)*every))
		if err != nil {
			t.Fatal(err)
		}
		s.Presence = append([]obs.Reading(nil), s.Presence...)
		all = append(all, s)
	}
	return all
}

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func TestStaffIsRead(t *testing.T) {
	for _, c := range []struct{ level, shine float64 }{{0.33, 0}, {0.8, 0}, {1.27, 0.25}, {1.6, 0.4}} {
		all := watch(t, Config{Staff: riverStaff}, noon, 12, time.Second, func(at time.Duration) image.Image { return river(c.level, c.shine, at) })
		got := all[len(all)-1].Level
		if got.Quality.Flag != obs.NotEvaluated || math.Abs(got.Value-c.level) > 0.015 {
			t.Errorf("water at %v m with a reflection of %v is read as %+v", c.level, c.shine, got)
		}
	}
}

// Without lowest and highest the range goes beyond the marks, into the sky: the staff is
// read all the same.
func TestStaffUnderTheSky(t *testing.T) {
	c := Config{Staff: &Staff{Marks: [2]Mark{{Point{0.5, 190.0 / 480}, 1.4}, {Point{0.5, 370.0 / 480}, 0.2}}, Width: 48.0 / 640}}
	all := watch(t, c, noon, 12, time.Second, func(at time.Duration) image.Image {
		m := river(0.5, 0, at)
		fill(m.Pix[:160*m.Stride], 190)
		return m
	})
	if got := all[len(all)-1].Level; !(math.Abs(got.Value-0.5) <= 0.015) {
		t.Errorf("water at 0.5 m is read as %+v", got)
	}
}

// stones is a busy wall without a staff, and water below it.
func stones(at time.Duration) *image.Gray {
	m := river(0.8, 0, at)
	for y := range 280 {
		for x := 280; x < 360; x++ {
			h := uint32(y/5)*2654435761 ^ uint32(x/6)*40503
			h = (h ^ h>>13) * 2246822519
			m.Pix[y*m.Stride+x] = uint8(60 + (h>>16)%140)
		}
	}
	return m
}

// What cannot be read is no number: a board before the staff, no water in sight, the
// staff under water, a plain wall, a covered lens.
func TestStaffThatCannotBeRead(t *testing.T) {
	board := func(at time.Duration) image.Image {
		m := river(0.8, 0, at)
		for y := 150; y < 240; y++ {
			fill(m.Pix[y*m.Stride+250:y*m.Stride+400], 120)
		}
		return m
	}
	for name, m := range map[string]func(time.Duration) image.Image{
		"a board before it": board,
		"no water in sight": func(at time.Duration) image.Image { return river(-9, 0, at) },
		"under water":       func(at time.Duration) image.Image { return river(9, 0, at) },
		"a wall of stones":  func(at time.Duration) image.Image { return stones(at) },
		"a plain wall":      func(time.Duration) image.Image { return drawn(640, 480, func(int, int) uint8 { return 128 }) },
	} {
		for i, s := range watch(t, Config{Staff: riverStaff}, noon, 12, time.Second, m) {
			if !math.IsNaN(s.Level.Value) || s.Level.Quality != (obs.Quality{Flag: obs.Missing, Why: obs.Unclear}) {
				t.Errorf("%s: picture %d reads %+v", name, i, s.Level)
				break
			}
		}
	}
}

// A level that jumps is not believed until it has stayed, with water below it; one that
// rises as rivers do is.
func TestLevelThatJumps(t *testing.T) {
	type seen struct {
		level, clock, laps float64
		want               bool
	}
	for name, all := range map[string][]seen{
		"a rise": {{1, 0, 9, true}, {1.05, 1, 9, true}, {1.1, 2, 9, true}, {1.15, 3, 9, true}, {1.2, 4, 9, true}, {1.9, 500, 9, true}},
		"a jump": {{1, 0, 9, true}, {1.05, 1, 9, true}, {1.5, 2, 9, false}, {1.06, 3, 9, true}, {1.5, 4, 9, false}, {1.51, 40, 9, false},
			{1.5, 60, 9, false}, {1.49, 80, 9, false}, {1.5, 95, 9, true}},
		"two jumps": {{1, 0, 9, true}, {1.8, 96, 9, false}, {2.2, 150, 9, false}, {1, 160, 9, true}},
		"what hangs before the staff, and goes": {{1, 0, 9, true}, {1, 3, 9, true}, {1.4, 6, 0, false}, {1.4, 100, 0, false}, {1.4, 200, 0, false},
			{1.4, 300, 1, false}, {1.4, 400, 0, false}, {1.4, 500, 20, false}, {1.4, 503, 20, false}, {1.02, 506, 9, true}},
		"what hangs there for more than an hour": {{1, 0, 9, true}, {1.4, 6, 0, false}, {1.4, 3000, 0, false}, {1.4, 3607, 0, true}},
		"ice, which never moved":                 {{1, 0, 0, true}, {1.4, 6, 0, false}, {1.4, 30, 0, false}, {1.4, 60, 0, false}, {1.4, 80, 0, false}, {1.4, 97, 0, true}},
	} {
		var tr track
		for _, c := range all {
			if got := tr.follow(c.level, c.clock, c.laps); got != c.want {
				t.Errorf("%s: %v m at %v s: %v, want %v", name, c.level, c.clock, got, c.want)
			}
		}
	}
}

// A raft of weed that hangs before the staff ends it as water does. It is no level, however
// long it stays, also not for who sees it first; when it has gone the water is read again.
func TestRaftBeforeTheStaff(t *testing.T) {
	for name, from := range map[string]int{"that comes": 15, "that was there first": 0} {
		raft := func(at time.Duration) image.Image {
			m := river(0.6, 0, at)
			for y := 310; y < 480; y++ { // waves
				for x := range m.Stride {
					m.Pix[y*m.Stride+x] += uint8(20 + 20*math.Sin(float64(x)/7+float64(y)/11+2.3*at.Seconds()))
				}
			}
			if n := int(at / (3 * time.Second)); n < from || n >= from+45 {
				return m
			}
			for y := 250; y < 340; y++ { // down from 1.0 m
				for x := 250; x < 400; x++ {
					m.Pix[y*m.Stride+x] = uint8(70 + (x*31+y*17)%19)
				}
			}
			return m
		}
		for i, s := range watch(t, Config{Staff: riverStaff}, noon, from+60, 3*time.Second, raft) {
			hidden, read := i >= from && i < from+45, s.Level.Quality.Usable()
			if read && math.Abs(s.Level.Value-0.6) > 0.02 || hidden && i > from+4 && read {
				t.Errorf("a raft %s, picture %d: it reads %+v", name, i, s.Level)
				break
			}
			if !read && (i >= 10 && i < from || i >= from+51) {
				t.Errorf("a raft %s, picture %d: nothing is read", name, i)
				break
			}
		}
	}
}
