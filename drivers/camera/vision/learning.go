package vision

import "time"

// Learning is what an eye does not know yet. Times are of pictures seen, each of which
// stands for the time since the one before, a minute at most.
type Learning struct {
	// Background is how long until smoke, flame and presence are judged again; 0: they are.
	Background time.Duration
	// View is how long until blocked, defocused, moved and clarity are judged; 0: they are.
	View time.Duration
	// Keep is how long until the view is known well enough to be kept over a restart; 0: it is.
	Keep time.Duration
	// Hour is how long until what this hour of the day usually has is known; 0: it is. Until
	// then a picture is compared with what was seen lately.
	Hour time.Duration
	// Hours of the day, 0 to 24, of which it is known.
	Hours int
	// Stands is how long something that hides the view has been seen sharp and as it is;
	// 0: nothing has. When that is Settles it becomes the view.
	Stands time.Duration
	// Blank: what is seen, and has been since the view was to be learned, has next to no
	// edges. It is no view: nothing that compares with one is judged until more is seen.
	Blank bool
	// Renewed counts how often what was seen instead became the view, since New.
	Renewed int
}

// Settles is how long what hides the view has to stand there, sharp and seen, to become it.
const Settles = time.Duration(settled) * time.Second

// Learning returns what is not known as of the last picture.
func (e *Eye) Learning() Learning {
	t := &e.tamper
	l := Learning{Renewed: t.renewed, Stands: span(t.other.stood), Blank: t.blank}
	l.Background = span(max(smokeWarm-e.smoke.seconds, 0))
	l.View = span(max(warmSeconds-t.known, 0))
	l.Keep = span(max(hourSeconds-t.known, 0))
	if !e.last.IsZero() {
		l.Hour = span(max(hourSeconds-t.hours[e.last.Hour()].seconds, 0))
	}
	for i := range t.hours {
		if t.hours[i].seconds >= hourSeconds {
			l.Hours++
		}
	}
	return l
}

func span(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
