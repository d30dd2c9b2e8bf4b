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

// spaceOf returns the bytes of the file system that holds dir: all, and those that a
// service may still write.
func spaceOf(dir string) (total, free int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, err
	}
	size := int64(st.Frsize) //nolint:unconvert // 32 bits wide on some architectures
	if size == 0 {
		size = int64(st.Bsize) //nolint:unconvert // the same
	}
	return int64(st.Blocks) * size, int64(st.Bavail) * size, nil
}
