package direct

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// answer lets the other side send what it gets back, n times.
func answer(t *testing.T, theirs net.Conn, n int) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		p := make([]byte, 4)
		for range n {
			if _, err := io.ReadFull(theirs, p); err != nil {
				done <- err
				return
			}
			if _, err := theirs.Write(p); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error("the other side:", err)
		}
	})
}

func TestAskBringsTheAnswer(t *testing.T) {
	for name, of := range map[string]func(net.Conn) net.Conn{
		"direct": func(c net.Conn) net.Conn { return c },
		"plain":  func(c net.Conn) net.Conn { return struct{ net.Conn }{c} },
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := pair(t)
			answer(t, theirs, 3)
			in := make([]byte, 64)
			for _, q := range []string{"who?", "what", "when"} {
				if sent, got, err := Ask(of(ours), []byte(q), in); sent != len(q) || err != nil || string(in[:got]) != q {
					t.Errorf("Ask(%q): %d sent, got %q, error %v", q, sent, in[:got], err)
				}
			}
		})
	}
}

// What lay there before the question was asked is not lost: it comes with the answer, or
// with the next Read if there is none.
func TestAskKeepsWhatCameBefore(t *testing.T) {
	ours, theirs := pair(t)
	if _, err := theirs.Write([]byte("late")); err != nil {
		t.Fatal(err)
	}
	answer(t, theirs, 1)
	all, in := []byte(nil), make([]byte, 64)
	_, got, err := Ask(ours, []byte("who?"), in)
	all = append(all, in[:got]...)
	for err == nil && len(all) < 8 {
		got, err = ours.Read(in)
		all = append(all, in[:got]...)
	}
	if err != nil || string(all) != "latewho?" {
		t.Errorf("got %q, error %v", all, err)
	}
}

func TestAskEndsAsWriteAndReadDo(t *testing.T) {
	past := time.Unix(1, 0)
	for _, c := range []struct {
		name string
		do   func(ours, theirs net.Conn) error // before
		sent int
		want []error // one of them
	}{
		{"its deadline is over", func(ours, _ net.Conn) error { return ours.SetDeadline(past) }, 0, []error{os.ErrDeadlineExceeded}},
		{"no answer until its deadline", func(ours, _ net.Conn) error { return ours.SetDeadline(time.Now().Add(time.Millisecond)) }, 4, []error{os.ErrDeadlineExceeded}},
		{"a deadline set while it waits", func(ours, theirs net.Conn) error {
			go func() {
				_ = read(theirs)
				_ = ours.SetReadDeadline(past)
			}()
			return nil
		}, 4, []error{os.ErrDeadlineExceeded}},
		{"closed by us while it waits", func(ours, theirs net.Conn) error {
			go func() {
				_ = read(theirs)
				_ = ours.Close()
			}()
			return nil
		}, 4, []error{net.ErrClosed}},
		{"closed before", func(ours, _ net.Conn) error { return ours.Close() }, 0, []error{net.ErrClosed}},
		{"closed by the peer while it waits", func(_, theirs net.Conn) error {
			go func() {
				_, _ = io.ReadFull(theirs, make([]byte, 4))
				_ = theirs.Close()
			}()
			return nil
		}, 4, []error{io.EOF}},
		// The peer has closed before: the question meets nobody, and the kernel says so now or
		// with the reset that it provokes.
		{"closed by the peer before", func(_, theirs net.Conn) error { return theirs.Close() }, 4, []error{io.EOF, syscall.ECONNRESET, syscall.EPIPE}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ours, theirs := pair(t)
			if err := c.do(ours, theirs); err != nil {
				t.Fatal(err)
			}
			sent, got, err := Ask(ours, []byte("who?"), make([]byte, 8))
			known := false
			for _, want := range c.want {
				known = known || errors.Is(err, want)
			}
			if !known || sent != c.sent || got != 0 {
				t.Errorf("%d sent, %d came, error %v; want %d sent, error %v", sent, got, err, c.sent, c.want)
			}
		})
	}
}

// Of a question that is longer than what the kernel takes at once the rest is the
// caller's, who may wait for room or not.
func TestAskDoesNotWaitForRoom(t *testing.T) {
	ours, theirs := pair(t)
	if _, ok := ours.(*net.TCPConn); ok {
		t.Skip("here a connection is one of the net package, whose Write waits")
	}
	long := bytes.Repeat([]byte("x"), 64<<20)
	sent, got, err := Ask(ours, long, make([]byte, 8))
	if sent == 0 || sent == len(long) || got != 0 || err != nil {
		t.Fatalf("%d of %d sent, %d came, error %v", sent, len(long), got, err)
	}
	if n, err := io.CopyN(io.Discard, theirs, int64(sent)); err != nil {
		t.Errorf("%d of %d bytes arrived: %v", n, sent, err)
	}
}

func TestAskAllocatesNothing(t *testing.T) {
	ours, theirs := pair(t)
	go func() { _, _ = io.Copy(theirs, theirs) }()
	p, in := make([]byte, 16), make([]byte, 16)
	if n := testing.AllocsPerRun(100, func() {
		if _, _, err := Ask(ours, p, in); err != nil {
			t.Error(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for a question and its answer", n)
	}
}
