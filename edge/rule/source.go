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
	Every time.Duration // the interval at which it is sampled
	Min   float64       // the least its metric can be
	Max   float64       // the most; 0: neither is known
	Step  float64       // the least change that shows; 0: not known
	Unit  string        // as people write it: m, °C; empty: not known
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
}

// source is a rule's text made fit for expr's parser: streams, whose ids may hold
// dashes, and durations, which expr does not have, become plain identifiers.
type source struct {
	text  string
	out   strings.Builder
	offs  []int // for each character of out the byte of text it comes from
	words map[string]word
	known Streams
	errs  []*Error
}

func newSource(text string, known Streams) *source {
	s := &source{text: text, words: map[string]word{}, known: known}
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
			j := s.run(i, end, func(c byte) bool { return !wordByte(c) && c != '"' && c != '\'' && c != '`' })
			s.copy(i, j)
			i = j
		}
	}
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
	if device := s.text[i:dashed]; s.known.has(device) {
		s.fail(i, dashed-i, "E3102", fmt.Sprintf("%s is a device, not a value", device), "write "+strings.Join(s.known.channels(device), ", "))
		s.put(word{at: i, length: dashed - i, isStream: true, unknown: true})
		return dashed
	}
	j := s.run(i, end, wordByte)
	s.copy(i, j)
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
			if _, ok := s.known[st]; ok {
				if from > i {
					s.scan(i, from)
				}
				s.put(word{at: from, length: to - from, isStream: true, stream: st})
				return to, true
			}
		}
	}
	s.unknown(i, dot, channel(short))
	return channel(short), true
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
		s.fail(i, j-i, "E3104", fmt.Sprintf("%q is neither a number nor a duration", text), hint)
		s.put(word{at: i, length: j - i, isStream: true, unknown: true})
	}
	return j
}

// deviceHint says which device may have been meant; where there is none at all, that.
func deviceHint(name string, known []string) string {
	if len(known) == 0 {
		return "no device can be read yet; add or mend it under devices:"
	}
	return yamldoc.Hint(name, known)
}
