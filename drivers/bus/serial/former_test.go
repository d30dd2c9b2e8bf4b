//go:build linux

package serial

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers"
)

// An emulated kernel may not know the requests that carry a speed as a number: the usual
// speeds go without them, and another one says what is missing.
func TestKernelWithoutNumberedSpeeds(t *testing.T) {
	for baud, works := range map[int]bool{9600: true, 115200: true, 31250: false} {
		cfg := Config{Path: filepath.Join(t.TempDir(), "adapter"), Settings: drivers.LineSettings{Baud: baud}}
		plug(t, cfg.Path)
		via := func(fd int, request uint, arg unsafe.Pointer) error {
			if request == unix.TCGETS2 || request == unix.TCSETS2 {
				return unix.ENOSYS
			}
			return kernel(fd, request, arg)
		}
		p, err := openPort(cfg, via)
		if err == nil {
			p.close()
		}
		if works && err != nil || !works && (!errors.Is(err, unix.ENOSYS) || !strings.Contains(err.Error(), "31250")) {
			t.Errorf("%d baud: %v", baud, err)
		}
	}
}
