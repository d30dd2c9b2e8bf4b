package drivertest

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
)

// Host is a board made of files. It keeps to the contract of drivers.Host, and like a
// driver it is used from one goroutine at a time. A folder is there if something below it
// is.
type Host struct {
	Calls
	Files map[string]string        // by path, "proc/uptime"
	Disks map[string]drivers.Space // by the path that is asked for; "" is the program's own data
	// Moves, when set, changes what a file says each time it is read, before it is.
	Moves func(path, text string) string
}

var _ drivers.Host = (*Host)(nil)

// hostFaults are the ways in which asking the kernel can fail.
var hostFaults = []error{drivers.ErrTimeout, drivers.ErrException, drivers.ErrDevice, drivers.ErrUnplugged}

func playHost(_ *drivers.Plan, p Part) fake {
	f := &Host{}
	if p.Board != nil {
		f = p.Board()
	}
	f.Silent = p.Board == nil
	return f
}

func (f *Host) open(pl *drivers.Plan) (drivers.Driver, error) { return pl.OpenHost(f) }

// ask counts a call, and remembers a path that no host has.
func (f *Host) ask(ctx context.Context, name string) error {
	below := strings.HasPrefix(name, "sys/") || strings.HasPrefix(name, "proc/")
	if (!below || path.Clean(name) != name) && f.Misuse == nil {
		f.Misuse = fmt.Errorf("%q is no path below sys or proc", name)
	}
	return f.call(ctx)
}

// Read implements drivers.Host.
func (f *Host) Read(ctx context.Context, name string) ([]byte, error) {
	if err := f.ask(ctx, name); err != nil {
		return nil, err
	}
	text, ok := f.Files[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	if f.Moves != nil {
		text = f.Moves(name, text)
		f.Files[name] = text
	}
	return []byte(text), nil
}

// List implements drivers.Host.
func (f *Host) List(ctx context.Context, name string) (names []string, err error) {
	if err := f.ask(ctx, name); err != nil {
		return nil, err
	}
	for file := range f.Files {
		if rest, ok := strings.CutPrefix(file, name+"/"); ok {
			first, _, _ := strings.Cut(rest, "/")
			names = append(names, first)
		}
	}
	if names == nil {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Space implements drivers.Host.
func (f *Host) Space(ctx context.Context, name string) (drivers.Space, error) {
	if err := f.call(ctx); err != nil {
		return drivers.Space{}, err
	}
	s, ok := f.Disks[name]
	if !ok {
		return s, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return s, nil
}
