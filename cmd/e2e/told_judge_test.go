package e2e

import (
	"slices"
	"strings"
	"time"
)

// grace is how long one waits for a better word of what noise does.
const grace = time.Minute

// weigh settles what noise is called: a wrong bit in an address or a length leaves nobody
// who answers, so that one silence proves nothing. The first of the words that the state
// may have counts, or the next one if that does not come.
func (a *act) weigh(word string) {
	if a.heard == nil {
		a.since = time.Now()
	}
	a.heard = append(a.heard, word)
	for i, want := range wants[a.state] {
		if slices.Contains(a.heard, want) && (i == 0 || time.Since(a.since) > grace) {
			a.said = want
			return
		}
	}
}

// wants are the words that a state may have, the best one first. Noise on a wire whose protocol has no
// checksum shows as a frame that is none; what is nearer or farther than a range finder
// hears gives it no echo.
var wants = map[string][]string{
	good: {"pass"}, unplugged: {"fault unplugged"}, silent: {"fault timeout"}, noisy: {"fault checksum", "fault protocol"},
	warming: {"warm-up"}, beyond: {"range", "no-echo"}, frozen: {"flat"}, misread: {"fault checksum", "fault protocol", saysRight},
}

func (b *booth) judge() {
	b.t.Helper()
	for _, a := range b.acts {
		wants := wants
		if a.state == misread && a.play.passes != "" {
			wants = map[string][]string{misread: {saysWrong}}
		}
		if !slices.Contains(wants[a.state], a.said) {
			b.t.Errorf("%s, %s: the gateway says %q, want %s; it said %q before", a.driver, a.state, a.said, strings.Join(wants[a.state], " or "), slices.Compact(a.heard))
		}
	}
}
