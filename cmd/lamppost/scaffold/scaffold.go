// Package scaffold writes the files of a new driver: one that builds, passes the
// conformance kit and reads a made-up part, so that an integrator changes a working
// thing step by step. What it writes are the packages below parts, which are built
// and tested with everything else, under another name.
//
// It writes into an empty or new folder only, and never over a file.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

//go:embed parts
var parts embed.FS

const (
	placeholder = "mypart"
	lamppost    = "github.com/lamppost-city/lamppost"
	partsPath   = lamppost + "/cmd/lamppost/scaffold/parts/"
	goVersion   = "1.26.0" // that Lamppost's own module asks for
	mainWire    = "serial" // whose package the program in parts/gateway imports
)

// Driver says what is to be written.
type Driver struct {
	Name string // the word used in configuration
	Wire drivers.Wire
	// Module is the path of a Go module of its own; empty: a package of Lamppost's own
	// tree.
	Module string
	// Version is the release of Lamppost that such a module needs, Checkout a folder
	// with Lamppost's sources to take instead, relative to the module's or absolute;
	// empty: none.
	Version, Checkout string
}

// Wires returns the wires for which there is something to start from.
func Wires() (ws []drivers.Wire) {
	for _, w := range drivers.Wires() {
		if _, err := fs.Stat(parts, "parts/"+string(w)); err == nil {
			ws = append(ws, w)
		}
	}
	return ws
}

// Package is the name of the driver's Go package: its name without hyphens.
func (d Driver) Package() string { return strings.ReplaceAll(d.Name, "-", "") }

// Check says what is wrong with d, and what would be right.
func (d Driver) Check() error {
	switch p := d.Package(); {
	case obs.CheckID(d.Name) != nil:
		return obs.CheckID(d.Name)
	case !token.IsIdentifier(p) || p == "main" || p == placeholder || slices.Contains(imported, p):
		return fmt.Errorf("%q cannot be the name of a Go package; begin with a letter, and choose no word of Go: %s-sensor, for example", p, "acme")
	case instead[d.Wire] != "":
		return fmt.Errorf("wire %s: %s", d.Wire, instead[d.Wire])
	case !slices.Contains(Wires(), d.Wire):
		return fmt.Errorf("there is nothing to start from for wire %q; write one of %v", d.Wire, Wires())
	}
	return nil
}

// instead says what does the job on the wires where a driver has no bytes to decode.
var instead = map[drivers.Wire]string{
	drivers.InputLine:    "a level needs no driver of its own: driver: digital reads it, with its channel from the configuration",
	drivers.PulseLine:    "a count needs no driver of its own: driver: rain-gauge, flow-meter, anemometer or, for all others, driver: pulse keeps it",
	drivers.SDI12Sensor:  "an SDI-12 sensor needs no driver of its own: driver: sdi12 reads it, with its values named in the configuration",
	drivers.BoardHost:    "the board needs no driver of its own: driver: board reads it, with its channels from the configuration",
	drivers.ChildProcess: "a program in another language is no Go driver: driver: process asks it; lamppost driver show process has the protocol",
}

// imported are packages that the driver's own files import: one of the same name
// would hide them.
var imported = []string{"context", "drivers", "drivertest", "errors", "fmt", "frame", "http", "io", "json", "math", "obs", "testing", "time", "url", "binary", "bytes"}

// Write writes the driver's files into dir, which is made if it is not there, and
// returns their names below dir, in order. A folder that holds anything is an error
// that wraps fs.ErrExist.
func (d Driver) Write(dir string) ([]string, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	files, err := d.files()
	if err != nil {
		return nil, err
	}
	switch there, err := os.ReadDir(dir); {
	case err == nil && len(there) > 0:
		return nil, &fs.PathError{Op: "write a driver into", Path: dir, Err: fs.ErrExist}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	var names []string
	for _, f := range files {
		at := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return names, err
		}
		if err := os.WriteFile(at, f.text, 0o644); err != nil {
			return names, err
		}
		names = append(names, f.name)
	}
	return names, nil
}

type file struct {
	name string // below the driver's folder, with slashes
	text []byte
}

// files are all that is to be written, in the order of their names.
func (d Driver) files() ([]file, error) {
	all, err := d.renamed("parts/"+string(d.Wire), "")
	if err != nil || d.Module == "" {
		return all, err
	}
	program, err := d.renamed("parts/gateway", "cmd/lamppost/")
	if err != nil {
		return nil, err
	}
	all = append(all, append(program, file{"go.mod", d.goMod()})...)
	slices.SortFunc(all, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// renamed returns the files of one folder of parts, under the driver's name and below
// another folder.
func (d Driver) renamed(from, to string) (all []file, err error) {
	words := strings.NewReplacer(
		partsPath+mainWire, d.Module,
		"package "+placeholder, "package "+d.Package(),
		"Package "+placeholder, "Package "+d.Package(),
		placeholder+".Kind()", d.Package()+".Kind()",
		placeholder+` "`, d.Package()+` "`, // an import by name
		placeholder, d.Name,
	)
	err = fs.WalkDir(parts, from, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		src, err := parts.ReadFile(p)
		if err != nil {
			return err
		}
		text := []byte(words.Replace(string(src)))
		name := to + strings.ReplaceAll(strings.TrimPrefix(p, from+"/"), placeholder, d.Package())
		all = append(all, file{name, text})
		return nil
	})
	return all, err
}

// goMod is the file of a module of its own. What else is needed go mod tidy finds.
func (d Driver) goMod() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "module %s\n\ngo %s\n\nrequire %s %s\n", d.Module, goVersion, lamppost, d.Version)
	if d.Checkout != "" {
		fmt.Fprintf(&b, "\nreplace %s => %s\n", lamppost, d.Checkout)
	}
	return b.Bytes()
}
