package action_test

import (
	"context"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/action"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// horn is a relay on which nothing hangs.
type horn struct{}

func (horn) Set(_ context.Context, on bool) error         { fmt.Println("relay", on); return nil }
func (horn) Get(context.Context) (on, ok bool, err error) { return false, false, nil }
func (horn) Close() error                                 { return nil }

// A board sets its outputs off when it starts. A person switches one on and is told why
// not when its interlock does not permit it; at the end it is off again.
func Example() {
	begun := time.Now()
	b := action.New([]action.Output{{
		ID:   "horn",
		Spec: action.Spec{MaxOn: time.Minute, PerHour: 60, Timeout: time.Second, Within: time.Second, Interlock: true},
		Open: func() (drivers.Output, error) { return horn{}, nil },
	}}, action.Options{
		Now:  func() int64 { return time.Since(begun).Milliseconds() },
		Tell: func(wire.Actuation, int64, []byte) {}, // a gateway writes it down
		Keep: func(string, []byte) {},
	})
	b.Start()
	for b.Views()[0].State != "off" {
	}
	_, err := b.On(context.Background(), "horn", "li", 0)
	fmt.Println(err)
	b.Permit("horn", action.True, "")
	v, _ := b.On(context.Background(), "horn", "li", 10*time.Second)
	fmt.Println(v.State)
	b.Close(nil)
	// Output:
	// relay false
	// refused: its interlock is unknown
	// relay true
	// on
	// relay false
}
