package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// build turns fetched packages into modules of our own.
type build struct {
	abi     string // 6.1.0-56-arm64
	headers string // where the headers' packages were unpacked
	sources string // the kernel's own source files
	own     fs.FS  // ours
	dir     string // where to build
}

// fromKernel are the kernel's source files that are built outside of it, by the name
// that they get here.
var fromKernel = map[string]string{
	"gpio-sim-core.c": "drivers/gpio/gpio-sim.c",
	"gpiolib.h":       "drivers/gpio/gpiolib.h",
	"irq_sim.c":       "kernel/irq/irq_sim.c",
}

// modules compiles and returns the folder that holds them.
func (b build) modules(ctx context.Context) error {
	if err := os.CopyFS(b.dir, b.own); err != nil {
		return err
	}
	for to, from := range fromKernel {
		text, err := os.ReadFile(filepath.Join(b.sources, filepath.Base(from)))
		if err != nil {
			return err
		}
		if text, err = adapt(to, text); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(b.dir, to), text, 0o644); err != nil {
			return err
		}
	}
	tree, err := b.relocate()
	if err != nil {
		return err
	}
	_, err = runIn(ctx, b.dir, nil, "make", "-s", "-C", tree, "M="+b.dir, "ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-", "modules")
	if err != nil {
		return fmt.Errorf("the lab's kernel modules: %w", err)
	}
	return nil
}

// adapt makes the one change that a module outside the kernel needs: irq_to_desc is
// not exported, and generic_handle_irq does both steps.
func adapt(name string, text []byte) ([]byte, error) {
	if name != "irq_sim.c" {
		return text, nil
	}
	old, with := []byte("handle_simple_irq(irq_to_desc(irqnum))"), []byte("generic_handle_irq(irqnum)")
	if !bytes.Contains(text, old) {
		return nil, errors.New("the kernel's irq_sim.c no longer has the call that must be replaced: look what it does now")
	}
	return bytes.Replace(text, old, with, 1), nil
}

// relocate lets the headers find each other where they were unpacked: the machine's
// Makefile names the common headers by an absolute path.
func (b build) relocate() (tree string, err error) {
	src := filepath.Join(b.headers, "usr/src")
	tree = filepath.Join(src, "linux-headers-"+b.abi)
	common := filepath.Join(src, "linux-headers-"+strings.TrimSuffix(b.abi, "-arm64")+"-common")
	for _, dir := range []string{tree, common} {
		if _, err := os.Stat(filepath.Join(dir, "Makefile")); err != nil {
			return "", fmt.Errorf("the kernel's headers: %w", err)
		}
	}
	return tree, os.WriteFile(filepath.Join(tree, "Makefile"), []byte("include "+common+"/Makefile\n"), 0o644)
}
