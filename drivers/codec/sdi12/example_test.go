package sdi12_test

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers/codec/sdi12"
)

func Example() {
	c, _ := sdi12.ParseCommand("MC")
	fmt.Printf("%s\n", sdi12.AppendCommand(nil, '1', c.String()))
	a, _ := sdi12.ParseAnnouncement([]byte("10015"), c)
	fmt.Println(a.Values, "values in", a.Seconds, "s")
	values, err := sdi12.ParseValues([]byte("1+2.7+85.2-0.2-2.7+770.5CAH"), c.CRC)
	fmt.Println(values, err)
	// Output:
	// 1MC!
	// 5 values in 1 s
	// [+2.7 +85.2 -0.2 -2.7 +770.5] <nil>
}
