package board

import "unicode/utf8"

// names of the kinds of disks, and of no disk at all.
var names = map[Kind]struct{ en, zh string }{
	SD: {"an SD card", "SD 卡"}, EMMC: {"an eMMC", "eMMC"}, SSD: {"a solid-state disk", "固态硬盘"}, NVMe: {"an NVMe disk", "NVMe 硬盘"},
	HDD: {"a hard disk", "机械硬盘"}, Memory: {"memory, lost at power-off", "内存，断电即失"}, Network: {"on the network", "网络存储"},
	Unknown: {"a disk of an unknown kind", "未知类型的磁盘"},
}

// String says what the disk is: "mmcblk0 is an SD card".
func (d Disk) String() string { return d.In("en") }

// In says what the disk is, in zh or en.
func (d Disk) In(lang string) string {
	n, ok := names[d.Kind]
	if !ok {
		n = names[Unknown]
	}
	switch {
	case lang == "zh" && d.Name == "":
		return "磁盘类型未知"
	case lang == "zh" && n.zh[0] < utf8.RuneSelf:
		return d.Name + " 是 " + n.zh
	case lang == "zh":
		return d.Name + " 是" + n.zh
	case d.Name == "":
		return "the disk is not known"
	default:
		return d.Name + " is " + n.en
	}
}
