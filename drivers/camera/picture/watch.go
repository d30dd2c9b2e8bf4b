package picture

import (
	"bytes"
	"fmt"
	"image"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Channels returns what is measured in a picture, in the order of Watch.Look's readings:
// how bright and how sharp it is. The slice is the caller's.
func Channels() []drivers.Channel {
	return []drivers.Channel{
		{Name: "brightness", Max: 100, Resolution: 0.1},
		{Name: "sharpness", Max: 1_040_400, Resolution: 0.1},
	}
}

// Watch looks at the pictures of one camera, one after the other. The zero value is
// ready. It holds one picture, and up to three bytes per pixel while it decodes.
type Watch struct {
	// Alike is how often the same bytes may come in a row before the camera counts as
	// frozen: no two exposures of a sensor are equal, but on some lines one may be sent
	// twice.
	Alike int
	// Mask, if set, calls set for each dot of a picture of w × h that nobody may see. They
	// are black before anything is measured or See is called, and what Still returns is made
	// anew of what is left then: each of them is 0 in red, green and blue there, and so is
	// what shares a square of 8 × 8 dots with one.
	Mask func(w, h int, set func(x, y int))
	// See, if set, is shown each decoded picture, after masks, also one that came before:
	// then Repeated says so. It must not keep it.
	See func(image.Image) error

	raw    []byte // the last good answer, to know it again
	still  []byte // the picture in it
	same   int    // how often it came again
	values [2]float64
	grey   grey
	mask   Mask
}

// Look checks the bytes that a camera calls a picture and measures the picture in them:
// one reading for each of Channels, flagged suspect with reason flat when the camera has
// frozen. raw is kept and must not change afterwards. An error leaves Still as it was.
func (w *Watch) Look(raw []byte) ([]obs.Reading, error) {
	same := w.raw != nil && bytes.Equal(raw, w.raw)
	if same {
		w.same++
	}
	if !same || w.See != nil {
		if err := w.measure(raw, same); err != nil {
			return nil, err
		}
	}
	channels := Channels()
	out := make([]obs.Reading, len(channels))
	for i, c := range channels {
		out[i] = c.Read(w.values[i])
		if w.Repeated() {
			out[i].Quality = out[i].Quality.Worst(obs.Quality{Flag: obs.Suspect, Why: obs.Flat})
		}
	}
	return out, nil
}

func (w *Watch) measure(raw []byte, same bool) error {
	p, err := Clean(raw)
	if err != nil {
		return err
	}
	m, err := decodeAll(p)
	if err != nil {
		return err
	}
	if w.Mask != nil {
		if err := w.mask.Blacken(m, w.Mask); err != nil {
			return err
		}
	}
	g := &w.grey
	if err := g.take(m, p); err != nil {
		return err
	}
	before := w.same
	if !same {
		w.same = 0
	}
	if w.See != nil {
		if err := w.See(m); err != nil {
			w.same = before
			return fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
		}
	}
	if same {
		return nil
	}
	if w.Mask != nil {
		if p.JPEG, err = w.mask.JPEG(m); err != nil {
			return err
		}
	}
	w.raw, w.still, w.same = raw, p.JPEG, 0
	w.values = [...]float64{tenth(g.brightness()), tenth(g.sharpness())}
	return nil
}

// Repeated says whether the picture that is looked at, or was last, is byte for byte the one
// before it, more often than Alike allows: the camera has frozen.
func (w *Watch) Repeated() bool { return w.same > w.Alike }

// Still returns the JPEG that was looked at last, or false if there was none. The bytes
// are the caller's to keep and are never changed afterwards.
func (w *Watch) Still() ([]byte, bool) { return w.still, w.still != nil }

// Tables returns the Huffman tables of ITU-T T.81 annex K.3 as one DHT segment, those
// that motion JPEG and RTP leave out. They must not be changed.
func Tables() []byte { return standardTables }
