package drivertest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// outputCheck is one promise of a driver of outputs.
type outputCheck struct {
	name string
	run  func(context.Context, outputBench) error
}

var outputChecks = []outputCheck{
	{"it says where it stands how the part is told", outputSource},
	{"what is set is what the hardware has", setsBoth},
	{"opening, asking and closing switch nothing", movesNothing},
	{"what is read back is the hardware's, never what was set", readsBack},
	{"what confirms and does not move is seen", seesStuck},
	{"what is neither on nor off is no state", seesWrong},
	{"silence is an error, and ends in time", silentOutput},
	{"a call that fails never counts as switched", failedSwitching},
	{"unplugged in the middle of a call", unpluggedSwitching},
	{"a cancelled call ends at once", cancelledSwitching},
	{"an on that was given up does not come after the off", offWins},
	{"a thousand switchings keep nothing", switchingsKeepNothing},
}

func outputSource(_ context.Context, b outputBench) error {
	if b.Source == "" {
		return fmt.Errorf("captured, published or constructed, and where from?")
	}
	return nil
}

func setsBoth(ctx context.Context, b outputBench) error {
	s, err := b.open()
	if err != nil {
		return err
	}
	for _, on := range []bool{true, false, false, true, true, false} {
		if err := s.set(ctx, on); err != nil {
			return fmt.Errorf("set %s: %w", onOff(on), err)
		}
		if err := s.is(on); err != nil {
			return err
		}
	}
	return s.Close()
}

func movesNothing(ctx context.Context, b outputBench) error {
	for _, on := range []bool{true, false} {
		s, err := b.open()
		if err != nil {
			return err
		}
		s.part.put(on)
		if _, _, err := s.get(ctx); err != nil {
			return fmt.Errorf("asked before the first set: %w", err)
		}
		for i := range 2 {
			if err := s.Close(); err != nil {
				return fmt.Errorf("close number %d: %w", i+1, err)
			}
		}
		if err := settle(ctx); err != nil {
			return err
		}
		if n := s.part.told(); n != 0 {
			return fmt.Errorf("the hardware was told %d times what nobody has asked for", n)
		}
		if err := s.is(on); err != nil {
			return err
		}
	}
	return nil
}

func readsBack(ctx context.Context, b outputBench) error {
	s, err := b.open()
	if err != nil {
		return err
	}
	for _, on := range []bool{true, false, true} {
		if err := s.set(ctx, on); err != nil {
			return err
		}
		if !s.plan.Tells {
			if err := tellsNothing(ctx, s); err != nil {
				return err
			}
			continue
		}
		if err := s.tells(ctx, on); err != nil {
			return err
		}
		s.part.put(!on) // somebody switches it by hand
		if err := s.tells(ctx, !on); err != nil {
			return fmt.Errorf("switched by hand: %w", err)
		}
	}
	return nil
}

// tells compares what is read back.
func (s switched) tells(ctx context.Context, want bool) error {
	on, ok, err := s.get(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read back: %w", err)
	case !ok:
		return fmt.Errorf("the plan says that the hardware can tell its state, and it cannot")
	case on != want:
		return fmt.Errorf("the hardware is %s and is read back as %s", onOff(want), onOff(on))
	}
	return nil
}

// tellsNothing wants an output that cannot be asked to say so, without asking.
func tellsNothing(ctx context.Context, s switched) error {
	made := s.part.made()
	switch on, ok, err := s.get(ctx); {
	case ok || on || err != nil:
		return fmt.Errorf("the plan says that the hardware cannot tell its state, and it is read back as %s, %t, %w", onOff(on), ok, err)
	case s.part.made() != made:
		return fmt.Errorf("the hardware is asked although it cannot tell")
	}
	return nil
}

func seesStuck(ctx context.Context, b outputBench) error {
	s, err := b.open()
	if err != nil || !s.part.stick() {
		return err
	}
	for _, is := range []bool{false, true} {
		s.part.put(is)
		if err := s.set(ctx, !is); err != nil {
			continue // it noticed by itself
		}
		if !s.plan.Tells {
			continue
		}
		if err := s.tells(ctx, is); err != nil {
			return err
		}
	}
	return nil
}

func seesWrong(ctx context.Context, b outputBench) error {
	s, err := b.open()
	if err != nil {
		return err
	}
	unit, ok := s.part.(*OutputModbus)
	if !ok || b.Wrong.Coils == nil && b.Wrong.Registers == nil || !s.plan.Tells {
		return nil
	}
	unit.hold(b.Wrong)
	on, tells, err := s.get(ctx)
	if !errors.Is(err, drivers.ErrDevice) || tells || on {
		return fmt.Errorf("what is neither on nor off is read back as %s, %t, %w; want no state, and an error that wraps %q", onOff(on), tells, err, drivers.ErrDevice)
	}
	if err := s.set(ctx, false); err != nil { // off is tried whatever is there
		return err
	}
	return s.is(false)
}

func silentOutput(ctx context.Context, b outputBench) error {
	s, err := b.open()
	if err != nil {
		return err
	}
	s.part.mute(true)
	for _, do := range s.calls() {
		begun := time.Now()
		if err := do.run(ctx); !errors.Is(err, drivers.ErrTimeout) {
			return fmt.Errorf("%s: silence ends with %w, want %q in it", do.name, err, drivers.ErrTimeout)
		}
		if took := time.Since(begun); took > s.plan.Timeout {
			return fmt.Errorf("%s: silence took %v, the plan says %v at most", do.name, took, s.plan.Timeout)
		}
	}
	s.part.mute(false)
	return s.works(ctx)
}

// doing is something that an output can be asked for.
type doing struct {
	name string
	run  func(context.Context) error
	gets bool
}

// calls are all that reach the hardware. A get that gives a state along with its error
// is a mistake of its own.
func (s switched) calls() []doing {
	all := []doing{
		{name: "set on", run: func(ctx context.Context) error { return s.set(ctx, true) }},
		{name: "set off", run: func(ctx context.Context) error { return s.set(ctx, false) }},
	}
	if s.plan.Tells {
		all = append(all, doing{"get", func(ctx context.Context) error {
			on, ok, err := s.get(ctx)
			if err != nil && (on || ok) {
				return fmt.Errorf("a state, %s, goes with the error %q", onOff(on), err.Error())
			}
			return err
		}, true})
	}
	return all
}

// works sets on and off, as after a fault that is over.
func (s switched) works(ctx context.Context) error {
	for _, on := range []bool{true, false} {
		if err := s.set(ctx, on); err != nil {
			return fmt.Errorf("after the fault, set %s: %w", onOff(on), err)
		}
		if err := s.is(on); err != nil {
			return fmt.Errorf("after the fault: %w", err)
		}
	}
	return nil
}

func failedSwitching(ctx context.Context, b outputBench) error {
	s, err := b.open()
	if err != nil {
		return err
	}
	for _, fault := range s.part.faults() {
		word := drivers.FaultWord(fault)
		for _, do := range s.calls() {
			if err := s.set(ctx, false); err != nil {
				return err
			}
			s.part.fail(everyCall, fault)
			err := do.run(ctx)
			s.part.fail(0, nil)
			switch {
			case do.gets && word == "exception" && err == nil: // it cannot tell, and says so
			case err == nil:
				return fmt.Errorf("%s: the hardware says %q, and that counts as done", do.name, fault)
			case drivers.FaultWord(err) != word:
				return fmt.Errorf("%s: the hardware says %q, and the fault word is %s (%w)", do.name, fault, drivers.FaultWord(err), err)
			}
			if err := s.works(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func unpluggedSwitching(ctx context.Context, b outputBench) error {
	s, err := b.open()
	if err != nil {
		return err
	}
	for _, do := range s.calls() {
		if err := s.set(ctx, false); err != nil {
			return err
		}
		s.part.failAfter(50*time.Millisecond, drivers.ErrUnplugged)
		if err := do.run(ctx); drivers.FaultWord(err) != "unplugged" {
			return fmt.Errorf("%s: hardware that is pulled out in the middle gives %w", do.name, err)
		}
		s.part.fail(0, nil)
		if err := s.works(ctx); err != nil {
			return err
		}
	}
	return nil
}

func cancelledSwitching(ctx context.Context, b outputBench) error {
	for _, after := range []time.Duration{0, 50 * time.Millisecond} {
		s, err := b.open()
		if err != nil {
			return err
		}
		s.part.mute(true)
		for _, do := range s.calls() {
			took, err := givenUp(ctx, after, do.run)
			if !errors.Is(err, context.Canceled) || took > after {
				return fmt.Errorf("%s, cancelled after %v, went on for %v and ended with %w", do.name, after, took, err)
			}
		}
		s.part.mute(false)
		if err := s.works(ctx); err != nil {
			return err
		}
	}
	return nil
}

// givenUp cancels a call after so long, 0: before it begins.
func givenUp(ctx context.Context, after time.Duration, do func(context.Context) error) (took time.Duration, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if after == 0 {
		cancel()
	}
	defer time.AfterFunc(after, cancel).Stop()
	begun := time.Now()
	err = do(ctx)
	return time.Since(begun), err
}

func offWins(ctx context.Context, b outputBench) error {
	s, err := b.open()
	if err != nil {
		return err
	}
	s.part.mute(true)
	if _, err := givenUp(ctx, 20*time.Millisecond, func(ctx context.Context) error { return s.set(ctx, true) }); err == nil {
		return fmt.Errorf("an on that was given up counts as switched")
	}
	s.part.mute(false)
	if err := s.set(ctx, false); err != nil {
		return err
	}
	told := s.part.told()
	if err := settle(ctx); err != nil {
		return err
	}
	if n := s.part.told() - told; n != 0 {
		return fmt.Errorf("the hardware was told %d times more after the off", n)
	}
	return s.is(false)
}

func switchingsKeepNothing(ctx context.Context, b outputBench) error {
	s, err := b.open()
	if err != nil {
		return err
	}
	held := func(n int) (uint64, error) {
		for i := range n {
			if unit, ok := s.part.(*OutputModbus); ok {
				unit.forget()
			}
			if err := s.set(ctx, i%2 == 0); err != nil {
				return 0, err
			}
			if _, _, err := s.get(ctx); err != nil {
				return 0, err
			}
		}
		runtime.GC()
		runtime.GC() // what the first one's finalizers let go
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, nil
	}
	before, err := held(growthSamples / 10)
	if err != nil {
		return err
	}
	after, err := held(growthSamples)
	if err == nil && after > before+growthLimit {
		err = fmt.Errorf("%d bytes more are held after %d switchings", after-before, growthSamples)
	}
	return errors.Join(err, s.Close())
}
