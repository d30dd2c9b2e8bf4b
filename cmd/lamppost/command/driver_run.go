package command

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/spf13/cobra"
)

func driverTest() *cobra.Command {
	var lang string
	var race bool
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "test [FOLDER] | test -- PROGRAM [ARGUMENT…]",
		Short: "run the tests of a driver's folder, or try a program, and show a list of promises",
		Long: `test runs the Go tests of a driver's folder (default: this one) and shows what every
driver promises, one line each, kept or broken, with what is wrong. It needs Go.

Behind -- stands a driver that is a program of its own. It is started and asked as
the gateway does, its part may be connected or not, and what it keeps of the protocol
is shown in the same way, with what it reads.

  lamppost driver test -- /usr/bin/python3 /etc/lamppost/part.py --port /dev/i2c-1

Exit codes: 0 every promise is kept, 1 some are broken, 2 there is nothing to test or
no Go.`,
		Args: func(c *cobra.Command, args []string) error {
			if c.ArgsLenAtDash() >= 0 {
				return nil
			}
			return cobra.MaximumNArgs(1)(c, args)
		},
	}
	c.Flags().DurationVar(&timeout, "timeout", 5*time.Second, "for one answer of a program")
	langFlag(c, &lang)
	c.Flags().BoolVar(&race, "race", false, "look for data races as well")
	c.RunE = func(c *cobra.Command, args []string) error {
		if at := c.ArgsLenAtDash(); at >= 0 {
			return tryProgram(c, args[at:], timeout, lang)
		}
		args = append(args, ".")
		return promises(c.Context(), c.OutOrStdout(), args[0], lang, race)
	}
	return c
}

// promises runs the tests of a folder and shows them.
func promises(ctx context.Context, w io.Writer, dir, lang string, race bool) error {
	args := []string{"test", "-count=1", "-json"}
	if race {
		args = append(args, "-race")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	cmd.Dir = dir
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return &exit{exitUsage, err, "install Go (https://go.dev/dl), which builds and tests drivers"}
		}
		return &exit{exitUsage, err, "name the folder of a driver: lamppost driver test FOLDER"}
	}
	r := results{}
	readErr := r.read(out)
	err = cmd.Wait()
	if ctx.Err() != nil {
		return cutShort(ctx)
	}
	if len(r.leaves()) == 0 {
		return &exit{exitUsage, fmt.Errorf("nothing was tested in %s: %w\n%s%s", dir, cmp.Or(err, readErr, errors.New("it has no tests")), complaints.String(), r.said[""]),
			"name the folder of a driver; what Go says stands above"}
	}
	if err := errors.Join(readErr, r.render(w, lang)); err != nil {
		return err
	}
	if err != nil || r.broken() > 0 {
		return &exit{code: exitFindings}
	}
	return nil
}

// results are the outcomes of the tests of one package.
type results struct {
	order   []string          // tests as they began
	outcome map[string]string // pass, fail or skip
	said    map[string]string // what a test printed; under "" what no test did
}

// read takes the events that go test -json prints.
func (r *results) read(from io.Reader) error {
	r.outcome, r.said = map[string]string{}, map[string]string{}
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e struct{ Action, Test, Output string }
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("go test -json printed %q: %w", lines.Text(), err)
		}
		switch e.Action {
		case "run":
			r.order = append(r.order, e.Test)
		case "pass", "fail", "skip":
			r.outcome[e.Test] = e.Action
		case "output", "build-output":
			r.said[e.Test] += e.Output
		}
	}
	return lines.Err()
}

// leaves are the tests that have no tests of their own, in order.
func (r *results) leaves() (all []string) {
	for _, name := range r.order {
		parent := false
		for _, other := range r.order {
			parent = parent || strings.HasPrefix(other, name+"/")
		}
		if !parent {
			all = append(all, name)
		}
	}
	return all
}

// broken counts the leaves that did not pass.
func (r *results) broken() (n int) {
	for _, name := range r.leaves() {
		if o := r.outcome[name]; o != "pass" && o != "skip" {
			n++
		}
	}
	return n
}

func (r *results) render(w io.Writer, lang string) error {
	var b strings.Builder
	leaves := r.leaves()
	for _, name := range leaves {
		word := map[string]string{"pass": pick(lang, "kept", "符合"), "skip": pick(lang, "skipped", "跳过")}[r.outcome[name]]
		cell := cmp.Or(word, pick(lang, "BROKEN", "不符"))
		fmt.Fprintf(&b, "%s%s %s\n", cell, strings.Repeat(" ", max(0, 8-yamldoc.Width(cell))), shortName(name))
		if word == "" {
			for _, line := range complaints(r.said[name]) {
				fmt.Fprintf(&b, "         %s\n", line)
			}
		}
	}
	fmt.Fprintf(&b, pick(lang, "%d promises, %d broken\n", "共 %d 项，%d 项不符\n"), len(leaves), r.broken())
	for _, said := range r.said {
		if _, known, ok := strings.Cut(said, ": conformance "); ok {
			known, _, _ = strings.Cut(known, "\n")
			fmt.Fprintf(&b, pick(lang, "conformance: %s\n", "一致性：%s\n"), known)
			break
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// shortName leaves out the test under which the kit's promises stand.
func shortName(name string) string {
	return strings.ReplaceAll(strings.TrimPrefix(name, "TestConformance/"), "_", " ")
}

// placeRE is where in the test's source a line was printed.
var placeRE = regexp.MustCompile(`^\w+\.go:\d+: `)

// complaints are the lines of a failed test that are not Go's own.
func complaints(said string) (lines []string) {
	for line := range strings.Lines(said) {
		line = placeRE.ReplaceAllString(strings.TrimSpace(line), "")
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			lines = append(lines, line)
		}
	}
	return lines
}
