// Package detect shows pictures to a detector: a program beside the gateway, in any
// language, that says what it finds in them. It is asked as drivers in other languages are,
// one line of JSON each way, by whoever is lent a drivers.Companion, whose owner starts it,
// bounds it, ends it and starts it again. docs/detectors.md describes the protocol:
//
//	{"v":1,"id":17,"do":"detect","ms":81250,"width":320,"height":240,"format":"rgb","find":["person"],"dots":"…"}
//	{"id":17,"found":[{"class":"person","score":0.87,"box":[0.41,0.22,0.48,0.71]}]}
//	{"id":17,"fault":"device","text":"the accelerator is gone"}
//
// What it promises: whatever the detector does, [Asker.Show] takes as long as scaling a
// picture, and [Asker.Found] waits at most for the detector's time, and not at all as long
// as it has not answered since it was last waited for in vain. What was found belongs to the
// picture that was shown last, or there is an error: nothing old, nothing guessed.
//
// An Asker holds 5 bytes for each dot of a grey picture, about 10 of one with colours.
package detect

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"strconv"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Config says what a detector is shown.
type Config struct {
	Width, Height int // of the picture it gets, dots; both above 0
	Colour        bool
	Find          []string // the classes that are asked for
	// Timeout is the time for an answer. Start is that for the first one since the
	// program was started: a network may take long to load.
	Timeout, Start time.Duration
}

// ErrLoading is that a detector has not answered since it was started, and has time to, or
// that it says so.
var ErrLoading = errors.New("the detector is not ready yet")

// Asker shows pictures to one detector. Its methods are called from one goroutine at a
// time.
type Asker struct {
	cfg     Config
	scaler  *scaler
	began   time.Time
	line    []byte // the question; the worker's while it is busy
	id      uint64
	busy    bool // the worker waits for an answer
	current bool // the newest question is about the picture that was shown last
	shown   time.Time

	answered bool // since the program was started, as far as that is known
	missed   int  // answers since the last one that came
	trusted  bool // it is waited for
	noise    error
	found    []drivers.Detection
	err      error // of the newest question that has ended; nil: it was answered

	questions chan question
	results   chan result // room for all that one question can have
	stop      context.CancelFunc
	over      sync.WaitGroup
	program   drivers.Companion
	closed    bool
}

type question struct {
	id       uint64
	line     []byte
	patience time.Duration
}

// result is what became of a question; one that is not the end tells of a line that was no
// answer.
type result struct {
	end   bool
	found []drivers.Detection
	err   error
	late  bool // nothing came in time
}

// mostResults are those that one question can have: noise, an answer that is wrong, the end.
const mostResults = 3

// mostMissed is after how many unanswered questions in a row a program is ended and started
// again by its owner (drivers/bus/process): then it has to load anew.
const mostMissed = 3

// New returns an asker of program, which it closes.
func New(program drivers.Companion, c Config) *Asker {
	ctx, stop := context.WithCancel(context.Background())
	a := &Asker{cfg: c, scaler: newScaler(c.Width, c.Height, c.Colour), began: time.Now(), trusted: true,
		questions: make(chan question), results: make(chan result, mostResults), stop: stop, program: program}
	a.over.Go(func() { a.work(ctx) })
	return a
}

// Show hands a picture, taken at a time, to the detector, unless it is busy with an earlier
// one. The picture may be changed afterwards. The error says that it is no picture.
func (a *Asker) Show(m image.Image, at time.Time) error {
	a.current = false
	if a.collect(); a.busy || a.closed {
		return nil
	}
	dots, err := a.scaler.take(m)
	if err != nil {
		return err
	}
	a.id++
	a.write(dots, at)
	a.busy, a.current, a.noise, a.shown = true, true, nil, time.Now()
	a.questions <- question{a.id, a.line, a.patience()}
	return nil
}

// patience is how long the detector may take for the next answer.
func (a *Asker) patience() time.Duration {
	if a.answered {
		return a.cfg.Timeout
	}
	return max(a.cfg.Start, a.cfg.Timeout)
}

// write makes the question, without its line end.
func (a *Asker) write(dots []byte, at time.Time) {
	format := "grey"
	if a.cfg.Colour {
		format = "rgb"
	}
	b := append(a.line[:0], `{"v":1,"id":`...)
	b = strconv.AppendUint(b, a.id, 10)
	b = append(b, `,"do":"detect","ms":`...)
	b = strconv.AppendInt(b, at.Sub(a.began).Milliseconds(), 10)
	b = append(b, `,"width":`...)
	b = strconv.AppendInt(b, int64(a.cfg.Width), 10)
	b = append(b, `,"height":`...)
	b = strconv.AppendInt(b, int64(a.cfg.Height), 10)
	b = append(b, `,"format":"`+format+`","find":[`...)
	for i, class := range a.cfg.Find {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendQuote(b, class)
	}
	b = append(b, `],"dots":"`...)
	b = base64.StdEncoding.AppendEncode(b, dots)
	a.line = append(b, `"}`...)
}

// Found returns what the detector finds in the picture that was shown last. It waits for
// that until the detector's time is over or ctx ends, but not for one that was waited for
// in vain and has not answered since. Errors wrap one of the drivers.Err… values, or are
// ErrLoading or ctx's. The slice is the caller's.
func (a *Asker) Found(ctx context.Context) ([]drivers.Detection, error) {
	a.collect()
	if a.current && a.busy && a.trusted {
		a.wait(ctx)
	}
	if err := ctx.Err(); a.current && a.busy && errors.Is(err, context.Canceled) {
		return nil, err
	}
	if a.current && !a.busy && a.err == nil {
		return a.found, nil
	}
	return nil, cmp.Or(a.Err(), a.late()) // it is still busy with another picture
}

// Err says what is wrong with the detector: what the newest question that is over ended
// with, or what was wrong with a line that came instead of an answer. ErrLoading: nobody
// knows yet. Nil: it answers.
func (a *Asker) Err() error {
	switch {
	case a.busy && a.noise != nil:
		return a.noise
	case a.err == nil && !a.answered:
		return ErrLoading
	}
	return a.err
}

// spare is how much of a sample's time is left to whoever waits for the sample.
const spare = 100 * time.Millisecond

// wait waits for the answer in hand as long as a sample may.
func (a *Asker) wait(ctx context.Context) {
	patience := a.cfg.Timeout - time.Since(a.shown)
	if at, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(at)-spare)
	}
	t := time.NewTimer(patience)
	defer t.Stop()
	for a.busy {
		select {
		case r := <-a.results:
			a.settle(r)
			continue
		case <-ctx.Done():
		case <-t.C:
		}
		if a.trusted = false; a.answered {
			a.err = cmp.Or(a.noise, a.late())
		}
		return
	}
}

func (a *Asker) late() error {
	return fmt.Errorf("%w: none within %v", drivers.ErrTimeout, a.cfg.Timeout)
}

// collect takes what has come since.
func (a *Asker) collect() {
	for {
		select {
		case r := <-a.results:
			a.settle(r)
		default:
			return
		}
	}
}

// settle books what became of a question.
func (a *Asker) settle(r result) {
	if !r.end {
		a.noise = r.err
		return
	}
	a.busy, a.found, a.err = false, r.found, r.err
	if r.late {
		if a.missed++; a.missed >= mostMissed {
			a.answered, a.missed = false, 0
		}
	} else {
		a.missed = 0
		a.answered = !errors.Is(r.err, drivers.ErrUnplugged)
	}
	a.trusted = a.answered && !r.late
}

// work puts the questions until there are no more.
func (a *Asker) work(ctx context.Context) {
	for q := range a.questions {
		a.results <- a.ask(ctx, q)
	}
}

// ask puts one question. What is no answer is told at once, see rejects, and waited on:
// programs greet, and libraries talk.
func (a *Asker) ask(ctx context.Context, q question) result {
	ctx, cancel := context.WithTimeout(ctx, q.patience)
	defer cancel()
	var got Answer
	var refused rejects
	_, err := a.program.Ask(ctx, q.line, func(line []byte) bool {
		answer, err := Parse(line)
		if err == nil {
			err = strange(answer.ID, q.id)
		}
		if err != nil {
			if refused.add(line, err) {
				a.results <- result{err: refused.err()}
			}
			return false
		}
		got = answer
		return answer.ID == q.id
	})
	switch {
	case err == nil:
		return result{end: true, found: got.Found, err: got.Fault}
	case errors.Is(err, drivers.ErrTimeout) && refused.err() != nil:
		return result{end: true, err: refused.err(), late: true}
	}
	return result{end: true, err: err, late: errors.Is(err, drivers.ErrTimeout)}
}

// strange says what is wrong with an answer that repeats a number which was not asked for
// yet, or never is. One of an earlier question is late, and passed over.
func strange(id, asked uint64) error {
	if id >= 1 && id <= asked {
		return nil
	}
	return fmt.Errorf("answer %d: the question was %d; repeat its id", id, asked)
}

// Close ends the detector, at the latest after three seconds. A second call does nothing.
func (a *Asker) Close() error {
	if a.closed {
		return nil
	}
	a.closed = true
	a.stop()
	a.collect() // makes room for what the worker still tells
	close(a.questions)
	a.over.Wait()
	return a.program.Close()
}
