// Command lamppost is the gateway, and the field engineer's tools. A gateway with
// drivers of one's own is a program like this one: see package command.
package main

import (
	"os"

	"github.com/lamppost-city/lamppost/cmd/lamppost/command"
)

// version is set by the build.
var version = "dev"

func main() { os.Exit(command.Main(os.Args[1:], command.Options{Version: version})) }
