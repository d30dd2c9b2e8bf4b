// Command rerun runs a test command, `go test …`, and shows what it says. Where few tests
// failed, they are run once more, by themselves, and the second outcome counts; the last
// lines name them.
//
// Two things fail though nothing of the program under test is wrong. The race detector of
// Go 1.26 may crash in a bubble of testing/synctest in which timers with channels are used:
// two threads then work with one context of the detector (golang/go#78156). And a test of
// real processes on real lines fails where the machine stood still at the wrong moment.
// A fault that is there fails twice. What must not be believed a second time is not asked
// again: a race that was found, a panic, a program that does not build, more than [most]
// failed tests.
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

// most is how many failed tests may be run again; where more fail, something is broken.
const most = 3

// run returns the exit code.
func run(command []string, stdout, stderr io.Writer) int {
	var said bytes.Buffer
	err := start(command, io.MultiWriter(stdout, &said), stderr)
	todo, ok := again(said.String())
	if err == nil || !ok {
		return code(err, stderr)
	}
	for _, p := range todo {
		fmt.Fprintf(stdout, "once more, by itself: %s\n", p)
		if err := start(append(flags(command), p.args()...), stdout, stderr); err != nil {
			return code(err, stderr)
		}
	}
	for _, p := range todo {
		fmt.Fprintf(stdout, "FAILED ONCE, passed by itself: %s\n", p)
	}
	return 0
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
	failure = regexp.MustCompile(`(?m)^--- FAIL: (\S+) \(`)
	grave   = regexp.MustCompile(`(?m)^(panic: |fatal error: |SIGQUIT)|WARNING: DATA RACE|race detected during execution of test`)
)

// failed is a package that is to be tested again; without names the whole of it, because
// the race detector crashed.
type failed struct {
	path  string
	names []string
}

func (f failed) String() string {
	if f.names == nil {
		return f.path + ", in which the race detector crashed (golang/go#78156)"
	}
	return f.path + " " + strings.Join(f.names, " ")
}

func (f failed) args() []string {
	if f.names == nil {
		return []string{"-count=1", f.path}
	}
	return []string{"-count=1", "-run=^(" + strings.Join(f.names, "|") + ")$", f.path}
}

// again returns what failed in the output of go test, and whether that is all to be run
// once more.
func again(output string) (todo []failed, ok bool) {
	ok = true
	var block strings.Builder
	tests := 0
	for line := range strings.Lines(output) {
		m := outcome.FindStringSubmatch(line)
		if m == nil {
			block.WriteString(line)
			continue
		}
		if m[1] == "FAIL" {
			f, may := judge(m[2], block.String())
			todo, ok = append(todo, f), ok && may
			tests += len(f.names)
		}
		block.Reset()
	}
	return todo, ok && len(todo) > 0 && tests <= most
}

// judge says of a package that failed with this output what is to be run again, if
// anything may be.
func judge(path, text string) (f failed, may bool) {
	f.path = path
	for _, m := range failure.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(f.names, m[1]) {
			f.names = append(f.names, m[1])
		}
	}
	if grave.MatchString(text) {
		return f, false
	}
	return f, len(f.names) > 0 || detectors(text)
}

// detectors says whether a package's output shows a crash of the race detector in a bubble.
func detectors(text string) bool {
	return strings.Contains(text, "SIGSEGV: segmentation violation\nPC=") && strings.Contains(text, "synctest bubble")
}
