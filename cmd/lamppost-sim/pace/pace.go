// Package pace sends bytes over a pseudo terminal at the speed of a real line. A
// pty passes everything at once; at 9600 baud a character takes a millisecond.
package pace

import "time"

// burst is how long a line talks between two writes: about what a USB adapter
// gathers before it passes bytes on.
const burst = 8 * time.Millisecond

// Characters returns how long n characters take at baud, ten bits each (8N1).
func Characters(n, baud int) time.Duration {
	return time.Duration(n) * 10 * time.Second / time.Duration(baud)
}

// Send passes b to write in bursts, so that the last byte leaves when a line would
// have sent it. write returns how many bytes it took and does not block. Send
// says whether all of b went out; it stops at the first byte that did not.
func Send(write func([]byte) int, baud int, b []byte) bool {
	begin := time.Now()
	chunk := max(1, int(burst/Characters(1, baud)))
	for sent := 0; sent < len(b); {
		next := b[sent:min(sent+chunk, len(b))]
		sent += len(next)
		time.Sleep(time.Until(begin.Add(Characters(sent, baud))))
		if write(next) < len(next) {
			return false
		}
	}
	return true
}
