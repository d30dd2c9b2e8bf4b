// Package direct lets TCP connections read and write without telling the Go
// scheduler.
//
// A goroutine that enters the kernel the usual way announces it, so that another
// thread may take its place should it block. In a process that is asleep most of the
// time and wakes for a few hundred small messages a second, the announcement costs more
// than the call: it wakes the runtime's monitor thread, which then looks every 20 µs,
// for as long as anything runs, whether a call blocks. A socket of the net package never
// blocks in the kernel: it is non-blocking, and who has to wait parks his goroutine.
//
// What is promised: a [Conn] behaves as the connection it was made of, deadlines, Close
// and errors included. It may be used as that: one reader and one writer at a time, each
// from any goroutine. What is not: that anything is gained elsewhere than on Linux, or
// with anything else than a TCP connection. Source: runtime/proc.go (entersyscall,
// sysmon) and internal/poll of Go 1.26.
package direct
