package obs

import "strings"

// CheckNote says what a key of checks is for; path is that of a schema, and anything
// may stand before "checks.*". ok is false for a key elsewhere.
func CheckNote(path string) (text string, ok bool) {
	_, key, in := strings.Cut("."+path, ".checks.*.")
	if !in {
		return "", false
	}
	return checkNotes[key[strings.LastIndexByte(key, '.')+1:]], true
}

var checkNotes = map[string]string{
	"gross":         "Narrower than what the part and the metric can be.",
	"climatology":   "What is usual at a time of the year, the week or the day; of several that fit the last one counts.",
	"climatology[]": "One season: one calendar key, or none.",
	"months":        "[first, last], 1 to 12.",
	"weeks":         "[first, last] ISO week, 1 to 53.",
	"days":          "[first, last] day of the year, 1 to 366.",
	"weekdays":      "[first, last], Monday is 1.",
	"quarters":      "[first, last], 1 to 4.",
	"hours":         "[first, last], 0 to 23.",
	"spike":         "A value alone between its neighbours; known when the next one comes.",
	"rate":          "Change per minute.",
	"flat":          "A value that does not move.",
	"attenuated":    "A signal that has become too quiet.",
	"multivariate":  "A jump that nothing explains.",
	"neighbour":     "The difference to another stream of the same unit.",
	"location":      "At latitude: where the fix is.",
	"gap":           "A value long after the one before.",
	"rollup":        "strict: what a required test could not judge is not evaluated.",
	"off":           "true: not tested, whatever the profile or the metric says.",
	"method":        "Of spike: differential or average; of attenuated: std or range.",
	"suspect":       "Where a value becomes suspect.",
	"fail":          "Where a value fails.",
	"tolerance":     "Less than this is no movement; default half of what the part resolves.",
	"samples":       "How many values it takes at least.",
	"compat":        "ioos: as the reference implementation counts.",
	"window":        "How far back, like 12h.",
	"with":          "The other stream: device.channel.",
	"moves":         "What the other stream must have moved by.",
	"within":        "How old the other value may be.",
	"offset":        "What the two differ by when all is well.",
	"step":          "Metres between two fixes.",
	"suspect[]":     "One end of the span.",
	"fail[]":        "One end of the span.",
	"months[]":      "1 to 12.", "weeks[]": "1 to 53.", "days[]": "1 to 366.", "weekdays[]": "1 to 7.", "quarters[]": "1 to 4.", "hours[]": "0 to 23.",
}
