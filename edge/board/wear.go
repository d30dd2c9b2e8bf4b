package board

import (
	"path/filepath"
	"strconv"
	"strings"
)

// sector is the unit of the block layer's counts, whatever the device's own is.
const sector = 512

// Wear is what a disk says of its own use.
type Wear struct {
	// Written counts the bytes that reached the device since boot, whoever wrote
	// them; Counted says whether it could be read.
	Written uint64
	Counted bool
	// Used is the worse of the two areas of an eMMC: 1 means 0–10 % of its life used,
	// 10 means 90–100 %, 11 more than that. 0: the device does not say.
	Used int
	// Spare is an eMMC's count of reserve blocks: 1 normal, 2 four fifths used, 3
	// nine tenths. 0: the device does not say.
	Spare int
}

// When an eMMC is worth a warning.
const (
	WornUsed  = 8 // 70–80 % used
	WornSpare = 2
)

// Worn says whether the device itself asks to be replaced before long.
func (w Wear) Worn() bool { return w.Used >= WornUsed || w.Spare >= WornSpare }

// Wear reads the device's counters as they are now.
func (d Disk) Wear() Wear {
	var w Wear
	if d.sys == "" {
		return w
	}
	const written = 6 // counted from 0
	if f := strings.Fields(text(filepath.Join(d.sys, "stat"))); len(f) > written {
		n, err := strconv.ParseUint(f[written], 10, 64)
		w.Written, w.Counted = n*sector, err == nil
	}
	for _, s := range strings.Fields(text(filepath.Join(d.sys, "device/life_time"))) {
		w.Used = max(w.Used, register(s, 11))
	}
	w.Spare = register(text(filepath.Join(d.sys, "device/pre_eol_info")), 3)
	return w
}

// register reads a value like 0x02; what is out of range says nothing.
func register(s string, most int) int {
	n, err := strconv.ParseUint(s, 0, 8)
	if err != nil || int(n) > most {
		return 0
	}
	return int(n)
}
