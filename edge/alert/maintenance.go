package alert

import (
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Maintain makes the revision that says that somebody, by, works on what the alert is
// about, so that nothing is judged, or, with on false, that this is over.
func Maintain(r Rule, prev *wire.Alert, at wire.Moment, by string, on bool) wire.Alert {
	a := Repeat(prev, at)
	if on {
		a.Maintenance = &wire.Worked{Since: at, By: by}
	} else if prev.Maintenance != nil {
		over := *prev.Maintenance
		over.Until = &a.At
		a.Maintenance = &over
	}
	a.Text = map[string]string{}
	for lang, text := range prev.Text {
		words := r.worked(a.Maintenance, lang)
		a.Text[lang] = clipped(strings.TrimSuffix(text, r.worked(prev.Maintenance, lang)), wire.MaxText-len(words)) + words
	}
	return a
}

// worked is what is added to a text while somebody works on what it is about.
func (r Rule) worked(w *wire.Worked, lang string) string {
	switch {
	case w == nil || w.Until != nil:
		return ""
	case lang == "zh":
		return fmt.Sprintf("（%s 起维护中，暂不判断）", r.clock(w.Since))
	default:
		return fmt.Sprintf(" (under maintenance since %s, not judged)", r.clock(w.Since))
	}
}
