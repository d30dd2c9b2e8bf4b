package notify

import (
	"slices"
	"strings"
	"time"
)

// Trouble is a target that could not be told when that was tried last, or would not take
// what it was told.
type Trouble struct {
	Target  string
	Error   string
	Since   time.Time // of the first failure in a row
	Waiting int       // alerts that it has not been told of
	Refused bool      // trying again is of no use
}

// Troubles lists the targets in trouble, by id. It may be called from any goroutine.
func (o *Office) Troubles() (all []Trouble) {
	if o == nil {
		return nil
	}
	for _, d := range o.desks {
		d.mu.Lock()
		if t := d.trouble; t != nil {
			now := *t
			now.Waiting = len(d.waiting)
			all = append(all, now)
		}
		d.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b Trouble) int { return strings.Compare(a.Target, b.Target) })
	return all
}

// fails notes a failure; of several in a row the first says since when.
func (d *desk) fails(err error, refused bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.trouble == nil {
		d.trouble = &Trouble{Target: d.ID, Since: time.Now()}
	}
	d.trouble.Error, d.trouble.Refused = err.Error(), refused
}

// inherit takes over the trouble that an older office had.
func (d *desk) inherit(t *Trouble) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trouble = t
}

// well notes that the target took something.
func (d *desk) well() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trouble = nil
}
