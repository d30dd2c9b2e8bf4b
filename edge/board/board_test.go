package board

import (
	"os"
	"path/filepath"
	"testing"
)

// tree builds a /sys and /proc of files and links (content beginning with "->").
func tree(t *testing.T, files map[string]string) Host {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, link := cutLink(content); link {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return Host{Root: root}
}

func cutLink(content string) (string, bool) {
	if len(content) > 2 && content[:2] == "->" {
		return content[2:], true
	}
	return "", false
}

// The trees are cut from what a Raspberry Pi 4 with a card, a Compute Module 4
// with eMMC, a PC and an encrypted volume show; numbers are made up.
func TestDisk(t *testing.T) {
	card := map[string]string{
		"sys/dev/block/179:2":                                          "->../../devices/mmc0/block/mmcblk0/mmcblk0p2",
		"sys/devices/mmc0/block/mmcblk0/mmcblk0p2/partition":           "2\n",
		"sys/devices/mmc0/block/mmcblk0/size":                          "62333952\n",
		"sys/devices/mmc0/block/mmcblk0/stat":                          " 1 2 3 4 5 6 2000 8 9 10 11\n",
		"sys/devices/mmc0/block/mmcblk0/device/type":                   "SD\n",
		"sys/devices/mmc0/block/mmcblk0/device/name":                   "SC32G\n",
		"sys/devices/mmc0/block/mmcblk0/mmcblk0p2/device/type":         "wrong\n",
		"sys/devices/mmc0/block/mmcblk0/mmcblk0p2/stat":                " 1 2 3 4 5 6 1 8 9 10 11\n",
		"proc/device-tree/model":                                       "Raspberry Pi 4 Model B Rev 1.4\x00",
		"proc/self/mountinfo":                                          "25 1 0:24 / /run rw shared:5 - tmpfs tmpfs rw\n26 1 0:30 / /mnt/with\\040blank rw - btrfs /dev/mmcblk0p2 rw\n",
		"sys/class/block/mmcblk0p2":                                    "->../../devices/mmc0/block/mmcblk0/mmcblk0p2",
		"sys/dev/block/253:0":                                          "->../../devices/virtual/block/dm-0",
		"sys/devices/virtual/block/dm-0/size":                          "1\n",
		"sys/devices/virtual/block/dm-0/slaves/nvme0n1p3":              "->../../../../pci/nvme0n1/nvme0n1p3",
		"sys/devices/pci/nvme0n1/nvme0n1p3/partition":                  "3\n",
		"sys/devices/pci/nvme0n1/size":                                 "1000215216\n",
		"sys/devices/pci/nvme0n1/device/model":                         "KIOXIA EXCERIA\n",
		"sys/dev/block/179:0":                                          "->../../devices/mmc1/block/mmcblk1",
		"sys/devices/mmc1/block/mmcblk1/device/type":                   "MMC\n",
		"sys/devices/mmc1/block/mmcblk1/device/name":                   "BJTD4R\n",
		"sys/devices/mmc1/block/mmcblk1/device/life_time":              "0x02 0x08\n",
		"sys/devices/mmc1/block/mmcblk1/device/pre_eol_info":           "0x01\n",
		"sys/devices/mmc1/block/mmcblk1/stat":                          "garbage\n",
		"sys/dev/block/8:0":                                            "->../../devices/usb/block/sda",
		"sys/devices/usb/block/sda/queue/rotational":                   "1\n",
		"sys/devices/usb/block/sda/removable":                          "1\n",
		"sys/dev/block/8:16":                                           "->../../devices/ata/block/sdb",
		"sys/devices/ata/block/sdb/queue/rotational":                   "0\n",
		"sys/dev/block/254:0":                                          "->../../devices/virtual/block/loop-of-links",
		"sys/devices/virtual/block/loop-of-links/slaves/loop-of-links": "->..",
	}
	h := tree(t, card)
	if got := h.Model(); got != "Raspberry Pi 4 Model B Rev 1.4" {
		t.Errorf("model = %q", got)
	}
	for _, c := range []struct {
		name         string
		dir          string
		major, minor uint32
		want         Disk
		wear         Wear
	}{
		{"a partition of a card", "/var/lib", 179, 2, Disk{Name: "mmcblk0", Kind: SD, Model: "SC32G", Bytes: 62333952 * 512}, Wear{Written: 2000 * 512, Counted: true}},
		{"eMMC that tells its age", "/", 179, 0, Disk{Name: "mmcblk1", Kind: EMMC, Model: "BJTD4R"}, Wear{Used: 8, Spare: 1}},
		{"an encrypted volume on NVMe", "/", 253, 0, Disk{Name: "nvme0n1", Kind: NVMe, Model: "KIOXIA EXCERIA", Bytes: 1000215216 * 512}, Wear{}},
		{"a stick", "/", 8, 0, Disk{Name: "sda", Kind: SD}, Wear{}},
		{"a SATA disk", "/", 8, 16, Disk{Name: "sdb", Kind: SSD}, Wear{}},
		{"memory", "/run/lamppost", 0, 24, Disk{Name: "tmpfs", Kind: Memory}, Wear{}},
		{"a file system without a number", "/mnt/with blank/x", 0, 30, Disk{Name: "mmcblk0", Kind: SD, Model: "SC32G", Bytes: 62333952 * 512}, Wear{Written: 2000 * 512, Counted: true}},
		{"mappings in a circle", "/", 254, 0, Disk{Kind: Unknown}, Wear{}},
		{"no such device", "/", 9, 9, Disk{Kind: Unknown}, Wear{}},
		{"nothing mounted", "/srv", 0, 99, Disk{Kind: Unknown}, Wear{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := h.disk(c.dir, c.major, c.minor)
			if w := got.Wear(); w != c.wear {
				t.Errorf("wear = %+v, want %+v", w, c.wear)
			}
			got.sys = ""
			if got != c.want {
				t.Errorf("disk = %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestWorn(t *testing.T) {
	for w, want := range map[Wear]bool{{}: false, {Used: 7, Spare: 1}: false, {Used: 8}: true, {Spare: 2}: true, {Used: 11, Spare: 3}: true} {
		if w.Worn() != want {
			t.Errorf("%+v worn = %v", w, !want)
		}
	}
}

// Whatever a file says, a register is in its range or says nothing.
func TestRegister(t *testing.T) {
	for s, want := range map[string]int{"0x0b": 11, "0x0c": 0, "": 0, "-1": 0, "0x": 0, "0x02": 2, "3": 3, "999999": 0} {
		if got := register(s, 11); got != want {
			t.Errorf("register(%q) = %d, want %d", s, got, want)
		}
	}
}

// This machine: whatever it is, a directory that does not exist is on the disk of
// its parent, and asking costs no error.
func TestThisHost(t *testing.T) {
	dir := t.TempDir()
	if a, b := (Host{}).Disk(dir), (Host{}).Disk(filepath.Join(dir, "not", "there")); a != b {
		t.Errorf("disk of a directory %+v, of one below it %+v", a, b)
	}
	if d := (Host{Root: dir}).Disk(dir); d.Kind != Unknown {
		t.Errorf("a disk %+v in an empty tree", d)
	}
	if m := (Host{Root: dir}).Model(); m != "" {
		t.Errorf("a model %q in an empty tree", m)
	}
}
