package config

import (
	"cmp"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// crowded is the share of a line's time above which its devices wait for each other.
const crowded = 0.95

// roomFor warns of a line that is asked for more than its speed allows. What a part takes
// before it answers is not known here, so it takes longer than said.
func (l *loader) roomFor(b Bus, on []Device) {
	speed, ok := b.speed()
	if !ok {
		return
	}
	share, slow := 0.0, false
	for _, d := range on {
		takes := exchange(d.Plan.Exchanges, speed, b.Turnaround)
		share += takes.Seconds() / d.Every.Seconds()
		if takes <= d.Every {
			continue
		}
		slow = true
		l.say("W2602", fmt.Sprintf("asking %s takes %s at least on a line of %d bit/s, longer than %s; write %s or longer, or a faster line",
			cmp.Or(d.Profile, d.Driver), brief(takes), speed.Baud, brief(d.Every), brief(roomy(takes))), "devices", d.ID, "every")
	}
	if share > crowded && !slow {
		l.sayKey("W2506", fmt.Sprintf("the devices on this line ask for %.0f %% of its time at %d bit/s, and wait for each other; lengthen every, raise the speed, or use a second line", 100*share, speed.Baud), "buses", b.ID)
	}
}

// speed is how fast a bus is; ok is false where nobody knows: a host that speaks Modbus
// TCP has no speed.
func (b Bus) speed() (s drivers.LineSettings, ok bool) {
	s = b.Line
	if b.Serial == "" && !b.RTU {
		return s, false
	}
	return s, s.Baud > 0
}

// exchange is what exchanges of so many bytes take on a line at least: the characters,
// and the silence before each frame, 3.5 characters of 11 bits ("MODBUS over Serial
// Line" V1.02, 2.5.1.1), or the turnaround where that is longer.
func exchange(bytes []int, s drivers.LineSettings, turnaround time.Duration) (sum time.Duration) {
	bits := 1 + cmp.Or(s.DataBits, 8) + cmp.Or(s.StopBits, 1)
	if s.Parity != "" && s.Parity != "none" {
		bits++
	}
	one := func(bits float64) time.Duration { return time.Duration(bits * float64(time.Second) / float64(s.Baud)) }
	silence := one(38.5)
	if s.Baud > 19200 {
		silence = 1750 * time.Microsecond
	}
	for _, n := range bytes {
		sum += one(float64(n*bits)) + silence + max(silence, turnaround)
	}
	return sum.Round(time.Millisecond)
}

// roomy is a round interval that leaves a part time to answer: twice as long at least.
func roomy(d time.Duration) time.Duration {
	for _, step := range []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second} {
		if step >= 2*d {
			return step
		}
	}
	return (2*d + 10*time.Second - 1).Truncate(10 * time.Second)
}
