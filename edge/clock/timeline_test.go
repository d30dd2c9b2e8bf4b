package clock

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

const (
	bootID = "d2cba9a4-6f1c-4e90-ac85-9364e3d8ef20"
	hour   = int64(3_600_000)
	truth  = int64(1_795_291_200_000) // wall time at boot, in these tests
)

func line(t *testing.T, anchors ...Anchor) *Timeline {
	t.Helper()
	tl := &Timeline{Boot: bootID}
	for _, a := range anchors {
		if err := tl.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	return tl
}

func TestTimelineDates(t *testing.T) {
	first := Anchor{FromKernel, 60_000, truth + 60_000, 5}
	for _, c := range []struct {
		name    string
		anchors []Anchor
		at      int64
		unix    int64
		err     int64
	}{
		{"at the anchor", []Anchor{first}, 60_000, truth + 60_000, 5},
		{"behind it", []Anchor{first}, 61_000, truth + 61_000, 5},
		{"a day behind it, with drift", []Anchor{first}, 60_000 + 24*hour, truth + 60_000 + 24*hour, 5 + 8640},
		{"before it: the board began in 1970", []Anchor{first}, 1_000, truth + 1_000, 10},
		{"a jump forward", []Anchor{first, {FromKernel, 120_000, truth + 2*hour, 7}}, 120_000, truth + 2*hour, 7},
		{"just before the jump", []Anchor{first, {FromKernel, 120_000, truth + 2*hour, 7}}, 119_999, truth + 119_999, 10},
		{"a step back is not taken at once", []Anchor{first, {FromKernel, 120_000, truth + 110_000, 7}}, 120_000, truth + 120_000, 7 + 10_000},
		{"half speed meanwhile", []Anchor{first, {FromKernel, 120_000, truth + 110_000, 7}}, 130_000, truth + 125_000, 8 + 5_000},
		{"caught up", []Anchor{first, {FromKernel, 120_000, truth + 110_000, 7}}, 140_000, truth + 130_000, 9},
		{"and on", []Anchor{first, {FromKernel, 120_000, truth + 110_000, 7}}, 150_000, truth + 140_000, 10},
		{"hours back: held for twice as long", []Anchor{first, {FromKernel, 120_000, truth + 120_000 - 3*hour, 7}}, 120_000 + 2*hour, truth + 120_000 + hour, 7 + 720 + 2*hour},
	} {
		unix, err, trusted := line(t, c.anchors...).Unix(c.at)
		if unix != c.unix || err != c.err || !trusted {
			t.Errorf("%s: Unix(%d) = %d ± %d, %v, want %d ± %d", c.name, c.at, unix, err, trusted, c.unix, c.err)
		}
	}
	if unix, err, trusted := new(Timeline).Unix(5); unix != 0 || err != 0 || trusted {
		t.Errorf("without an anchor: %d ± %d, %v", unix, err, trusted)
	}
}

func TestTimelineRefuses(t *testing.T) {
	tl := line(t, Anchor{FromKernel, 1000, truth, 5})
	for name, a := range map[string]Anchor{
		"1970":      {FromKernel, 2000, 2000, 5},
		"2101":      {FromKernel, 2000, 4_134_000_000_000, 5},
		"backward":  {FromKernel, 999, truth, 5},
		"same":      {FromKernel, 1000, truth, 5},
		"negative":  {FromKernel, -1, truth, 5},
		"error":     {FromKernel, 2000, truth, -5},
		"no source": {"", 2000, truth, 5},
	} {
		if err := tl.Add(a); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for i := int64(2); i <= MaxAnchors; i++ {
		if err := tl.Add(Anchor{FromUplink, 1000 * i, truth + 1000*i, 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := tl.Add(Anchor{FromUplink, 1 << 40, truth + 1<<40, 1}); !errors.Is(err, ErrFull) {
		t.Errorf("one too many: %v", err)
	}
}

// Whatever the anchors, time rises, and what was dated keeps its date when more
// anchors come and when the timeline is read back.
func TestTimelineLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tl := &Timeline{Boot: bootID, After: rapid.SampledFrom([]int64{0, truth - hour, truth + hour}).Draw(t, "after")}
		boot := int64(0)
		var dated [][2]int64
		for range rapid.IntRange(1, 12).Draw(t, "anchors") {
			boot += rapid.Int64Range(1, 2*hour).Draw(t, "later")
			off := rapid.Int64Range(-3*hour, 3*hour).Draw(t, "off")
			if err := tl.Add(Anchor{FromKernel, boot, truth + boot + off, 5}); err != nil {
				t.Fatal(err)
			}
			for range 5 {
				boot += rapid.Int64Range(2, hour).Draw(t, "step")
				unix, err, trusted := tl.Unix(boot)
				if !trusted || err < 5 {
					t.Fatalf("Unix(%d) = %d ± %d, %v", boot, unix, err, trusted)
				}
				if n := len(dated); n > 0 && unix <= dated[n-1][1] {
					t.Fatalf("Unix(%d) = %d, Unix(%d) = %d", dated[n-1][0], dated[n-1][1], boot, unix)
				}
				dated = append(dated, [2]int64{boot, unix})
			}
		}
		text, err := json.Marshal(Run{Timeline: tl})
		if err != nil {
			t.Fatal(err)
		}
		var back Run
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		for _, d := range dated {
			for _, line := range []*Timeline{tl, back.Timeline, tl.Clone()} {
				if unix, _, _ := line.Unix(d[0]); unix != d[1] {
					t.Fatalf("Unix(%d) was %d and is %d", d[0], d[1], unix)
				}
			}
		}
	})
}

func BenchmarkUnix(b *testing.B) {
	tl := &Timeline{Boot: bootID}
	for i := int64(1); i <= 500; i++ {
		if err := tl.Add(Anchor{FromKernel, i * hour, truth + i*hour, 5}); err != nil {
			b.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	b.ReportAllocs()
	for b.Loop() {
		tl.Unix(r.Int64N(500 * hour))
	}
}
