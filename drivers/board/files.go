package board

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
)

// What the kernel writes, as pure functions. Whatever does not follow the form is
// drivers.ErrProtocol.

func odd(text, want string) error {
	return fmt.Errorf("%w: %.60q, want %s", drivers.ErrProtocol, text, want)
}

// whole reads a file that holds one whole number.
func whole(text string) (int64, error) {
	v, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, odd(text, "a whole number")
	}
	return v, nil
}

// ticks is how the processor's time was spent since the start, in hundredths of a second
// of all cores together.
type ticks struct{ busy, all uint64 }

// errNoTime says that no processor time has passed since the sample before.
var errNoTime = fmt.Errorf("%w: no processor time has passed", drivers.ErrDevice)

// parseTicks reads the first line of /proc/stat: user, nice, system, idle, iowait, irq,
// softirq, steal; guests are in user already. Idle and iowait are no work.
func parseTicks(text string) (t ticks, err error) {
	line, _, _ := strings.Cut(text, "\n")
	f := strings.Fields(line)
	if len(f) < 5 || f[0] != "cpu" {
		return t, odd(line, "the line of all processors")
	}
	for i, word := range f[1:min(len(f), 9)] {
		n, err := strconv.ParseUint(word, 10, 56) // eight of them fit into 64 bits
		if err != nil {
			return t, odd(line, "counts")
		}
		if t.all += n; i != 3 && i != 4 {
			t.busy += n
		}
	}
	return t, nil
}

// since is the share of the time between two readings that was work, in %. Counts of
// iowait may fall a little; what then falls below nothing is nothing.
func (t ticks) since(before ticks) (float64, error) {
	all, busy := int64(t.all-before.all), int64(t.busy-before.busy)
	if all <= 0 {
		return 0, errNoTime
	}
	return tenth(100 * min(1, max(0, float64(busy)/float64(all)))), nil
}

// parseMemory returns how much of the memory is in use, in %: what is not available to a
// program without swapping.
func parseMemory(text string) (float64, error) {
	var total, available int64 = -1, -1
	for line := range strings.Lines(text) {
		for prefix, at := range map[string]*int64{"MemTotal:": &total, "MemAvailable:": &available} {
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
				if err != nil {
					return 0, odd(line, "a number of kB")
				}
				*at = n
			}
		}
	}
	if total <= 0 || available < 0 || available > total {
		return 0, odd(text, "MemTotal and MemAvailable")
	}
	return used(total, available), nil
}

// used is what of a total is not free, in %.
func used(total, free int64) float64 { return tenth(100 * float64(total-free) / float64(total)) }

func tenth(v float64) float64 { return math.Round(v*10) / 10 }

// parseUptime reads the first number of /proc/uptime, in seconds.
func parseUptime(text string) (float64, error) {
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	v, err := strconv.ParseFloat(first, 64)
	if err != nil || !(v >= 0 && v <= 1e10) {
		return 0, odd(text, "seconds since the start")
	}
	return v, nil
}

// marks are what the firmware of a Raspberry Pi has noticed, as vcgencmd get_throttled
// tells it: what is so now in the low half, what was so since the marks were last cleared
// in the high half.
type marks uint32

const (
	underVoltage marks = 1 << 0
	slowed       marks = 1<<1 | 1<<2 | 1<<3 // frequency capped, throttled, soft temperature limit
	seen               = 16
)

// parseMarks reads get_throttled: hexadecimal digits, on some kernels with 0x.
func parseMarks(text string) (marks, error) {
	v, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(text), "0x"), 16, 32)
	if err != nil {
		return 0, odd(text, "hexadecimal digits")
	}
	return marks(v), nil
}

// has says whether one of the marks is set now, or since they were last cleared, as 1 or 0.
func (m marks) has(which marks, qualifier string) float64 {
	if qualifier == "seen" {
		which <<= seen
	}
	if m&which != 0 {
		return 1
	}
	return 0
}

// errScale says that a wireless driver gives its level on a scale of its own.
var errScale = errors.New("its driver gives no level in dBm")

// parseSignal finds the level of an interface in /proc/net/wireless, in dBm. ok is false
// where the interface is not in it. A level of 64 to 255 is one that a driver gave in
// eight bits; below that, and not negative, it is no dBm.
func parseSignal(text, iface string) (level float64, ok bool, err error) {
	for line := range strings.Lines(text) {
		name, rest, found := strings.Cut(strings.TrimSpace(line), ":")
		if !found || name != iface {
			continue
		}
		f := strings.Fields(rest)
		if len(f) < 3 {
			return 0, true, odd(line, "status, link, level")
		}
		v, err := strconv.ParseFloat(strings.TrimSuffix(f[2], "."), 64)
		switch {
		case err != nil || !(v >= -256 && v <= 255):
			return 0, true, odd(line, "a level")
		case v >= 64:
			v -= 256
		case v >= 0:
			return 0, true, fmt.Errorf("%w: %w", drivers.ErrProtocol, errScale)
		}
		return v, true, nil
	}
	return 0, false, nil
}

// plain makes a name of the kernel one that can stand behind a channel's dot:
// "cpu-thermal" is cpu_thermal.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '_'
	}, name)
}
