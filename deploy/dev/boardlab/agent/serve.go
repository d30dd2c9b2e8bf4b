//go:build linux

package main

import (
	"fmt"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
)

// Lab answers the harness. Its exported methods are the calls; each runs in a
// goroutine of its own.
type Lab struct{ programs programs }

// serve answers until the port is closed, which only the end of QEMU does.
func serve() error {
	links, err := watchSerial()
	if err != nil {
		return fmt.Errorf("watching devices: %w", err)
	}
	defer links.Close()
	port, err := openPort(panel.Port)
	if err != nil {
		return err
	}
	defer port.Close()
	server := rpc.NewServer()
	if err := server.RegisterName(panel.Service, &Lab{}); err != nil {
		return err
	}
	fmt.Println(panel.Ready)
	server.ServeCodec(jsonrpc.NewServerCodec(port))
	return fmt.Errorf("the harness is gone")
}

// openPort finds the virtio-serial port by its name.
func openPort(name string) (*os.File, error) {
	found, err := filepath.Glob("/sys/class/virtio-ports/*/name")
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if b, err := os.ReadFile(f); err == nil && strings.TrimSpace(string(b)) == name {
			return os.OpenFile("/dev/"+filepath.Base(filepath.Dir(f)), os.O_RDWR, 0)
		}
	}
	return nil, fmt.Errorf("no virtio-serial port %s among %d", name, len(found))
}

// Write writes a file.
func (*Lab) Write(f panel.File, _ *panel.None) error {
	mode := f.Mode
	if mode == 0 {
		mode = 0o644
	}
	if strings.HasPrefix(f.Path, "/sys/") {
		return control(f.Path, f.Data)
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(f.Path, f.Data, mode); err != nil || f.Mode == 0 {
		return err
	}
	return os.Chmod(f.Path, f.Mode)
}

// control writes to a file that is an interface of the kernel: in one piece, and
// without truncating it.
func control(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(data)
	return err
}

// Read returns a file's content.
func (*Lab) Read(path string, data *[]byte) (err error) {
	*data, err = os.ReadFile(path)
	*data = append([]byte{}, *data...) // JSON-RPC has no null for an answer
	return err
}

// List returns the paths that a pattern fits.
func (*Lab) List(pattern string, paths *[]string) (err error) {
	found, err := filepath.Glob(pattern)
	*paths = append([]string{}, found...) // JSON-RPC has no null for an answer
	return err
}

// Make makes a folder, and those above it.
func (*Lab) Make(path string, _ *panel.None) error { return os.MkdirAll(path, 0o755) }

// Remove removes a file, an empty folder or a link. What is not there is no error.
func (*Lab) Remove(path string, _ *panel.None) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// Link makes a symbolic link.
func (*Lab) Link(l panel.Link, _ *panel.None) error { return relink(l.Path, l.To) }

func relink(path, to string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Symlink(to, path)
}

// Off writes everything to the disk and switches the board off. There is no answer.
func (*Lab) Off(panel.None, *panel.None) error {
	unix.Sync()
	_ = unix.Unmount(data, 0) // busy while the gateway runs; the journal must bear that
	return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}
