package area

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// DB is what an Atlas needs of the database, which must have Schema.
type DB interface {
	Write(ctx context.Context, fn func(*sql.Tx) error) error
	Read() *sql.DB
}

// Options says what an Atlas works with. DB is required.
type Options struct {
	DB DB
	// Gateways and Standing say what is counted. nil: nothing.
	Gateways func() []view.Gateway
	Standing func(ctx context.Context) ([]view.Standing, error)
	// Record notes elsewhere what somebody changes, in the transaction that stores it; its
	// error undoes that. nil: nobody does.
	Record func(ctx context.Context, tx *sql.Tx, d view.Deed) error
	// Failed takes what Run could not do, for the log. nil: nobody is told.
	Failed func(error)
}

// Atlas holds the places, departments, routes and rosters. It is safe for concurrent
// use; readers never wait.
type Atlas struct {
	o       Options
	writing sync.Mutex // one change of this process at a time
	is      atomic.Pointer[state]
}

// state is everything at one time. It is never changed, only replaced.
type state struct {
	versions    map[string]int64 // by part
	tree        *Tree
	departments map[string]view.Department
	routes      map[routeKey]string // → department
	rosters     map[string]rota
	places      map[placeKey]view.Place
	ground      ground
}

type (
	routeKey struct{ category, area string }
	placeKey struct{ gateway, device string }
)

// The parts of the state, each with its own version.
const (
	partTree = "tree"
	partRest = "rest"
	partMap  = "map"
)

// Open reads everything from the database.
func Open(ctx context.Context, o Options) (*Atlas, error) {
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	if o.Record == nil {
		o.Record = func(context.Context, *sql.Tx, view.Deed) error { return nil }
	}
	if o.Gateways == nil {
		o.Gateways = func() []view.Gateway { return nil }
	}
	if o.Standing == nil {
		o.Standing = func(context.Context) ([]view.Standing, error) { return nil, nil }
	}
	a := &Atlas{o: o}
	a.is.Store(&state{versions: map[string]int64{}, tree: &Tree{}, ground: bareGround})
	if err := a.refresh(ctx); err != nil {
		return nil, fmt.Errorf("area: %w", err)
	}
	return a, nil
}

// Tree returns the present tree.
func (a *Atlas) Tree() *Tree { return a.is.Load().tree }

// Contains says whether an area, by its code, is another or lies above it, by the present
// tree; an empty code is above everything. What is no code lies nowhere and has nothing
// below it.
func (a *Atlas) Contains(above, code string) bool {
	if above == "" {
		return true
	}
	up, why := ParseCode(above)
	c, not := ParseCode(code)
	return why == nil && not == nil && a.Tree().Contains(up, c)
}

// every is how often Run looks for changes of other aggregators.
const every = 5 * time.Second

// Run takes over what other aggregators change, until ctx ends. It returns nil.
func (a *Atlas) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := a.Heard(ctx); err != nil && ctx.Err() == nil {
				a.o.Failed(err)
			}
		}
	}
}

// Heard takes over at once what another aggregator has changed.
func (a *Atlas) Heard(ctx context.Context) error {
	a.writing.Lock()
	defer a.writing.Unlock()
	if err := a.refresh(ctx); err != nil {
		return fmt.Errorf("area: %w", err)
	}
	return nil
}

// change lets fn write on the state as it is, and then takes over what it wrote. If
// somebody else has written meanwhile, that is read first and fn is called again. An
// error of fn is returned as it is, and nothing is written; view.ErrChanged means that
// others write without pause.
func (a *Atlas) change(ctx context.Context, part string, fn func(*sql.Tx, *state) error) error {
	return a.prepared(ctx, part, func(s *state) (func(*sql.Tx) error, error) {
		return func(tx *sql.Tx) error { return fn(tx, s) }, nil
	})
}

// prepared is change for what takes its time: prepare works it out while others may write,
// and returns what is to be written, nil for nothing.
func (a *Atlas) prepared(ctx context.Context, part string, prepare func(*state) (func(*sql.Tx) error, error)) error {
	a.writing.Lock()
	defer a.writing.Unlock()
	const tries = 3
	err := a.refresh(ctx) // also what changes nothing is to be so of what is there now
	if err != nil {
		return err
	}
	for range tries {
		s := a.is.Load()
		write, failed := prepare(s)
		if failed != nil || write == nil {
			return failed
		}
		err = a.o.DB.Write(ctx, func(tx *sql.Tx) error {
			if err := current(ctx, tx, s); err != nil {
				return err
			}
			if err := write(tx); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "update area_version set n = n + 1 where part = ?", part)
			return err
		})
		if err == nil || errors.Is(err, view.ErrChanged) {
			err = errors.Join(err, a.refresh(ctx))
		}
		if !errors.Is(err, view.ErrChanged) {
			return err
		}
	}
	return err
}

// current returns view.ErrChanged if the database has another version than s.
func current(ctx context.Context, tx *sql.Tx, s *state) error {
	for part, n := range s.versions {
		var is int64
		if err := tx.QueryRowContext(ctx, "select n from area_version where part = ?", part).Scan(&is); err != nil {
			return err
		}
		if is != n {
			return view.ErrChanged
		}
	}
	return nil
}
