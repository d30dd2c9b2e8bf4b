package tape

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Write writes t so that Read gives it back, comments and the numbers of lines apart.
func (t *Tape) Write(w io.Writer) error {
	b := appendHeader(nil, t.Header)
	for _, e := range t.Entries {
		b = appendEntry(b, t.Wire, e)
	}
	_, err := w.Write(b)
	return err
}

func appendHeader(b []byte, h Header) []byte {
	line := func(key, value string) {
		if value = oneLine(value); value != "" {
			b = append(b, key+": "+value+"\n"...)
		}
	}
	b = append(b, firstLine+"\n"...)
	for _, f := range h.fields() {
		line(f.key, *f.at)
	}
	line("at", h.At.UTC().Format(time.RFC3339))
	for _, n := range h.Notes {
		line("note", n)
	}
	return append(b, '\n')
}

// oneLine makes any text fit behind a key.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return strings.TrimSpace(s)
}

func appendEntry(b []byte, w drivers.Wire, e Entry) []byte {
	b = fmt.Appendf(b, "%11s %c", formatTime(e.At), e.Kind)
	switch e.Kind {
	case Sent, Received:
		b = appendBytes(append(b, ' '), w, e.Bytes)
	case Fault, Outcome, Begin:
		if e.Text != "" {
			b = append(b, " "+e.Text...)
		}
	}
	return append(b, '\n')
}

func appendBytes(b []byte, w drivers.Wire, p []byte) []byte {
	switch {
	case len(p) == 0:
		return append(b, '-')
	case textual(w):
		return strconv.AppendQuoteToASCII(b, string(p))
	}
	return fmt.Appendf(b, "% X", p)
}

func formatTime(d time.Duration) string {
	us := d.Microseconds()
	return fmt.Sprintf("%d.%06d", us/1e6, us%1e6)
}

// Text writes the outcome of a sample as a tape has it.
func Text(channels []drivers.Channel, readings []obs.Reading, err error) string {
	if err != nil {
		return "fault " + drivers.FaultWord(err)
	}
	var b strings.Builder
	for i, r := range readings {
		name := "?" + strconv.Itoa(i) // more readings than channels: the driver's mistake, kept visible
		if i < len(channels) {
			name = channels[i].Name
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(name + "=")
		switch q := r.Quality; {
		case q.Flag == obs.Missing:
			fmt.Fprintf(&b, "none/%s", q.Why)
		case q.Flag != obs.NotEvaluated && q.Flag != obs.Pass:
			fmt.Fprintf(&b, "%s/%s/%s", number(r.Value), q.Flag, q.Why)
		default:
			b.WriteString(number(r.Value))
		}
	}
	if b.Len() == 0 {
		return "-" // a device without channels
	}
	return b.String()
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
