package ezo

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
)

// answer is what a part says to a command, up to its *OK.
type answer struct {
	reading string // the newest line of numbers
	query   string // the newest answer to a question
	empty   bool   // it has no output enabled
	done    bool   // *OK has come
	bytes   int    // that came
	noise   int    // of them in garbled lines
	clean   bool   // what stands before *OK is not garbled
}

// take adds a line. The error is what ends the exchange before *OK.
func (a *answer) take(line string) error {
	switch classify(line) {
	case reading:
		a.reading, a.clean = line, true
	case query:
		a.query, a.clean = line, true
	case empty:
		a.empty, a.clean = true, true
	case garbled:
		a.reading, a.query, a.clean = "", "", false
		a.noise += len(line) + 1
	case code:
		return a.heed(line)
	}
	return nil
}

// heed takes a response code. *RS, *RE, *SL, *WA, *DONE and what later firmware may add
// mean nothing to a reading.
func (a *answer) heed(line string) error {
	switch line {
	case "*OK":
		a.done = true
	case "*ER":
		return fmt.Errorf("%w: it says *ER; firmware that does not know RT needs a configuration without temperature", drivers.ErrException)
	case "*UV":
		return fmt.Errorf("%w: it says *UV, its supply is below 3.1 V", drivers.ErrDevice)
	case "*OV":
		return fmt.Errorf("%w: it says *OV, its supply is above 5.5 V", drivers.ErrDevice)
	}
	return nil
}

// ask sends a command and returns what stood before the part's *OK. A garbled answer is
// asked for once more.
func (d *driver) ask(ctx context.Context, command string) (a answer, err error) {
	if d.unsure {
		if err := d.listen(ctx); err != nil {
			return a, err
		}
	}
	d.unsure = true
	for range tries {
		if a, err = d.once(ctx, command); err != nil {
			return a, err
		}
		if a.clean {
			d.unsure = false
			return a, nil
		}
	}
	return a, fmt.Errorf("%w: what stands before *OK is garbled, twice", drivers.ErrProtocol)
}

// listen waits until nothing of an old answer is under way: its end, cut off, would look
// like a reading. A part in continuous mode is quiet most of the time as well.
func (d *driver) listen(ctx context.Context) error {
	most, stop := context.WithTimeout(ctx, listens)
	defer stop()
	b := make([]byte, longest)
	for {
		silence, stop := context.WithTimeout(most, quiet)
		_, err := d.port.Read(silence, b)
		stop()
		switch {
		case err == nil && most.Err() == nil:
		case err == nil, errors.Is(err, drivers.ErrTimeout) && ctx.Err() == nil:
			return nil
		default:
			return err
		}
	}
}

func (d *driver) once(ctx context.Context, command string) (a answer, err error) {
	d.buf = d.buf[:0]
	if err := d.port.Discard(); err != nil {
		return a, err
	}
	if _, err := d.port.Write(ctx, append([]byte(command), end)); err != nil {
		return a, err
	}
	ctx, stop := context.WithTimeout(ctx, answers)
	defer stop()
	b := make([]byte, longest)
	for !a.done && err == nil {
		var n int
		if n, err = d.port.Read(ctx, b); err != nil {
			err = a.explain(err)
			break
		}
		d.buf = append(d.buf, b[:n]...)
		a.bytes += n
		err = d.lines(&a)
	}
	if a.noise > 0 {
		d.port.Noise(a.noise)
	}
	return a, err
}

// lines takes the whole lines that were received, up to *OK.
func (d *driver) lines(a *answer) error {
	for !a.done {
		line, rest, ok := cut(d.buf)
		if !ok {
			return nil
		}
		d.buf = append(d.buf[:0], rest...)
		if err := a.take(line); err != nil {
			return err
		}
	}
	return nil
}

// explain says what came instead of *OK.
func (a *answer) explain(err error) error {
	switch {
	case !errors.Is(err, drivers.ErrTimeout) || a.bytes == 0:
		return err
	case a.reading != "" || a.query != "":
		return fmt.Errorf("%w: %s came and no *OK behind it; enable the part's response codes with *OK,1", drivers.ErrProtocol, cmp.Or(a.query, a.reading))
	}
	return fmt.Errorf("%w: %d bytes and no answer among them; is it this part, at this baud rate?", drivers.ErrProtocol, a.bytes)
}
