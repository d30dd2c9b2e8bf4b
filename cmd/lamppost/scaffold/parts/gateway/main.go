// Command lamppost is the gateway with the driver of this module among its own.
package main

import (
	"os"

	"github.com/lamppost-city/lamppost/cmd/lamppost/command"
	"github.com/lamppost-city/lamppost/drivers"

	mypart "github.com/lamppost-city/lamppost/cmd/lamppost/scaffold/parts/serial"
)

// version is set by the build.
var version = "dev"

func main() {
	os.Exit(command.Main(os.Args[1:], command.Options{Version: version, Kinds: []drivers.Kind{mypart.Kind()}}))
}
