package gateway

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/health"
	"github.com/lamppost-city/lamppost/edge/poll"
)

// lame is a driver beside whose part something is wrong.
type lame struct {
	drivers.Driver
	err error
}

func (l lame) Impaired() error { return l.err }

// What is wrong beside a part is told from its first sample on, is not forgotten over a
// sample that failed, and is over with the first sample that says so.
func TestImpairmentLasts(t *testing.T) {
	var i impairment
	ended, late := errors.New("it ended"), errors.New("no answer in time")
	for _, c := range []struct {
		at    int64
		err   error // of the sample
		says  error
		want  string
		lasts time.Duration
	}{
		{1000, nil, nil, "", 0},
		{2000, nil, ended, "it ended", 0},
		{3000, nil, late, "no answer in time", time.Second},
		{4000, drivers.ErrTimeout, nil, "no answer in time", 2 * time.Second},
		{5000, nil, nil, "", 0},
		{6000, nil, late, "no answer in time", 0},
	} {
		i.take(poll.Sample{BootMS: c.at, Err: c.err, Driver: lame{err: c.says}})
		var v health.Device
		if i.tell(&v, c.at); v.Impaired != c.want || v.For != c.lasts {
			t.Errorf("at %d ms: %q for %v, want %q for %v", c.at, v.Impaired, v.For, c.want, c.lasts)
		}
	}
	down := health.Device{Fault: "timeout", For: time.Hour}
	if i.tell(&down, 9000); down.Impaired != "" || down.For != time.Hour {
		t.Errorf("a device with a fault of its own is %+v", down)
	}
	if err := impairedOf(nil); err != nil {
		t.Errorf("a driver that cannot tell is %v", err)
	}
}

// What is wrong beside a part is told once, not again while it lasts, nor more than once in
// ten minutes if it comes and goes.
func TestImpairmentIsNewsOnce(t *testing.T) {
	var i impairment
	ended := errors.New("it ended")
	var told []string
	for minute, says := range []error{nil, ended, ended, ended, nil, ended, nil, ended, ended, ended, ended, ended, ended} {
		now := int64(minute) * 60_000
		i.take(poll.Sample{BootMS: now, Driver: lame{err: says}})
		if i.news(now) {
			told = append(told, fmt.Sprint(minute, says != nil))
		}
	}
	if want := []string{"1 true", "4 false", "11 true"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

// A detector that is late and is then ended for what it takes is told of twice: the second
// time with the figure. That it is late again is told no sooner than after ten minutes.
func TestAnotherImpairmentIsNews(t *testing.T) {
	var i impairment
	late := fmt.Errorf("camera: detector: %w", drivers.ErrTimeout)
	ended := fmt.Errorf("it took 61 %% of a core for 30 s; 50 %% are allowed: %w", drivers.ErrUnplugged)
	var told []string
	for minute, says := range []error{late, late, ended, late, ended, nil, late, ended, nil, nil, nil, late, ended} {
		now := int64(minute) * 60_000
		i.take(poll.Sample{BootMS: now, Driver: lame{err: says}})
		if i.news(now) {
			told = append(told, fmt.Sprint(minute, " ", says))
		}
	}
	want := []string{fmt.Sprint("0 ", late), fmt.Sprint("2 ", ended), "5 <nil>", fmt.Sprint("11 ", late), fmt.Sprint("12 ", ended)}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}
