package buffer

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Formats lists what Writer can be asked for.
func Formats() []string { return []string{"csv", "jsonl", "senml"} }

// Writer writes entries in one format. Close ends the document; the writer below
// stays open.
type Writer interface {
	Write(*Entry) error
	// Left returns how many entries the format has no place for: SenML knows neither
	// events nor alerts nor readings without a date.
	Left() uint64
	Close() error
}

// NewWriter returns a writer of the format. Times are written in zone, with its
// offset. gateway stands before the names in SenML; empty: nothing does.
func NewWriter(w io.Writer, format string, zone *time.Location, gateway string) (Writer, error) {
	out := bufio.NewWriterSize(w, 64<<10)
	switch format {
	case "csv":
		return newCSV(out, zone)
	case "jsonl":
		return &jsonlWriter{out: out, enc: json.NewEncoder(out), zone: zone}, nil
	case "senml":
		return &senmlWriter{out: out, gateway: gateway}, nil
	}
	return nil, fmt.Errorf("there is no format %q", format)
}

// stampLayout is RFC 3339 with milliseconds.
const stampLayout = "2006-01-02T15:04:05.000Z07:00"

// csvHeader names the columns. They are only ever added to, behind.
var csvHeader = []string{"time", "err_ms", "guess", "boot", "boot_ms", "epoch", "seq", "kind", "device", "channel", "value", "unit", "qc", "why", "text"}

// csvWriter writes RFC 4180, UTF-8, one row per entry. time is empty where there is
// no date: boot and boot_ms then say when it was.
type csvWriter struct {
	out  *bufio.Writer
	rows *csv.Writer
	zone *time.Location
	row  []string
}

func newCSV(out *bufio.Writer, zone *time.Location) (*csvWriter, error) {
	w := &csvWriter{out: out, rows: csv.NewWriter(out), zone: zone, row: make([]string, len(csvHeader))}
	return w, w.rows.Write(csvHeader)
}

func (w *csvWriter) Write(e *Entry) error {
	row := append(w.row[:0], "", "", "", e.Boot, strconv.FormatInt(e.BootMS, 10), string(e.Epoch), strconv.FormatUint(e.Seq, 10),
		e.Kind, e.Stream.Device, e.Stream.Channel, "", "", "", "", "")
	if e.Dated {
		row[0], row[1] = time.UnixMilli(e.UnixMS).In(w.zone).Format(stampLayout), strconv.FormatInt(e.ErrMS, 10)
		if e.Guess {
			row[2] = "1"
		}
	}
	if e.Kind == Reading {
		if e.Quality.Flag != obs.Missing {
			row[10], row[11] = strconv.FormatFloat(e.Value, 'g', -1, 64), e.Metric.Wire
		}
		row[12], row[13] = strconv.Itoa(e.Quality.Flag.Code()), string(e.Quality.Why)
	}
	row[14] = inert(e.Text("en"))
	w.row = row
	return w.rows.Write(row)
}

// inert is a text that no spreadsheet computes: one that begins like a formula has a quote
// before it, which those do not show.
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func (w *csvWriter) Left() uint64 { return 0 }

func (w *csvWriter) Close() error {
	w.rows.Flush()
	if err := w.rows.Error(); err != nil {
		return err
	}
	return w.out.Flush()
}

// jsonEntry is one line of jsonl. Fields are only ever added.
type jsonEntry struct {
	Time    string      `json:"time,omitempty"` // none: it has no date
	Unix    int64       `json:"t,omitempty"`    // the same, milliseconds
	ErrMS   int64       `json:"err_ms,omitempty"`
	Guess   bool        `json:"guess,omitempty"`
	Boot    string      `json:"boot"`
	BootMS  int64       `json:"boot_ms"`
	Epoch   wire.Epoch  `json:"epoch"`
	Seq     uint64      `json:"seq"`
	Kind    string      `json:"kind"`
	Device  string      `json:"device,omitempty"`
	Channel string      `json:"channel,omitempty"`
	V       *float64    `json:"v,omitempty"`
	Unit    string      `json:"u,omitempty"`
	QC      int         `json:"qc,omitempty"`
	Why     string      `json:"why,omitempty"`
	Bytes   int         `json:"bytes,omitempty"`
	Event   *wire.Event `json:"event,omitempty"`
	Alert   *wire.Alert `json:"alert,omitempty"`
}

type jsonlWriter struct {
	out  *bufio.Writer
	enc  *json.Encoder
	zone *time.Location
}

func (w *jsonlWriter) Write(e *Entry) error {
	j := jsonEntry{Boot: e.Boot, BootMS: e.BootMS, Epoch: e.Epoch, Seq: e.Seq, Kind: e.Kind, Device: e.Stream.Device, Channel: e.Stream.Channel,
		Bytes: e.Bytes, Event: e.Event, Alert: e.Alert}
	if e.Dated {
		j.Time, j.Unix, j.ErrMS, j.Guess = time.UnixMilli(e.UnixMS).In(w.zone).Format(stampLayout), e.UnixMS, e.ErrMS, e.Guess
	}
	if e.Kind == Reading {
		j.QC, j.Why = e.Quality.Flag.Code(), string(e.Quality.Why)
		if e.Quality.Flag != obs.Missing {
			v := e.Value
			j.V, j.Unit = &v, e.Metric.Wire
		}
	}
	return w.enc.Encode(&j)
}

func (w *jsonlWriter) Left() uint64 { return 0 }
func (w *jsonlWriter) Close() error { return w.out.Flush() }

// senmlWriter writes one pack (RFC 8428) with absolute times, in the order of the
// journal. It has base version 26, as units of RFC 8798 may occur; qc and why are
// labels of our own, which a reader may ignore.
type senmlWriter struct {
	out     *bufio.Writer
	gateway string
	n       uint64
	left    uint64
	buf     []byte
}

func (w *senmlWriter) Write(e *Entry) error {
	if e.Kind != Reading || !e.Dated {
		w.left++
		return nil
	}
	b := append(w.buf[:0], ",\n{"...)
	if w.n == 0 {
		b = append(b[:0], `[{"bver":26,`...)
		if w.gateway != "" {
			b = append(strconv.AppendQuote(append(b, `"bn":`...), w.gateway+"/"), ',')
		}
	}
	b = strconv.AppendQuote(append(b, `"n":`...), e.Stream.String())
	switch {
	case e.Quality.Flag == obs.Missing:
		b = strconv.AppendQuote(append(b, `,"vs":`...), string(e.Quality.Why))
	default:
		if e.Metric.Wire != "" {
			b = strconv.AppendQuote(append(b, `,"u":`...), e.Metric.Wire)
		}
		b = appendJSONNumber(append(b, `,"v":`...), e.Value)
	}
	b = appendSeconds(append(b, `,"t":`...), e.UnixMS)
	if code := e.Quality.Flag.Code(); code != obs.Pass.Code() {
		b = strconv.AppendInt(append(b, `,"qc":`...), int64(code), 10)
		if e.Quality.Why != "" && e.Quality.Flag != obs.Missing {
			b = strconv.AppendQuote(append(b, `,"why":`...), string(e.Quality.Why))
		}
	}
	w.buf = append(b, '}')
	w.n++
	_, err := w.out.Write(w.buf)
	return err
}

// appendJSONNumber writes a finite number as JSON does.
func appendJSONNumber(b []byte, v float64) []byte {
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

// appendSeconds writes milliseconds as seconds.
func appendSeconds(b []byte, ms int64) []byte {
	if ms < 0 {
		b, ms = append(b, '-'), -ms
	}
	b = strconv.AppendInt(b, ms/1000, 10)
	if rest := ms % 1000; rest != 0 {
		b = append(b, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	}
	return b
}

func (w *senmlWriter) Left() uint64 { return w.left }

func (w *senmlWriter) Close() error {
	end := "]\n"
	if w.n == 0 {
		end = "[]\n"
	}
	if _, err := w.out.WriteString(end); err != nil {
		return err
	}
	return w.out.Flush()
}
