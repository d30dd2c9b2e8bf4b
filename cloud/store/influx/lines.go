package influx

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/api/query"
	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// line is one point in line protocol, with its place in the caller's slice.
type line struct {
	index int
	text  string
}

// encode writes each point as a line; what cannot be one is refused here, since
// one bad line would spoil the request.
func encode(points []store.Point) (lines []line, refused []store.Refusal) {
	lines = make([]line, 0, len(points))
	var b []byte
	for i, p := range points {
		if err := check(p); err != nil {
			refused = append(refused, store.Refusal{Index: i, Why: err.Error()})
			continue
		}
		b = appendLine(b[:0], p)
		lines = append(lines, line{i, string(b)})
	}
	return lines, refused
}

// maxTime is the last millisecond that InfluxDB's nanoseconds can hold.
const maxTime = math.MaxInt64/1_000_000 - 1

func check(p store.Point) error {
	if err := obs.CheckID(p.Gateway); err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	if err := obs.CheckID(p.Device); err != nil {
		return fmt.Errorf("device: %w", err)
	}
	if err := obs.CheckChannel(p.Channel); err != nil {
		return err
	}
	switch {
	case p.Time < 0 || p.Time > maxTime:
		return fmt.Errorf("time %d ms is outside what can be stored", p.Time)
	case p.Flag != obs.Missing && (math.IsNaN(p.V) || math.IsInf(p.V, 0)):
		return fmt.Errorf("value %g is no number and not flagged missing", p.V)
	case len(p.Why) > 1024:
		return fmt.Errorf("the reason has %d bytes, at most 1024 are stored", len(p.Why))
	}
	return nil
}

func appendLine(b []byte, p store.Point) []byte {
	b = append(b, p.Channel...)
	b = append(b, ",device="...)
	b = append(b, p.Device...)
	b = append(b, ",gateway="...)
	b = append(b, p.Gateway...)
	b = append(b, " qc="...)
	b = strconv.AppendInt(b, int64(p.Flag.Code()), 10)
	b = append(b, 'i')
	if p.Flag != obs.Missing {
		b = append(b, ",v="...)
		b = strconv.AppendFloat(b, p.V, 'g', -1, 64)
	}
	if p.Why != "" {
		b = append(b, `,why="`...)
		b = append(b, textField.Replace(string(p.Why))...)
		b = append(b, '"')
	}
	if p.Late != obs.NotEvaluated {
		b = append(b, ",q2="...)
		b = strconv.AppendInt(b, int64(p.Late.Code()), 10)
		b = append(b, 'i')
	}
	b = append(b, ' ')
	return strconv.AppendInt(b, p.Time, 10)
}

var textField = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ", "\r", " ")

// Query reads one stream with Flux. Fields come in tables of their own and are
// put together by time here; qc is in every point, so that the first Limit points
// are among the first Limit rows of each table.
func (s *Store) Query(ctx context.Context, q store.Query) ([]store.Point, error) {
	if q.From >= q.To {
		return nil, nil
	}
	res, err := s.query.Query(ctx, s.flux(q))
	if err != nil {
		return nil, fmt.Errorf("influx: query: %w", classify(err))
	}
	defer res.Close()
	byTime := map[int64]*store.Point{}
	for res.Next() {
		r := res.Record()
		t := r.Time().UnixMilli()
		if t >= q.To {
			continue // 1.8.3 takes the stop of a range as part of it
		}
		p := byTime[t]
		if p == nil {
			p = &store.Point{Stream: q.Stream, Time: t, V: math.NaN()}
			byTime[t] = p
		}
		set(p, r)
	}
	if err := res.Err(); err != nil {
		return nil, fmt.Errorf("influx: query: %w", classify(err))
	}
	out := make([]store.Point, 0, len(byTime))
	for _, p := range byTime {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b store.Point) int { return cmp.Compare(a.Time, b.Time) })
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, nil
}

func (s *Store) flux(q store.Query) string {
	text := fmt.Sprintf(`from(bucket: %q) |> range(start: %s, stop: %s) |> filter(fn: (r) => r._measurement == %q and r.gateway == %q and r.device == %q)`,
		s.opt.Bucket, fluxTime(q.From), fluxTime(q.To), q.Channel, q.Gateway, q.Device)
	if q.Limit > 0 {
		text += fmt.Sprintf(` |> limit(n: %d)`, q.Limit)
	}
	return text
}

func fluxTime(ms int64) string {
	return time.UnixMilli(min(max(ms, 0), maxTime)).UTC().Format("2006-01-02T15:04:05.000Z")
}

func set(p *store.Point, r *query.FluxRecord) {
	switch v := r.Value().(type) {
	case float64:
		if r.Field() == "v" {
			p.V = v
		}
	case int64:
		f, _ := obs.FlagOf(int(v))
		switch r.Field() {
		case "qc":
			p.Flag = f
		case "q2":
			p.Late = f
		}
	case string:
		if r.Field() == "why" {
			p.Why = obs.Reason(v)
		}
	}
}
