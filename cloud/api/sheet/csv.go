package sheet

import (
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	head  = "row,time,time_utc,until,gateway,device,channel,quantity,value,unit,quality,reason,detail\r\n"
	bom   = "\ufeff"
	chunk = 32 << 10 // bytes kept before they are handed on
	stamp = "2006-01-02T15:04:05.000Z07:00"
)

// CSV writes a table as text.
type CSV struct {
	w     io.Writer
	place *time.Location
	buf   []byte
}

// NewCSV begins a table with its line of names. Times are by the clocks of place. With mark it
// begins with the three bytes by which spreadsheets know UTF-8.
func NewCSV(w io.Writer, place *time.Location, mark bool) *CSV {
	c := &CSV{w: w, place: place, buf: make([]byte, 0, chunk+4<<10)}
	if mark {
		c.buf = append(c.buf, bom...)
	}
	c.buf = append(c.buf, head...)
	return c
}

// Write implements Writer.
func (c *CSV) Write(r *Row) error {
	b := c.buf
	if r.Gap {
		b = append(b, "gap,"...)
	} else {
		b = append(b, "reading,"...)
	}
	at := time.UnixMilli(r.Time)
	b = append(at.In(c.place).AppendFormat(b, stamp), ',')
	b = append(at.UTC().AppendFormat(b, stamp), ',')
	if r.Gap {
		b = time.UnixMilli(r.Until).In(c.place).AppendFormat(b, stamp)
	}
	for _, s := range [...]string{r.Gateway, r.Device, r.Channel, r.Quantity} {
		b = appendText(append(b, ','), s)
	}
	b = appendNumber(append(b, ','), r.Value)
	b = appendText(append(b, ','), r.Unit)
	b = strconv.AppendInt(append(b, ','), int64(r.Quality), 10)
	b = appendText(append(b, ','), r.Reason)
	b = appendText(append(b, ','), r.Detail)
	c.buf = append(b, '\r', '\n')
	if len(c.buf) < chunk {
		return nil
	}
	return c.flush()
}

// Close implements Writer.
func (c *CSV) Close() error { return c.flush() }

func (c *CSV) flush() error {
	_, err := c.w.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}

// appendNumber writes v as it is, without an exponent where people write none; nothing for no
// number.
func appendNumber(b []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return b
	}
	form := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e15) {
		form = 'g'
	}
	return strconv.AppendFloat(b, v, form, -1, 64)
}

// appendText writes a cell of words. A spreadsheet takes what begins with one of = + - @, a tab
// or a line's end for a formula: an apostrophe in front makes it a text.
func appendText(b []byte, s string) []byte {
	if s == "" {
		return b
	}
	if !strings.ContainsAny(s, "=+-@\t\r\n\",") {
		return append(b, s...)
	}
	quote := strings.ContainsAny(s, "\",\r\n")
	if quote {
		b = append(b, '"')
	}
	if strings.IndexByte("=+-@\t\r\n", s[0]) >= 0 {
		b = append(b, '\'')
	}
	if !quote {
		return append(b, s...)
	}
	return append(append(b, strings.ReplaceAll(s, `"`, `""`)...), '"')
}
