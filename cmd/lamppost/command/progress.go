package command

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// bar is a progress bar on a terminal; nothing where w is none, so that a pipe or a
// log gets no control characters.
type bar struct {
	w     io.Writer // nil: not shown
	lang  string
	begun time.Time
	drawn time.Time
}

const (
	barWidth = 30
	barEvery = 100 * time.Millisecond
)

func newBar(w io.Writer, lang string) *bar {
	b := &bar{lang: lang, begun: time.Now()}
	if f, ok := w.(*os.File); ok {
		if st, err := f.Stat(); err == nil && st.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb" {
			b.w = w
		}
	}
	return b
}

// show draws the bar, a few times a second.
func (b *bar) show(done, total uint64) {
	now := time.Now()
	if b.w == nil || total == 0 || now.Sub(b.drawn) < barEvery {
		return
	}
	b.drawn = now
	fmt.Fprint(b.w, "\r"+barLine(done, total, now.Sub(b.begun), b.lang)+"\x1b[K")
}

// barLine is the bar as text.
func barLine(done, total uint64, took time.Duration, lang string) string {
	done = min(done, total)
	part := float64(done) / float64(total)
	full := int(part * barWidth)
	s := fmt.Sprintf("%3.0f %% %s%s", part*100, strings.Repeat("█", full), strings.Repeat("░", barWidth-full))
	if took < time.Second || done == 0 {
		return s
	}
	left := time.Duration(float64(took) * (1 - part) / part).Round(time.Second)
	return s + "  " + fmt.Sprintf(pick(lang, "%s left", "剩余 %s"), longText(left, lang))
}

// end takes the bar away.
func (b *bar) end() {
	if b.w != nil && !b.drawn.IsZero() {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
