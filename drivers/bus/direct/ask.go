package direct

import "net"

// Ask sends out over c and then reads once into in, as a Write and a Read would. With
// a connection of this package it is one call less into the kernel, and one less to the
// scheduler, than these two.
//
// sent is how many bytes of out have left, got how many came. What the socket does not
// take at once is not waited for: sent is then less than len(out), nothing was read, and
// err may be nil. The deadline for reading bounds the wait for an answer.
func Ask(c net.Conn, out, in []byte) (sent, got int, err error) { return askConn(c, out, in) }

func askPlain(c net.Conn, out, in []byte) (sent, got int, err error) {
	if sent, err = c.Write(out); err != nil {
		return sent, 0, err
	}
	got, err = c.Read(in)
	return sent, got, err
}
