package still

import "time"

const (
	// LeastAge is how much older than the raise the picture before it should be.
	LeastAge = 2 * time.Second

	maxShots     = 4
	maxRingBytes = 1 << 20
)

// Shot is one picture: a JPEG that nobody changes any more, and when it was taken, in
// milliseconds since boot.
type Shot struct {
	BootMS int64
	JPEG   []byte
}

// Ring holds what one camera saw lately. The zero value is ready.
type Ring struct {
	shots []Shot // oldest first
}

// Add takes a picture in. It is newer than those before.
func (r *Ring) Add(s Shot) {
	if n := len(r.shots); n > 1 && r.shots[n-1].BootMS-r.shots[n-2].BootMS < LeastAge.Milliseconds() {
		r.shots = r.shots[:n-1]
	}
	r.shots = append(r.shots, s)
	size := 0
	for i := len(r.shots) - 1; i >= 0; i-- {
		size += len(r.shots[i].JPEG)
		if kept := len(r.shots) - i; kept > 1 && (kept > maxShots || size > maxRingBytes) {
			r.drop(i + 1)
			return
		}
	}
}

// drop forgets the n oldest, and does not keep their bytes alive.
func (r *Ring) drop(n int) {
	kept := copy(r.shots, r.shots[n:])
	clear(r.shots[kept:])
	r.shots = r.shots[:kept]
}

// Newest returns the picture taken last, or false if there is none.
func (r *Ring) Newest() (Shot, bool) {
	if len(r.shots) == 0 {
		return Shot{}, false
	}
	return r.shots[len(r.shots)-1], true
}

// Before returns the newest picture taken LeastAge before bootMS or earlier, else the
// oldest taken before bootMS, else false.
func (r *Ring) Before(bootMS int64) (Shot, bool) {
	for i := len(r.shots) - 1; i >= 0; i-- {
		if bootMS-r.shots[i].BootMS >= LeastAge.Milliseconds() {
			return r.shots[i], true
		}
	}
	if len(r.shots) > 0 && r.shots[0].BootMS < bootMS {
		return r.shots[0], true
	}
	return Shot{}, false
}
