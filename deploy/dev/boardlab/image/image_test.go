package image

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestKernelOf(t *testing.T) {
	for _, c := range []struct {
		name, show, pkg, version string
		err                      error
	}{
		{"security update", "Package: linux-image-arm64\nDepends: linux-image-6.1.0-56-arm64 (= 6.1.192-2)\nSize: 1\n", "linux-image-6.1.0-56-arm64", "6.1.192-2", nil},
		{"others before it", "Depends: kmod, linux-image-6.1.0-60-arm64 (= 6.1.200-1~deb12u1), x\n", "linux-image-6.1.0-60-arm64", "6.1.200-1~deb12u1", nil},
		{"another branch", "Depends: linux-image-6.12.9-arm64 (= 6.12.9-1)\n", "", "", ErrUnavailable},
		{"nothing", "", "", "", ErrUnavailable},
	} {
		pkg, version, err := kernelOf(c.show)
		if pkg != c.pkg || version != c.version || !errors.Is(err, c.err) {
			t.Errorf("%s: kernelOf = %q, %q, %v, want %q, %q, %v", c.name, pkg, version, err, c.pkg, c.version, c.err)
		}
	}
}

func TestNeeds(t *testing.T) {
	info := []byte("license=GPL\x00depends=mbcache,jbd2\x00softdep=pre: crc32c\x00depends=\x00name=ext4\x00")
	if got, want := needs(info), []string{"mbcache", "jbd2"}; !slices.Equal(got, want) {
		t.Errorf("needs = %q, want %q", got, want)
	}
}

// The one change to the kernel's own source is made, or its absence is an error: a
// module that was built without it would not load.
func TestAdapt(t *testing.T) {
	got, err := adapt("irq_sim.c", []byte("a; handle_simple_irq(irq_to_desc(irqnum)); b;"))
	if want := "a; generic_handle_irq(irqnum); b;"; err != nil || string(got) != want {
		t.Errorf("adapt = %q, %v, want %q", got, err, want)
	}
	if _, err := adapt("irq_sim.c", []byte("something else")); err == nil {
		t.Error("adapt takes a source that has not what it replaces")
	}
	if got, err := adapt("gpiolib.h", []byte("x")); err != nil || string(got) != "x" {
		t.Errorf("adapt changes gpiolib.h: %q, %v", got, err)
	}
}

// The order in which modules are loaded is right for every chain, and names what is
// missing.
func TestClosure(t *testing.T) {
	if _, err := closure([]string{"gone"}, nil, nil); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("closure of a module that is not there = %v, want an error that names it", err)
	}
	order, err := closure([]string{"i2c-dev"}, nil, map[string]bool{"i2c_dev": true})
	if err != nil || len(order) != 0 {
		t.Errorf("closure of a module that is built in = %v, %v, want nothing", order, err)
	}
}

// What File writes a real cpio reads back.
func TestArchive(t *testing.T) {
	if _, err := exec.LookPath("cpio"); err != nil {
		t.Skip("no cpio here to read it with")
	}
	var b bytes.Buffer
	a := NewArchive(&b)
	for n := range 9 { // every alignment
		a.File(fmt.Sprintf("etc/deep/f%d", n), 0o644, bytes.Repeat([]byte{'x'}, n))
	}
	a.File("init", 0o755, []byte("#!"))
	a.Folder("data")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command("cpio", "-idm", "--quiet")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(plain)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cpio: %v: %s", err, out)
	}
	for n := range 9 {
		got, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("etc/deep/f%d", n)))
		if err != nil || len(got) != n {
			t.Errorf("file %d = %q, %v", n, got, err)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "init"))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("init is %v, %v, want mode 0755", info, err)
	}
}

// A file that is not there shows when the archive is closed.
func TestArchiveKeepsItsError(t *testing.T) {
	a := NewArchive(io.Discard)
	a.Copy("init", 0o755, filepath.Join(t.TempDir(), "nothing"))
	if err := a.Close(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Close = %v, want that a file did not exist", err)
	}
}
