package camera

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/detect"
	"github.com/lamppost-city/lamppost/drivers/camera/vision"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// detectorOptions say which program is shown the pictures and what it is asked for.
type detectorOptions struct {
	Program []string           `yaml:"program,required" json:"program"`
	Find    map[string]float64 `yaml:"find,required" json:"find" range:"-"` // least score by class
	In      string             `yaml:"in" json:"in,omitempty"`              // the zone in which is counted
	Size    string             `yaml:"size" json:"size,omitempty"`
	Grey    bool               `yaml:"grey" json:"grey,omitempty"`
	Timeout time.Duration      `yaml:"timeout" json:"-" range:"100ms..30s"`
	Start   time.Duration      `yaml:"start" json:"-" range:"1s..10m"`

	Dir    string            `yaml:"dir" json:"dir,omitempty"`
	Env    map[string]string `yaml:"env" json:"env,omitempty"`
	User   string            `yaml:"user" json:"user,omitempty"`
	Memory yamldoc.Size      `yaml:"memory" json:"-" range:"4MB..4GB"`
	CPU    yamldoc.Share     `yaml:"cpu" json:"cpu,omitempty"`
}

// What holds where a detector's options do not say otherwise.
const (
	detectorSize    = "320x240"
	detectorTimeout = 2 * time.Second
	detectorStart   = time.Minute
	detectorMemory  = 256_000_000
)

// Bounds of a detector.
const (
	mostClasses  = 16
	mostSide     = 1280
	mostHandover = 1_500_000 // bytes of dots
)

// defaults fills in what is not set.
func (o *detectorOptions) defaults() {
	if o.Size == "" {
		o.Size = detectorSize
	}
	if o.Timeout == 0 {
		o.Timeout = detectorTimeout
	}
	if o.Start == 0 {
		o.Start = detectorStart
	}
	if o.Memory == 0 {
		o.Memory = detectorMemory
	}
}

// check fills in what is not set and judges the rest. Errors are *drivers.OptionError,
// joined. Nil options are good.
func (o *detectorOptions) check(zones map[string][][]float64) error {
	if o == nil {
		return nil
	}
	o.defaults()
	var all []error
	wrong := func(bad bool, key, format string, args ...any) {
		if bad {
			all = append(all, &drivers.OptionError{Key: "detector." + key, Msg: fmt.Sprintf(format, args...)})
		}
	}
	program := ""
	if len(o.Program) > 0 {
		program = o.Program[0]
	}
	wrong(program == "", "program", `there is no program; write ["/usr/bin/python3", "/etc/lamppost/people.py"], for example`)
	wrong(strings.Contains(program, "/") && program[0] != '/', "program", "%s depends on where the gateway is started; write the whole path, from /", program)
	wrong(o.Dir != "" && !filepath.IsAbs(o.Dir), "dir", "%s depends on where the gateway is started; write the whole path, from /", o.Dir)
	for _, key := range slices.Sorted(maps.Keys(o.Env)) {
		wrong(key == "" || strings.Contains(key, "="), "env", "%q is no name of a variable", key)
	}
	wrong(len(o.Find) == 0 || len(o.Find) > mostClasses, "find", "%d classes; write 1 to %d, each with the least score that counts, like {person: 0.5}", len(o.Find), mostClasses)
	for _, class := range o.classes() {
		wrong(obs.CheckChannel("found."+class) != nil, "find."+class, "the class %q cannot be part of a channel's name; write small letters, digits and _, and let the program tell it so", class)
		wrong(!(o.Find[class] > 0 && o.Find[class] <= 1), "find."+class, "a score of %v; write above 0, to 1", o.Find[class])
	}
	_, is := zones[o.In]
	wrong(o.In != "" && !is, "in", "there is no zone %q; write it under zones", o.In)
	w, h, ok := sides(o.Size)
	wrong(!ok || min(w, h) < leastDots || max(w, h) > mostSide, "size", "write columns x rows, like 320x240; %d to %d each", leastDots, mostSide)
	wrong(ok && w > 0 && h > 0 && w <= mostSide && h <= mostSide && w*h*o.depth() > mostHandover, "size", "a picture of %d bytes; at most %d are handed over: write a smaller size, or grey: true", w*h*o.depth(), mostHandover)
	return errors.Join(all...)
}

// depth is how many bytes a dot has.
func (o *detectorOptions) depth() int {
	if o.Grey {
		return 1
	}
	return 3
}

// patience is what a sample needs for the detector.
func (o *detectorOptions) patience() time.Duration {
	if o == nil {
		return 0
	}
	return o.Timeout
}

// classes are those that are asked for, in order.
func (o *detectorOptions) classes() []string { return slices.Sorted(maps.Keys(o.Find)) }

// channels are two for each class: how many there are, and the best score.
func (o *detectorOptions) channels() (all []drivers.Channel) {
	if o == nil {
		return nil
	}
	for _, class := range o.classes() {
		all = append(all, drivers.Channel{Name: "found." + class, Max: drivers.MostDetections, Resolution: 1},
			drivers.Channel{Name: "score." + class, Max: 100, Resolution: 0.1})
	}
	return all
}

// text is the same for the other process, as YAML without braces.
func (o *detectorOptions) text() string {
	b, err := json.Marshal(o)
	if err != nil { // numbers that are none were refused before
		return ""
	}
	return fmt.Sprintf(", detector: %s, timeout: %dms, start: %dms, memory: %dB}", b[:len(b)-1], o.Timeout.Milliseconds(), o.Start.Milliseconds(), o.Memory)
}

// spec is how the program runs.
func (o *detectorOptions) spec() drivers.ProcessSpec {
	s := drivers.ProcessSpec{Command: o.Program, Dir: o.Dir, User: o.User, Memory: int64(o.Memory), CPU: float64(o.CPU)}
	for _, key := range slices.Sorted(maps.Keys(o.Env)) {
		s.Env = append(s.Env, key+"="+o.Env[key])
	}
	return s
}

// detector is a driver's detector, and what it found in the last picture.
type detector struct {
	asker   *detect.Asker
	options *detectorOptions
	area    vision.Polygon // in which is counted; nil: everywhere
	found   []drivers.Detection
	why     error // why found is not known
}

// ask lets a detector be shown the driver's pictures, after masks. It works while the
// pictures are measured.
func (d *driver) ask(c drivers.Fetcher, o *detectorOptions, sight vision.Config) error {
	starter, ok := c.(drivers.Starter)
	if !ok {
		return fmt.Errorf("%s: %s: a detector is a program of its own, and none can be started here", name, d.host)
	}
	program, err := starter.Start(o.spec())
	if err != nil {
		return fmt.Errorf("%s: %s: detector: %w", name, d.host, err)
	}
	w, h, _ := sides(o.Size)
	asker := detect.New(program, detect.Config{Width: w, Height: h, Colour: !o.Grey, Find: o.classes(), Timeout: o.Timeout, Start: o.Start})
	d.detector = &detector{asker: asker, options: o, why: detect.ErrLoading}
	if i := slices.IndexFunc(sight.Zones, func(z vision.Zone) bool { return z.Name == o.In }); i >= 0 {
		d.area = sight.Zones[i].Area
	}
	see := d.See
	d.See = func(m image.Image) error {
		if err := asker.Show(m, d.taken); err != nil || see == nil {
			return err
		}
		return see(m)
	}
	return nil
}

// add appends what the detector found to the readings of the picture that it was shown.
func (d *detector) add(ctx context.Context, rs []obs.Reading) []obs.Reading {
	if d == nil {
		return rs
	}
	all, err := d.asker.Found(ctx)
	d.found, d.why = d.asked(all), err
	for _, class := range d.options.classes() {
		if err != nil {
			why := obs.Reason(drivers.FaultWord(err))
			if errors.Is(err, detect.ErrLoading) {
				why = obs.WarmUp
			}
			rs = append(rs, obs.None(why), obs.None(why))
			continue
		}
		n, best := d.count(class)
		for _, r := range []obs.Reading{obs.Of(float64(n)), obs.Of(math.Round(best*1000) / 10)} {
			if rs[0].Quality.Why == obs.Flat { // a picture that has frozen shows what was
				r.Quality = r.Quality.Worst(rs[0].Quality)
			}
			rs = append(rs, r)
		}
	}
	return rs
}

// asked are the detections of the classes that are asked for.
func (d *detector) asked(all []drivers.Detection) []drivers.Detection {
	return slices.DeleteFunc(all, func(f drivers.Detection) bool { _, ok := d.options.Find[f.Class]; return !ok })
}

// count returns how many of a class have the score that counts, and the best score of all,
// 0 if there are none. What stands in the zone counts: the middle of its box's lower edge
// is where a person or a car touches the ground.
func (d *detector) count(class string) (n int, best float64) {
	for _, f := range d.found {
		if f.Class != class || d.area != nil && !d.area.Holds(vision.Point{X: (f.Box[0] + f.Box[2]) / 2, Y: f.Box[3]}) {
			continue
		}
		if f.Score >= d.options.Find[class] {
			n++
		}
		best = max(best, f.Score)
	}
	return n, best
}

// Found implements drivers.Finder.
func (d *detector) Found() ([]drivers.Detection, bool) {
	if d == nil || d.why != nil {
		return nil, false
	}
	return d.found, true
}

// Impaired implements drivers.Impaired.
func (d *detector) Impaired() error {
	if d == nil || d.why == nil || errors.Is(d.why, detect.ErrLoading) {
		return nil
	}
	return fmt.Errorf("%s: detector: %w", name, d.why)
}

func (d *detector) close() error {
	if d == nil {
		return nil
	}
	return d.asker.Close()
}
