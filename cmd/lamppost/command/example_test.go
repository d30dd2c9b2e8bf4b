package command_test

import (
	"fmt"

	"github.com/lamppost-city/lamppost/cmd/lamppost/command"
	"github.com/lamppost-city/lamppost/drivers"
)

// A program that passes its own drivers has every command of the gateway.
func Example() {
	var mine []drivers.Kind // mypart.Kind(), and whatever else there is
	code := command.Main([]string{"version"}, command.Options{Version: "1.0 of ours", Kinds: mine})
	fmt.Println("exit code", code)
	// Output:
	// lamppost 1.0 of ours
	// exit code 0
}
