package scenery

// script is what a kind of film has in it. What happens, happens between From and To.
type script struct {
	kind    string
	river   bool    // a river with a staff; else a street with a yard
	night   bool    // lamps
	rain    float64 // 0 to 1
	wind    float64 // 0 to 1: trees, waves, smoke
	fog     float64 // how thick it becomes while something happens, 0 to 1
	sunset  bool
	clouds  bool
	traffic bool // on the road behind the yard
	autumn  bool // the trees' leaves
	lorry   bool // a red lorry comes, stops with its hazard lights on, and goes
	van     bool // a grey van comes, stays, and goes
	smoke   bool
	flame   bool
	hides   bool   // something drifts before the staff
	visit   string // person or vehicle, in the yard
	tamper  string

	// What nature and cheap cameras do, none of which is an event.
	snow     float64 // flakes in the air, 0 to 1; they lie on the ground, too
	steam    bool    // white steam from a drain: thick where it comes out, and gone above
	shadows  bool    // shadows with hard edges cross the yard
	calm     bool    // water like a mirror
	glitter  bool    // the sun on the waves
	weed     bool    // duckweed on the water and on what was wet
	ice      bool    // on the water, with snow and cracks
	lamps    bool    // lamps of sodium that go on one after another, flickering at first
	beacon   bool    // a van with a rotating orange lamp, and a man in orange
	oncoming bool    // headlights that come towards the camera
	insect   bool    // on the lens
	drops    bool    // on the lens, after rain
	shake    float64 // of the mast in the wind, share of the picture's width
	hunting  bool    // an exposure that jumps to double and back
	infrared bool    // while it happens the camera sees by its own infrared lamp, in grey
	quality  int     // of the JPEG; 0: 55 to 85
}

var scripts = []script{
	{kind: "river", river: true, wind: 0.3, clouds: true},
	{kind: "river-rain", river: true, wind: 0.6, rain: 0.8},
	{kind: "river-night", river: true, night: true, wind: 0.3},
	{kind: "river-fog", river: true, wind: 0.1, fog: 0.6},
	{kind: "river-hidden", river: true, wind: 0.3, hides: true},
	{kind: "street", wind: 0.3, traffic: true, clouds: true},
	{kind: "night", night: true, wind: 0.3, traffic: true},
	{kind: "rain", wind: 0.6, rain: 1, traffic: true},
	{kind: "fog", wind: 0.1, fog: 1, traffic: true},
	{kind: "sunset", wind: 0.3, sunset: true, traffic: true},
	{kind: "red-lorry", wind: 0.3, lorry: true},
	{kind: "grey-van", wind: 0.3, van: true, clouds: true},
	{kind: "waving-trees", wind: 1, autumn: true, clouds: true},
	{kind: "smoke", wind: 0.4, smoke: true, traffic: true},
	{kind: "flame", wind: 0.4, smoke: true, flame: true},
	{kind: "flame-night", night: true, wind: 0.3, flame: true, traffic: true},
	{kind: "person", wind: 0.4, visit: "person", traffic: true},
	{kind: "tipping", night: true, wind: 0.3, visit: "vehicle"},
	{kind: "blocked", wind: 0.3, tamper: "blocked", traffic: true},
	{kind: "defocused", wind: 0.3, tamper: "defocused", traffic: true},
	{kind: "moved", wind: 0.3, tamper: "moved", traffic: true},
	{kind: "frozen", wind: 0.3, tamper: "frozen", traffic: true},
	{kind: "dark", night: true, wind: 0.3, tamper: "dark"},
	{kind: "glare", wind: 0.3, tamper: "glare", traffic: true},

	{kind: "river-mirror", river: true, calm: true},
	{kind: "river-glitter", river: true, wind: 0.5, glitter: true},
	{kind: "river-weed", river: true, wind: 0.1, weed: true},
	{kind: "river-ice", river: true, calm: true, ice: true},
	{kind: "river-infrared", river: true, wind: 0.3, infrared: true},
	{kind: "river-shaken", river: true, wind: 0.8, shake: 0.006},
	{kind: "river-poor", river: true, wind: 0.3, quality: 30},
	{kind: "snow", wind: 0.5, snow: 1, traffic: true},
	{kind: "steam", wind: 0.3, steam: true, traffic: true},
	{kind: "shadows", wind: 0.5, shadows: true, clouds: true},
	{kind: "lamps", night: true, wind: 0.3, lamps: true, traffic: true},
	{kind: "beacon", wind: 0.3, beacon: true, traffic: true},
	{kind: "headlights", night: true, wind: 0.3, oncoming: true},
	{kind: "insect", wind: 0.3, insect: true, traffic: true},
	{kind: "drops", wind: 0.4, rain: 0.4, drops: true, traffic: true},
	{kind: "shaken", wind: 1, shake: 0.008, traffic: true},
	{kind: "hunting", wind: 0.3, hunting: true, traffic: true},
	{kind: "infrared", wind: 0.3, infrared: true, traffic: true},
	{kind: "person-infrared", wind: 0.3, infrared: true, visit: "person"},
	{kind: "smoke-poor", wind: 0.5, smoke: true, quality: 30, shake: 0.003, traffic: true},
	{kind: "flame-poor", wind: 0.5, smoke: true, flame: true, quality: 30, shake: 0.003},
	{kind: "person-snow", wind: 0.5, snow: 0.7, visit: "person", quality: 30},
}

// act is one moment of a film.
type act struct {
	script
	t      float64 // seconds from the beginning
	since  float64 // since something began to happen; negative before
	left   float64 // until it ends
	during bool
}

// strength is how far what happens slowly has come: up within so many seconds, and down
// again within as many after the end.
func (a act) strength(within float64) float64 {
	return smooth(a.since/within) * smooth((a.left+within)/within)
}

// smooth is 0 below 0, 1 above 1, and an even curve between.
func smooth(v float64) float64 {
	v = min(max(v, 0), 1)
	return v * v * (3 - 2*v)
}
