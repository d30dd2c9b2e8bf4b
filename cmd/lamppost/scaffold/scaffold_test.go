package scaffold

import (
	"errors"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

func checkout(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// run runs a command of Go in a module that must do with what is on this machine.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// For each wire the driver of a module of its own builds, is clean and passes its own
// tests, as it was written.
func TestEachWire(t *testing.T) {
	if len(Wires()) < 5 {
		t.Fatalf("there is something to start from for %v only", Wires())
	}
	for _, w := range Wires() {
		t.Run(string(w), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "acme-"+string(w))
			d := Driver{Name: "acme-" + string(w), Wire: w, Module: "example.org/parts/acme-" + string(w), Version: "v0.0.0", Checkout: checkout(t)}
			files, err := d.Write(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"README.md", "sample.yaml", "go.mod", d.Package() + ".go", "frame.go", d.Package() + "_test.go", "cmd/lamppost/main.go"} {
				if !slices.Contains(files, want) {
					t.Errorf("%s is not among %v", want, files)
				}
			}
			for _, name := range files {
				text, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil || strings.Contains(string(text), placeholder) {
					t.Errorf("%s still speaks of %s, %v", name, placeholder, err)
				}
				if tidy, err := format.Source(text); filepath.Ext(name) == ".go" && (err != nil || string(tidy) != string(text)) {
					t.Errorf("%s is not as gofmt has it, %v", name, err)
				}
			}
			run(t, dir, "vet", "./...")
			if out := run(t, dir, "test", "-count=1", "-v", "."); !strings.Contains(out, "--- PASS: TestConformance/") || !strings.Contains(out, "--- PASS: Fuzz") {
				t.Errorf("no conformance test or fuzz target ran:\n%s", out)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		wire drivers.Wire
		want string
	}{
		{"acme-flow", drivers.SerialLine, ""},
		{"Acme", drivers.SerialLine, "not allowed at position 1"},
		{"36xw", drivers.SerialLine, "cannot be the name of a Go package"},
		{"func", drivers.SerialLine, "cannot be the name of a Go package"},
		{"time", drivers.SerialLine, "cannot be the name of a Go package"},
		{"mypart", drivers.SerialLine, "cannot be the name of a Go package"},
		{"acme", drivers.PulseLine, "driver: pulse keeps it"},
		{"acme", "string", `nothing to start from for wire "string"; write one of [serial modbus http i2c w1]`},
	} {
		err := Driver{Name: c.name, Wire: c.wire}.Check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s on %s: %v, want %q", c.name, c.wire, err, c.want)
		}
	}
}

// On every wire there is something to start from, or something that does the job.
func TestNoWireIsForgotten(t *testing.T) {
	for _, w := range drivers.Wires() {
		if slices.Contains(Wires(), w) == (instead[w] != "") {
			t.Errorf("wire %s: something to start from: %v; instead: %q", w, slices.Contains(Wires(), w), instead[w])
		}
	}
}

// What somebody has written is never written over.
func TestWriteKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "README.md"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (Driver{Name: "acme", Wire: drivers.SerialLine}).Write(dir); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Write into a folder that holds something: %v", err)
	}
	if there, err := os.ReadDir(dir); err != nil || len(there) != 1 {
		t.Errorf("the folder holds %v now, %v", there, err)
	}
}

// The words that are written for a module follow Lamppost's own.
func TestGoVersion(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(checkout(t), "go.mod"))
	if err != nil || !strings.Contains(string(mod), "\ngo "+goVersion+"\n") {
		t.Errorf("go.mod does not ask for Go %s: %v", goVersion, err)
	}
}
