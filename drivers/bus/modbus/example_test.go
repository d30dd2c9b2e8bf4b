package modbus_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/lamppost-city/lamppost/drivers/bus/modbus"
)

// A pump's meter behind a Modbus TCP host, here played by the end of a pipe.
func Example() {
	dial := func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			_, _ = io.ReadFull(theirs, make([]byte, 12))
			_, _ = theirs.Write([]byte{0, 1, 0, 0, 0, 7, 17, 3, 4, 0x43, 0x66, 0x33, 0x33})
		}()
		return ours, nil
	}
	bus := modbus.NewTCP("10.0.0.7:502", modbus.Options{Name: "pump", Dial: dial})
	defer bus.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	words, err := bus.Unit(17).ReadRegisters(ctx, 3, 0, 2)
	fmt.Printf("%04x %v, %d answers\n", words, err, bus.Health().Answers)
	// Output: [4366 3333] <nil>, 1 answers
}
