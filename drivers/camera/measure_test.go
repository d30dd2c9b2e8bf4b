package camera

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

func planned(t *testing.T, options string) (*drivers.Plan, error) {
	t.Helper()
	return plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(options))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
}

func TestMeasureOptions(t *testing.T) {
	const url = "{url: 'http://cam/', "
	for _, c := range []struct{ options, key, want string }{
		{"measure: [motion, fire]", "measure", `"fire" is not measured; write clarity, motion, tamper, smoke, flame`},
		{"measure: [smoke, smoke]", "measure", "twice"},
		{"masks: [[[0, 0], [1, 0]]]", "masks", "area 1: 2 corners"},
		{"masks: [[[0, 0], [1, 0, 2], [0, 1]]]", "masks", "area 1: write each corner as [x, y]"},
		{"zones: {yard: [[0, 0], [1, 0], [2, 1]]}", "zones.yard", "corner 3, [2, 1], is outside the picture"},
		{"zones: {The Yard: [[0, 0], [1, 0], [1, 1]]}", "zones.The Yard", "cannot be part of a channel's name"},
		{"zones: {yard: [[0, 0], [1, 0], [1, 1]]}, zone_least: {yard: 0.9}", "zone_least.yard", "0.9; write 0.0005 to 0.5"},
		{"zones: {yard: [[0, 0], [1, 0], [1, 1]]}, zone_least: {yard: 0}", "zone_least.yard", "nothing has no size"},
		{"zones: {yard: [[0, 0], [1, 0], [1, 1]]}, zone_least: {gate: 0.01}", "zone_least.gate", `there is no zone "gate"; write it under zones`},
		{"masks: [[[0, 0], [1, 1], [1, 0], [0, 1]]]", "masks", "area 1: the sides from corner 1 and from corner 3 cross"},
		{"zones: {yard: [[0, 0], [1, 1], [1, 0], [0, 1]]}", "zones.yard", "the sides from corner 1 and from corner 3 cross"},
		{"masks: [[[0, 0], [1, 1], [0.5, 0.5]]]", "masks", "hardly any area"},
		{"measure: [smoke], fire_areas: [[[0, 0], [1, 0], [0, 2]]]", "fire_areas", "area 1: corner 3, [0, 2], is outside the picture"},
		{"measure: [motion], fire_areas: [[[0, 0], [1, 0], [0, 1]]]", "fire_areas", "nobody looks for smoke or flame"},
		{"staff: {marks: [[0.5, 0.2, 3]], width: 0.1}", "staff.marks", "write two marks"},
		{"staff: {marks: [[0.5, 0.2, 1], [0.5, 0.8, 3]], width: 0.1}", "staff.marks", "swapped"},
		{"staff: {marks: [[0.5, 0.2, 3], [0.5, 0.8, 1]], width: 0.1, lowest: 3, highest: 2}", "staff.lowest", "it reads from 3 to 2 m"},
		{"staff: {marks: [[0.5, 0.2, 3], [0.5, 0.8, 1]], width: 0.1, highest: -2}", "staff.highest", "the other end is 0 m, half of the marks' distance beyond them"},
		{"staff: {marks: [[0.5, 0.2, 3], [0.5, 0.8, 1]], width: 0.1, lowest: 4}", "staff.lowest", "the other end is 4 m"},
		{"staff: {marks: [[0.5, 0.2, 3], [0.5, 0.8, 1]], width: 0.1, lowest: 0, highest: 0}", "staff.lowest", "it reads from 0 to 0 m"},
	} {
		_, err := planned(t, url+c.options+"}")
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != c.key || !strings.Contains(o.Msg, c.want) {
			t.Errorf("%s: %v, want %s: %s", c.options, err, c.key, c.want)
		}
	}
}

const all = "measure: [flame, motion, tamper, smoke, clarity], zone_least: {gate: 0.02}, fire_areas: [[[0, 0], [1, 0], [1, 1]]], zones: {yard: [[0, 0], [1, 0], [1, 1]], gate: [[0, 0], [1, 1], [0, 1]]}, " +
	"masks: [[[0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5]]], staff: {marks: [[0.5, 0.2, 3], [0.5, 0.8, 1]], width: 0.1}"

// An address that is none hides no mistake of the line or the size beside it.
func TestMistakesBesideAnAddress(t *testing.T) {
	for options, keys := range map[string]string{
		"{url: 'vc0706:eye', size: 321x240, baud: 12345}":   "url baud size",
		"{url: 'v4l2:eye', size: 321}":                      "url size",
		"{url: 'http:', size: 640x480}":                     "url",
		"{url: 'hydrocam:eye', baud: 9600, size: 640x480}":  "url baud",
		"{url: 'vc0706:/dev/eye', size: 320x240, baud: 12}": "baud",
	} {
		_, err := planned(t, options)
		var got []string
		var walk func(error)
		walk = func(err error) {
			var o *drivers.OptionError
			if many, ok := err.(interface{ Unwrap() []error }); ok {
				for _, one := range many.Unwrap() {
					walk(one)
				}
			} else if errors.As(err, &o) {
				got = append(got, o.Key)
			}
		}
		walk(err)
		if strings.Join(got, " ") != keys {
			t.Errorf("%s: %q, want %q: %v", options, got, keys, err)
		}
	}
}

// The channels are those that are asked for, in an order that does not depend on the
// order of asking, and the other process is told to measure the same.
func TestMeasuredChannels(t *testing.T) {
	p, err := planned(t, "{url: 'http://cam/', apart: true, "+all+"}")
	if err != nil {
		t.Fatal(err)
	}
	const want = "brightness sharpness clarity motion tamper.blocked tamper.defocused tamper.moved tamper.frozen tamper.dark tamper.glare smoke flame presence.gate presence.yard level"
	names := func(p *drivers.Plan) string {
		var all []string
		for _, c := range p.Channels {
			all = append(all, c.Name)
		}
		return strings.Join(all, " ")
	}
	if got := names(p); got != want {
		t.Errorf("channels %s", got)
	}
	if c := p.Channels[len(p.Channels)-1]; c.Min != 0 || c.Max != 4 {
		t.Errorf("a staff from 1 to 3 m is read from %v to %v m", c.Min, c.Max)
	}
	told, err := planned(t, p.Apart.Options)
	if err != nil || names(told) != want || told.Apart != nil {
		t.Errorf("the other process is told %s: %v", p.Apart.Options, err)
	}
}

// What is masked is black in the still, whatever the camera hides beside the picture, and
// takes no part in what is measured; the rest is as it was.
func TestMasksAreBurntIn(t *testing.T) {
	secret := []byte("a small copy of the picture")
	m := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			m.Set(x, y, color.RGBA{uint8(x), uint8(200 - y/2), 90, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	comment := append([]byte{0xFF, 0xFE, 0, byte(2 + len(secret))}, secret...)
	page := bytes.Join([][]byte{b.Bytes()[:2], comment, b.Bytes()[2:]}, nil)
	p, err := planned(t, "{url: 'http://cam/still.jpg', "+all+"}")
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.OpenHTTP(&drivertest.Fetcher{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) })})
	if err != nil {
		t.Fatal(err)
	}
	rs, err := d.Sample(t.Context())
	if err != nil || len(rs) != len(p.Channels) {
		t.Fatalf("%d readings, %v", len(rs), err)
	}
	still, ok := d.(drivers.StillSource).Still()
	if !ok || bytes.Contains(still, secret) {
		t.Fatal("the still holds what the camera wrote beside the picture")
	}
	got, err := jpeg.Decode(bytes.NewReader(still))
	if err != nil {
		t.Fatal(err)
	}
	for y := range 240 {
		for x := range 320 {
			r, g, _, _ := got.At(x, y).RGBA()
			switch masked := x < 160 && y < 120; {
			case masked && x < 150 && y < 110 && max(r, g) > 0x0800:
				t.Fatalf("the mask lets %d, %d through: %04x %04x", x, y, r, g)
			case !masked && (x > 170 || y > 130) && g < 0x3000:
				t.Fatalf("beside the mask %d, %d is black", x, y)
			}
		}
	}
}

// What is known of the view is given away to be kept once an hour, from the eleventh minute
// on, and a driver that was opened with it judges the first picture by it.
func TestTheViewIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := func(options string) drivers.Driver {
			p, err := planned(t, options)
			if err != nil {
				t.Fatal(err)
			}
			d, err := p.OpenHTTP(&drivertest.Fetcher{Handler: living(t)})
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		moved := func(d drivers.Driver) obs.Reading {
			rs, err := d.Sample(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return rs[4] // behind brightness, sharpness, blocked and defocused
		}
		const options = "{url: 'http://cam/still.jpg', measure: [tamper]}"
		d := open(options)
		var at []int
		var kept []byte
		for n := range 500 { // 83 minutes
			moved(d)
			if b := d.(drivers.Stateful).State(); b != nil {
				at, kept = append(at, n/6), b
			}
			time.Sleep(10 * time.Second)
		}
		if !slices.Equal(at, []int{10, 70}) || len(kept) > 1024 {
			t.Fatalf("%d bytes are kept in the minutes %v, want 10 and 70", len(kept), at)
		}
		again := open(options)
		if err := again.(drivers.Stateful).Restore(kept); err != nil {
			t.Fatal(err)
		}
		if got := moved(again); got != obs.Of(0) {
			t.Errorf("after a restart moved is %+v", got)
		}
		if got := moved(open(options)); got.Quality != obs.None(obs.WarmUp).Quality {
			t.Errorf("of a camera that is new, moved is %+v", got)
		}
		if err := again.(drivers.Stateful).Restore(kept[1:]); err == nil || !strings.HasPrefix(err.Error(), "camera: what was kept of the view") {
			t.Errorf("half of what was kept: %v", err)
		}
		plain := open("{url: 'http://cam/still.jpg'}").(drivers.Stateful)
		if err := plain.Restore(kept); err != nil || plain.State() != nil {
			t.Errorf("nothing is looked for: %v", err)
		}
	})
}

// Of lowest and highest each that is not written is half of the marks' distance beyond the
// mark on its side, and 0 is a level as any other: for the channel, for the eye and for the
// process that is apart.
func TestEachEndOfAStaffIsItsOwn(t *testing.T) {
	for _, c := range []struct {
		options   string
		low, high float64
		eye       [2]float64 // 0, 0: it takes the same, as far as it sees a staff
	}{
		{"", -1.5, 2.5, [2]float64{}},
		{", lowest: -0.9", -0.9, 2.5, [2]float64{-0.9, 2.5}},
		{", highest: -0.3", -1.5, -0.3, [2]float64{-1.5, -0.3}},
		{", lowest: 0", 0, 2.5, [2]float64{0, 2.5}},
		{", highest: 0", -1.5, 0, [2]float64{-1.5, 0}},
		{", lowest: -1, highest: 0", -1, 0, [2]float64{-1, 0}},
	} {
		text := "{url: 'http://cam/', apart: true, staff: {marks: [[0.5, 0.2, 1.5], [0.5, 0.8, -0.5]], width: 0.1" + c.options + "}}"
		p, err := planned(t, text)
		if err != nil {
			t.Errorf("%s: %v", c.options, err)
			continue
		}
		ch := p.Channels[len(p.Channels)-1]
		again, err := planned(t, p.Apart.Options)
		if err != nil {
			t.Fatalf("%s: apart: %v", c.options, err)
		}
		there := again.Channels[len(again.Channels)-1]
		if ch.Name != "level" || ch.Min != c.low || ch.Max != c.high || there.Min != c.low || there.Max != c.high {
			t.Errorf("%s: %s from %v to %v, apart from %v to %v, want %v to %v", c.options, ch.Name, ch.Min, ch.Max, there.Min, there.Max, c.low, c.high)
		}
		doc, err := yamldoc.Parse("options", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var o options
		if err := doc.Decode(&o); err != nil {
			t.Fatal(err)
		}
		s, err := o.Staff.staff()
		if err != nil || [2]float64{s.Lowest, s.Highest} != c.eye {
			t.Errorf("%s: the eye reads from %v to %v (%v), want %v", c.options, s.Lowest, s.Highest, err, c.eye)
		}
	}
}
