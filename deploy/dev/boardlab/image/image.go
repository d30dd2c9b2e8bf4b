package image

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// Image is what QEMU boots.
type Image struct {
	Version string // of the kernel, as uname -r says it: 6.1.0-56-arm64
	Kernel  string // file
	Base    string // initial RAM disk with /modules and the list of them, /modules/order
}

// recipe changes when the cached files must be made anew from what was fetched.
const recipe = "2"

// Order is the file in the RAM disk that lists the modules: one a line, the file, a
// tab, its parameters.
const Order = "modules/order"

// Make returns the image from the cache in dir, made first if it is not there. own
// are the sources of the lab's modules with their Kbuild. It says on say what takes
// time. Only one process makes at a time; another waits for it.
func Make(ctx context.Context, dir string, own fs.FS, say func(format string, args ...any)) (*Image, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	unlock, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	parts, err := newest(dir)
	if err != nil {
		return nil, err
	}
	if parts == "" {
		say("fetching Debian's arm64 kernel, its headers and three of its source files (about 210 MB, once) …")
		if parts, err = fetchParts(ctx, dir); err != nil {
			return nil, err
		}
	}
	sum, err := digest(own)
	if err != nil {
		return nil, err
	}
	im := &Image{Version: filepath.Base(parts), Kernel: filepath.Join(parts, "vmlinuz"), Base: filepath.Join(parts, sum+".initrd")}
	if _, err := os.Stat(im.Base); err == nil {
		return im, nil
	}
	say("building the lab's modules for Linux %s …", im.Version)
	return im, assemble(ctx, parts, im, own)
}

// lock makes others wait.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return func() { f.Close() }, nil
}

// newest returns the folder of the newest kernel that was fetched completely, "" if
// there is none.
func newest(dir string) (string, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*", "fetched"))
	if err != nil || len(found) == 0 {
		return "", err
	}
	slices.SortFunc(found, func(a, b string) int {
		x, errX := os.Stat(a)
		y, errY := os.Stat(b)
		if errX != nil || errY != nil {
			return cmp.Compare(a, b)
		}
		return x.ModTime().Compare(y.ModTime())
	})
	return filepath.Dir(found[len(found)-1]), nil
}

// fetchParts downloads everything that one kernel needs into a folder of its own.
func fetchParts(ctx context.Context, dir string) (parts string, err error) {
	work, err := os.MkdirTemp(dir, "fetching-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	d, err := openDebian(ctx, filepath.Join(work, "apt"))
	if err != nil {
		return "", err
	}
	name, version, err := d.kernel(ctx)
	if err != nil {
		return "", err
	}
	abi := strings.TrimPrefix(name, "linux-image-")
	debs, err := d.fetch(ctx, work, name+"="+version, "linux-headers-"+abi+"="+version,
		"linux-headers-"+strings.TrimSuffix(abi, "-arm64")+"-common="+version,
		"linux-kbuild-"+branch+":"+runtime.GOARCH+"="+version, "linux-source-"+branch+"="+version)
	if err != nil {
		return "", err
	}
	if err := extractSources(ctx, work, debs[4]); err != nil {
		return "", err
	}
	for _, gone := range []string{debs[4], d.dir} { // 139 MB for three files
		if err := os.RemoveAll(gone); err != nil {
			return "", err
		}
	}
	if err := os.WriteFile(filepath.Join(work, "fetched"), []byte(version+"\n"), 0o644); err != nil {
		return "", err
	}
	parts = filepath.Join(dir, abi)
	if err := os.RemoveAll(parts); err != nil { // what an earlier fetch left half done
		return "", err
	}
	return parts, os.Rename(work, parts)
}

// extractSources streams a few files out of the kernel's source; nothing else of it
// is ever on the disk.
func extractSources(ctx context.Context, work, deb string) error {
	const script = `set -o pipefail; dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/linux-source-$2.tar.xz" | xz -dc -T2 | tar -x --transform 's,.*/,sources/,' "${@:3}"`
	args := []string{"-c", script, "extract", deb, branch}
	for _, f := range fromKernel {
		args = append(args, "linux-source-"+branch+"/"+f)
	}
	if _, err := runIn(ctx, work, nil, "bash", args...); err != nil {
		return fmt.Errorf("the kernel's sources: %w", err)
	}
	return nil
}

// digest names what an initial RAM disk is made of, beside the kernel.
func digest(own fs.FS) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, recipe, wanted, parameters)
	err := fs.WalkDir(own, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(own, path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(b), b)
		return err
	})
	return fmt.Sprintf("%x", h.Sum(nil)[:6]), err
}

// assemble unpacks the packages, builds the modules and writes kernel and RAM disk.
func assemble(ctx context.Context, parts string, im *Image, own fs.FS) error {
	work, err := os.MkdirTemp(parts, "building-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	debs, err := filepath.Glob(filepath.Join(parts, "*.deb"))
	if err != nil {
		return err
	}
	root := filepath.Join(work, "root")
	for _, deb := range debs {
		if _, err := runIn(ctx, parts, nil, "dpkg-deb", "-x", deb, root); err != nil {
			return err
		}
	}
	b := build{abi: im.Version, headers: root, sources: filepath.Join(parts, "sources"), own: own, dir: filepath.Join(work, "modules")}
	if err := b.modules(ctx); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(root, "boot", "vmlinuz-"+im.Version), im.Kernel); err != nil {
		return err
	}
	return writeBase(im, root, b.dir)
}

// writeBase writes the RAM disk. It appears under its name when it is complete.
func writeBase(im *Image, root, built string) error {
	kernelDir := filepath.Join(root, "lib/modules", im.Version)
	files, err := findModules(filepath.Join(kernelDir, "kernel"), built)
	if err != nil {
		return err
	}
	builtin, err := readBuiltin(filepath.Join(kernelDir, "modules.builtin"))
	if err != nil {
		return err
	}
	order, err := closure(wanted, files, builtin)
	if err != nil {
		return err
	}
	part := im.Base + ".part"
	f, err := os.Create(part)
	if err != nil {
		return err
	}
	defer f.Close()
	a := NewArchive(f)
	var list strings.Builder
	for _, m := range order {
		a.Copy("modules/"+m.name+".ko", 0o644, m.path)
		fmt.Fprintf(&list, "/modules/%s.ko\t%s\n", m.name, m.parameters)
	}
	a.File(Order, 0o644, []byte(list.String()))
	if err := a.Close(); err != nil {
		return err
	}
	return os.Rename(part, im.Base)
}
