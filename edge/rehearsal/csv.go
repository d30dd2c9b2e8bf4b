package rehearsal

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// FormatError is a line of a file that cannot be read.
type FormatError struct {
	Line      int // from 1
	Msg, Hint string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("line %d: %s; %s", e.Line, e.Msg, e.Hint)
}

// Aside is what a file holds beside readings.
type Aside struct {
	Undated int      // readings without a time
	Columns []string // of a table with one for each stream, whose names are no device.channel
}

// maxAside is how many columns are named.
const maxAside = 100

// MaxRecords is how many readings are taken from one file.
const MaxRecords = 20_000_000

// ReadCSV reads a table of readings and gives each to take: what lamppost buffer export
// writes, or a column time and one for each device.channel, in which an empty cell is no
// reading. Times are RFC 3339, or without an offset in zone, or Unix seconds or
// milliseconds. What is neither a reading nor dated is passed over, and said. The error is
// a *FormatError or the reader's.
func ReadCSV(in io.Reader, zone *time.Location, take func(Record)) (aside Aside, err error) {
	rows := csv.NewReader(in)
	rows.ReuseRecord, rows.FieldsPerRecord, rows.TrimLeadingSpace = true, -1, true
	head, err := rows.Read()
	if err != nil {
		return aside, badRow(rows, err)
	}
	t, err := tableOf(slices.Clone(head))
	if err != nil {
		return aside, err
	}
	for n := 0; ; {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return t.aside, nil
		}
		if err != nil {
			return t.aside, badRow(rows, err)
		}
		line, _ := rows.FieldPos(0)
		t.line, t.zone = line, zone
		if err := t.row(row, func(r Record) { n++; take(r) }); err != nil {
			return t.aside, err
		}
		if n > MaxRecords {
			return t.aside, &FormatError{line, fmt.Sprintf("the file has more than %d readings", MaxRecords), "cut it"}
		}
	}
}

func badRow(rows *csv.Reader, err error) error {
	var at *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return &FormatError{1, "the file is empty", "give a table with a column time"}
	case errors.As(err, &at):
		return &FormatError{at.Line, at.Err.Error(), "give a table of comma separated values"}
	}
	return err
}

// table says what the columns of a file are.
type table struct {
	time, device, channel, value, qc, why, kind int          // -1: there is none
	streams                                     []obs.Stream // by column, of a wide table
	line                                        int
	zone                                        *time.Location
	aside                                       Aside
}

func tableOf(head []string) (*table, error) {
	if len(head) > 0 {
		head[0] = strings.TrimPrefix(head[0], "\ufeff") // as spreadsheets write it
	}
	at := func(name string) int { return slices.Index(head, name) }
	t := &table{time: at("time"), device: at("device"), channel: at("channel"), value: at("value"), qc: at("qc"), why: at("why"), kind: at("kind")}
	if t.time < 0 {
		return nil, &FormatError{1, "no column is called time", "call it time, and the others device.channel, or device, channel and value"}
	}
	if t.device >= 0 && t.channel >= 0 && t.value >= 0 {
		return t, nil
	}
	t.streams = make([]obs.Stream, len(head))
	some := false
	for i, name := range head {
		device, channel, ok := strings.Cut(name, ".")
		switch good := ok && obs.CheckID(device) == nil && obs.CheckChannel(channel) == nil; {
		case i == t.time:
		case good:
			t.streams[i], some = obs.Stream{Device: device, Channel: channel}, true
		case name != "" && len(t.aside.Columns) < maxAside:
			t.aside.Columns = append(t.aside.Columns, name)
		}
	}
	if !some {
		return nil, &FormatError{1, "no column holds readings", "call the columns device.channel, like river.level"}
	}
	return t, nil
}

func (t *table) row(row []string, take func(Record)) error {
	cell := func(i int) string {
		if i < 0 || i >= len(row) {
			return ""
		}
		return row[i]
	}
	if kind := cell(t.kind); kind != "" && kind != "reading" {
		return nil
	}
	if cell(t.time) == "" {
		t.aside.Undated++
		return nil
	}
	ms, err := parseTime(cell(t.time), t.zone)
	if err != nil {
		return &FormatError{t.line, err.Error(), "write 2026-07-15T14:03:10+08:00, or Unix seconds"}
	}
	if t.streams == nil {
		r := Record{UnixMS: ms, Stream: obs.Stream{Device: cell(t.device), Channel: cell(t.channel)}}
		if obs.CheckID(r.Stream.Device) != nil || obs.CheckChannel(r.Stream.Channel) != nil {
			return &FormatError{t.line, fmt.Sprintf("%q and %q are no stream", r.Stream.Device, r.Stream.Channel), "write the device and the channel, like river and level"}
		}
		if r.Reading, err = reading(cell(t.value), cell(t.qc), cell(t.why)); err != nil {
			return &FormatError{t.line, err.Error(), "write numbers with a point"}
		}
		take(r)
		return nil
	}
	for i, st := range t.streams {
		if st.Device == "" || cell(i) == "" {
			continue
		}
		v, err := reading(cell(i), "", "")
		if err != nil {
			return &FormatError{t.line, err.Error(), "write numbers with a point, and nothing where there is no reading"}
		}
		take(Record{ms, st, v})
	}
	return nil
}

// reading makes one of its cells. Without a flag a value is good.
func reading(value, qc, why string) (obs.Reading, error) {
	if value == "" {
		if why == "" {
			why = string(obs.Absent)
		}
		return obs.None(obs.Reason(why)), nil
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return obs.Reading{}, fmt.Errorf("%q is not a number", value)
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return obs.None(obs.NotANumber), nil
	}
	r := obs.Reading{Value: v, Quality: obs.Quality{Flag: obs.Pass, Why: obs.Reason(why)}}
	if qc != "" {
		code, err := strconv.Atoi(qc)
		flag, ok := obs.FlagOf(code)
		if err != nil || !ok {
			return r, fmt.Errorf("%q is no quality flag", qc)
		}
		if r.Quality.Flag = flag; flag == obs.Missing {
			return reading("", "", why)
		}
	}
	return r, nil
}

// parseTime reads a moment in one of the forms that tables have, between 1970 and 2286.
func parseTime(text string, zone *time.Location) (unixMS int64, err error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return wholeTime(n)
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -07:00", "2006-01-02 15:04:05 -0700",
		"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006/01/02 15:04:05", "2006/1/2 15:04"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil && t.UnixMilli() >= 0 && t.UnixMilli() < 1e13 {
			return t.UnixMilli(), nil
		}
	}
	return 0, fmt.Errorf("%q is no time", text)
}

// wholeTime takes a number for seconds, milliseconds, micro- or nanoseconds, by its size:
// between 2001 and 2286 they are apart.
func wholeTime(n int64) (int64, error) {
	switch {
	case n >= 1e9 && n < 1e10:
		return n * 1000, nil
	case n >= 1e12 && n < 1e13:
		return n, nil
	case n >= 1e15 && n < 1e16:
		return n / 1000, nil
	case n >= 1e18:
		return n / 1_000_000, nil
	}
	return 0, fmt.Errorf("%d is no time", n)
}
