package wire

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

const gw = "hz-gongshu-bridge-07"

var pass = obs.Quality{Flag: obs.Pass}

func stream(s string) obs.Stream {
	device, channel, _ := strings.Cut(s, "/")
	return obs.Stream{Device: device, Channel: channel}
}

func samplePack() *Pack {
	return &Pack{Gateway: gw, Epoch: "17-9f3ac2d1b07e", Ranges: []Range{{184202, 184204}}, Lane: Live, Values: []Value{
		{Stream: stream("river/level"), Unit: "m", Time: 1795291200400, V: 2.71, Quality: pass},
		{Stream: stream("air/pm2_5"), Unit: "ug/m3", Time: 1795291201200, V: 187, Quality: obs.Quality{Flag: obs.Suspect, Why: obs.Rate}},
		{Stream: stream("air/rh"), Unit: "%RH", Time: 1795291201200, V: 61.4, Quality: pass},
		{Stream: stream("sky/fault"), Time: 1795291201000, V: math.NaN(), Quality: obs.Quality{Flag: obs.Missing, Why: "timeout"}},
		{Stream: stream("well/level"), Time: 1795291202000, V: math.NaN(), Quality: obs.Quality{Flag: obs.Missing, Why: obs.NoEcho}},
		{Stream: stream("air/co2"), Unit: "ppm", Time: 1795291202001, V: 1e-7},
		{Stream: stream("river/level"), Unit: "m", Time: 1795291200000, V: 9, Quality: pass, Late: obs.Fail},
	}}
}

func sameValue(a, b Value) bool {
	if math.IsNaN(a.V) && math.IsNaN(b.V) {
		a.V, b.V = 0, 0
	}
	return a == b
}

// samePack compares packs as the store would: NaN equals NaN, the order of the
// streams is free, the order within a stream is not.
func samePack(t *testing.T, got, want *Pack) {
	t.Helper()
	byStream := func(a, b Value) int { return strings.Compare(a.Stream.String(), b.Stream.String()) }
	g, w := *got, *want
	g.Values, w.Values = slices.Clone(g.Values), slices.Clone(w.Values)
	slices.SortStableFunc(g.Values, byStream)
	slices.SortStableFunc(w.Values, byStream)
	if slices.EqualFunc(g.Values, w.Values, sameValue) && slices.Equal(g.Ranges, w.Ranges) &&
		g.Gateway == w.Gateway && g.Epoch == w.Epoch && g.Lane == w.Lane && g.Boot == w.Boot {
		return
	}
	if diff := cmp.Diff(&w, &g, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("pack differs (-want +got):\n%s", diff)
	}
}

func TestPackGolden(t *testing.T) {
	const want = `[{"bver":26,"bn":"hz-gongshu-bridge-07/","bt":1795291200,"n":"pack","vs":"17-9f3ac2d1b07e/184202-184204/live/1"},
{"n":"river/level","u":"m","v":2.71,"t":0.4},
{"n":"river/level","u":"m","v":9,"q2":4},
{"n":"air/pm2_5","u":"ug/m3","v":187,"t":1.2,"qc":3,"why":"rate"},
{"n":"air/rh","u":"%RH","v":61.4,"t":1.2},
{"n":"sky/fault","vs":"timeout","t":1},
{"n":"well/level","vs":"no-echo","t":2,"qc":9},
{"n":"air/co2","u":"ppm","v":1e-7,"t":2.001,"qc":2}]`
	var p Packer
	var u Unpacker
	got, err := p.Append(nil, samplePack())
	if err != nil || string(got) != want {
		t.Fatalf("Append = %s\n%v, want\n%s", got, err, want)
	}
	back, err := u.Unpack(gw, got)
	if err != nil {
		t.Fatal(err)
	}
	samePack(t, back, samplePack())
}

// A run of one stream names itself once.
func TestPackRuns(t *testing.T) {
	p := &Pack{Gateway: "g", Epoch: "1-000000000001", Ranges: []Range{{1, 4}, {7, 7}}, Lane: Backfill}
	for i := range int64(3) {
		p.Values = append(p.Values,
			Value{Stream: stream("a/level"), Unit: "m", Time: 1795291200000 + i*5000, V: float64(i), Quality: pass},
			Value{Stream: stream("b/count"), Time: 1795291200000 + i*5000, V: float64(i), Quality: pass},
			Value{Stream: stream("c/level"), Unit: "m", Time: 1795291200000 + i*5000, V: float64(i), Quality: pass})
	}
	const want = `[{"bn":"g/","bt":1795291200,"n":"pack","vs":"1-000000000001/1-4,7-7/backfill/1"},
{"bn":"g/b/count","v":0},
{"v":1,"t":5},
{"v":2,"t":10},
{"bn":"g/a/level","bu":"m","v":0},
{"v":1,"t":5},
{"v":2,"t":10},
{"bn":"g/c/level","bu":"m","v":0},
{"v":1,"t":5},
{"v":2,"t":10}]`
	var pk Packer
	var u Unpacker
	got, err := pk.Append(nil, p)
	if err != nil || string(got) != want {
		t.Fatalf("Append = %s\n%v, want\n%s", got, err, want)
	}
	back, err := u.Unpack("g", got)
	if err != nil {
		t.Fatal(err)
	}
	samePack(t, back, p)
}

func TestPackWithoutClock(t *testing.T) {
	p := &Pack{Gateway: "g", Epoch: "1-000000000001", Ranges: []Range{{1, 1}}, Lane: Live, Boot: "d2cba9a4-6f1c-4e90-ac85-9364e3d8ef20",
		Values: []Value{{Stream: stream("a/level"), Unit: "m", Time: 12345, V: 1, Quality: pass}}}
	const want = `[{"bn":"g/","bt":12,"n":"pack","vs":"1-000000000001/1-1/live/1","boot_":"d2cba9a4-6f1c-4e90-ac85-9364e3d8ef20"},
{"n":"a/level","u":"m","v":1,"t":0.345}]`
	var pk Packer
	var u Unpacker
	got, err := pk.Append(nil, p)
	if err != nil || string(got) != want {
		t.Fatalf("Append = %s\n%v, want\n%s", got, err, want)
	}
	back, err := u.Unpack("g", got)
	if err != nil {
		t.Fatal(err)
	}
	samePack(t, back, p)
	if e := p.Echo(); e != "1-000000000001/1-1" {
		t.Errorf("Echo() = %q", e)
	}
}

// Whatever order RFC 8428 allows means the same.
func TestUnpackRFCOrders(t *testing.T) {
	const head = `"n":"pack","vs":"1-000000000001/1-3/live/1"`
	want := &Pack{Gateway: "g", Epoch: "1-000000000001", Ranges: []Range{{1, 3}}, Lane: Live, Values: []Value{
		{Stream: stream("a/level"), Unit: "m", Time: 1795291200400, V: 3, Quality: pass},
		{Stream: stream("a/level"), Unit: "m", Time: 1795291201250, V: 4, Quality: pass},
		{Stream: stream("a/temp"), Unit: "Cel", Time: 1795291200000, V: -1.5, Quality: pass},
	}}
	for name, text := range map[string]string{
		"as written": `[{"bn":"g/","bt":1795291200,` + head + `},{"n":"a/level","u":"m","v":3,"t":0.4},{"n":"a/level","u":"m","v":4,"t":1.25},{"n":"a/temp","u":"Cel","v":-1.5}]`,
		"resolved, sorted by time, head among them": `[{"n":"g/a/temp","u":"Cel","v":-1.5,"t":1795291200},{"t":1795291200,"n":"g/pack","vs":"1-000000000001/1-3/live/1"},
			{"n":"g/a/level","u":"m","v":3,"t":1795291200.4},{"n":"g/a/level","u":"m","v":4,"t":1795291201.25}]`,
		"base unit, base value, negative times": `[{"bver":10,"bn":"g/a/","bt":1795291202,"bu":"m","bv":2,"n":"level","v":1,"t":-1.6},
			{"v":2,"t":-0.75,"n":"level"},{"bn":"g/a/temp","u":"Cel","v":-3.5,"t":-2},{"bn":"g/",` + head + `}]`,
		"labels in any order, exponents, escapes": `[{"t":0,"vs":"1-000000000001\/1-3/live/1","n":"pa\u0063k","bt":1.7952912e9,"bn":"g\/"},
			{"v":0.3e1,"n":"a/level","t":4E-1,"u":"m"},{"v":4.0,"t":1.2499999,"n":"a/level","u":"m","x":{"a":[1,{"b":null}],"c":"\n"}},{"v":-15e-1,"n":"a/temp","u":"Cel","ut":60,"s":1.5}]`,
		"flags that say what absence says": `[{"bn":"g/","bt":1795291200,` + head + `},{"n":"a/level","u":"m","v":3,"t":0.4,"qc":1,"why":"rate"},{"n":"a/level","u":"m","v":4,"t":1.25},{"n":"a/temp","u":"Cel","v":-1.5}]`,
	} {
		t.Run(name, func(t *testing.T) {
			var u Unpacker
			got, err := u.Unpack("g", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			samePack(t, got, want)
			if got, err = u.Unpack("", []byte(text)); err != nil || got.Gateway != "g" {
				t.Errorf("for a relay: %+v, %v", got, err)
			}
		})
	}
}

func TestUnpackRefuses(t *testing.T) {
	ok := func(records string) string {
		return `[{"bn":"g/","bt":1795291200,"n":"pack","vs":"1-000000000001/1-3/live/1"}` + records + `]`
	}
	for name, c := range map[string]struct{ text, want string }{
		"empty":                {``, "a pack is a JSON array"},
		"no records":           {`[]`, "record 0: a record is a JSON object"},
		"not json":             {ok(`,{"n":"a/level","v":1.}`), `record 1: field "v": not valid JSON at byte`},
		"rest":                 {ok(``) + "x", "behind record 0"},
		"no head":              {`[{"n":"g/a/level","v":1,"t":1795291200}]`, `no record "pack"`},
		"two heads":            {ok(`,{"n":"pack","vs":"1-000000000001/1-3/live/1"}`), `record 1: the second record "pack"`},
		"other gateway":        {`[{"bn":"h/","bt":1795291200,"n":"pack","vs":"1-000000000001/1-3/live/1"}]`, `field "bn": "h/pack" is not below the gateway "g"`},
		"gateway is a prefix":  {`[{"bn":"gg/","bt":1795291200,"n":"pack","vs":"1-000000000001/1-3/live/1"}]`, `field "bn"`},
		"must understand":      {ok(`,{"n":"a/level","v":1,"dose_":3}`), `record 1: field "dose_": message version is not supported: it must be understood`},
		"bver":                 {`[{"bver":42,"bn":"g/","n":"pack","vs":"1-000000000001/1-3/live/1"}]`, "bver 42"},
		"bver changes":         {ok(`,{"bver":10,"n":"a/level","v":1},{"bver":26,"n":"a/level","v":1}`), `record 2: field "bver"`},
		"version":              {`[{"bn":"g/","n":"pack","vs":"1-000000000001/1-3/live/2"}]`, "version is not supported"},
		"version shape":        {`[{"bn":"g/","n":"pack","vs":"what/ever/2"}]`, "version is not supported"},
		"epoch":                {`[{"bn":"g/","n":"pack","vs":"1-xx/1-3/live/1"}]`, `field "vs": epoch`},
		"lane":                 {`[{"bn":"g/","n":"pack","vs":"1-000000000001/1-3/alert/1"}]`, `field "vs": lane`},
		"range":                {`[{"bn":"g/","n":"pack","vs":"1-000000000001/3-1/live/1"}]`, `field "vs": range "3-1"`},
		"range 0":              {`[{"bn":"g/","n":"pack","vs":"1-000000000001/0-1/live/1"}]`, `field "vs": range`},
		"many ranges":          {`[{"bn":"g/","n":"pack","vs":"1-000000000001/1-1` + strings.Repeat(",3-3", 64) + `/live/1"}]`, "65 ranges"},
		"boot id":              {`[{"bn":"g/","n":"pack","vs":"1-000000000001/1-3/live/1","boot_":"?"}]`, `field "boot_"`},
		"boot elsewhere":       {ok(`,{"n":"a/level","v":1,"boot_":"12345678"}`), `field "boot_": belongs to`},
		"relative time":        {`[{"bn":"g/","n":"pack","vs":"1-000000000001/1-3/live/1"},{"n":"a/level","v":1,"t":-2}]`, `record 1: field "t"`},
		"time, head last":      {`[{"n":"g/a/level","v":1,"t":5},{"n":"g/pack","vs":"1-000000000001/1-3/live/1"}]`, `record 0: field "t"`},
		"unix time since boot": {`[{"bn":"g/","bt":1795291200,"n":"pack","vs":"1-000000000001/1-3/live/1","boot_":"12345678"},{"n":"a/level","v":1}]`, `record 1: field "t"`},
		"time too large":       {ok(`,{"n":"a/level","v":1,"t":1e99}`), `field "t"`},
		"no value":             {ok(`,{"n":"a/level"}`), `record 1: field "v"`},
		"only a sum":           {ok(`,{"n":"a/level","s":3}`), `record 1: field "v"`},
		"value and text":       {ok(`,{"n":"a/level","v":1,"vs":"x","qc":9}`), `field "vs"`},
		"text, no qc":          {ok(`,{"n":"a/level","vs":"x"}`), `field "vs"`},
		"missing with value":   {ok(`,{"n":"a/level","v":1,"qc":9}`), `field "v"`},
		"fault with value":     {ok(`,{"n":"a/fault","v":1}`), `field "v"`},
		"fault with flag":      {ok(`,{"n":"a/fault","vs":"timeout","qc":3}`), `field "qc"`},
		"boolean":              {ok(`,{"n":"a/level","vb":true}`), `field "vb"`},
		"null":                 {ok(`,{"n":"a/level","v":null}`), `field "v": not valid`},
		"text as number":       {ok(`,{"n":"a/level","v":"1"}`), `field "v"`},
		"infinite":             {ok(`,{"n":"a/level","v":1e999}`), `field "v"`},
		"infinite sum":         {ok(`,{"bv":1e308,"n":"a/level","v":1e308}`), `field "v"`},
		"flag":                 {ok(`,{"n":"a/level","v":1,"qc":5}`), `field "qc": 5 is not a QARTOD flag`},
		"flag 2.5":             {ok(`,{"n":"a/level","v":1,"qc":2.5}`), `field "qc"`},
		"late flag":            {ok(`,{"n":"a/level","v":1,"q2":1}`), `field "q2"`},
		"why":                  {ok(`,{"n":"a/level","v":1,"qc":3,"why":"No!"}`), `field "why"`},
		"unit":                 {ok(`,{"n":"a/level","v":1,"u":"m m"}`), `field "u"`},
		"twice":                {ok(`,{"n":"a/level","v":1,"v":2}`), `field "v": stands twice`},
		"device":               {ok(`,{"n":"A/level","v":1}`), `record 1: field "n"`},
		"channel":              {ok(`,{"n":"a/Level","v":1}`), `record 1: field "n"`},
		"no channel":           {ok(`,{"n":"a","v":1}`), `record 1: field "n"`},
		"half a pair":          {ok(`,{"n":"a/\ud800","v":1}`), `record 1: field "n"`},
		"deep":                 {ok(`,{"n":"a/level","v":1,"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`), "nested deeper"},
		"control in a string":  {ok(",{\"n\":\"a/level\n\",\"v\":1}"), `not valid JSON`},
		"bad utf-8":            {ok(",{\"n\":\"a/\xff\",\"v\":1}"), `not valid JSON`},
	} {
		t.Run(name, func(t *testing.T) {
			var u Unpacker
			_, err := u.Unpack("g", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Unpack = %v, want an error with %s", err, c.want)
			}
		})
	}
}

func TestPackerRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Pack){
		"gateway":           func(p *Pack) { p.Gateway = "G" },
		"epoch":             func(p *Pack) { p.Epoch = "" },
		"no range":          func(p *Pack) { p.Ranges = nil },
		"range":             func(p *Pack) { p.Ranges[0] = Range{2, 1} },
		"lane":              func(p *Pack) { p.Lane = "" },
		"NaN that is good":  func(p *Pack) { p.Values[0].V = math.NaN() },
		"infinity":          func(p *Pack) { p.Values[0].V = math.Inf(1) },
		"missing, value":    func(p *Pack) { p.Values[4].V = 0 },
		"missing, no why":   func(p *Pack) { p.Values[4].Why = "" },
		"device":            func(p *Pack) { p.Values[0].Stream.Device = "a/b" },
		"channel":           func(p *Pack) { p.Values[0].Stream.Channel = "" },
		"unit":              func(p *Pack) { p.Values[0].Unit = `"` },
		"time since boot":   func(p *Pack) { p.Values[0].Time = 12 },
		"why":               func(p *Pack) { p.Values[1].Why = "a b" },
		"fault with a late": func(p *Pack) { p.Values[3].Late = obs.Fail },
		"boot":              func(p *Pack) { p.Boot = "x" },
	} {
		p := samplePack()
		spoil(p)
		var pk Packer
		if got, err := pk.Append([]byte("kept"), p); err == nil || string(got) != "kept" {
			t.Errorf("%s: Append = %q, %v", name, got, err)
		}
	}
}

func TestPackLimits(t *testing.T) {
	var u Unpacker
	many := &Pack{Gateway: "g", Epoch: "1-000000000001", Ranges: []Range{{1, 9}}, Lane: Live}
	for i := range MaxValues {
		many.Values = append(many.Values, Value{Stream: stream("a/level"), Unit: "m", Time: 1795291200000 + int64(i), V: 1, Quality: pass})
	}
	plain, packed := Packer{}, Packer{Compress: true}
	if _, err := plain.Append(nil, many); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a plain message over MaxMessage: %v", err)
	}
	msg, err := packed.Append(nil, many)
	if err != nil || len(msg) > MaxMessage {
		t.Fatalf("%d bytes, %v", len(msg), err)
	}
	back, err := u.Unpack("g", msg)
	if err != nil {
		t.Fatal(err)
	}
	samePack(t, back, many)
	many.Values = append(many.Values, many.Values[0])
	if _, err := packed.Append(nil, many); !errors.Is(err, ErrTooLarge) {
		t.Errorf("more than MaxValues: %v", err)
	}
	if _, err := u.Unpack("g", make([]byte, MaxMessage+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a message over MaxMessage: %v", err)
	}
	records := `[{"bn":"g/","bt":1795291200,"n":"pack","vs":"1-000000000001/1-3/live/1"},{"bn":"g/a/level","v":1}` + strings.Repeat(`,{"v":1}`, MaxValues) + "]"
	if _, err := packed.encoder(); err != nil {
		t.Fatal(err)
	}
	for name, bomb := range map[string]string{"records": records, "spaces": strings.Repeat(" ", MaxExpanded+1), "larger": strings.Repeat(" ", 40<<20)} {
		msg := packed.zstd.EncodeAll([]byte(bomb), nil)
		if _, err := u.Unpack("g", msg); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s, %d bytes compressed: %v", name, len(msg), err)
		}
	}
	for _, bad := range []string{zstdMagic, zstdMagic + "\x00", zstdMagic + "\xff\xff\xff\xff"} {
		if _, err := u.Unpack("g", []byte(bad)); err == nil {
			t.Errorf("Unpack(%q) succeeded", bad)
		}
	}
}

// Two zstd frames in one message count together.
func TestUnpackBoundsAllFrames(t *testing.T) {
	var u Unpacker
	p := Packer{Compress: true}
	if _, err := p.encoder(); err != nil {
		t.Fatal(err)
	}
	half := p.zstd.EncodeAll(bytes.Repeat([]byte(" "), MaxExpanded/2+1), nil)
	if _, err := u.Unpack("g", append(slices.Clone(half), half...)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("two halves: %v", err)
	}
}

// What cannot be used is still known by its numbers, if its header can be read, so
// that it can be refused and does not come for ever.
func TestUnpackKeepsTheHeader(t *testing.T) {
	const head = `{"bn":"g/","bt":1795291200,"n":"pack","vs":"1-000000000001/1-3/live/1"}`
	const good = `,{"n":"a/level","v":1,"t":5}`
	for name, c := range map[string]struct {
		msg    string
		values int // -1: nothing is known
	}{
		"a bad value":            {"[" + head + good + `,{"n":"a/level","v":"x"}]`, 1},
		"a bad name":             {"[" + head + good + good + `,{"n":"A/level","v":1}]`, 2},
		"cut off":                {"[" + head + good, 1},
		"a time out of range":    {"[" + head + good + `,{"n":"a/level","v":1,"t":-1795291200}` + good + "]", 1},
		"another gateway's":      {"[" + head + `,{"bn":"h/","n":"a/level","v":1}]`, 0},
		"must be understood":     {"[" + head + `,{"n":"a/level","v":1,"new_":1}]`, 0},
		"the header comes last":  {"[" + strings.TrimPrefix(good, ",") + `,{"n":"a/level"},` + head + "]", -1},
		"a header that is wrong": {`[{"bn":"g/","bt":1795291200,"n":"pack","vs":"1-000000000001/3-1/live/1"}` + good + "]", -1},
		"of the future":          {`[{"bn":"g/","bt":1795291200,"n":"pack","vs":"1-000000000001/1-3/live/9"}` + good + "]", -1},
		"no JSON":                {"what", -1},
	} {
		var u Unpacker
		p, err := u.Unpack("g", []byte(c.msg))
		switch {
		case err == nil:
			t.Errorf("%s: accepted", name)
		case (p == nil) != (c.values < 0):
			t.Errorf("%s: pack %+v, %v", name, p, err)
		case p != nil && (len(p.Values) != c.values || p.validateHead() != nil || p.Echo() != "1-000000000001/1-3"):
			t.Errorf("%s: %d values, echo %s, %v; want %d", name, len(p.Values), p.Echo(), p.validateHead(), c.values)
		}
	}
}
