package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Still says whose pictures go with a rule's alerts: one from before the raise, one of
// it and one from after it.
type Still struct {
	Camera string        // a device's id; empty: no pictures
	After  time.Duration // from the raise to the last of them; 0: there is none
}

// Bounds of the picture after an alert.
const (
	DefaultAfter = 30 * time.Second

	minAfter = 2 * time.Second
	maxAfter = 10 * time.Minute
)

// pictures is written as a camera's id or as {camera: …, after: …}.
type pictures Still

// UnmarshalNode reads either.
func (p *pictures) UnmarshalNode(n *yamldoc.Node) error {
	p.After = DefaultAfter
	if n.Kind() == yamldoc.Scalar {
		p.Camera = n.Text()
		return nil
	}
	var k struct {
		Camera string         `yaml:"camera,required"`
		After  *time.Duration `yaml:"after"`
	}
	err := n.Decode(&k)
	if p.Camera = k.Camera; k.After != nil {
		p.After = *k.After
	}
	return err
}

// still judges whose pictures a rule wants.
func (l *loader) still(r *Rule) {
	path := []string{"rules", r.ID, "still"}
	if r.Still.Camera == "" {
		return // none, or the decoder has said so
	}
	if after := append(path, "after"); l.has(after...) && !l.wrong(after...) && r.Still.After != 0 && (r.Still.After < minAfter || r.Still.After > maxAfter) {
		l.say("E2702", "the picture after an alert is taken 2s to 10m after the raise; write 30s for example, or 0s for none", after...)
	}
	if l.doc.Node(path...).Kind() == yamldoc.Map {
		path = append(path, "camera")
	}
	var cameras []string
	for _, id := range l.doc.Node("devices").Keys() {
		if l.doc.Node("devices", id, "driver").Text() == "camera" {
			cameras = append(cameras, id)
		}
	}
	if !slices.Contains(cameras, r.Still.Camera) {
		hint := yamldoc.Hint(r.Still.Camera, cameras)
		if len(cameras) == 0 {
			hint = "add a device with driver: camera"
		}
		l.say("E2702", fmt.Sprintf("no camera is called %q; %s", r.Still.Camera, hint), path...)
	}
}

// stillRows lists whose pictures a rule wants.
func stillRows(r Rule, add adder) {
	if r.Still.Camera != "" {
		add(r.Still.Camera, "", "rules", r.ID, "still")
		add(r.Still.After, "default", "rules", r.ID, "still", "after")
	}
}

// Stills says how many pictures of alerts wait on the disk, beside the journal, until a
// store has them.
type Stills struct {
	Size int64         // bytes; 0: they wait in memory only
	Age  time.Duration // what is older is given up
}

type stillsKeys struct {
	Size *yamldoc.Size  `yaml:"size"`
	Age  *time.Duration `yaml:"age"`
}

// Defaults and bounds of what waits on the disk.
const (
	defaultStillsAge = 30 * 24 * time.Hour
	mostStills       = 64_000_000 // by default
	stillsShare      = 8          // of the journal's size, by default

	minStills    = 1_000_000
	maxStills    = 4_000_000_000
	maxStillsAge = 366 * 24 * time.Hour
)

// stills judges what is kept of pictures.
func (l *loader) stills(j *Journal, k stillsKeys) {
	j.Stills = Stills{Size: min(j.Size/stillsShare, mostStills), Age: defaultStillsAge}
	if k.Size != nil && !l.wrong("journal", "stills", "size") {
		if j.Stills.Size = int64(*k.Size); j.Stills.Size != 0 && (j.Stills.Size < minStills || j.Stills.Size > maxStills) {
			l.say("E2301", fmt.Sprintf("%v for pictures of alerts is out of range; write 1MB to 4GB, or 0B to keep them in memory only", *k.Size), "journal", "stills", "size")
		}
	}
	if k.Age != nil && !l.wrong("journal", "stills", "age") {
		if j.Stills.Age = *k.Age; j.Stills.Age < minAge || j.Stills.Age > maxStillsAge {
			l.say("E2301", "pictures of alerts wait an hour to 366 days; write 30d for example", "journal", "stills", "age")
		}
	}
}
