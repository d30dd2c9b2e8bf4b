// Package panel is what the board lab's harness asks of the agent in the guest: files,
// programs, pulses, serial settings, a picture. The two speak JSON-RPC over a
// virtio-serial port, so that the guest's network may be cut. Everything that the lab
// sets on its simulated parts goes through files of the kernel's own interfaces.
package panel

import (
	"io/fs"
	"time"
)

// Port is the name of the virtio-serial port, Ready the line that the agent prints on
// the console when it answers there, Service the name that its methods are called by.
const (
	Port    = "lab.agent"
	Ready   = "lab: ready"
	Service = "Lab"
)

// None is the argument, or the answer, of a call that has none.
type None struct{}

// File is one file, to be written.
type File struct {
	Path string
	Data []byte
	Mode fs.FileMode // 0 leaves an existing file its mode and makes a new one 0644
}

// Link is a symbolic link to be made at Path; one that is there is replaced.
type Link struct{ Path, To string }

// Program is a program to be started. What it prints is appended to Log.
type Program struct {
	Args []string // the first is its path
	Env  []string // KEY=value; nothing else is in its environment
	Log  string
}

// Kill is a signal for a program that was started.
type Kill struct {
	PID    int
	Signal int
}

// End is how a program ended.
type End struct {
	Code   int // exit code; -1: by a signal
	Output []byte
}

// Usage is what a program occupies, in bytes, and the processor time that it took.
type Usage struct {
	Resident, Peak, Anonymous uint64
	CPU                       time.Duration // in steps of 10 ms
}

// Pulses are edges to be made on a simulated line: Edges of them, alternately up and
// down, beginning from the level that the line has. Every is the time between two.
type Pulses struct {
	Pull  string // the line's file "pull"
	Edges int
	Every time.Duration
}

// Made is what came of Pulses. Took is Edges times Every and what the guest could not
// keep up with, Slipped.
type Made struct {
	Edges         int
	Took, Slipped time.Duration
}

// Serial is how the kernel has set a serial port.
type Serial struct {
	Baud     int
	Parity   string // none, even, odd
	StopBits int
	RS485    uint32 // struct serial_rs485, flags; 0 also where the driver has no such mode
}
