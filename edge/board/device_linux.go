package board

import "golang.org/x/sys/unix"

// deviceOf returns the number of the device that holds a directory.
func deviceOf(dir string) (major, minor uint32, err error) {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return 0, 0, err
	}
	dev := uint64(st.Dev) //nolint:unconvert // 32 bits wide on some architectures
	return unix.Major(dev), unix.Minor(dev), nil
}
