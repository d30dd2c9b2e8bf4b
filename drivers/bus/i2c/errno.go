//go:build linux

package i2c

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/lamppost-city/lamppost/drivers"
)

// known are the numbers that adapters return, Documentation/i2c/fault-codes.rst.
var known = []syscall.Errno{
	syscall.ENXIO, syscall.EREMOTEIO, syscall.ETIMEDOUT, syscall.EAGAIN, syscall.EINTR, syscall.EIO, syscall.EPROTO, syscall.EBADMSG,
	syscall.ENODEV, syscall.ENOENT, syscall.EBADF, syscall.ESHUTDOWN, syscall.EBUSY, syscall.EOPNOTSUPP, syscall.EINVAL,
}

// number finds the kernel's number in an error of periph's, which keeps only its text;
// 0: it has none that we know.
func number(err error) syscall.Errno {
	var e syscall.Errno
	if errors.As(err, &e) {
		return e
	}
	for _, e := range known {
		if strings.HasSuffix(err.Error(), e.Error()) {
			return e
		}
	}
	return 0
}

func judge(err error) fault {
	switch number(err) {
	case syscall.ENXIO, syscall.EREMOTEIO:
		return fault{as: drivers.ErrTimeout, words: noAckWords, again: true, count: func(h *Health) { h.NoAck++ }}
	case syscall.ETIMEDOUT:
		return fault{as: drivers.ErrTimeout, words: stuckWords, count: func(h *Health) { h.Timeouts++ }}
	case syscall.EAGAIN:
		return fault{as: drivers.ErrBusy, words: talkWords, again: true, count: func(h *Health) { h.Arbitration++ }}
	case syscall.EINTR: // by a signal to this program; how much went over the wire is not known
		return fault{as: drivers.ErrBusy, words: cutWords, again: true, count: func(h *Health) { h.Other++ }}
	case syscall.ENODEV, syscall.ENOENT, syscall.EBADF, syscall.ESHUTDOWN:
		return fault{as: drivers.ErrUnplugged, words: "the adapter is gone", gone: true, count: func(*Health) {}}
	case syscall.EBUSY:
		return fault{as: drivers.ErrBusy, words: "the kernel uses the bus", count: func(h *Health) { h.Other++ }}
	case syscall.EOPNOTSUPP:
		return fault{as: drivers.ErrProtocol, words: plainWords, count: func(h *Health) { h.Other++ }}
	}
	return fault{as: drivers.ErrProtocol, words: "the adapter reports a fault", count: func(h *Health) { h.Other++ }}
}

// error is f as an error, with what the adapter said.
func (f fault) error(err error) error {
	if n := number(err); n != 0 {
		return fmt.Errorf("%w: %s (%w, errno %d)", f.as, f.words, n, int(n))
	}
	return fmt.Errorf("%w: %s (%w)", f.as, f.words, err)
}
