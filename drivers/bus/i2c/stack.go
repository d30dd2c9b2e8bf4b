//go:build linux

package i2c

// periph's I2C keeps the addresses of its messages, which are on the stack, as plain
// numbers while it goes down to the system call. If the stack moved on that way,
// because it had to grow or the collector shrank it, the kernel would read and write
// somewhere else. On a stack that is large enough and well used neither happens.

const (
	ballast = 12 << 10 // more than a quarter of 32 KiB: below it the stack would shrink
	room    = 12 << 10 // on top of it: grows the stack to 32 KiB
)

// steady calls f on a stack that does not move while f needs less than 16 KiB of it.
func steady(f func()) {
	var keep [ballast]byte
	touch(keep[:])
	stretch()
	f()
	touch(keep[:])
}

//go:noinline
func stretch() {
	var b [room]byte
	touch(b[:])
}

//go:noinline
func touch(b []byte) { b[0]++ }
