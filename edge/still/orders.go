package still

import (
	"slices"
	"time"
)

const (
	// Patience is how long after its moment a picture may be taken.
	Patience = 10 * time.Second

	// MaxOrders is how many may wait.
	MaxOrders = 64
)

// Order is a picture that an alert has named and that is not taken yet.
type Order struct {
	Camera string `json:"camera"` // the device
	Image  string `json:"image"`  // the id that it will have
	Alert  string `json:"alert"`
	Moment string `json:"moment"`  // wire.PictureAt or wire.PictureAfter
	FromMS int64  `json:"from_ms"` // boot ms: not to be taken before
	// OldestMS is for who looks for another picture when none came in time: one that was
	// taken earlier will not do. Boot ms.
	OldestMS int64 `json:"oldest_ms,omitempty"`
	// UntilMS is when it is overdue if that is later than Patience after FromMS; 0: it is not.
	UntilMS int64 `json:"until_ms,omitempty"`
	// Said is what is drawn into it of the alert; nil: nothing.
	Said    []string `json:"said,omitempty"`
	asked   bool
	failed  int   // how often the camera was asked in vain
	againMS int64 // not to be asked before, boot ms
}

// Pauses before a camera that gave nothing is asked again: the first, and the longest. Each
// is twice the one before: a camera that starts is soon asked, and one that refuses a login
// is not asked often.
const (
	firstRetry   = 5 * time.Second
	longestRetry = time.Minute
)

// lastMS is up to when a picture fills it, boot ms.
func (x Order) lastMS() int64 { return max(x.FromMS+Patience.Milliseconds(), x.UntilMS) }

// nextMS is when the camera is to be asked, boot ms.
func (x Order) nextMS() int64 { return max(x.FromMS, x.againMS) }

// Orders are those that wait. The zero value has none.
type Orders struct{ list []Order }

// Add takes an order in; of more than 64 the oldest is given up and returned.
func (o *Orders) Add(x Order) (given []Order) {
	if len(o.list) >= MaxOrders {
		given = []Order{o.list[0]}
		o.list = slices.Delete(o.list, 0, 1)
	}
	o.list = append(o.list, x)
	return given
}

// Same returns the image of an order that waits for the same picture as x, in which the same
// is drawn, whichever alert it belongs to; empty: none does.
func (o *Orders) Same(x Order) (image string) {
	for _, y := range o.list {
		if x.Camera == y.Camera && x.Moment == y.Moment && x.FromMS == y.FromMS && x.OldestMS == y.OldestMS && x.UntilMS == y.UntilMS && slices.Equal(x.Said, y.Said) {
			return y.Image
		}
	}
	return ""
}

// List returns those that wait, in the order in which they were added.
func (o *Orders) List() []Order { return slices.Clone(o.list) }

// Due returns the cameras that have to take a picture now, each order's once.
func (o *Orders) Due(bootMS int64) (cameras []string) {
	for i := range o.list {
		if x := &o.list[i]; !x.asked && x.nextMS() <= bootMS {
			x.asked = true
			if !slices.Contains(cameras, x.Camera) {
				cameras = append(cameras, x.Camera)
			}
		}
	}
	return cameras
}

// Again says that a camera which was asked gave no picture: after a pause it is due again,
// until its orders are overdue. It returns whether one waits for it.
func (o *Orders) Again(camera string, bootMS int64) (waits bool) {
	for i := range o.list {
		x := &o.list[i]
		if x.Camera != camera || !x.asked {
			continue
		}
		pause := min(firstRetry<<min(x.failed, 8), longestRetry)
		x.asked, x.failed, x.againMS = false, x.failed+1, bootMS+pause.Milliseconds()
		waits = true
	}
	return waits
}

// Next returns when Due or Overdue will have something to say, or false if nothing waits.
func (o *Orders) Next() (bootMS int64, ok bool) {
	for _, x := range o.list {
		at := min(x.nextMS(), x.lastMS()+1)
		if x.asked {
			at = x.lastMS() + 1
		}
		if !ok || at < bootMS {
			bootMS, ok = at, true
		}
	}
	return bootMS, ok
}

// Filled takes out the orders that a camera's picture of that moment fills.
func (o *Orders) Filled(camera string, bootMS int64) []Order {
	return o.take(func(x Order) bool { return x.Camera == camera && x.FromMS <= bootMS })
}

// Overdue takes out the orders whose picture did not come in time.
func (o *Orders) Overdue(bootMS int64) []Order {
	return o.take(func(x Order) bool { return bootMS > x.lastMS() })
}

func (o *Orders) take(which func(Order) bool) (out []Order) {
	if !slices.ContainsFunc(o.list, which) {
		return nil
	}
	o.list = slices.DeleteFunc(o.list, func(x Order) bool {
		if which(x) {
			out = append(out, x)
			return true
		}
		return false
	})
	return out
}
