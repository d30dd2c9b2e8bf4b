package rule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Stream is what must be known of a stream to judge rules on it.
type Stream struct {
	Every   time.Duration // the interval at which it is sampled
	Fastest time.Duration // the shortest at which it may be, now and then; 0: Every
	Min     float64       // the least that a usable value of it can be
	Max     float64       // the most; 0: neither is known
	Step    float64       // the least change that shows; 0: not known
	Unit    string        // as people write it: m, °C; empty: not known
	Bare    bool          // it is a number without a unit, like an index
	Turns   bool          // it is a direction: behind 360 comes 0
	Total   bool          // it is a running total, which only grows
	Meter   bool          // such a total means something as it stands: of a volume, an energy
	Most    float64       // the most by which that can grow in an hour; 0: not known
	Level   bool          // it is a sound level in decibels, of which a mean is one of energies
	// Sparse is what a reading says that is marked as sparse: nothing, or a bound.
	Sparse obs.Bound
	// Instead is the device's channel to read in its place, because it has values only above
	// a limit: what rests on it would never end. Empty: rules read it.
	Instead string
}

// Streams are the streams that rules may speak of.
type Streams map[obs.Stream]Stream

// channels lists the channels of a device, as device.channel.
func (s Streams) channels(device string) (all []string) {
	for k := range s {
		if k.Device == device {
			all = append(all, k.Device+"."+k.Channel)
		}
	}
	slices.Sort(all)
	return all
}

// named lists the streams of a channel, as device.channel; few enough to be read.
func (s Streams) named(channel string) (all []string) {
	for k := range s {
		if k.Channel == channel || obs.MetricName(k.Channel) == channel {
			all = append(all, k.Device+"."+k.Channel)
		}
	}
	slices.Sort(all)
	return all[:min(len(all), 5)]
}

func (s Streams) devices() (all []string) {
	for k := range s {
		all = append(all, k.Device)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// has says whether a device is known.
func (s Streams) has(device string) bool {
	for k := range s {
		if k.Device == device {
			return true
		}
	}
	return false
}

// word is what an identifier in the rewritten text stands for.
type word struct {
	at, length int // in the original text
	isStream   bool
	unknown    bool // reported already
	stream     obs.Stream
	duration   time.Duration
	figure     *Name // a number that a name stands for
}

// source is a rule's text made fit for expr's parser: streams, whose ids may hold
// dashes, and durations, which expr does not have, become plain identifiers.
type source struct {
	text  string
	out   strings.Builder
	offs  []int // for each character of out the byte of text it comes from
	words map[string]word
	known Streams
	names map[string]Name
	errs  []*Error
	lost  bool // a word was found of which nothing can be made: more cannot be said
}

func newSource(text string, known Streams, names map[string]Name) *source {
	s := &source{text: text, words: map[string]word{}, known: known, names: names}
	s.scan(0, len(text))
	s.offs = append(s.offs, len(text))
	return s
}

func (s *source) copy(from, to int) {
	for i, r := range s.text[from:to] {
		s.out.WriteRune(r)
		s.offs = append(s.offs, from+i)
	}
}

// put writes an identifier that stands for text[at:at+length].
func (s *source) put(w word) {
	name := fmt.Sprintf("w_%d", len(s.words))
	s.words[name] = w
	s.out.WriteString(name)
	for range name {
		s.offs = append(s.offs, w.at)
	}
}

func (s *source) fail(at, length int, id, msg, hint string) {
	if s.lost {
		return // it may follow from that
	}
	s.errs = append(s.errs, &Error{Offset: at, Length: length, ID: id, Msg: msg, Hint: hint})
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// run returns the end of the stretch of bytes from i on that ok accepts.
func (s *source) run(i, end int, ok func(byte) bool) int {
	for i < end && ok(s.text[i]) {
		i++
	}
	return i
}

func (s *source) scan(i, end int) {
	for i < end {
		switch c := s.text[i]; {
		case c == '"' || c == '\'' || c == '`':
			j := i + 1
			for j < end && s.text[j] != c {
				if s.text[j] == '\\' && c != '`' {
					j++
				}
				j++
			}
			j = min(j+1, end)
			s.copy(i, j)
			i = j
		case wordByte(c):
			i = s.word(i, end)
		default:
			i = s.marks(i, s.run(i, end, func(c byte) bool { return !wordByte(c) && c != '"' && c != '\'' && c != '`' }))
		}
	}
}

// marks reads operators and brackets, those of other languages too.
func (s *source) marks(i, end int) int {
	ofOperator := func(c byte) bool { return strings.IndexByte("<>=!&|~", c) >= 0 }
	for i < end {
		j := s.run(i, end, func(c byte) bool { return !ofOperator(c) })
		s.copy(i, j)
		i = s.run(j, end, ofOperator)
		means, slip := operators[s.text[j:i]]
		if !slip {
			s.copy(j, i)
			continue
		}
		s.fail(j, i-j, "E3101", s.text[j:i]+" is no operator of a rule", "write "+means)
		s.stand(" "+means+" ", j)
	}
	return end
}

// word reads what begins with a letter or digit at i and returns where it ends.
func (s *source) word(i, end int) int {
	if j, ok := s.stream(i, end); ok {
		return j
	}
	if s.text[i] >= '0' && s.text[i] <= '9' {
		return s.number(i, end)
	}
	dashed := s.run(i, end, func(c byte) bool { return wordByte(c) || c == '-' })
	if len(s.names) > 0 {
		dashed = i // a draft knows no devices
	}
	if device := s.text[i:dashed]; s.known.has(device) {
		s.fail(i, dashed-i, "E3102", fmt.Sprintf("%s is a device, not a value", device), "write "+strings.Join(s.known.channels(device), ", "))
		s.put(word{at: i, length: dashed - i, isStream: true, unknown: true})
		return dashed
	}
	j := s.run(i, end, wordByte)
	if n, ok := s.names[s.text[i:j]]; ok {
		s.put(n.word(i, j-i))
		return j
	}
	if !s.slipped(i, j) {
		s.copy(i, j)
	}
	return j
}

// stream reads device.channel at i. Of "3-pm-north.pm10" the longest tail after a
// dash that is known counts; what stands before is read on its own.
func (s *source) stream(i, end int) (int, bool) {
	dot := s.run(i, end, func(c byte) bool { return wordByte(c) || c == '-' })
	channel := func(from int) int {
		if from < end && s.text[from] == '.' && from+1 < end && wordByte(s.text[from+1]) && (s.text[from+1] < '0' || s.text[from+1] > '9') {
			return s.run(from+1, end, wordByte)
		}
		return from
	}
	short := channel(dot)
	if short == dot {
		return i, false
	}
	for from := i; from < dot; from = s.afterDash(from, dot) {
		for _, to := range []int{channel(short), short} {
			st := obs.Stream{Device: s.text[from:dot], Channel: s.text[dot+1 : to]}
			if k, ok := s.known[st]; ok {
				if from > i {
					s.scan(i, from)
				}
				if k.Instead != "" {
					msg, hint := OneSided(st, k.Instead)
					s.fail(from, to-from, "E3122", msg, hint)
				}
				s.put(word{at: from, length: to - from, isStream: true, stream: st})
				return to, true
			}
		}
	}
	s.unknown(i, dot, channel(short))
	return channel(short), true
}

// OneSided says in words what is wrong with a stream in whose place another is to be read.
func OneSided(st obs.Stream, instead string) (msg, hint string) {
	return fmt.Sprintf("%s.%s is told only above a limit, so that nothing that rests on it ends for certain", st.Device, st.Channel),
		fmt.Sprintf("write %s.%s", st.Device, instead)
}

// afterDash returns the start of what follows the next dash, or end.
func (s *source) afterDash(from, end int) int {
	if d := strings.IndexByte(s.text[from:end], '-'); d >= 0 {
		return from + d + 1
	}
	return end
}

// unknown reports a stream that does not exist and goes on as if it did.
func (s *source) unknown(i, dot, to int) {
	from := i
	if head, _, ok := strings.Cut(s.text[i:dot], "-"); ok && strings.Trim(head, "0123456789") == "" {
		from += len(head) + 1
		s.copy(i, from)
	}
	device, channel := s.text[from:dot], s.text[dot+1:to]
	known := s.known.channels(device)
	switch {
	case len(known) > 0:
		s.fail(from, to-from, "E3102", fmt.Sprintf("%s has no channel %q", device, channel), yamldoc.Hint(device+"."+channel, known))
	default:
		s.fail(from, dot-from, "E3102", fmt.Sprintf("no device is called %q", device), deviceHint(device, s.known.devices()))
	}
	s.put(word{at: from, length: to - from, isStream: true, unknown: true})
}

// number reads a number or a duration at i.
func (s *source) number(i, end int) int {
	j := s.run(i, end, func(c byte) bool { return wordByte(c) || c == '.' })
	text := s.text[i:j]
	lower := strings.ToLower(text)
	hex := strings.HasPrefix(lower, "0x") || strings.HasPrefix(lower, "0b") || strings.HasPrefix(lower, "0o")
	units := strings.Trim(lower, "0123456789._")
	switch d, err := yamldoc.ParseDuration(text); {
	case hex || units == "" || units == "e" && !strings.HasSuffix(lower, "e"):
		s.copy(i, j)
	case units == "e" && j+1 < end && (s.text[j] == '-' || s.text[j] == '+'): // 1e-3
		k := s.run(j+1, end, wordByte)
		s.copy(i, k)
		return k
	case err == nil:
		s.put(word{at: i, length: j - i, duration: d})
	default:
		_, hint, _ := strings.Cut(err.Error(), "; ")
		if h := s.notTime(text, i); h != "" {
			hint = h
		}
		s.fail(i, j-i, "E3104", fmt.Sprintf("%q is neither a number nor a duration", text), hint)
		s.put(word{at: i, length: j - i, isStream: true, unknown: true})
	}
	return j
}

// timeWords are what people write for units of time, in small letters.
var timeWords = []string{"ms", "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h", "hr", "hrs", "hour", "hours", "d", "day", "days", "w", "week", "weeks"}

// notTime is what to write for a number with letters in or behind it that are no unit of
// time; empty if they are.
func (s *source) notTime(text string, at int) string {
	i := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	number, letters := text[:max(i, 0)], strings.ToLower(text[max(i, 0):])
	rest := strings.TrimLeft(letters, "abcdefghijklmnopqrstuvwxyz_")
	switch letters = letters[:len(letters)-len(rest)]; {
	case letters == "m" && rest != "" && strings.Trim(rest, "0123456789") == "":
		return fmt.Sprintf("write %s.%s if these are metres, or %ss if it is a time", number, rest, text)
	case slices.Contains(timeWords, letters):
		return ""
	case letters == "x" && rest != "" && strings.Trim(rest, "0123456789.") == "":
		return fmt.Sprintf("write %s * %s", number, rest)
	case rest == "":
		return s.measure(number, letters, at)
	default:
		return "write a number like 3.5, or a duration like 5m"
	}
}

// deviceHint says which device may have been meant; where there is none at all, that.
func deviceHint(name string, known []string) string {
	if len(known) == 0 {
		return "no device can be read yet; add or mend it under devices:"
	}
	return yamldoc.Hint(name, known)
}
