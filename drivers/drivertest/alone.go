package drivertest

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Hex reads bytes written as hexadecimal digits, with or without blanks, or ends the test.
func Hex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return b
}

// Plan plans a device of k whose own options are this YAML.
func Plan(k drivers.Kind, options string) (*drivers.Plan, error) {
	return k.Plan(func(out any) error { return decode(options, out) })
}

// Refusal is options that a driver must not take: the error is about Key, a problem with
// a place in the configuration if Key is empty, and has Says in it.
type Refusal struct{ Options, Key, Says string }

// Refuses tests that k's driver takes none of the options, and says of each what is wrong
// with it.
func Refuses(t *testing.T, k drivers.Kind, all []Refusal) {
	t.Helper()
	for _, c := range all {
		if err := c.taken(k); err != nil {
			t.Error(err)
		}
	}
}

// taken says how k's driver took the options; nil: it refused them as it should.
func (c Refusal) taken(k drivers.Kind) error {
	p, err := Plan(k, c.Options)
	var problems yamldoc.Problems
	var o *drivers.OptionError
	located := errors.As(err, &o) && (c.Key == "" || o.Key == c.Key) || c.Key == "" && errors.As(err, &problems)
	switch {
	case err == nil:
		return fmt.Errorf("options %s make the plan %+v", c.Options, p)
	case !located || !strings.Contains(err.Error(), c.Says):
		return fmt.Errorf("options %s give %w, want %s: %s", c.Options, err, c.Key, c.Says)
	}
	return nil
}

// Device is a device of a test, opened on a line of its own.
type Device struct {
	drivers.Driver
	Plan *drivers.Plan
}

// Open opens a device of k on a serial line, or ends the test.
func Open(t testing.TB, k drivers.Kind, options string, line *Port) Device {
	t.Helper()
	p, err := Plan(k, options)
	if err != nil {
		t.Fatalf("options %s: %v", options, err)
	}
	d, err := p.OpenSerial(line)
	if err != nil {
		t.Fatal(err)
	}
	return Device{d, p}
}

// Once samples with the time that the plan allows, as the poller does.
func (d Device) Once(ctx context.Context) ([]obs.Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Plan.Timeout)
	defer cancel()
	return d.Sample(ctx)
}

// Frames tests the law of a framing on whatever a line brings: each frame that f finds is,
// written again, what stood there; no byte is used twice or lost; and what is kept for
// later is shorter than the longest frame. It returns the frames.
func Frames[F any](t *testing.T, f frame.Format[F], line []byte, again func(F) []byte) []F {
	t.Helper()
	found, err := frames(f, line, again)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func frames[F any](f frame.Format[F], line []byte, again func(F) []byte) (found []F, err error) {
	for rest := line; ; {
		v, left, d, ok := f.Next(rest)
		if !ok {
			if len(left) >= f.Max || d.Bytes+len(left) != len(rest) {
				return nil, fmt.Errorf("of % x, %d bytes are dropped and %d kept", rest, d.Bytes, len(left))
			}
			return found, nil
		}
		if got := rest[d.Bytes : len(rest)-len(left)]; !bytes.Equal(again(v), got) {
			return nil, fmt.Errorf("%+v, written again % x, is not what stood there: % x", v, again(v), got)
		}
		found, rest = append(found, v), left
	}
}
