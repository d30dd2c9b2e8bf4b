package obs

// calendar is a way to divide time, with its numbers from first to last.
type calendar struct {
	first, last int
	of          func(Season) []int
}

// calendars are those that a season may have.
func calendars() []calendar {
	return []calendar{
		{1, 12, func(s Season) []int { return s.Months }}, {1, 53, func(s Season) []int { return s.Weeks }}, {1, 366, func(s Season) []int { return s.Days }},
		{1, 7, func(s Season) []int { return s.Weekdays }}, {1, 4, func(s Season) []int { return s.Quarters }}, {0, 23, func(s Season) []int { return s.Hours }},
	}
}

// marks are the numbers of c that a season has, first and last inclusive; a span may run
// over the end. Of a season with another calendar they are none.
func (c calendar) marks(s Season) map[int]bool {
	span := c.of(s)
	if len(span) != 2 || min(span[0], span[1]) < c.first || max(span[0], span[1]) > c.last {
		return nil
	}
	return c.from(span[0], span[1])
}

// from are the numbers from first to last, perhaps over the end.
func (c calendar) from(first, last int) map[int]bool {
	all := map[int]bool{}
	for i := first; ; i++ {
		if i > c.last {
			i = c.first
		}
		if all[i] = true; i == last {
			return all
		}
	}
}

// within says whether later seasons say something for each moment of s, so that s never
// counts. Those of one calendar are taken together, those of different ones are not.
func (s Season) within(later []Season) bool {
	for _, c := range calendars() {
		rest := c.from(c.first, c.last)
		if len(c.of(s)) > 0 {
			rest = c.marks(s)
		}
		for _, l := range later {
			for i := range c.marks(l) {
				delete(rest, i)
			}
		}
		if len(rest) == 0 && len(later) > 0 {
			return true
		}
	}
	for _, l := range later {
		if l.always() {
			return true
		}
	}
	return false
}

// always says whether a season has no calendar.
func (s Season) always() bool {
	for _, c := range calendars() {
		if len(c.of(s)) > 0 {
			return false
		}
	}
	return true
}
