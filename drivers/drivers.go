// Package drivers is the contract between Lamppost and whoever writes a
// driver. A driver turns bytes into readings and nothing else: it is lent an
// opened bus and never opens one; it has no logger, no thresholds and no clock
// of its own. It imports neither the gateway nor the cloud.
//
// A [Kind] names a driver and plans devices of it from configuration, without
// touching hardware. The [Plan] says which channels the device will have and
// opens it on the wire it needs. The [Driver] that comes out samples.
package drivers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Driver samples one physical device. The poller calls it from one goroutine
// at a time, so a driver needs no locks.
type Driver interface {
	// Sample polls once and returns one reading per Plan.Channels entry, in that
	// order. It ends when ctx does. What could not be measured is an error (the
	// whole device) or a reading flagged Missing or Fail (one channel), never a
	// zero and never the last value. A failed call leaves the next one able to
	// succeed. The error wraps one of the Err… values below wherever one fits. The
	// slice is the caller's: a later call does not write into it.
	Sample(ctx context.Context) ([]obs.Reading, error)

	// Close puts the device to rest. A second call does nothing. The bus stays
	// open: it was only lent.
	Close() error
}

// StillSource is a driver that also makes pictures. Still returns the JPEG of
// the last successful Sample, or false if there was none; the bytes are the
// caller's to keep and are never changed afterwards.
type StillSource interface {
	Still() (jpeg []byte, ok bool)
}

// Stateful is a driver that knows something which must survive a restart. The
// gateway calls Restore once after opening, with what State returned last and was
// written down with that sample, and State after each successful Sample. What
// cannot be read any more is an error, and the driver goes on without.
type Stateful interface {
	State() []byte // at most 1 KiB; nil: nothing to keep
	Restore(state []byte) error
}

// Informant is a driver whose part can say what it is: its serial number, its
// firmware. The gateway asks where a person looks, never in the schedule. Facts are
// not values: they are shown and not stored.
type Informant interface {
	// Facts asks the part. What it does not know is left out. The rules for ctx and
	// errors are those of Driver.Sample.
	Facts(ctx context.Context) ([]Fact, error)
}

// Fact is one thing that a part says of itself.
type Fact struct {
	Name  string // [a-z][a-z0-9_]{0,31}: serial_number, firmware
	Value string // one line of text
	// Label is what people know it by, such as an input's name in the configuration;
	// empty: Name.
	Label string
	Means Sentence // what follows from Value; zero: nothing
}

// Sentence is a sentence in the languages that people are told things in.
type Sentence struct{ ZH, EN string }

// Channel is one measured quantity, as the datasheet states it.
type Channel struct {
	// Name is the metric's name in the catalogue, or that name, a dot and a
	// qualifier ("temp.inlet"); see obs.CheckChannel. The unit is the metric's.
	Name string
	// Min and Max bound what the part can measure; a value outside is flagged
	// Fail with reason range. Resolution is the smallest step the part reports.
	// All three are in the metric's unit.
	Min, Max, Resolution float64
}

// Read returns v as a reading of c: as it is inside Min…Max, flagged Fail with
// reason range outside, without a value when v is not a number.
func (c Channel) Read(v float64) obs.Reading {
	r := obs.Of(v)
	if r.Value < c.Min || r.Value > c.Max { // false for NaN
		r.Quality = r.Quality.Worst(obs.Quality{Flag: obs.Fail, Why: obs.Range})
	}
	return r
}

// Recycler is a Driver that takes the readings of an earlier sample back, to fill them
// again: with many channels they are most of what a sample costs in memory. Whoever calls
// it is the only one who still had them. It is called by whom Sample is called by.
type Recycler interface {
	Recycle([]obs.Reading)
}

// Kind is one driver. Its folder holds README.md and sample.yaml, embedded here
// so that the programs can show them and the conformance kit can check them.
type Kind struct {
	Name   string // the word used in configuration: driver: pms5003
	Wire   Wire
	Readme string
	Sample string // a devices: block ready to paste, decoded by a test
	// Plan checks the device's options and says what the device will be. It
	// touches no hardware, so `lamppost check` can call it anywhere. decode fills
	// the driver's own options struct strictly: an unknown key or a wrong type is
	// an error that already carries file, line and column. What only the driver
	// can judge it returns as an *OptionError, several of them joined (errors.Join); beside
	// an error a Plan holds Needs and MinEvery at most, so that what is not there, and an
	// interval that cannot be, are told as well.
	Plan func(decode func(options any) error) (*Plan, error)
	// Profiles are the ids of the parts that this driver knows by a data file, those
	// with mistakes among them: a device with such a profile: needs no driver:. Nil: the
	// driver takes no profile.
	Profiles []string
}

// Plan is a device that is configured but not opened. Exactly one Open… is set,
// the one that Kind.Wire names.
type Plan struct {
	Channels []Channel
	MinEvery time.Duration // shortest interval the part allows; 0 = none
	Timeout  time.Duration // what one Sample needs at most; the poller adds nothing
	WarmUp   time.Duration // after opening, values are flagged warm-up for this long
	Line     LineSettings  // the part's default serial settings (SerialLine, ModbusUnit, HTTPHost with a Port)
	LineOnly bool          // the part speaks at Line and cannot be set otherwise
	// Exchanges are the bytes, question and answer together, of each exchange of one
	// Sample on a serial line (ModbusUnit). Empty: not known.
	Exchanges []int
	Addresses []uint8     // those that the part can have, one at least (I2CDevice)
	Process   ProcessSpec // what to run (ChildProcess)
	Root      string      // the folder that sys and proc are in (BoardHost); empty: /
	Pin       PinSettings // the default settings of its line (InputLine, PulseLine)
	Port      string      // the node of the serial line, set as Line says, that a device names in its url (HTTPHost); empty: none
	Node      string      // the node of the kernel's driver that a device names in its url (HTTPHost); empty: none
	Apart     *Apart      // set: the device is to run in a process of its own (HTTPHost)
	Overlay   *Overlay    // set: what is drawn into pictures that go with alerts (HTTPHost)
	// Decoder is the program that some of what the device may send is decoded with, absolute
	// or looked up in PATH (HTTPHost). Empty: none.
	Decoder string
	Needs   []Need // files and programs that options name (HTTPHost)

	// Checks says by channel how values are tested, over what the metric says; a site
	// may say otherwise. Thresholds are the gateway's business, so this is data.
	Checks map[string]obs.Checks

	OpenSerial  func(Port) (Driver, error)
	OpenModbus  func(Modbus) (Driver, error)
	OpenHTTP    func(Fetcher) (Driver, error)
	OpenI2C     func(I2C) (Driver, error)
	OpenInput   func(Input) (Driver, error)
	OpenPulses  func(Pulses) (Driver, error)
	OpenOneWire func(OneWire) (Driver, error)
	OpenSDI12   func(SDI12) (Driver, error)
	OpenProcess func(Process) (Driver, error)
	OpenHost    func(Host) (Driver, error)
}

// Need is a file or a program that an option names and that has to be on the machine where
// the gateway runs.
type Need struct {
	Key     string // the option's: password_file, detector.program
	Path    string // absolute; of a program also a name that is looked up in PATH
	Program bool   // it is started
	User    string // whom it is started as; empty: the gateway's user
}

// Overlay is what is drawn into the copy of a picture that goes with an alert, beside time
// and values. The picture that is measured has nothing of it.
type Overlay struct {
	Outlines []Outline
	// Masks are the corners of what is black in the picture, and stays so: nothing is drawn
	// there. Shares of width and height, from the top left, at least 3 each.
	Masks [][][2]float64 `json:",omitempty"`
}

// Outline is an area on a picture.
type Outline struct {
	Name    string
	Corners [][2]float64 // shares of width and height, from the top left, at least 3
}

// Apart is what a device in a process of its own is told and may take.
type Apart struct {
	Options  string // the driver's options for the other process, as YAML; no secrets
	MaxStill int    // bytes of a picture
	Memory   int64  // bytes resident
	Children int64  // bytes resident of a program that the device starts there; 0: none
}

// LineSettings are what a serial line is opened with. The zero value of a field
// means "not stated".
type LineSettings struct {
	Baud     int    // bit/s
	Parity   string // none, even, odd, mark, space
	StopBits int    // 1 or 2
	DataBits int    // 8, or 7
}

// Faults that a Sample can end with. A driver wraps them (%w) in an error that
// names part and place; FaultWord turns them into the word that travels.
var (
	ErrTimeout   = errors.New("no answer in time")
	ErrChecksum  = errors.New("checksum is wrong")
	ErrProtocol  = errors.New("answer does not follow the protocol")
	ErrException = errors.New("the device refuses the request")
	ErrUnplugged = errors.New("the line is unplugged")
	ErrBusy      = errors.New("the line is used by another program")
	ErrDevice    = errors.New("the device reports a fault of its own")
	// ErrWrongPart: what answers is not the part that the configuration says; another
	// one was put in its place, or two were mixed up.
	ErrWrongPart = errors.New("another part answers")
	// ErrSettings: the part is the right one and is set, or made, otherwise than the
	// configuration says; the error names the key. It travels as protocol.
	ErrSettings = errors.New("the part is set otherwise than its configuration says")
)

// faults are the errors and their words, the first that fits counts. A word's own
// error is the first that has it.
var faults = []struct {
	err  error
	word string
}{
	{ErrTimeout, "timeout"}, {context.DeadlineExceeded, "timeout"}, {ErrWrongPart, "wrong-part"}, {ErrChecksum, "checksum"},
	{ErrProtocol, "protocol"}, {ErrSettings, "protocol"}, {ErrException, "exception"}, {ErrUnplugged, "unplugged"},
	{ErrBusy, "busy"}, {ErrDevice, "device"}, {context.Canceled, "stopped"},
}

// FaultWord returns the stable word for a failed Sample: timeout, wrong-part,
// checksum, protocol, exception, unplugged, busy, device, stopped (ctx was
// cancelled), or error for anything else.
func FaultWord(err error) string {
	for _, f := range faults {
		if errors.Is(err, f.err) {
			return f.word
		}
	}
	return "error"
}

// FaultNamed returns an error that FaultWord gives this word; false if there is no
// such word.
func FaultNamed(word string) (error, bool) {
	for _, f := range faults {
		if f.word == word {
			return f.err, true
		}
	}
	return errors.New("a fault without a name"), word == "error"
}

// OptionError says which option of a device is wrong. The configuration turns
// it into a problem with file, line and column.
type OptionError struct {
	Key string // the option's key, as written in the configuration; dots descend
	Msg string // what is wrong and what would be valid
}

func (e *OptionError) Error() string { return fmt.Sprintf("%s: %s", e.Key, e.Msg) }
