//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Guest's end of QEMU's user network, and where its disk is mounted.
const (
	address = "10.0.2.15"
	netmask = "255.255.255.0"
	disk    = "/dev/vda"
	data    = "/data"
)

func boot() error {
	for _, m := range []struct{ kind, on string }{
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"devpts", "/dev/pts"},
		{"tmpfs", "/tmp"}, {"tmpfs", "/run"}, {"debugfs", "/sys/kernel/debug"},
	} {
		if err := mount(m.kind, m.kind, m.on); err != nil {
			return err
		}
	}
	if err := lines("/modules/order", load); err != nil {
		return err
	}
	if err := mount("configfs", "configfs", "/sys/kernel/config"); err != nil {
		return err
	}
	if _, err := os.Stat(disk); err == nil {
		if err := mount("ext4", disk, data); err != nil {
			return err
		}
	}
	return errors.Join(up("lo", "127.0.0.1", "255.0.0.0"), up("eth0", address, netmask))
}

func mount(kind, from, on string) error {
	if err := os.MkdirAll(on, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(from, on, kind, 0, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, on, err)
	}
	return nil
}

// load gives the kernel one module: its file, a tab, its parameters.
func load(line string) error {
	path, parameters, _ := strings.Cut(line, "\t")
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), parameters, 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("load %s: %w", path, err)
	}
	return os.Remove(path) // the RAM disk is memory, and the board has little
}

// up gives a network interface its address. One that is not there is left alone.
func up(name, addr, mask string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for _, set := range []struct {
		request uint
		value   string
	}{{unix.SIOCSIFADDR, addr}, {unix.SIOCSIFNETMASK, mask}} {
		r, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		if err := r.SetInet4Addr(netip.MustParseAddr(set.value).AsSlice()); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(fd, set.request, r); errors.Is(err, unix.ENODEV) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s %s: %w", name, set.value, err)
		}
	}
	r, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
}
