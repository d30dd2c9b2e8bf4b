package docstest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A walk is a page that is followed to the letter: its blocks are carried out in
// their order, in one folder, as a person would who does nothing else. What a block
// is its first line says:
//
//	```sh               commands, run by bash; they must succeed
//	```sh fails         commands, the last of which must not
//	```sh stays         a command that goes on; it is stopped when the walk ends
//	```sh again         commands, carried out again until they print what follows
//	```text             what the commands before it must print, line by line: … stands for anything, and other lines may stand between
//	```LANGUAGE FILE    the whole new content of a file
//	```diff FILE        lines of a file to take out (-) and put in (+), between lines that stay
//
// The folder in which a command ends is the one in which the next block begins.
type walk struct {
	t    *testing.T
	page string
	dir  string // where the walker stands
	goes bool   // the last command goes on
	loop string // commands that are carried out again, until they print what is expected
	path string // PATH, with the programs
	last *bytes.Buffer
	lock sync.Mutex // of last, which a command that stays still writes to
}

type block struct {
	lang, arg, text string
	line            int // of the page
}

var fenceRE = regexp.MustCompile("(?ms)^```([a-z]+)(?: ([^\n]+))?\n(.*?)^```$")

// blocksOf returns the fenced blocks of the part of a page that begins with a
// heading, up to the next heading of its level.
func blocksOf(t *testing.T, page, heading string) (all []block) {
	t.Helper()
	md := read(t, page)
	from := strings.Index(md, "\n"+heading+"\n")
	if from < 0 {
		t.Fatalf("%s has no heading %q", page, heading)
	}
	level, _, _ := strings.Cut(heading, " ")
	to := len(md)
	if next := regexp.MustCompile("(?m)^"+level+" ").FindAllStringIndex(withoutFences(md[from+2+len(heading):]), 1); next != nil {
		to = from + 2 + len(heading) + next[0][0]
	}
	for _, m := range fenceRE.FindAllStringSubmatchIndex(md[:to], -1) {
		if m[0] < from {
			continue
		}
		b := block{lang: md[m[2]:m[3]], text: md[m[6]:m[7]], line: 1 + strings.Count(md[:m[0]], "\n")}
		if m[4] >= 0 {
			b.arg = md[m[4]:m[5]]
		}
		all = append(all, b)
	}
	return all
}

// withoutFences blanks out fenced blocks and keeps every place.
func withoutFences(md string) string {
	return fenceRE.ReplaceAllStringFunc(md, func(s string) string { return strings.Repeat("\n", len(s)) })
}

// follow carries out blocks and returns how many.
func (w *walk) follow(blocks []block) int {
	for _, b := range blocks {
		w.t.Logf("%s:%d: %s %s", w.page, b.line, b.lang, b.arg)
		var err error
		switch {
		case b.lang == "sh" && b.arg == "stays":
			err = w.start(b.text)
		case b.lang == "sh" && b.arg == "again":
			if err = w.run(b.text, false); err == nil {
				w.loop = b.text
				continue
			}
		case b.lang == "sh":
			err = w.run(b.text, b.arg == "fails")
		case b.lang == "text" && b.arg == "":
			err = w.expect(b.text)
		case b.arg == "":
			continue // shown, not done
		case b.lang == "diff":
			err = w.change(b.arg, b.text)
		default:
			err = w.write(b.arg, b.text)
		}
		w.loop = ""
		if err != nil {
			w.t.Fatalf("%s:%d: %v", w.page, b.line, err)
		}
	}
	return len(blocks)
}

func (w *walk) bash(ctx context.Context, script string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "PATH="+w.path, "LC_ALL=C.UTF-8", "GOWORK=off", "GOFLAGS=")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	w.last, w.goes = &bytes.Buffer{}, false
	out := &guarded{w: w.last, lock: &w.lock}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd
}

// guarded is a writer that may be read meanwhile.
type guarded struct {
	w    *bytes.Buffer
	lock *sync.Mutex
}

func (g *guarded) Write(b []byte) (int, error) {
	g.lock.Lock()
	defer g.lock.Unlock()
	return g.w.Write(b)
}

func (w *walk) said() string {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.last.String()
}

func (w *walk) run(script string, fails bool) error {
	where := filepath.Join(w.t.TempDir(), "where")
	ctx, cancel := context.WithTimeout(w.t.Context(), 4*time.Minute)
	defer cancel()
	err := w.bash(ctx, "trap 'pwd >"+where+"' EXIT\n"+script).Run()
	if (err != nil) != fails {
		return fmt.Errorf("%s: %v, and it is to fail: %v\n%s", script, err, fails, w.said())
	}
	at, err := os.ReadFile(where)
	w.dir = strings.TrimSpace(string(at))
	return err
}

// start runs a command that goes on, until the test ends. The text that follows says
// what it prints first.
func (w *walk) start(script string) error {
	cmd := w.bash(context.WithoutCancel(w.t.Context()), "exec "+script)
	if err := cmd.Start(); err != nil {
		return err
	}
	out := w.last
	w.goes = true
	w.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			w.t.Errorf("%s ended with %v:\n%s", strings.TrimSpace(script), err, out)
		}
	})
	return nil
}

// expect waits until the last command has printed what a block says.
func (w *walk) expect(want string) error {
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		missing := firstMissing(w.said(), want)
		if missing == "" {
			return nil
		}
		if !w.goes && w.loop == "" {
			cancel() // it will not be printed any more
		}
		select {
		case <-tick.C:
			if w.loop != "" {
				if err := w.run(w.loop, false); err != nil {
					return err
				}
			}
		case <-ctx.Done():
			return fmt.Errorf("the page says that this is printed: %q\nprinted was:\n%s", missing, w.said())
		}
	}
}

// firstMissing returns the first line of want that is not in got, after the lines
// before it.
func firstMissing(got, want string) string {
	lines := strings.Split(got, "\n")
	for line := range strings.Lines(want) {
		line = strings.TrimSpace(line)
		if line == "" || line == "…" {
			continue
		}
		words := strings.Split(strings.Join(strings.Fields(line), " "), "…")
		for i, w := range words {
			words[i] = regexp.QuoteMeta(w)
		}
		re := regexp.MustCompile("^" + strings.Join(words, ".*") + "$")
		for len(lines) > 0 && !re.MatchString(strings.Join(strings.Fields(lines[0]), " ")) {
			lines = lines[1:]
		}
		if len(lines) == 0 {
			return line
		}
		lines = lines[1:]
	}
	return ""
}

func (w *walk) write(name, text string) error {
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// change takes lines out of a file and puts others in. Each run of lines must stand in
// the file exactly once; an empty line parts two runs.
func (w *walk) change(name, diff string) error {
	path := filepath.Join(w.dir, name)
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := string(src)
	for _, hunk := range strings.Split(strings.TrimRight(diff, "\n"), "\n\n") {
		var from, to strings.Builder
		for line := range strings.Lines(strings.TrimRight(hunk, "\n") + "\n") {
			switch line[0] {
			case '-':
				from.WriteString(line[1:])
			case '+':
				to.WriteString(line[1:])
			case ' ':
				from.WriteString(line[1:])
				to.WriteString(line[1:])
			default:
				return fmt.Errorf("%q begins with none of -, + and a blank", line)
			}
		}
		if n := strings.Count(text, from.String()); n != 1 {
			return fmt.Errorf("%s has these lines %d times:\n%s", name, n, from.String())
		}
		text = strings.Replace(text, from.String(), to.String(), 1)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// begin builds the programs and returns a walker in an empty folder beside which
// Lamppost's sources lie.
func begin(t *testing.T, page string) *walk {
	t.Helper()
	sources, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin+"/", "./cmd/lamppost", "./cmd/lamppost-sim")
	build.Dir = sources
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	work := filepath.Join(dir, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(sources, filepath.Join(work, "lamppost")); err != nil {
		t.Fatal(err)
	}
	return &walk{t: t, page: page, dir: work, path: bin + ":" + os.Getenv("PATH")}
}

// An integrator who does what the page says, and nothing else, has a driver that
// keeps every promise and a gateway that reads it.
func TestIntegratorsWalkDriver(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds two programs")
	}
	const page = "docs/integrators.md"
	blocks := blocksOf(t, page, "## A driver, step by step")
	if n := begin(t, page).follow(blocks); n < 12 {
		t.Errorf("only %d blocks were carried out; the test is looking for the wrong thing", n)
	}
}

// A register map is a file: with nothing else the part is read.
func TestIntegratorsWalkProfile(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds two programs")
	}
	const page = "docs/integrators.md"
	blocks := blocksOf(t, page, "## A register map, in YAML alone")
	if n := begin(t, page).follow(blocks); n < 10 {
		t.Errorf("only %d blocks were carried out; the test is looking for the wrong thing", n)
	}
}

// So is what a part on a serial line of its own says.
func TestIntegratorsWalkUART(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds two programs")
	}
	const page = "docs/integrators.md"
	blocks := blocksOf(t, page, "## A UART sensor, in YAML alone")
	if n := begin(t, page).follow(blocks); n < 10 {
		t.Errorf("only %d blocks were carried out; the test is looking for the wrong thing", n)
	}
}

// The Chinese page has the same blocks, so what was followed on one of them holds on
// the other; what follows # is for people, and translated.
func TestIntegratorsPagesAreInStep(t *testing.T) {
	const enPage, zhPage = "docs/integrators.md", "docs/integrators.zh-CN.md"
	en, zh := read(t, enPage), read(t, zhPage)
	same := func(what string, a, b []string) {
		t.Helper()
		if len(a) == 0 {
			t.Errorf("%s has no %s; the test is looking for the wrong thing", enPage, what)
		}
		for i := range max(len(a), len(b)) {
			if i >= len(a) || i >= len(b) || a[i] != b[i] {
				t.Fatalf("the %s differ from number %d on:\n  %s  %q\n  %s  %q", what, i+1, enPage, a[min(i, len(a)):], zhPage, b[min(i, len(b)):])
			}
		}
	}
	same("heading levels", levels(en), levels(zh))
	same("blocks", fences(en), fences(zh))
	same("inline commands", commands(en), commands(zh))
	same("kinds of lines", shape(en), shape(zh))
	if !strings.Contains(read(t, "README.zh-CN.md"), "(docs/integrators.zh-CN.md)") {
		t.Errorf("README.zh-CN.md does not lead to %s", zhPage)
	}
}

// fences are the fenced blocks with their first lines; of YAML without what stands
// behind #.
func fences(md string) (all []string) {
	for _, b := range fenceRE.FindAllString(md, -1) {
		if strings.HasPrefix(b, "```yaml") {
			b = withoutComments([]string{b})[0]
		}
		all = append(all, b)
	}
	return all
}

// A program in another language is a driver as well, as the page has it.
func TestIntegratorsWalkProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds two programs")
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not installed")
	}
	const page = "docs/integrators.md"
	blocks := blocksOf(t, page, "## A program in any language")
	if n := begin(t, page).follow(blocks); n < 8 {
		t.Errorf("only %d blocks were carried out; the test is looking for the wrong thing", n)
	}
}
