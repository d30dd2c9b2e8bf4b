// Command lamppost is the gateway, and the field engineer's tools.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the build.
var version = "dev"

func main() { os.Exit(Main(os.Args[1:])) }

// Main runs the command line and returns the exit code.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := rootCommand()
	root.SetArgs(args)
	return report(os.Stderr, root.ExecuteContext(ctx))
}

// report says what went wrong, and what to do, and returns the exit code.
func report(w io.Writer, err error) int {
	var e *exit
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		if e.err != nil {
			fmt.Fprintln(w, "error:", e.err)
		}
		if e.hint != "" {
			fmt.Fprintln(w, "hint: ", e.hint)
		}
		return e.code
	default:
		fmt.Fprintln(w, "error:", err)
		fmt.Fprintln(w, "hint:  lamppost help")
		return exitUsage
	}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "lamppost",
		Short:         "The Lamppost gateway: reads sensors, checks values, raises alerts, keeps everything until the cloud has it",
		SilenceErrors: true, SilenceUsage: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(runCommand(), checkCommand(), readCommand(), bufferCommand(), rewindCommand(), versionCommand(), exitCodesTopic())
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "print the version", Args: cobra.NoArgs, Run: func(c *cobra.Command, _ []string) {
		fmt.Fprintln(c.OutOrStdout(), "lamppost", version)
	}}
}
