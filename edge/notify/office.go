package notify

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Sender tells one target. Its methods are called by one goroutine.
type Sender interface {
	// Send makes one attempt, until ctx ends at the latest. key names what the document
	// is about. The error wraps ErrRefused if trying again is of no use.
	Send(ctx context.Context, key string, document []byte) error
	Close() // gives the connection up
}

// ErrRefused is wrapped by the errors of what a target will never take.
var ErrRefused = errors.New("refused")

// Target is one machine that is told.
type Target struct {
	ID      string
	Timeout time.Duration // of one attempt
	Sender  Sender
}

const (
	maxWaiting = 64
	firstPause = time.Second
	mostPause  = time.Minute
	patience   = time.Hour // from Tell until an alert is given up
)

// Office tells targets of alerts. Tell may be called from any goroutine.
type Office struct {
	gateway string
	done    func(target, result string)
	log     *slog.Logger
	desks   map[string]*desk
}

// New makes an office; targets are told while Run runs. done is told what became of each
// alert: sent, refused, given-up, dropped. It must not block.
func New(gateway string, targets []Target, done func(target, result string), log *slog.Logger) *Office {
	o := &Office{gateway: gateway, done: done, log: log, desks: map[string]*desk{}}
	for _, t := range targets {
		o.desks[t.ID] = &desk{Target: t, o: o, wake: make(chan struct{}, 1)}
	}
	return o
}

// desk is what waits for one target.
type desk struct {
	Target
	o    *Office
	wake chan struct{}

	mu      sync.Mutex
	waiting []letter
	trouble *Trouble // nil: it took what it was told last, or was told nothing yet
}

type letter struct {
	alert string // id
	rev   int
	body  []byte
	since time.Time
}

// Tell hands a revision over for targets. Those that there are not are passed over.
func (o *Office) Tell(targets []string, a wire.Alert) {
	if len(targets) == 0 {
		return
	}
	body, err := json.Marshal(struct {
		Gateway string `json:"gateway"`
		wire.Alert
	}{o.gateway, a})
	if err != nil {
		o.log.Error("an alert cannot be told to anybody here", "rule", a.Rule, "error", err)
		return
	}
	for _, id := range targets {
		if d := o.desks[id]; d != nil {
			d.take(letter{alert: a.ID, rev: a.Rev, body: body, since: time.Now()})
		}
	}
}

// Adopt takes over what still waits in an older office that does not run any more.
func (o *Office) Adopt(old *Office) {
	for id, was := range old.desks {
		if d := o.desks[id]; d != nil {
			d.inherit(was.trouble) // before its letters: the first that arrives ends it
			for _, l := range was.waiting {
				d.take(l)
			}
		}
	}
}

// Run tells until ctx ends.
func (o *Office) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, d := range o.desks {
		all.Go(func() {
			defer d.Sender.Close()
			d.run(ctx)
		})
	}
	all.Wait()
}

// take puts a letter into the queue: in the place of an older one about the same alert,
// or at the end.
func (d *desk) take(l letter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.IndexFunc(d.waiting, func(w letter) bool { return w.alert == l.alert }); i >= 0 {
		if d.waiting[i].rev <= l.rev {
			d.waiting[i] = l
		}
	} else {
		if len(d.waiting) >= maxWaiting {
			d.o.done(d.ID, "dropped")
			d.waiting = slices.Delete(d.waiting, 0, 1)
		}
		d.waiting = append(d.waiting, l)
	}
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// first is the letter whose turn it is.
func (d *desk) first() (letter, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.waiting) == 0 {
		return letter{}, false
	}
	return d.waiting[0], true
}

// drop takes a letter out, unless a newer one is in its place.
func (d *desk) drop(l letter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = slices.DeleteFunc(d.waiting, func(w letter) bool { return w.alert == l.alert && w.rev == l.rev })
}

// run sends one letter after another. What fails stays first: the order of what is told
// is the order in which it began to wait.
func (d *desk) run(ctx context.Context) {
	failed := 0
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		l, ok := d.first()
		if !ok {
			select {
			case <-ctx.Done():
			case <-d.wake:
			}
			continue
		}
		if d.deliver(ctx, l, failed > 0) {
			failed = 0
			continue
		}
		failed++
		timer.Reset(min(firstPause<<min(failed-1, 16), mostPause))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
}

// deliver makes one attempt and says whether that settles the letter.
func (d *desk) deliver(ctx context.Context, l letter, again bool) bool {
	trying, stop := context.WithTimeout(ctx, d.Timeout)
	defer stop()
	err := d.Sender.Send(trying, l.alert, l.body)
	result := "sent"
	switch {
	case err == nil:
		d.well()
		if again {
			d.o.log.Info("a target is told of alerts again", "target", d.ID)
		}
	case ctx.Err() != nil:
		return false // it is over; it waits for whoever adopts it
	case errors.Is(err, ErrRefused):
		result = "refused"
		d.fails(err, true)
		d.o.log.Error("a target will not take an alert", "target", d.ID, "alert", l.alert, "error", err)
	case time.Since(l.since) > patience:
		result = "given-up"
		d.fails(err, false)
		d.o.log.Error("an alert is given up: its target could not be told for an hour", "target", d.ID, "alert", l.alert, "error", err)
	default:
		d.fails(err, false)
		if !again {
			d.o.log.Warn("a target cannot be told of an alert; it is tried again", "target", d.ID, "alert", l.alert, "error", err)
		}
		return false
	}
	d.drop(l)
	d.o.done(d.ID, result)
	return true
}
