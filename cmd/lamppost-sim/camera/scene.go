package camera

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// State is what the camera sees.
type State struct {
	Level float64   // of the water, metres above the staff's zero
	Rain  float64   // mm/h
	Light float64   // lx
	Haze  float64   // PM2.5, ug/m3
	Wind  float64   // m/s: slants the rain
	At    time.Time // for the stamp, shown in the zone that it carries
}

// Scene draws pictures. It may be used from any goroutine; one is drawn at a time.
type Scene struct {
	mu      sync.Mutex
	texture *noise
	back    backdrop
	canvas  *image.RGBA
	dry     *image.RGBA // the backdrop in the light of the picture being drawn
}

// NewScene paints what does not move.
func NewScene() *Scene {
	texture := newNoise(1)
	return &Scene{texture: texture, back: newBackdrop(texture), canvas: image.NewRGBA(image.Rect(0, 0, Width, Height)),
		dry: image.NewRGBA(image.Rect(0, 0, Width, Height))}
}

// quality of the JPEG: with the sensor noise in it a picture has 40 to 70 kB.
const quality = 82

// JPEG draws s. Equal states make equal bytes.
func (c *Scene) JPEG(s State) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draw(s)
	var b bytes.Buffer
	b.Grow(96 << 10)
	if err := jpeg.Encode(&b, c.canvas, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Paint implements Painter.
func (c *Scene) Paint(s State) ([]byte, truth.Line, error) {
	b, err := c.JPEG(s)
	return b, levelLine(s.Level), err
}

// levelLine is the truth of a picture with a staff.
func levelLine(metres float64) truth.Line {
	return truth.Line{V: math.Round(metres*1000) / 1000, Resolution: 0.001, Via: truth.Still}
}

// draw paints s on the canvas.
func (c *Scene) draw(s State) {
	seed := uint64(s.At.UnixMilli())
	light := daylight(s)
	c.lit(s, light)
	copy(c.canvas.Pix, c.dry.Pix)
	c.water(s, light)
	c.rain(s, seed, light)
	c.grain(seed, 5+14*max(0, 0.7-light))
	stamp := s.At.Format("2006-01-02 15:04:05")
	write(c.canvas, stamp, 13, 13, 2, color.RGBA{0, 0, 0, 255})
	write(c.canvas, stamp, 12, 12, 2, color.RGBA{255, 255, 255, 255})
}

// daylight is how bright the picture is, 1 being a bright day: the camera's
// exposure evens out most of the difference.
func daylight(s State) float64 {
	l := 0.50 + 0.5*math.Sqrt(min(max(s.Light, 0)/30000, 1))
	return l * (1 - 0.16*min(s.Rain/150, 1))
}

// lit puts the backdrop into the light of s: darker, greyer and, the farther, the
// more lost in haze and rain.
func (c *Scene) lit(s State, light float64) {
	murk := min(max(s.Haze-40, 0)/260, 1)*0.9 + min(s.Rain/150, 1)*0.55
	grey := blend(color.RGBA{196, 204, 210, 255}, color.RGBA{176, 172, 164, 255}, min(s.Haze/250, 1))
	overcast := min(1, murk+max(0, 1-s.Light/26000))
	lost := [layers]float64{sky: overcast, skyline: min(0.95, 0.25+murk), bridge: min(0.8, 0.8*murk), quay: min(0.35, 0.3*murk)}
	var table [layers][3][256]uint8
	for l := range table {
		for v := range 256 {
			seen := blend(color.RGBA{uint8(v), uint8(v), uint8(v), 255}, grey, lost[l])
			seen = scale(seen, light)
			table[l][0][v], table[l][1][v], table[l][2][v] = seen.R, seen.G, seen.B
		}
	}
	from, to := c.back.pix.Pix, c.dry.Pix
	for i, l := range c.back.layer {
		p, q := from[4*i:4*i+4:4*i+4], to[4*i:4*i+4:4*i+4]
		t := &table[l]
		q[0], q[1], q[2], q[3] = t[0][p[0]], t[1][p[1]], t[2][p[2]], 255
	}
}

// water covers everything below the level: the colour of silt, mirroring what
// stands above it, broken by ripples. Floods are brown.
func (c *Scene) water(s State, light float64) {
	flood := min(max(s.Level-2.4, 0)/0.6, 1)
	silt := scale(blend(color.RGBA{86, 104, 92, 255}, color.RGBA{122, 104, 76, 255}, flood), light)
	rough := 0.5 + min(s.Rain/60, 1.6) + s.Wind/12
	t := float64(s.At.UnixMilli()%3_600_000) / 1000
	var tops [Width]float64
	highest := float64(Height)
	for x := range tops {
		tops[x] = waterTop(x, s.Level)
		highest = min(highest, tops[x])
	}
	for y := int(math.Round(highest)); y < Height; y++ {
		near := float64(y-horizon) / (Height - horizon) // 0 far, 1 at the camera's feet
		waves := c.ripples(y, near, t)
		reach := 1 / (60 + 120*near)
		for x, top := range tops {
			depth := float64(y) - top
			if depth < -0.5 {
				continue
			}
			wave := waves.at(x)
			shine := depth * reach
			shine = 0.36 / (1 + shine*shine*(1+rough))
			mirror := min(max(int(top-depth*0.9+wave*6*rough), 0), max(int(top)-1, 0))
			k := 1 + 0.15*wave*rough - 0.16*near
			if depth < 2.5 && x > bridgeEnd {
				k *= 0.6 // the shadow line where water meets stone
			}
			i := 4 * (y*Width + x)
			p, up := c.canvas.Pix[i:i+3:i+3], c.dry.Pix[4*(mirror*Width+x):]
			p[0] = byte8((float64(silt.R)*(1-shine) + float64(up[0])*shine) * k)
			p[1] = byte8((float64(silt.G)*(1-shine) + float64(up[1])*shine) * k)
			p[2] = byte8((float64(silt.B)*(1-shine) + float64(up[2])*shine) * k)
		}
	}
}

func byte8(v float64) uint8 { return uint8(min(max(v, 0), 255)) }

// ripples are the slopes of the water along one row of the picture: two rows of
// the noise tile gliding over each other, flatter and wider towards the camera.
type ripples struct{ a, b glide }

type glide struct {
	upper, lower []float32 // two rows of the tile, mixed
	mix          float64
	from, step   float64
}

func (c *Scene) ripples(y int, near, t float64) ripples {
	v, wide := float64(y)/(1+1.5*near), 1/(6+40*near)
	return ripples{
		a: c.glide(v-t*1.1, t*0.9-vanishing*wide, wide),
		b: c.glide(v*1.37+40+t*0.7, -t*1.3-vanishing*wide*1.7, wide*1.7),
	}
}

func (c *Scene) glide(v, from, step float64) glide {
	j := math.Floor(v)
	return glide{c.texture.row(int(j)), c.texture.row(int(j) + 1), v - j, from, step}
}

// at returns the slope in column x, about -1 to 1.
func (r ripples) at(x int) float64 { return (r.a.at(x) + r.b.at(x)) * 0.7 }

func (g glide) at(x int) float64 {
	p := g.from + float64(x)*g.step
	f := math.Floor(p)
	i, u := int(f), p-f
	k, l := i&(noiseSize-1), (i+1)&(noiseSize-1)
	upper := float64(g.upper[k])*(1-u) + float64(g.upper[l])*u
	lower := float64(g.lower[k])*(1-u) + float64(g.lower[l])*u
	return upper*(1-g.mix) + lower*g.mix
}

// rain draws streaks, more and longer the harder it rains.
func (c *Scene) rain(s State, seed uint64, light float64) {
	n := int(min(s.Rain, 200) * 5)
	slant := min(s.Wind, 15) * 0.035
	for i := range n {
		x, y := draw(seed, uint64(3*i))*(Width+80)-40, draw(seed, uint64(3*i+1))*Height
		long := 8 + draw(seed, uint64(3*i+2))*18
		for d := 0.0; d < long; d++ {
			px, py := int(x-d*slant), int(y+d)
			if px < 0 || px >= Width || py < 0 || py >= Height {
				continue
			}
			p := c.canvas.Pix[4*(py*Width+px):]
			for k := range 3 {
				p[k] += uint8((235*light - min(float64(p[k]), 235*light)) * 0.32)
			}
		}
	}
}

// grain is the noise of the sensor, stronger in the dark.
func (c *Scene) grain(seed uint64, strength float64) {
	dx, dy := int(draw(seed, 1<<40)*noiseSize), int(draw(seed, 1<<41)*noiseSize)
	for y := range Height {
		row := c.texture.row(y + dy)
		for x := range Width {
			g := int(float64(row[(x+dx)&(noiseSize-1)]) * strength)
			p := c.canvas.Pix[4*(y*Width+x):]
			p[0], p[1], p[2] = clamp(int(p[0])+g), clamp(int(p[1])+g), clamp(int(p[2])+g)
		}
	}
}

func clamp(v int) uint8 { return uint8(min(max(v, 0), 255)) }
