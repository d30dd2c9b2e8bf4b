package rule

import "time"

// Schedule says when a rule is on duty, in the local time that [Engine.Civil] gives.
// The zero value is always.
type Schedule struct {
	Set      bool
	Days     Days // on which the time begins; none: on all
	From, To int  // minutes of the day, 0…1440; To before From is on the next day, equal: the whole day
	// Dismiss ends an alert with the schedule. Otherwise it stays until it is over by
	// itself.
	Dismiss bool
}

// Days are days of the week, Sunday being 1<<0.
type Days uint8

// Has says whether d is among them.
func (s Days) Has(d time.Weekday) bool { return s == 0 || s>>d&1 == 1 }

const wholeDay = 24 * 60

// in says whether t is within s, and how many minutes it is at most before that may
// change.
func (s Schedule) in(t time.Time) (in bool, left int) {
	m, today := t.Hour()*60+t.Minute(), t.Weekday()
	from, to := s.From, s.To
	if from == to {
		from, to = 0, wholeDay
	}
	yesterday := (today + 6) % 7
	switch {
	case from < to:
		in = s.Days.Has(today) && m >= from && m < to
	default:
		in = s.Days.Has(today) && m >= from || s.Days.Has(yesterday) && m < to
	}
	left = wholeDay - m
	for _, edge := range [...]int{from, to} {
		if edge > m {
			left = min(left, edge-m)
		}
	}
	return in, left
}

// Civil lets the engine ask for the local time at ms since boot, for schedules; ok is
// false while the clock is not trusted. Without it no schedule is known.
func (e *Engine) Civil(local func(bootMS int64) (at time.Time, ok bool)) { e.civil = local }

// duty is what its schedule means for a stage.
type duty uint8

const (
	onDuty    duty = iota
	offDuty        // it must not begin
	dismissed      // it ends
)

// duty asks b's schedule. While nobody knows the time of day a rule works as if it had
// none: an alert at the wrong hour is a nuisance, none in a flood is not. An alert that
// stands goes on like any other, unless its schedule dismisses it.
func (e *Engine) duty(b *bound, r *reader) duty {
	s, g := b.group.spec.Schedule, b.group
	if !s.Set || e.civil == nil {
		return onDuty
	}
	const look = int64(time.Minute / time.Millisecond) // the clock may be set meanwhile
	r.again(look)
	t, ok := e.civil(e.now)
	g.rests = false
	if !ok {
		return onDuty
	}
	in, left := s.in(t)
	edge := e.now + int64(left)*look - int64(t.Second())*1000 - int64(t.Nanosecond())/1e6
	r.recheck, r.until = min(r.recheck, edge), min(r.until, edge)
	switch {
	case in:
		return onDuty
	case s.Dismiss:
		g.rests = true
		return dismissed
	case g.standing() != Standing{} || g.chatter.on:
		return onDuty
	default:
		g.rests = true
		return offDuty
	}
}

// dismiss ends a stage at the end of its schedule.
func (e *Engine) dismiss(b *bound) {
	if b.phase == Normal {
		return
	}
	from := b.phase
	b.move(Normal, e.now)
	e.report(b, from, e.now)
}
