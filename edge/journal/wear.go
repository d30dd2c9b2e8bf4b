package journal

import "time"

const (
	// metaBytes is what a file system with a journal of its own writes when a sync
	// has to record a changed size or newly used blocks: descriptor, inode and
	// extent, commit. Measured on ext4 with 4 KB blocks: 12 to 13 KB.
	metaBytes = 12 << 10
	dirBytes  = 16 << 10 // the same for a changed directory
	hours     = 24
)

// Wear is what writing costs the flash.
type Wear struct {
	Syncs   uint64 // flushes asked of the device
	Written uint64 // bytes given to the file system
	Flash   uint64 // bytes that reach the device, estimated: whole pages and the file system's own
}

func (w *Wear) add(v Wear) {
	w.Syncs += v.Syncs
	w.Written += v.Written
	w.Flash += v.Flash
}

// diary keeps the wear of the last 24 hours, hour by hour.
type diary struct {
	total Wear
	hour  [hours + 1]Wear // a ring: the current hour and the 24 before
	now   int             // hours since start
	start time.Time
}

func (d *diary) turn(now time.Time) {
	for at := int(now.Sub(d.start) / time.Hour); d.now < at; {
		if at-d.now > len(d.hour) {
			d.now = at - len(d.hour)
		}
		d.now++
		d.hour[d.now%len(d.hour)] = Wear{}
	}
}

func (d *diary) add(now time.Time, w Wear) {
	d.turn(now)
	d.total.add(w)
	d.hour[d.now%len(d.hour)].add(w)
}

// day returns the wear of the last 24 hours or of the time since the start,
// scaled to a day once an hour has passed; over says how much time it rests on.
func (d *diary) day(now time.Time) (w Wear, over time.Duration) {
	d.turn(now)
	for _, h := range d.hour {
		w.add(h)
	}
	over = now.Sub(d.start)
	if d.now > hours {
		over = now.Sub(d.start.Add(time.Duration(d.now-hours) * time.Hour))
	}
	if over < time.Hour {
		return w, over
	}
	scale := func(v uint64) uint64 { return uint64(float64(v) * float64(24*time.Hour) / float64(over)) }
	return Wear{scale(w.Syncs), scale(w.Written), scale(w.Flash)}, over
}

// pages returns the bytes of all pages that off … end touches.
func pages(off, end int64) uint64 {
	if end <= off {
		return 0
	}
	return uint64((end+pageSize-1)/pageSize-off/pageSize) * pageSize
}
