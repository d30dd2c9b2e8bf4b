//go:build linux

package i2c

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"golang.org/x/sys/unix"
	"periph.io/x/host/v3/sysfs"
)

// board is the machine that we run on.
func board() machine {
	return machine{open: openNode, there: func(p string) bool { _, err := os.Stat(p); return err == nil },
		taken: func(p string, addr uint8) string { return takenBelow("/sys/bus/i2c/devices", p, addr) }}
}

// openNode opens a bus through periph. What is wrong with the node is looked up
// before: periph's errors keep no number and give advice for another system.
func openNode(path string) (conn, error) {
	if Simulated(path) {
		return openLab(path)
	}
	n, err := index(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%w: there is no such bus; switch I2C on in the board's configuration, load i2c-dev, plug the adapter in", drivers.ErrUnplugged)
	case err != nil:
		return nil, err
	}
	if err := unix.Access(path, unix.R_OK|unix.W_OK); err != nil {
		return nil, fmt.Errorf("open: %w; let the user that the gateway runs as into the group i2c", err)
	}
	b, err := sysfs.NewI2C(n)
	if err != nil {
		return nil, judge(err).error(err)
	}
	return b, nil
}

// index returns N of a path that is, or leads to, /dev/i2c-N.
func index(path string) (int, error) {
	node, err := filepath.EvalSymlinks(path)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(node, "/dev/i2c-"))
	if err != nil || n < 0 || node != fmt.Sprintf("/dev/i2c-%d", n) {
		return 0, fmt.Errorf("%s is no I2C bus; write a path like /dev/i2c-1", node)
	}
	return n, nil
}

// takenBelow returns the name of the kernel's driver that is bound to an address, by
// the links below root; empty: none.
func takenBelow(root, path string, addr uint8) string {
	n, err := index(path)
	if err != nil {
		return ""
	}
	to, err := os.Readlink(filepath.Join(root, fmt.Sprintf("%d-%04x", n, addr), "driver"))
	if err != nil {
		return ""
	}
	return filepath.Base(to)
}
