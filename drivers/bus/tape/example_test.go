package tape_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/bus/tape"
)

// A tape stands in for a thermometer on a 1-Wire bus.
func Example() {
	t, err := tape.Read("pipe.tape", strings.NewReader(`lamppost tape 1
driver: ds18b20
wire: w1
by: constructed for this example
at: 2026-03-02T08:14:00Z

   0.000000 ?
   0.000100 > "temperature"
   0.000200 < "23062\n"
   0.000300 = water_temp=23.062
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	part := tape.NewReplay(t)
	b, err := part.OneWire().Read(context.Background(), "temperature")
	fmt.Printf("%q %v, %v\n", b, err, part.Done())
	_, err = part.OneWire().Read(context.Background(), "temperature")
	fmt.Println(err)
	// Output:
	// "23062\n" <nil>, <nil>
	// tape pipe.tape line 10: nothing more was asked here, the driver asks > "temperature"
}
