//go:build linux

// Command agent is the first process of the board lab's guest: it mounts what a Linux
// system has, loads the kernel modules, brings the network up, and then carries out
// what the harness asks of it (see package panel). It is also the guest's udev, as far
// as serial ports need one. There is nothing else in the guest but the gateway.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

func main() {
	var err error
	if os.Getpid() == 1 {
		err = first()
	} else {
		err = serve()
	}
	fmt.Fprintln(os.Stderr, "lab: agent:", err)
	if os.Getpid() == 1 {
		_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF) // the harness sees QEMU end
	}
	os.Exit(1)
}

// first is the life of process 1. It starts the agent proper as a child and inherits
// the orphans of everybody else, which only process 1 may collect.
func first() error {
	if err := boot(); err != nil {
		return err
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Errorf("waiting for children: %w", err)
		case pid == cmd.Process.Pid:
			return fmt.Errorf("the agent ended: %v", status)
		}
	}
}

// lines calls f with each line of a file.
func lines(path string, f func(string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	scan := bufio.NewScanner(file)
	for scan.Scan() {
		if err := f(scan.Text()); err != nil {
			return err
		}
	}
	return scan.Err()
}
