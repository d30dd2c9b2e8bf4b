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

// pair returns both ends of a connection; ours is direct.
func pair(t testing.TB) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	ours = Conn(c)
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	return ours, theirs
}

// Far more than the kernel buffers has to wait for the other side on the way.
func TestConnCarriesWhatDoesNotFitAtOnce(t *testing.T) {
	ours, theirs := pair(t)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	go func() {
		_, err := io.Copy(theirs, theirs) // an echo
		t.Log("echo:", err)
	}()
	wrote := make(chan error, 1)
	go func() {
		n, err := ours.Write(sent)
		if n != len(sent) {
			err = errors.Join(err, io.ErrShortWrite)
		}
		wrote <- err
	}()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(ours, got); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("what came back is not what was sent: %v", err)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

func TestConnEndsAsAnyOther(t *testing.T) {
	past := time.Unix(1, 0)
	for _, c := range []struct {
		name string
		do   func(ours, theirs net.Conn) error
		want error
	}{
		{"read after its deadline", func(ours, _ net.Conn) error {
			return errors.Join(ours.SetReadDeadline(past), read(ours))
		}, os.ErrDeadlineExceeded},
		{"write after its deadline", func(ours, _ net.Conn) error {
			_, err := ours.Write(nil)
			return errors.Join(err, ours.SetWriteDeadline(past), write(ours))
		}, os.ErrDeadlineExceeded},
		{"read until its deadline", func(ours, _ net.Conn) error {
			return errors.Join(ours.SetReadDeadline(time.Now().Add(time.Millisecond)), read(ours))
		}, os.ErrDeadlineExceeded},
		{"a deadline set while it reads", func(ours, _ net.Conn) error {
			go func() { _ = ours.SetReadDeadline(past) }()
			return read(ours)
		}, os.ErrDeadlineExceeded},
		{"closed by the peer", func(ours, theirs net.Conn) error { return errors.Join(theirs.Close(), read(ours)) }, io.EOF},
		{"reset by the peer", func(ours, theirs net.Conn) error {
			return errors.Join(theirs.(*net.TCPConn).SetLinger(0), theirs.Close(), read(ours))
		}, syscall.ECONNRESET},
		{"closed while it reads", func(ours, _ net.Conn) error {
			go ours.Close()
			return read(ours)
		}, net.ErrClosed},
		{"closed before", func(ours, _ net.Conn) error { return errors.Join(ours.Close(), write(ours)) }, net.ErrClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.do(pair(t)); !errors.Is(err, c.want) {
				t.Errorf("%v, not %v", err, c.want)
			}
		})
	}
}

// A deadline that has passed ends one call, not the connection.
func TestConnGoesOnAfterADeadline(t *testing.T) {
	ours, theirs := pair(t)
	if err := errors.Join(ours.SetDeadline(time.Unix(1, 0)), read(ours)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	if err := errors.Join(ours.SetDeadline(time.Time{}), write(theirs), read(ours), write(ours), read(theirs)); err != nil {
		t.Error(err)
	}
}

func TestConnLeavesOthersAlone(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	defer a.Close()
	if c := Conn(a); c != a {
		t.Errorf("a pipe became %T", c)
	}
}

func TestConnAllocatesNothing(t *testing.T) {
	ours, theirs := pair(t)
	p := make([]byte, 16)
	n := testing.AllocsPerRun(100, func() {
		if _, err := ours.Write(p); err != nil {
			t.Error(err)
		}
		if _, err := theirs.Read(p); err != nil {
			t.Error(err)
		}
		if _, err := theirs.Write(p); err != nil {
			t.Error(err)
		}
		if _, err := ours.Read(p); err != nil {
			t.Error(err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations for a message there and one back", n)
	}
}

func read(c net.Conn) error {
	_, err := c.Read(make([]byte, 1))
	return err
}

func write(c net.Conn) error {
	_, err := c.Write([]byte{1})
	return err
}
