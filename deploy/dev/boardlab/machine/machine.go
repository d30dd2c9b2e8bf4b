// Package machine runs a virtual board: QEMU's arm64 "virt" machine with a USB port,
// serial ports, a disk, and a network that ends at the ports which the host lends.
//
// The first UART, a PL011 as on a real board (ttyAMA0), carries a line; the kernel's
// console is on a second one. Everything is emulated by software, so the machine proves
// logic, drivers and faults, not speed: nothing here waits for a fixed time.
package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
)

// QEMU is the emulator's program.
const QEMU = "qemu-system-aarch64"

// Memory of the machine in MB.
const Memory = 256

// Config is how a machine is made.
type Config struct {
	Dir    string   // of its own, for sockets: its path must be short
	Kernel string   // file
	Disks  []string // initial RAM disk: files that the kernel takes as one
	Drive  string   // raw disk image, /dev/vda; "" for none

	// UART, Ports: the host's serial devices behind ttyAMA0 and ttyS1 …; at most three
	// ports. An empty UART leaves it unconnected.
	UART  string
	Ports []string
	// Adapters are USB serial adapters that Plug can plug in, by their serial number:
	// the host's serial device behind each.
	Adapters map[string]string

	// Lend maps "10.0.2.100:1883" in the guest to "127.0.0.1:40123" of the host, Serve a
	// port of the guest to an address of the host. Nothing else is reachable.
	Lend  map[string]string
	Serve map[int]string
}

// Machine is a running board.
type Machine struct {
	*rpc.Client // to the agent; Call(panel.Service+".…")

	cmd     *exec.Cmd
	qmp     *qmp
	console *console
	trace   string

	once  sync.Once
	ended chan struct{}
	err   error
}

// Boot starts the machine and returns when its agent answers, or with what the console
// said when it does not. Kill must be called.
func Boot(ctx context.Context, c Config) (*Machine, error) {
	m := &Machine{console: newConsole(), ended: make(chan struct{}), trace: filepath.Join(c.Dir, "trace")}
	initrd := filepath.Join(c.Dir, "initrd")
	if err := concatenate(initrd, c.Disks); err != nil {
		return nil, err
	}
	// QEMU connects to us, and before the guest runs: an agent that opened its port
	// while nobody was at the other end would read the end of a file.
	control, err := listen(filepath.Join(c.Dir, "qmp"), filepath.Join(c.Dir, "agent"))
	if err != nil {
		return nil, err
	}
	defer control.close()
	m.cmd = exec.Command("nice", append([]string{QEMU}, m.arguments(c, initrd)...)...)
	m.cmd.Stdout, m.cmd.Stderr = m.console, m.console
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	began := make(chan error)
	go func() {
		runtime.LockOSThread() // the death signal follows the thread that forked
		err := m.cmd.Start()
		began <- err
		if err == nil {
			m.err = m.cmd.Wait()
			close(m.ended)
		}
	}()
	if err := <-began; err != nil {
		return nil, err
	}
	if err := m.connect(ctx, control); err != nil {
		m.Kill()
		return nil, fmt.Errorf("%w; the console said:\n%s", err, m.console.tail())
	}
	return m, nil
}

func (m *Machine) connect(ctx context.Context, s sockets) error {
	stop := context.AfterFunc(ctx, s.close)
	defer stop()
	go func() { // a QEMU that ends will not connect any more
		<-m.ended
		s.close()
	}()
	if err := m.meet(s); err != nil {
		return fmt.Errorf("QEMU did not start: %w", err)
	}
	if err := m.console.await(ctx, panel.Ready, m.ended); err != nil {
		return fmt.Errorf("the board did not come up: %w", err)
	}
	return nil
}

// meet takes QEMU's connections. It asks to be let in at both before it answers either.
func (m *Machine) meet(s sockets) error {
	conn, err := s.qmp.Accept()
	if err != nil {
		return err
	}
	agent, err := s.agent.Accept()
	if err != nil {
		conn.Close()
		return err
	}
	m.Client = jsonrpc.NewClient(agent)
	m.qmp, err = newQMP(conn)
	return err
}

// sockets are where QEMU connects to.
type sockets struct{ qmp, agent net.Listener }

func listen(qmp, agent string) (s sockets, err error) {
	for _, path := range []string{qmp, agent} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // of an earlier boot
			return s, err
		}
	}
	if s.qmp, err = net.Listen("unix", qmp); err != nil {
		return s, err
	}
	if s.agent, err = net.Listen("unix", agent); err != nil {
		s.qmp.Close()
	}
	return s, err
}

func (s sockets) close() {
	s.qmp.Close()
	s.agent.Close()
}

func (m *Machine) arguments(c Config, initrd string) []string {
	args := []string{"-M", "virt", "-accel", "tcg", "-cpu", "cortex-a53", "-smp", "1", "-m", fmt.Sprint(Memory),
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-kernel", c.Kernel, "-initrd", initrd,
		"-append", "console=ttyS0 quiet panic=-1 rdinit=/init", "-qmp", "unix:" + filepath.Join(c.Dir, "qmp"),
		"-trace", "serial_update_parameters", "-trace", "usb_serial_set_*", "-trace", "pl011_baudrate_change", "-D", m.trace,
		// The first -serial is the PL011. PCI serial ports come up as ttyS0, ttyS1, …
		"-chardev", device(c.UART, "uart"), "-serial", "chardev:uart", "-chardev", "stdio,id=console,signal=off", "-device", "pci-serial,chardev=console",
		"-device", "virtio-serial-pci", "-chardev", "socket,id=agent,path=" + filepath.Join(c.Dir, "agent"), "-device", "virtserialport,chardev=agent,name=" + panel.Port,
		"-device", "qemu-xhci", "-netdev", network(c), "-device", "virtio-net-pci,netdev=net,romfile=,id=nic"}
	for i, p := range c.Ports {
		args = append(args, "-chardev", device(p, fmt.Sprint("port", i)), "-device", fmt.Sprint("pci-serial,chardev=port", i))
	}
	for serial, p := range c.Adapters {
		args = append(args, "-chardev", device(p, "usb-"+serial))
	}
	if c.Drive != "" {
		args = append(args, "-drive", "file="+c.Drive+",if=none,id=drive,format=raw,cache=writeback", "-device", "virtio-blk-pci,drive=drive")
	}
	return args
}

// device is the host's serial device as a -chardev.
func device(path, id string) string {
	if path == "" {
		return "null,id=" + id
	}
	return "serial,id=" + id + ",path=" + path
}

// network is QEMU's user network, closed but for what is lent and served.
func network(c Config) string {
	n := "user,id=net,restrict=on"
	for guest, host := range c.Lend {
		n += ",guestfwd=tcp:" + guest + "-cmd:socat - TCP4:" + host
	}
	for guest, host := range c.Serve {
		n += fmt.Sprintf(",hostfwd=tcp:%s-:%d", host, guest)
	}
	return n
}

// Plug plugs a USB serial adapter of the configuration in.
func (m *Machine) Plug(serial string) error {
	return m.qmp.run("device_add", map[string]any{"driver": "usb-serial", "chardev": "usb-" + serial, "id": "adapter-" + serial,
		"serial": serial, "always-plugged": true})
}

// Pull pulls it out. The guest hears of it a little later.
func (m *Machine) Pull(serial string) error {
	return m.qmp.run("device_del", map[string]any{"id": "adapter-" + serial})
}

// Plugged says whether QEMU still has the adapter: it lets go of it some time after
// Pull, and only then can it be plugged in again.
func (m *Machine) Plugged(serial string) bool {
	return m.qmp.run("qom-get", map[string]any{"path": "/machine/peripheral/adapter-" + serial, "property": "type"}) == nil
}

// Link plugs the network cable in or pulls it out.
func (m *Machine) Link(up bool) error {
	return m.qmp.run("set_link", map[string]any{"name": "nic", "up": up})
}

// Console returns what the kernel, the agent and QEMU have printed, and how QEMU ended
// if it has.
func (m *Machine) Console() string {
	select {
	case <-m.ended:
		return m.console.text() + fmt.Sprintf("QEMU ended: %v\n", m.cmd.ProcessState)
	default:
		return m.console.text()
	}
}

// Trace returns what QEMU's UARTs and USB adapters were set to, a line each time.
func (m *Machine) Trace() (string, error) {
	b, err := os.ReadFile(m.trace)
	return string(b), err
}

// Ended is closed when the machine is off.
func (m *Machine) Ended() <-chan struct{} { return m.ended }

// Kill ends the machine as a power cut does. A second call does nothing.
func (m *Machine) Kill() {
	m.once.Do(func() {
		_ = m.cmd.Process.Kill()
		<-m.ended
		if m.Client != nil {
			m.Client.Close()
		}
		if m.qmp != nil {
			m.qmp.close()
		}
	})
}

// errOff says that QEMU ended by itself.
var errOff = errors.New("the machine switched itself off")

// concatenate writes the files behind each other.
func concatenate(to string, from []string) error {
	var all []byte
	for _, f := range from {
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		all = append(all, b...)
		for len(all)%4 != 0 { // the kernel looks for the next archive at a multiple of four
			all = append(all, 0)
		}
	}
	return os.WriteFile(to, all, 0o644)
}

// Have says whether the programs that a machine needs are here.
func Have() error {
	for _, p := range strings.Fields(QEMU + " socat nice") {
		if _, err := exec.LookPath(p); err != nil {
			return fmt.Errorf("no %s: make setup installs it", p)
		}
	}
	return nil
}
