package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// programs are what the child process of a state answers to each question: n counts
// them, and "$id" is the question's.
var programs = map[string]string{
	good:      `printf '{"id":%s,"readings":{"temp":21.%s}}\n' "$id" $((n % 10))`,
	unplugged: `printf '{"id":%s,"readings":{"temp":21.%s}}\n' "$id" $((n % 10))`,
	silent:    `:`,
	noisy:     `echo "it is $n degrees"`,
	warming:   `printf '{"id":%s,"readings":{"temp":"warm-up"}}\n' "$id"`,
	beyond:    `printf '{"id":%s,"readings":{"temp":200}}\n' "$id"`,
	frozen:    `printf '{"id":%s,"readings":{"temp":21.5}}\n' "$id"`,
}

// program is a driver in shell. It ends, and cannot begin again, when somebody takes its
// folder away.
const program = `n=0
while read -r question; do
  [ -e here ] || exit 1
  id=${question#*\"id\":}
  id=${id%%%%[,\}]*}
  n=$((n + 1))
  %s
done
`

// programSet is a program for the driver process.
func programSet(a *act) error {
	script := a.place + ".sh"
	for path, text := range map[string]string{script: fmt.Sprintf(program, programs[a.state]), filepath.Join(a.place, "here"): ""} {
		if err := written(path, text); err != nil {
			return err
		}
	}
	a.leave = func() { _ = os.RemoveAll(a.place) } // what stays is seen: the fault does not come
	a.keys = []string{fmt.Sprintf("command: [/bin/sh, %q]", script), fmt.Sprintf("dir: %q", a.place), "timeout: 1s",
		"channels: {temp: {min: -40, max: 85, resolution: 0.1}}"}
	return nil
}

// boardSet is the kernel's files of a board, with nothing but a thermometer.
func boardSet(a *act) error {
	zone := filepath.Join(a.place, "sys", "class", "thermal", "thermal_zone0")
	says := map[string]string{good: "48312\n", unplugged: "48312\n", frozen: "48312\n", beyond: "150000\n", noisy: "4\x00~8\n"}
	files := map[string]string{filepath.Join(zone, "type"): "cpu-thermal\n", filepath.Join(a.place, "proc", "uptime"): "1.00 1.00\n"}
	if text, ok := says[a.state]; ok {
		files[filepath.Join(zone, "temp")] = text
	}
	for path, text := range files {
		if err := written(path, text); err != nil {
			return err
		}
	}
	a.leave = func() { _ = os.RemoveAll(a.place) } // what stays is seen: the fault does not come
	a.keys = []string{fmt.Sprintf("root: %q", a.place), "channels: [board_temp]"}
	if a.state == silent { // a chip whose bus is stuck: the kernel does not come back from the read
		return syscall.Mkfifo(filepath.Join(zone, "temp"), 0o600)
	}
	return nil
}

// written makes a file, and the folders that it stands in.
func written(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
