// Package store is the time-series store behind the aggregator: one small
// interface and its implementations. What Write has taken without refusing it is
// durable; storing a point twice is the same as storing it once.
package store

import (
	"context"
	"errors"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Stream is one channel of one device of one gateway. One series per stream:
// measurement = channel, tags gateway and device, nothing else.
type Stream struct {
	Gateway string
	obs.Stream
}

// Point is one stream at one moment. Missing points have no value, only a
// reason.
type Point struct {
	Stream
	Time int64 // Unix milliseconds, the phenomenon time
	V    float64
	obs.Quality
	Late obs.Flag // final flag that came later; zero: none
}

// Refusal is a point that the store will never take.
type Refusal struct {
	Index int // into the slice given to Write
	Why   string
}

// ErrUnavailable wraps every error after which the same Write may succeed later.
var ErrUnavailable = errors.New("store is unavailable")

// Store keeps points. It is safe for concurrent use.
type Store interface {
	// ID is the id under which gateways know this store; it is made once and kept
	// with the data, so that a wiped store is a new one.
	ID() string
	// Write returns when every point that is not refused is durable. On an error
	// nothing may be assumed; the caller writes the same points again later.
	Write(ctx context.Context, points []Point) ([]Refusal, error)
	// Query returns the points of one stream in time order.
	Query(ctx context.Context, q Query) ([]Point, error)
	Close() error
}

// Query asks for one stream's points with From ≤ Time < To.
type Query struct {
	Stream
	From, To int64 // Unix milliseconds
	Limit    int   // at most this many, the earliest; 0: no limit
}
