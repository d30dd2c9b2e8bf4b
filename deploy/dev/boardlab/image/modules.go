package image

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// wanted are the kernel's modules that the lab's board loads, in this order; what
// they depend on comes before each. ext4 asks for crc32c_generic only at run time.
var wanted = []string{
	"virtio_pci", "virtio_console", "virtio_net", "virtio_blk", "crc32c_generic", "ext4",
	"configfs", "gpio-sim", "labedge", "i2c-dev", "labi2c", "wire", "w1_therm", "labw1",
	"xhci_pci", "ftdi_sio", "vivid",
}

// parameters are what modules are loaded with. Searching the 1-Wire bus each second
// instead of each ten makes a pulled sensor disappear, and a new one appear, sooner.
var parameters = map[string]string{"wire": "timeout=1", "vivid": "n_devs=1"}

// loading is a module in the archive.
type loading struct{ name, path, parameters string }

// closure returns the wanted modules and all they depend on, each after what it needs.
// Modules that the kernel has built in are in none of the folders and are left out only
// if builtin names them.
func closure(wanted []string, files map[string]string, builtin map[string]bool) ([]loading, error) {
	var order []loading
	seen := map[string]bool{}
	var add func(name, why string) error
	add = func(name, why string) error {
		name = plain(name)
		if seen[name] || builtin[name] {
			return nil
		}
		seen[name] = true
		path := files[name]
		if path == "" {
			return fmt.Errorf("kernel module %s, needed by %s: not in the kernel's package", name, why)
		}
		needs, err := dependencies(path)
		if err != nil {
			return fmt.Errorf("kernel module %s: %w", name, err)
		}
		for _, n := range needs {
			if err := add(n, name); err != nil {
				return err
			}
		}
		order = append(order, loading{name: name, path: path, parameters: parameters[name]})
		return nil
	}
	for _, w := range wanted {
		if err := add(w, "the lab"); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// plain is a module's name as the kernel knows it: file names may have hyphens.
func plain(name string) string { return strings.ReplaceAll(name, "-", "_") }

// findModules returns all module files below the folders by plain name.
func findModules(dirs ...string) (map[string]string, error) {
	files := map[string]string{}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if name, is := strings.CutSuffix(filepath.Base(path), ".ko"); err == nil && is && d.Type().IsRegular() {
				files[plain(name)] = path
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// readBuiltin reads the kernel's list of modules that are part of it.
func readBuiltin(path string) (map[string]bool, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	builtin := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		builtin[plain(strings.TrimSuffix(filepath.Base(strings.TrimSpace(line)), ".ko"))] = true
	}
	return builtin, nil
}

// dependencies reads from a module what it needs loaded before. What it would merely
// like to have (softdep) is wanted by name above where the lab needs it.
func dependencies(path string) ([]string, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := f.Section(".modinfo")
	if s == nil {
		return nil, fmt.Errorf("%s has no section .modinfo", filepath.Base(path))
	}
	info, err := s.Data()
	if err != nil {
		return nil, err
	}
	return needs(info), nil
}

// needs takes the names out of a .modinfo section: NUL-terminated key=value.
func needs(info []byte) (names []string) {
	for entry := range bytes.SplitSeq(info, []byte{0}) {
		if list, ok := bytes.CutPrefix(entry, []byte("depends=")); ok && len(list) > 0 {
			names = append(names, strings.Split(string(list), ",")...)
		}
	}
	return names
}
