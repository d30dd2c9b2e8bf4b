package settings

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Advice is what people are to do about the alerts and cases that it fits. A list that is
// left out fits all.
type Advice struct {
	Rules      []string   `yaml:"rules"`
	Categories []string   `yaml:"categories"` // 06026, or 06*
	Severities []string   `yaml:"severities"`
	Text       AdviceText `yaml:"text,required"`
}

// AdviceText has the sentences in one language at least.
type AdviceText struct {
	Zh string `yaml:"zh"`
	En string `yaml:"en"`
}

// longestAdvice is what somebody reads beside an alert, in bytes.
const longestAdvice = 2000

func (c *checker) advice(a Advice, i int) {
	at := func(key ...string) []string { return append([]string{"advice", strconv.Itoa(i)}, key...) }
	for k, s := range a.Severities {
		c.among(s, []string{string(wire.Red), string(wire.Orange), string(wire.Yellow), string(wire.Blue)}, at("severities", strconv.Itoa(k))...)
	}
	if c.doc.Node(at("text")...) != nil && strings.TrimSpace(a.Text.Zh+a.Text.En) == "" {
		c.say("E5006", "the advice says nothing; write it under zh, en or both", at("text")...)
	}
	for key, text := range map[string]string{"zh": a.Text.Zh, "en": a.Text.En} {
		switch {
		case len(text) > longestAdvice:
			c.say("E5008", fmt.Sprintf("this is too long to be read beside an alert; write at most %d bytes", longestAdvice), at("text", key)...)
		case strings.ContainsFunc(text, func(r rune) bool {
			return unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Bidi_Control, r)
		}):
			c.say("E5008", "there are characters in it that nobody sees; write it anew without them", at("text", key)...)
		}
	}
}
