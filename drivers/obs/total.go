package obs

// Grown is by how much a running total (rain, pulses, volume, energy) grew from one
// reading to the next, elapsedMS later. most is the most that it can grow by in an hour,
// in its unit; 0: not known. why is empty where more is sure, [Lost] where the total fell:
// its counter began anew, and it grew by what it shows at least; [Rate] where it grew
// faster than possible: it was misread, and more is 0. One unit is borne with beside most,
// for readings that come in quick succession.
func Grown(before, now float64, elapsedMS int64, most float64) (more float64, why Reason) {
	const hourMS = 3_600_000
	if more = now - before; more < 0 {
		more, why = max(now, 0), Lost
	}
	if most > 0 && more > 1+most*float64(elapsedMS)/hourMS {
		return 0, Rate
	}
	return more, why
}
