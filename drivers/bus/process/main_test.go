//go:build linux

package process

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers"
)

// The tests' children are this program again, in a mode of their own.
const modeKey = "LAMPPOST_TEST_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(modeKey); mode != "" {
		child(mode)
		return
	}
	goleak.VerifyTestMain(m)
}

// child answers "x" with "x: n", n counting, unless its mode says otherwise.
func child(mode string) {
	mode, arg, _ := strings.Cut(mode, "=")
	switch mode {
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
	case "dies at once":
		fmt.Fprintln(os.Stderr, "no such sensor")
		os.Exit(3)
	case "chatters":
		for {
			fmt.Println("la la la")
		}
	case "long line":
		fmt.Println(strings.Repeat("x", MaxLine+1))
	}
	in, n := bufio.NewScanner(os.Stdin), 0
	for in.Scan() {
		n++
		switch mode {
		case "deaf":
			continue
		case "crashes":
			fmt.Print("half an ans") // no line end
			os.Exit(1)
		case "noisy":
			fmt.Printf("a line that nobody asked for\n")
		case "talks":
			fmt.Print(strings.Repeat("# a note\n", 60))
		case "late":
			if n == 1 {
				continue
			}
			fmt.Printf("%s: %d\n", "first", n-1)
		case "expendable":
			b, err := os.ReadFile("/proc/self/oom_score_adj")
			fmt.Println(strings.TrimSpace(string(b)), err)
			continue
		case "room":
			var most unix.Rlimit
			if err := unix.Getrlimit(unix.RLIMIT_DATA, &most); err != nil {
				fmt.Println(err)
			}
			fmt.Println(most.Max)
			continue
		case "breeds", "hides":
			c := exec.Command("sleep", arg)
			c.SysProcAttr = &syscall.SysProcAttr{Setsid: mode == "hides"}
			if err := c.Start(); err != nil {
				fmt.Println(err)
			}
			fmt.Println(c.Process.Pid)
			continue
		}
		fmt.Printf("%s: %d\n", in.Text(), n)
	}
	if mode == "stubborn" {
		select {}
	}
}

// self is the spec of a child in a mode.
func self(t testing.TB, mode string) drivers.ProcessSpec {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The race detector takes more address space and memory than any driver.
	return drivers.ProcessSpec{Command: []string{exe}, Env: []string{modeKey + "=" + mode}, Memory: 150_000_000, CPU: 4}
}
