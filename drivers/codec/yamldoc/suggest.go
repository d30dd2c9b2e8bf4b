package yamldoc

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Nearest returns the word of known that a person most likely meant by word: at
// most two typing slips away, one for words shorter than five letters, or the
// only one that begins with it. The slips are letters left out, added, changed or
// swapped with their neighbour.
func Nearest(word string, known []string) (string, bool) {
	best, found := "", 3
	if utf8.RuneCountInString(word) < 5 {
		found = 2
	}
	var longer []string
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < found {
			best, found = k, d
		}
		if word != "" && strings.HasPrefix(k, word) {
			longer = append(longer, k)
		}
	}
	if best == "" && len(longer) == 1 {
		return longer[0], true
	}
	return best, best != ""
}

// Hint says what would have been valid in place of word: the nearest of known, or
// all of them.
func Hint(word string, known []string) string { return nearest(word, known) }

func nearest(word string, known []string) string {
	if near, ok := Nearest(word, known); ok {
		return `did you mean "` + near + `"?`
	}
	if some := holding(word, known); len(some) > 0 {
		return `did you mean "` + strings.Join(some, `" or "`) + `"?`
	}
	if len(known) == 0 {
		return ""
	}
	all := slices.Compact(slices.Sorted(slices.Values(known)))
	const most = 24
	if len(all) > most {
		return "known are " + strings.Join(all[:most], ", ") + " …"
	}
	return "known: " + strings.Join(all, ", ")
}

// holding returns the few words of known in which word is a part, those first that
// begin with it; none if there are more than a few.
func holding(word string, known []string) (all []string) {
	const few = 6
	if utf8.RuneCountInString(word) < 3 {
		return nil
	}
	low := strings.ToLower(word)
	for _, k := range slices.Compact(slices.Sorted(slices.Values(known))) {
		if strings.Contains(strings.ToLower(k), low) {
			all = append(all, k)
		}
	}
	slices.SortStableFunc(all, func(a, b string) int {
		return strings.Index(strings.ToLower(a), low) - strings.Index(strings.ToLower(b), low)
	})
	if len(all) > few {
		return nil
	}
	return all
}

// distance counts the slips between a and b, a swap of neighbours being one
// (optimal string alignment). Above two the exact number does not matter.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	if len(s)-len(t) > 2 || len(t)-len(s) > 2 || len(s) > 64 || len(t) > 64 {
		return 3
	}
	var before []int
	last := make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := range s {
		row := make([]int, len(t)+1)
		row[0] = i + 1
		for j := range t {
			cost := 1
			if s[i] == t[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(t)]
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
