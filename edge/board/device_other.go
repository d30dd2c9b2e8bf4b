//go:build !linux

package board

import "errors"

// deviceOf knows nothing: there is no /sys to look the device up in.
func deviceOf(string) (major, minor uint32, err error) {
	return 0, 0, errors.ErrUnsupported
}

func spaceOf(string) (total, free int64, err error) { return 0, 0, errors.ErrUnsupported }
