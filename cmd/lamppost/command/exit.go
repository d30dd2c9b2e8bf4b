package command

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/spf13/cobra"
)

// Exit codes: a part of the interface, never renumbered.
const (
	exitOK         = 0
	exitFindings   = 1
	exitUsage      = 2
	exitConfig     = 3
	exitSilent     = 4
	exitPartly     = 5
	exitInUse      = 6
	exitPermission = 7
	exitStorage    = 8
	exitInt        = 130
	exitTerm       = 143
)

// exit is an error that knows its exit code.
type exit struct {
	code int
	err  error
	hint string
}

func (e *exit) Error() string {
	if e.err == nil {
		return "exit"
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// classify gives an error of the running gateway its exit code and a next step.
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, journal.ErrLocked):
		return &exit{exitInUse, err, "another lamppost uses this journal; stop it first (systemctl stop lamppost)"}
	case errors.Is(err, drivers.ErrBusy), errors.Is(err, syscall.EADDRINUSE):
		return &exit{exitInUse, err, "another program holds it; is the gateway running already? (systemctl status lamppost)"}
	case errors.Is(err, fs.ErrPermission):
		return &exit{exitPermission, err, "run it as root, or give the user the group that owns the file (serial ports: dialout)"}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOSPC):
		return &exit{exitStorage, err, "make the directory, or name another one under journal.dir"}
	default:
		return &exit{exitFindings, err, ""}
	}
}

// cutShort is the code of a one-shot command that a signal ended.
func cutShort(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return &exit{code: exitInt}
}

func readFile(path string) ([]byte, error) {
	b, err := readText(path)
	if err == nil {
		return b, nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, &exit{exitPermission, err, "run it as root, or make the file readable"}
	}
	return nil, &exit{exitConfig, err, "name the configuration: lamppost check FILE, lamppost run --config FILE"}
}

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{Use: "exit-codes", Short: "what the exit codes mean", Long: `0    done
1    ran to the end, with findings
2    wrong usage
3    the configuration is invalid
4    nothing answered
5    some devices answered, some did not
6    a port or file is in use, probably by the running gateway
7    a permission is missing
8    the storage cannot be used
130  cut short by Ctrl-C, 143 by TERM (run itself stops cleanly on either, with 0)`}
}
