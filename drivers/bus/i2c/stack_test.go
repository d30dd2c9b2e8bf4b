//go:build linux

package i2c

import (
	"runtime"
	"testing"
	"unsafe"
)

// The stack that periph's message addresses point into does not move. (On a goroutine
// of its own, without steady, it does: it begins with a few KiB.)
func TestSteadyStack(t *testing.T) {
	moved := func(hold func(func())) (moved bool) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			hold(func() {
				var here int
				at := address(&here)
				deep(12 << 10 / deepFrame)
				for range 3 {
					runtime.GC()
					runtime.Gosched()
				}
				deep(12 << 10 / deepFrame)
				moved = address(&here) != at
				here++
			})
		}()
		<-done
		return moved
	}
	if !moved(func(f func()) { f() }) {
		t.Error("a plain goroutine's stack did not move: the test proves nothing")
	}
	if moved(steady) {
		t.Error("the stack moved")
	}
}

const deepFrame = 256

//go:noinline
func deep(n int) byte {
	var b [deepFrame]byte
	b[n%deepFrame] = 1
	if n == 0 {
		return b[0]
	}
	return deep(n-1) + b[1]
}

//go:noinline
func address(p *int) uintptr { return uintptr(unsafe.Pointer(p)) }
