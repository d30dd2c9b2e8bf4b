package drivers

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Wire says what a device hangs on.
type Wire string

// The wires a Plan can ask for, each with the keys that say where the device is.
const (
	SerialLine    Wire = "serial"  // a point-to-point UART: port
	ModbusUnit    Wire = "modbus"  // one unit on a shared line or host: bus, address
	HTTPHost      Wire = "http"    // a network device asked over HTTP: its url is an option of the driver
	I2CDevice     Wire = "i2c"     // one address on an I2C bus: bus, address
	InputLine     Wire = "input"   // one GPIO line, read as a level: bus, line
	PulseLine     Wire = "pulse"   // one GPIO line whose edges are counted: bus, line
	OneWireDevice Wire = "w1"      // one slave of the kernel's 1-Wire bus: bus, id
	SDI12Sensor   Wire = "sdi12"   // one sensor on an SDI-12 line: bus, address
	ChildProcess  Wire = "process" // a driver in another language: its command is an option of the driver
	BoardHost     Wire = "host"    // the board that the program runs on: there is one
)

// Wires returns all wires.
func Wires() []Wire {
	return []Wire{SerialLine, ModbusUnit, HTTPHost, I2CDevice, InputLine, PulseLine, OneWireDevice, SDI12Sensor, ChildProcess, BoardHost}
}

// Opens returns the wires for which p has an Open function: in a good plan exactly
// one, that of its kind.
func (p *Plan) Opens() (ws []Wire) {
	for _, o := range []struct {
		wire Wire
		set  bool
	}{
		{SerialLine, p.OpenSerial != nil}, {ModbusUnit, p.OpenModbus != nil}, {HTTPHost, p.OpenHTTP != nil},
		{I2CDevice, p.OpenI2C != nil}, {InputLine, p.OpenInput != nil}, {PulseLine, p.OpenPulses != nil},
		{OneWireDevice, p.OpenOneWire != nil}, {SDI12Sensor, p.OpenSDI12 != nil}, {ChildProcess, p.OpenProcess != nil}, {BoardHost, p.OpenHost != nil},
	} {
		if o.set {
			ws = append(ws, o.wire)
		}
	}
	return ws
}

// Port is a point-to-point serial line, lent to one driver.
type Port interface {
	// Read returns as soon as at least one byte is there. It ends early with
	// ErrTimeout when ctx's deadline passes, with ctx's error when ctx is
	// cancelled, and with ErrUnplugged when the line is gone.
	Read(ctx context.Context, p []byte) (int, error)
	// Write sends all of p or returns an error; it ends with ctx.
	Write(ctx context.Context, p []byte) (int, error)
	// Discard drops what was received and not read yet.
	Discard() error
	// Noise adds n to the line's count of bytes that belonged to no good frame.
	Noise(n int)
	// BadChecksum adds one to the line's count of frames whose checksum was wrong.
	BadChecksum()
}

// Modbus is one unit on a Modbus line or behind a Modbus TCP host, lent to one
// driver. The line's owner schedules, retries, counts and frames; a call takes
// as long as the line does and ends with ctx.
type Modbus interface {
	// ReadRegisters reads count (1…125) registers from start (zero-based protocol
	// address) with function 3 (holding) or 4 (input).
	ReadRegisters(ctx context.Context, function uint8, start, count uint16) ([]uint16, error)
	// ReadBits reads count (1…2000) coils (function 1) or discrete inputs (2).
	ReadBits(ctx context.Context, function uint8, start, count uint16) ([]bool, error)
}

// ModbusWriter is a unit that can be written to, lent to whoever switches something.
// A write goes before the reads that wait for the line. Nothing is sent twice unless
// its owner was told to. After an error that wraps ErrException the unit has refused;
// after any other error nobody knows whether it has taken the write: read it back, or
// write again what is right in any case.
type ModbusWriter interface {
	WriteCoil(ctx context.Context, address uint16, on bool) error           // function 5
	WriteRegister(ctx context.Context, address, value uint16) error         // function 6
	WriteRegisters(ctx context.Context, start uint16, words []uint16) error // function 16, 1…123 registers
	// MaskWrite changes some bits of a register and leaves the others as they are,
	// function 22: (what it holds AND and) OR (or AND NOT and).
	MaskWrite(ctx context.Context, address, and, or uint16) error
}

// Fetcher is an HTTP client that is bounded in time and size by its owner.
type Fetcher interface {
	Do(*http.Request) (*http.Response, error)
}

// Dialer is a Fetcher that also opens TCP connections, for what a network device speaks
// beside HTTP. Whoever opened one closes it.
type Dialer interface {
	// Dial connects to an address, "host:port". It ends with ctx, and the connection does
	// not: its deadlines are the caller's.
	Dial(ctx context.Context, address string) (net.Conn, error)
}

// Viewer is a Fetcher that also reaches cameras which the board's own kernel drives.
type Viewer interface {
	// View prepares the camera at a device node for pictures of about so many dots.
	// Nothing is opened before the first picture. Whoever asked closes it.
	View(node string, width, height int) (Video, error)
}

// Wired is a Fetcher that also lends the serial line which Plan.Port names: some cameras
// hang on one.
type Wired interface {
	// Wire returns the line; false: there is none.
	Wire() (Port, bool)
}

// Filterer is a Fetcher that also runs programs of the machine over some bytes: decoders of
// what is not decoded in Go.
type Filterer interface {
	// Find says whether a program, absolute or looked up in PATH, is there and can be
	// started; if not, the error wraps ErrUnplugged.
	Find(program string) error
	// Filter starts s, writes in to its standard input and ends that, and returns what it
	// writes to its standard output, at most so many bytes. It returns when the program and
	// all that it started are gone; they are killed when ctx ends. Errors wrap ErrUnplugged
	// (cannot be started), ErrTimeout, or ErrDevice: it failed, or went beyond its limits.
	Filter(ctx context.Context, s ProcessSpec, in []byte, most int) ([]byte, error)
}

// Video is a camera that the kernel drives, lent to one driver.
type Video interface {
	// Picture returns one that was exposed after the call; its bytes are good until the
	// next call. It ends with ctx. Errors wrap ErrTimeout, ErrUnplugged, ErrBusy,
	// ErrProtocol or ErrDevice; the next call begins from the start.
	Picture(ctx context.Context) (VideoFrame, error)
	// Rest stops the stream until the next picture is asked for: it takes a second to
	// start again, and until then uses neither the bus nor the camera's light.
	Rest()
	Close() error
}

// VideoFrame is one picture: a JPEG, maybe without Huffman tables and with padding, or
// rows of Stride bytes with two bytes a dot, brightness and in turn one of two colours
// (YUYV, 4:2:2).
type VideoFrame struct {
	Data          []byte
	JPEG          bool
	Width, Height int
	Stride        int // bytes; 0 for JPEG
}

// Starter is a Fetcher that also prepares programs, for what helps a device beside its
// wire, such as the detector of a camera.
type Starter interface {
	// Start prepares a child process, which is started at its first question. Whoever
	// asked for it closes it.
	Start(ProcessSpec) (Companion, error)
}

// Companion is a child process that its borrower closes. Close ends it, at the latest after
// three seconds, and every question; a second call does nothing.
type Companion interface {
	Process
	Close() error
}

// I2C is one address on an I2C bus, lent to one driver. The bus's owner lets one
// transaction pass at a time.
type I2C interface {
	// Tx sends w, then reads len(r) bytes after a repeated start; either may be empty.
	// It ends with an error that wraps ErrTimeout (nobody acknowledged, or the bus is
	// stuck), ErrUnplugged (the bus is gone), or with ctx.
	Tx(ctx context.Context, w, r []byte) error
}

// PinSettings say how a GPIO line is used as an input. The zero value of a field means
// "not stated".
type PinSettings struct {
	Active   string        // high or low: what counts as active; a contact to ground is low
	Pull     string        // up, down or none: the chip's own resistor
	Debounce time.Duration // a level counts when it has stood for so long
	Spacing  time.Duration // a pulse that comes sooner after one is its bounce
}

// Input is one GPIO line as an input, lent to one driver.
type Input interface {
	// Active reads the line now. What active means, high or low, the configuration
	// says.
	Active(ctx context.Context) (bool, error)
}

// Pulses counts the pulses of one GPIO line, without a pause since the line was
// opened, whether or not it is asked. Lent to one driver, which hands the state that
// must survive a restart on: its own State and Restore are those of the Pulses.
type Pulses interface {
	// Count returns what was counted until now. It does not wait for pulses. The error
	// wraps ErrUnplugged or ErrBusy when the line cannot be watched.
	Count(ctx context.Context) (PulseCount, error)
	// State is what Count returned last, to be kept with the sample made of it; Restore
	// is called before the first Count, and lets the totals go on from there.
	Stateful
}

// PulseCount is what a counter knows.
type PulseCount struct {
	// Total counts the pulses since the counter was first used: it goes on over
	// restarts of the program and of the board, and never goes down.
	Total uint64
	// Lost counts the pulses that are known to have come while the line was watched, and
	// are not in Total. Unwatched is the time since the counter was first used during
	// which nobody watched the line: a restart, a power cut (then it is a lower bound).
	// What came in it is not in Total and not in Lost.
	Lost      uint64
	Unwatched time.Duration
	// Missed says that pulses may be missing since the Count before, also the one before
	// a restart: Lost or Unwatched grew.
	Missed bool
	// Last is when the newest pulse came, by the kernel's monotonic clock; zero: none
	// since the line was opened. Period is the time between the last two; zero: not known.
	Last, Period time.Duration
	// At is the same clock at the moment of the call.
	At time.Duration
	// Peak is the highest mean over 3 s that was reached since the Count before, in
	// pulses a second, looked at each quarter of a second; 0: no pulse came.
	Peak float64
}

// OneWire is one slave of a 1-Wire bus that the kernel owns, lent to one driver.
type OneWire interface {
	// Read returns the content of one of the slave's files ("temperature", "w1_slave"),
	// at most 4 KiB. It takes as long as the conversion, up to 750 ms a sensor, and ends
	// with ctx. A slave that is not there is ErrUnplugged; an empty file, with which the
	// kernel says that reading failed, is ErrTimeout, never an empty result.
	Read(ctx context.Context, file string) ([]byte, error)
}

// SDI12 is one sensor on an SDI-12 line, lent to one driver. The line's owner sends
// breaks, retries and waits for service requests.
type SDI12 interface {
	// Measure carries out a measurement, "M", "M1" … "M9", "C" … "C9", with a final C
	// for a checksum ("MC1"), or a continuous reading "R0" … "R9", "RC0", and returns the
	// values as the sensor writes them ("+3.14"), in order.
	Measure(ctx context.Context, command string) ([]string, error)
	// Identify returns the answer to the identification command, without address and
	// line end.
	Identify(ctx context.Context) (string, error)
}

// ProcessSpec says which program a device's child process is, and what it may take.
// The zero value of a limit means its owner's default.
type ProcessSpec struct {
	Command []string // the program, absolute or looked up in PATH, and its arguments; no shell
	Dir     string   // working directory; empty: /
	Env     []string // "KEY=value", added to a small environment
	User    string   // to run as; only root may choose
	Memory  int64    // bytes resident of the program and what it started
	CPU     float64  // share of one core on the average of half a minute, 0.2 is 20 %
	Lines   int      // lines on its standard output per second
	// Children says that it starts programs which it bounds itself, and how many bytes the
	// largest may take: their processor time is not its own, and the kernel's bound on
	// memory, which they inherit, leaves them room. 0: what it starts counts as its own.
	Children int64
}

// Process is a child process that drives a device in another language, lent to one
// driver. Its owner starts it, watches its memory, CPU and output, and starts it
// again with growing pauses.
type Process interface {
	// Ask writes one line to the child and returns the first line it writes for which
	// accept is true, without line ends, at most 64 KiB. Others, answers to earlier
	// questions among them, are counted and thrown away. It ends with ErrTimeout at
	// ctx's deadline, with ctx's error when it is cancelled, and with ErrUnplugged when
	// the child ended or waits for its next start.
	Ask(ctx context.Context, line []byte, accept func(answer []byte) bool) ([]byte, error)
}

// Host is the board that the program runs on, as its kernel tells of it, lent to one
// driver. It only reads. Paths have no slash in front and lie below sys or proc:
// "sys/class/thermal/thermal_zone0/temp". What is not there is an error that wraps
// fs.ErrNotExist, and that alone; other errors wrap a fault: ErrUnplugged where the kernel
// shows no sys or proc at all, ErrTimeout where the kernel does not end a read before
// ctx does, ErrException where it does not allow it, ErrDevice where it says that reading
// failed.
type Host interface {
	// Read returns the content of a file, at most 64 KiB.
	Read(ctx context.Context, path string) ([]byte, error)
	// List returns the names in a folder, in order, at most 4096.
	List(ctx context.Context, path string) ([]string, error)
	// Space says how full the file system is on which a path lies: any absolute path, or
	// an empty one for that of the program's own data.
	Space(ctx context.Context, path string) (Space, error)
}

// Space is how full a file system is.
type Space struct {
	Total int64 // bytes
	Free  int64 // bytes that a program may still write
}
