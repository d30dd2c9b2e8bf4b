package sheet

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/parquet-go/parquet-go"
)

const (
	group = 64 << 10 // rows that stand together in the file; as many are in memory
	batch = 1024     // rows handed on at once
)

// line is a row as Parquet has it. The encodings are those that readers have known for long.
type line struct {
	Row      string   `parquet:"row,dict"`
	Time     int64    `parquet:"time,timestamp(millisecond),delta"`
	Until    *int64   `parquet:"until,timestamp(millisecond),optional"`
	Zone     string   `parquet:"zone,dict"`
	Gateway  string   `parquet:"gateway,dict"`
	Device   string   `parquet:"device,dict"`
	Channel  string   `parquet:"channel,dict"`
	Quantity string   `parquet:"quantity,dict"`
	Value    *float64 `parquet:"value,optional"`
	Unit     string   `parquet:"unit,dict"`
	Quality  int32    `parquet:"quality,dict"`
	Reason   string   `parquet:"reason,dict"`
	Detail   string   `parquet:"detail,dict"`
}

// Parquet writes a table in columns, compressed with Snappy.
type Parquet struct {
	w      *parquet.GenericWriter[line]
	place  *time.Location
	lines  []line
	values []float64 // of lines, without one more allocation for each
	ahead  int       // minutes that the zone of the last line is ahead of UTC
	zone   string    // the same in words
}

// NewParquet begins a table; zones are those of place. Nothing is written before the first
// group of rows is full.
func NewParquet(w io.Writer, place *time.Location) *Parquet {
	return &Parquet{
		w: parquet.NewGenericWriter[line](w, parquet.Compression(&parquet.Snappy), parquet.DataPageVersion(1),
			parquet.CreatedBy("lamppost", "1", ""), parquet.MaxRowsPerRowGroup(group)),
		zone: zoneName(0), place: place, lines: make([]line, 0, batch), values: make([]float64, 0, batch),
	}
}

// Write implements Writer.
func (p *Parquet) Write(r *Row) error {
	if ahead := zone(r.Time, p.place); ahead != p.ahead {
		p.ahead, p.zone = ahead, zoneName(ahead)
	}
	l := line{
		Row: "reading", Time: r.Time, Zone: p.zone, Gateway: r.Gateway, Device: r.Device, Channel: r.Channel,
		Quantity: r.Quantity, Unit: r.Unit, Quality: int32(r.Quality), Reason: r.Reason, Detail: r.Detail,
	}
	if r.Gap {
		until := r.Until
		l.Row, l.Until = "gap", &until
	}
	if !math.IsNaN(r.Value) && !math.IsInf(r.Value, 0) {
		p.values = append(p.values, r.Value)
		l.Value = &p.values[len(p.values)-1]
	}
	if p.lines = append(p.lines, l); len(p.lines) < batch {
		return nil
	}
	return p.flush()
}

func (p *Parquet) flush() error {
	_, err := p.w.Write(p.lines)
	p.lines, p.values = p.lines[:0], p.values[:0]
	if err != nil {
		return fmt.Errorf("sheet: parquet: %w", err)
	}
	return nil
}

// Close implements Writer.
func (p *Parquet) Close() error {
	if err := p.flush(); err != nil {
		return err
	}
	if err := p.w.Close(); err != nil {
		return fmt.Errorf("sheet: parquet: %w", err)
	}
	return nil
}

// zoneName writes minutes ahead of UTC as +08:00.
func zoneName(minutes int) string {
	sign := '+'
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return fmt.Sprintf("%c%02d:%02d", sign, minutes/60, minutes%60)
}
