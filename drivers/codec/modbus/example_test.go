package modbus_test

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers/codec/modbus"
)

// A meter is asked for its voltage; the answer comes behind a byte of noise.
func Example() {
	r := modbus.Request{Function: 4, Start: 0, Count: 2}
	request := modbus.AppendRTU(nil, 1, r.Append(nil))
	fmt.Printf("% X\n", request)

	line := []byte{0xFF, 0x01, 0x04, 0x04, 0x43, 0x66, 0x33, 0x33, 0x5A, 0xFA}
	s := modbus.Scan(line, request, r, false)
	a, err := r.Answers(s.Answer)
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := modbus.Float32.Decode(a.Registers(nil), modbus.ABCD)
	fmt.Println(n.Float, err, "noise:", s.Noise)
	// Output:
	// 01 04 00 00 00 02 71 CB
	// 230.2 <nil> noise: 1
}
