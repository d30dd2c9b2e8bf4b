// Command lamppost-sim simulates a street: sensors on real pseudo terminals and
// sockets, a camera, and scripted events. It is the demonstration and the test
// bench of a gateway, which reads it as it reads a real street.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/street"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// version is set at build time.
var version = "dev"

// The exit codes, part of the interface.
const (
	exitOK         = 0
	exitFailed     = 1
	exitUsage      = 2
	exitScenario   = 3 // a configuration, here the scenario, is invalid
	exitInUse      = 6
	exitPermission = 7
	exitStorage    = 8
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	cmd := root(version)
	cmd.SetArgs(os.Args[1:])
	ran, err := cmd.ExecuteContextC(ctx)
	if err != nil {
		lead := "error: "
		if chinese.Asked(ran) {
			lead = "错误："
		}
		fmt.Fprintln(os.Stderr, lead+chinese.For(ran, err.Error()))
	}
	stop()
	os.Exit(exitCode(err))
}

// errUsage marks what is wrong with the command line.
var errUsage = errors.New("wrong usage")

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, street.ErrScenario):
		return exitScenario
	case errors.Is(err, truth.ErrInUse), errors.Is(err, parts.ErrInUse), errors.Is(err, syscall.EADDRINUSE):
		return exitInUse
	case errors.Is(err, fs.ErrPermission):
		return exitPermission
	case errors.Is(err, street.ErrStorage):
		return exitStorage
	}
	return exitFailed
}
