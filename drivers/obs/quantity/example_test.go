package quantity_test

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers/obs/quantity"
)

// The root of a depth is no depth, and two levels in decibels have no sum.
func ExampleApply() {
	depth := quantity.Measured("x", "m", quantity.Amount)
	root, _ := quantity.Apply("^", depth, quantity.Number(0.5))
	fmt.Println(root.Unit(), root.Fits("m"))

	a, b := quantity.Measured("a", "dB(A)", quantity.Level), quantity.Measured("b", "dB(A)", quantity.Level)
	_, wrong := quantity.Apply("+", a, b)
	fmt.Println(wrong.Hint)
	// Output:
	// m^0.5 false
	// for the energy mean of two write 10*log10((10^(a/10) + 10^(b/10)) / 2); of one over a time, is: leq
}
