// Command rerun runs a test command, `go test …`, and shows what it says. Packages that
// failed for no other reason than that Go's race detector itself crashed are tested once
// more, and the second outcome counts.
//
// The race detector of Go 1.26 may crash in a bubble of testing/synctest in which timers
// with channels are used: two threads then work with one context of the detector
// (golang/go#78156). Nothing of the program under test is wrong then, and nothing of it
// can be mended: twenty lines of the standard library's timers are enough. Every other
// failure, a found race, a failed test, a panic, stays what it is.
//
//	rerun go test -race ./...
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "rerun: a command is needed: rerun go test -race PACKAGE…")
		os.Exit(2)
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code.
func run(command []string, stdout, stderr io.Writer) int {
	var said bytes.Buffer
	err := start(command, io.MultiWriter(stdout, &said), stderr)
	again, only := crashed(said.String())
	if err == nil || !only {
		return code(err, stderr)
	}
	fmt.Fprintf(stdout, "the race detector crashed (golang/go#78156); once more: %s\n", strings.Join(again, " "))
	return code(start(append(flags(command), again...), stdout, stderr), stderr)
}

func start(command []string, stdout, stderr io.Writer) error {
	c := exec.Command(command[0], command[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, stdout, stderr
	return c.Run()
}

func code(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	if e, ok := err.(*exec.ExitError); ok {
		return max(e.ExitCode(), 1) // -1: by a signal
	}
	fmt.Fprintln(stderr, "rerun:", err)
	return 1
}

// flags returns the command without its packages: what follows the last flag. Flags
// must be written as -name=value or before a value that does not look like a package.
func flags(command []string) []string {
	i := slices.IndexFunc(command, isPackage)
	if i < 0 {
		return command
	}
	return slices.Clone(command[:i])
}

func isPackage(arg string) bool {
	return strings.HasPrefix(arg, "./") || strings.HasPrefix(arg, "github.com/")
}

var (
	outcome = regexp.MustCompile(`^(ok  |FAIL|\?   |---)?\t(\S+)`)
	ownLine = regexp.MustCompile(`(?m)^(\s*--- FAIL|panic: |WARNING: DATA RACE|fatal error: |SIGQUIT)`)
)

// crashed returns the packages in the output of go test in which the race detector
// crashed within a bubble, and whether nothing else failed.
func crashed(output string) (packages []string, only bool) {
	only = true
	var block strings.Builder
	for line := range strings.Lines(output) {
		m := outcome.FindStringSubmatch(line)
		if m == nil {
			block.WriteString(line)
			continue
		}
		if m[1] == "FAIL" {
			if text := block.String(); detectors(text) {
				packages = append(packages, m[2])
			} else {
				only = false
			}
		}
		block.Reset()
	}
	return packages, only && len(packages) > 0
}

// detectors says whether a package's output shows a crash of the race detector in a
// bubble and nothing of its own that failed.
func detectors(text string) bool {
	return strings.Contains(text, "SIGSEGV: segmentation violation\nPC=") && strings.Contains(text, "synctest bubble") && !ownLine.MatchString(text)
}
