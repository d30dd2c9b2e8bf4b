package aggregator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lamppost-city/lamppost/cloud/settings"
)

// Errors of Run, for the exit status. syscall.EADDRINUSE and fs.ErrPermission come
// as they are.
var (
	ErrInUse    = errors.New("the data are in use by another aggregator")
	ErrSettings = errors.New("the configuration cannot be carried out")
	ErrStorage  = errors.New("storage problem")
)

// Options says how to run. All fields but PortFallback and First are required.
type Options struct {
	Settings *settings.Settings
	Version  string
	// PortFallback takes the next free port where a configured one is in use.
	PortFallback bool
	// Ready is called once, when everything listens, with the addresses of the
	// console (http://… or https://…) and of the broker (mqtt://…).
	Ready func(console, mqtt string)
	// First is called when the first account is made, with its password, which is told this
	// once. Nil: nobody is told, and the password has to be reset.
	First func(person, password string)
	Log   *slog.Logger
}

// stopTime bounds each step of a stop.
const stopTime = 5 * time.Second

// Run opens everything and works until ctx ends; then it stops cleanly and returns
// nil. Any error means that it does not run, or not any more.
func Run(ctx context.Context, o Options) (err error) {
	p, err := open(ctx, o)
	defer func() { err = errors.Join(err, p.close()) }()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil // it was stopped while it waited for the database
	}
	if err != nil {
		return err
	}
	return p.serve(ctx)
}

// serve runs the parts. They stop in the order in which data flows: the way in
// first, then what keeps and shows.
func (p *parts) serve(ctx context.Context) error {
	// Two lives: the parts that take data in, and those that they need.
	inner, stopInner := context.WithCancel(context.WithoutCancel(ctx))
	defer stopInner()
	g, failed := errgroup.WithContext(inner)
	intake, stopIntake := context.WithCancel(failed)
	defer stopIntake()

	server := &http.Server{
		Handler: p.handler, ReadHeaderTimeout: stopTime, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(p.o.Log.With("part", "http").Handler(), slog.LevelDebug),
	}
	taken := make(chan struct{})
	g.Go(func() error {
		defer close(taken)
		return p.ingest.Run(intake)
	})
	g.Go(func() error { return p.fleet.Run(failed) })
	g.Go(func() error { return p.images.Run(failed) })
	g.Go(func() error { return p.cases.Run(failed) })
	g.Go(func() error { return p.places.Run(failed) })
	g.Go(func() error { return p.store.run(failed) })
	g.Go(func() error { return inUse(p.claim.Run(failed)) })
	g.Go(func() error { return p.commands.Run(failed) })
	g.Go(func() error { return p.hearAll(failed) })
	g.Go(func() error { return p.keepAnchors(failed) })
	g.Go(func() error { return p.runBook(failed) })
	g.Go(func() error { return p.runCases(failed) })
	if p.notify != nil {
		g.Go(func() error { return p.notify.Run(failed) })
		g.Go(func() error { return p.tellStanding(failed) })
	}
	g.Go(func() error {
		if err := server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("http: %w", err)
		}
		return nil
	})
	p.settle(failed)
	p.o.Ready(p.scheme()+"://"+p.listener.Addr().String(), p.info().MQTT.Address)

	select {
	case <-ctx.Done():
		p.o.Log.Info("stopping")
	case <-failed.Done():
	}
	stopIntake()
	within(taken, stopTime)
	p.live.Close() // else its readers would keep the server from stopping
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		_ = server.Close() // somebody holds a connection; it is theirs to lose
	}
	stopInner()
	err := g.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return err
}

// settle gives the way in a moment to connect to the embedded broker, so that who
// is told that it is ready finds it ready. An external broker may be away for long.
func (p *parts) settle(ctx context.Context) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.NewTimer(stopTime)
	defer end.Stop()
	for p.broker != nil && p.ingest.CheckLink(ctx) != nil {
		select {
		case <-ctx.Done():
			return
		case <-end.C:
			return
		case <-tick.C:
		}
	}
}

func within(done <-chan struct{}, limit time.Duration) {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	}
}
