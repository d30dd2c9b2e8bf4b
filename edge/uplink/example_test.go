package uplink_test

import (
	"context"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/uplink"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// A gateway offers what it has just put into its journal. Nothing listens here, so
// the record stays the journal's.
func Example() {
	u, err := uplink.New(uplink.Options{
		Gateway: "hz-gongshu-bridge-07", Epoch: "17-9f3ac2d1b07e", Brokers: []string{"mqtt://127.0.0.1:1883"},
		Save: func(state []byte) error { return nil }, // into the journal
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	stop() // a real one runs until the program ends
	u.Offer(1, []wire.Value{{Stream: obs.Stream{Device: "river", Channel: "level"}, Unit: "m", Time: 1_795_291_200_400, V: 2.71, Quality: obs.Quality{Flag: obs.Pass}}})
	fmt.Println(u.Run(ctx), u.Stored("17-9f3ac2d1b07e", wire.Range{From: 1, To: 1}), u.Status().Healthy)

	_, err = uplink.New(uplink.Options{Gateway: "hz-07", Epoch: "17-9f3ac2d1b07e", Brokers: []string{"http://hub"}})
	fmt.Println(err)
	// Output:
	// <nil> false false
	// broker "http://hub": write mqtt://host:1883, mqtts://host:8883 or ws://host:port/path
}
