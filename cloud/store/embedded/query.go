package embedded

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/influxdata/influxdb/models"
	"github.com/influxdata/influxdb/tsdb"
	"github.com/influxdata/influxql"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// types are the engine's types of fields, in the same order.
var types = [...]influxql.DataType{influxql.Float, influxql.Integer, influxql.String, influxql.Integer}

// Query implements store.Store. It sees every point whose Write has returned.
func (s *Store) Query(ctx context.Context, q store.Query) ([]store.Point, error) {
	if q.From >= q.To || q.To <= 0 || checkStream(q.Stream) != nil {
		return nil, nil
	}
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return nil, errClosed
	}
	q.From, q.To = max(q.From, 0), min(q.To, maxTime)
	var out []store.Point
	for _, sh := range s.shardsBetween(q.From, q.To) {
		var err error
		if out, err = sh.query(ctx, q, out); err != nil {
			return nil, fmt.Errorf("store: query %s %s: %w", q.Gateway, q.Stream, err)
		}
		if q.Limit > 0 && len(out) >= q.Limit {
			return out, nil
		}
	}
	return out, nil
}

func checkStream(s store.Stream) error {
	if err := obs.CheckID(s.Gateway); err != nil {
		return err
	}
	if err := obs.CheckID(s.Device); err != nil {
		return err
	}
	return obs.CheckChannel(s.Channel)
}

// query appends the points of this shard to out. The engine keeps each field by
// itself; they are put together by time.
func (s *shard) query(ctx context.Context, q store.Query, out []store.Point) ([]store.Point, error) {
	s.use.RLock()
	defer s.use.RUnlock()
	var c columns
	defer c.close()
	if err := c.open(ctx, s, q); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		if n%1000 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		t, ok := c.next()
		if !ok || q.Limit > 0 && len(out) >= q.Limit {
			return out, c.err()
		}
		p := store.Point{Stream: q.Stream, Time: t / int64(time.Millisecond), V: math.NaN(), Quality: obs.Quality{Flag: obs.Pass}}
		c.fill(t, &p)
		out = append(out, p)
	}
}

// columns are the cursors over the four fields of one stream in one shard.
type columns struct {
	v       column[float64]
	qc      column[int64]
	why     column[string]
	q2      column[int64]
	cursors []tsdb.Cursor
}

// column walks one field.
type column[T any] struct {
	more   func() ([]int64, []T)
	times  []int64
	values []T
}

// peek returns the time of the next value, MaxInt64 at the end.
func (c *column[T]) peek() int64 {
	if len(c.times) == 0 && c.more != nil {
		if c.times, c.values = c.more(); len(c.times) == 0 {
			c.more = nil
		}
	}
	if len(c.times) == 0 {
		return math.MaxInt64
	}
	return c.times[0]
}

// take returns the value at t, if there is one.
func (c *column[T]) take(t int64) (v T, ok bool) {
	if c.peek() != t {
		return v, false
	}
	v = c.values[0]
	c.times, c.values = c.times[1:], c.values[1:]
	return v, true
}

func (c *columns) open(ctx context.Context, s *shard, q store.Query) error {
	name := []byte(q.Channel)
	fs := s.engine.MeasurementFields(name)
	tags := models.NewTags(map[string]string{"device": q.Device, "gateway": q.Gateway})
	for i, field := range fields {
		if err := fs.CreateFieldIfNotExists([]byte(field), types[i]); err != nil {
			return err
		}
		it, err := s.engine.CreateCursorIterator(ctx)
		if err != nil {
			return err
		}
		cur, err := it.Next(ctx, &tsdb.CursorRequest{Name: name, Tags: tags, Field: field, Ascending: true,
			StartTime: q.From * int64(time.Millisecond), EndTime: q.To*int64(time.Millisecond) - 1})
		if err != nil {
			return err
		}
		c.cursors = append(c.cursors, cur)
		switch cur := cur.(type) {
		case tsdb.FloatArrayCursor:
			c.v.more = func() ([]int64, []float64) { a := cur.Next(); return a.Timestamps, a.Values }
		case tsdb.StringArrayCursor:
			c.why.more = func() ([]int64, []string) { a := cur.Next(); return a.Timestamps, a.Values }
		case tsdb.IntegerArrayCursor:
			more := func() ([]int64, []int64) { a := cur.Next(); return a.Timestamps, a.Values }
			if field == "qc" {
				c.qc.more = more
			} else {
				c.q2.more = more
			}
		}
	}
	return nil
}

// next returns the next time at which there is any field.
func (c *columns) next() (t int64, ok bool) {
	t = min(c.v.peek(), c.qc.peek(), c.why.peek(), c.q2.peek())
	return t, t != math.MaxInt64
}

func (c *columns) fill(t int64, p *store.Point) {
	v, hasValue := c.v.take(t)
	if hasValue {
		p.V = v
	} else {
		p.Flag = obs.Missing
	}
	if code, ok := c.qc.take(t); ok {
		p.Flag, _ = obs.FlagOf(int(code))
	}
	if why, ok := c.why.take(t); ok {
		p.Why = obs.Reason(strings.Clone(why)) // the engine's bytes are its own
	}
	if code, ok := c.q2.take(t); ok {
		p.Late, _ = obs.FlagOf(int(code))
	}
}

func (c *columns) err() error {
	for _, cur := range c.cursors {
		if err := cur.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (c *columns) close() {
	for _, cur := range c.cursors {
		cur.Close()
	}
}
