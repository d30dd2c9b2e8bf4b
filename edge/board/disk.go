package board

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Kind says what a disk is made of, which decides how it wears.
type Kind string

// The kinds of disks.
const (
	SD      Kind = "sd"      // a card in a slot
	EMMC    Kind = "emmc"    // soldered flash that reports its health
	SSD     Kind = "ssd"     // SATA or USB, solid state
	NVMe    Kind = "nvme"    // on PCIe
	HDD     Kind = "hdd"     // turns
	Memory  Kind = "memory"  // tmpfs, zram: gone at power-off
	Network Kind = "network" // somewhere else
	Unknown Kind = "unknown"
)

// Host is the machine whose files are read. The zero value is this one.
type Host struct {
	Root string // of sys and proc; empty: /
}

// Disk is the whole block device that holds a directory. Its zero value is one of
// which nothing is known.
type Disk struct {
	Name  string // mmcblk0; for memory and network the kind of file system
	Kind  Kind
	Model string // as the device says it; may be empty
	Bytes int64  // 0: not known
	sys   string // its directory under /sys
}

func (h Host) path(elem ...string) string {
	return filepath.Join(append([]string{h.Root, "/"}, elem...)...)
}

// Model returns what the board calls itself, "Raspberry Pi 4 Model B Rev 1.4";
// empty where there is no device tree.
func (h Host) Model() string {
	return strings.TrimRight(text(h.path("proc/device-tree/model")), "\x00")
}

// Disk finds the disk that holds dir, or the nearest parent that exists.
func (h Host) Disk(dir string) Disk {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Disk{Kind: Unknown}
	}
	for {
		if major, minor, err := deviceOf(dir); err == nil {
			return h.disk(dir, major, minor)
		}
		if dir == filepath.Dir(dir) {
			return Disk{Kind: Unknown}
		}
		dir = filepath.Dir(dir)
	}
}

// Space returns how large the file system is that holds dir, or its nearest parent that
// exists, and what is free there, in bytes; 0, 0 where that is not known.
func (h Host) Space(dir string) (total, free int64) {
	dir, err := filepath.Abs(dir)
	for err == nil {
		if total, free, err := spaceOf(dir); err == nil {
			return total, free
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	return 0, 0
}

// disk finds the disk with that number, or, as file systems without a device of
// their own have number 0, what is mounted at dir.
func (h Host) disk(dir string, major, minor uint32) Disk {
	if major != 0 {
		return h.block(h.path("sys/dev/block", strconv.Itoa(int(major))+":"+strconv.Itoa(int(minor))))
	}
	m := h.mounted(dir)
	switch {
	case m.fs == "tmpfs" || m.fs == "ramfs":
		return Disk{Name: m.fs, Kind: Memory}
	case strings.HasPrefix(m.fs, "nfs") || m.fs == "cifs" || m.fs == "9p" || m.fs == "virtiofs":
		return Disk{Name: m.fs, Kind: Network}
	case strings.HasPrefix(m.source, "/dev/"):
		return h.block(h.path("sys/class/block", filepath.Base(m.source)))
	}
	return Disk{Name: m.fs, Kind: Unknown}
}

// maxLayers bounds how many mappings are followed from a volume to its disk.
const maxLayers = 8

// block describes the disk behind a link under /sys: the device itself, the one a
// partition belongs to, or the first one a mapping lies on.
func (h Host) block(link string) Disk {
	for range maxLayers {
		dir, err := filepath.EvalSymlinks(link)
		if err != nil {
			break
		}
		if exists(filepath.Join(dir, "partition")) {
			dir = filepath.Dir(dir)
		}
		below, _ := filepath.Glob(filepath.Join(dir, "slaves", "*"))
		if len(below) == 0 {
			return describe(dir)
		}
		link = below[0]
	}
	return Disk{Kind: Unknown}
}

func describe(dir string) Disk {
	d := Disk{Name: filepath.Base(dir), Kind: Unknown, sys: dir, Bytes: number(filepath.Join(dir, "size")) * sector}
	d.Model = text(filepath.Join(dir, "device/model"))
	switch kind := text(filepath.Join(dir, "device/type")); {
	case strings.HasPrefix(d.Name, "mmcblk"):
		d.Kind, d.Model = SD, text(filepath.Join(dir, "device/name"))
		if kind == "MMC" {
			d.Kind = EMMC
		}
	case strings.HasPrefix(d.Name, "nvme"):
		d.Kind = NVMe
	case strings.HasPrefix(d.Name, "zram"), strings.HasPrefix(d.Name, "ram"):
		d.Kind = Memory
	case strings.HasPrefix(d.Name, "sd") && text(filepath.Join(dir, "queue/rotational")) == "0":
		d.Kind = SSD
	case strings.HasPrefix(d.Name, "sd"):
		d.Kind = HDD // USB card readers and sticks say so too, and do not say what they are
	}
	if d.Kind == HDD && text(filepath.Join(dir, "removable")) == "1" {
		d.Kind = SD // nothing that turns is removable: a stick, or a card in a reader
	}
	return d
}

// mount is one line of /proc/self/mountinfo.
type mount struct{ point, fs, source string }

// mounted returns what dir lies on: the longest mount point above it, the newest
// where several are equal.
func (h Host) mounted(dir string) (best mount) {
	for line := range strings.Lines(text(h.path("proc/self/mountinfo"))) {
		before, after, ok := strings.Cut(line, " - ")
		f, g := strings.Fields(before), strings.Fields(after)
		if !ok || len(f) < 5 || len(g) < 2 {
			continue
		}
		m := mount{unescape(f[4]), g[0], unescape(g[1])}
		if within(dir, m.point) && len(m.point) >= len(best.point) {
			best = m
		}
	}
	return best
}

func within(dir, point string) bool {
	return point == "/" || dir == point || strings.HasPrefix(dir, point+"/")
}

// unescape undoes what the kernel does to blanks in a path.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// text returns a small file without the line end; empty if it cannot be read.
func text(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func number(path string) int64 {
	n, err := strconv.ParseInt(text(path), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
