// Package influx keeps points in an InfluxDB server, 1.8 or 2.x, through its v2
// API. A write has succeeded when the server answered 204, which InfluxDB gives
// after its write-ahead log is on disk. One point is one line:
//
//	level,gateway=street-01,device=river v=2.71,qc=1i 1795291200400
//
// with the fields v (float), qc (QARTOD code), why (text) and q2 (a flag that came
// later). A missing value has no v. Writing a line again overwrites it with itself.
package influx

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api"
	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Options say where the server is. For InfluxDB 1.8 Org is empty, Bucket is
// "database/retention-policy" and Token "user:password".
type Options struct {
	URL, Token, Org, Bucket string
	Timeout                 time.Duration // for one request; 0: 20 s
}

// Store is a store.Store on a server. It is safe for concurrent use.
type Store struct {
	opt    Options
	client influxdb2.Client
	write  api.WriteAPIBlocking // the only one of the client's two that reports a partial write
	query  api.QueryAPI
	id     string

	mu      sync.Mutex
	marked  time.Time // when the id was last written
	resting time.Time // the server asked for patience until then
}

// Limits of one request. Larger bodies are refused by servers in their default
// configuration.
const (
	maxLines = 5000
	maxBody  = 1 << 20
)

// Open connects and finds the store's id in the bucket, or makes one. The error
// wraps store.ErrUnavailable while the server does not answer.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	c := influxdb2.NewClientWithOptions(o.URL, o.Token, influxdb2.DefaultOptions().
		SetUseGZip(true).SetPrecision(time.Millisecond).SetHTTPRequestTimeout(uint(o.Timeout/time.Second)).
		SetMaxRetries(0).SetLogLevel(0).SetApplicationName("lamppost-cloud"))
	s := &Store{opt: o, client: c, write: c.WriteAPIBlocking(o.Org, o.Bucket), query: c.QueryAPI(o.Org)}
	if err := s.identify(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("influx: %s: %w", o.URL, err)
	}
	return s, nil
}

// ID returns the id that is kept in the bucket itself.
func (s *Store) ID() string { return s.id }

// Close ends idle connections.
func (s *Store) Close() error {
	s.client.Close()
	return nil
}

// idMeasurement holds the store's id. A point of it is written again twice a day,
// so that it never grows older than the bucket's retention.
const (
	idMeasurement = "lamppost_store"
	idEvery       = 12 * time.Hour
)

func (s *Store) identify(ctx context.Context) error {
	id, err := s.readID(ctx)
	if err != nil {
		return err
	}
	if id != "" {
		s.id = id
		return s.mark(ctx)
	}
	salt := make([]byte, 8)
	if _, err := rand.Read(salt); err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	s.id = "influx-" + hex.EncodeToString(salt)
	if err := s.mark(ctx); err != nil {
		return err
	}
	// Another aggregator may have had the same idea in the same moment: the oldest
	// id in the bucket counts, for both.
	id, err = s.readID(ctx)
	if err == nil && id != "" {
		s.id = id
	}
	return err
}

func (s *Store) mark(ctx context.Context) error {
	now := time.Now()
	line := fmt.Sprintf("%s id=%q %d", idMeasurement, s.id, now.UnixMilli())
	if err := classify(s.write.WriteRecord(ctx, line)); err != nil {
		return err
	}
	s.mu.Lock()
	s.marked = now
	s.mu.Unlock()
	return nil
}

func (s *Store) readID(ctx context.Context) (string, error) {
	q := fmt.Sprintf(`from(bucket: %q) |> range(start: 1970-01-01T00:00:00Z) |> filter(fn: (r) => r._measurement == %q and r._field == "id") |> first()`,
		s.opt.Bucket, idMeasurement)
	res, err := s.query.Query(ctx, q)
	if err != nil {
		return "", classify(err)
	}
	defer res.Close()
	id := ""
	for res.Next() {
		if v, ok := res.Record().Value().(string); ok && obs.CheckID(v) == nil {
			id = v
		}
	}
	return id, classify(res.Err())
}

// Write sends the points in requests of bounded size. A line that the server
// refuses is found by halving and reported; the others are stored.
func (s *Store) Write(ctx context.Context, points []store.Point) ([]store.Refusal, error) {
	if err := s.rested(); err != nil {
		return nil, err
	}
	lines, refused := encode(points)
	for len(lines) > 0 {
		n := chunk(lines)
		more, err := s.send(ctx, lines[:n])
		if err != nil {
			return nil, s.patience(err)
		}
		refused = append(refused, more...)
		lines = lines[n:]
	}
	slices.SortFunc(refused, func(a, b store.Refusal) int { return a.Index - b.Index })
	s.mu.Lock()
	due := time.Since(s.marked) > idEvery
	s.mu.Unlock()
	if due && len(points) > 0 {
		if err := s.mark(ctx); err != nil {
			return nil, err
		}
	}
	return refused, nil
}

// chunk returns how many of the lines fit into one request.
func chunk(lines []line) int {
	size := 0
	for i, l := range lines {
		size += len(l.text) + 1
		if i == maxLines || size > maxBody && i > 0 {
			return i
		}
	}
	return len(lines)
}

// send writes lines in one request and, if the server finds fault with some of
// them, in halves, until the guilty ones stand alone. What was stored already is
// written again, which changes nothing.
func (s *Store) send(ctx context.Context, lines []line) ([]store.Refusal, error) {
	var body strings.Builder
	for _, l := range lines {
		body.WriteString(l.text)
		body.WriteByte('\n')
	}
	err := s.write.WriteRecord(ctx, body.String())
	if err == nil {
		return nil, nil
	}
	why, all := fault(err, len(lines))
	switch {
	case why == "":
		return nil, classify(err)
	case all || len(lines) == 1:
		refused := make([]store.Refusal, len(lines))
		for i, l := range lines {
			refused[i] = store.Refusal{Index: l.index, Why: why}
		}
		return refused, nil
	}
	half := len(lines) / 2
	a, err := s.send(ctx, lines[:half])
	if err != nil {
		return nil, err
	}
	b, err := s.send(ctx, lines[half:])
	return append(a, b...), err
}

// rested fails fast while the server has asked to be left alone.
func (s *Store) rested() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if left := time.Until(s.resting); left > 0 {
		return fmt.Errorf("influx: the server asked to wait another %v: %w", left.Round(time.Second), store.ErrUnavailable)
	}
	return nil
}

// patience remembers how long the server wants to be left alone.
func (s *Store) patience(err error) error {
	var u *unavailable
	if errors.As(err, &u) && u.retryAfter > 0 {
		s.mu.Lock()
		s.resting = time.Now().Add(min(u.retryAfter, 5*time.Minute))
		s.mu.Unlock()
	}
	return fmt.Errorf("influx: write: %w", err)
}
