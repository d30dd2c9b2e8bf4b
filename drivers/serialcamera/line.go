package serialcamera

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// line is the port with what was received and not used.
type line struct {
	port  drivers.Port
	buf   []byte
	heard int // bytes since the last request
}

// ask drops what came before, and sends a request.
func (l *line) ask(ctx context.Context, request []byte) error {
	l.buf, l.heard = l.buf[:0], 0
	if err := l.port.Discard(); err != nil {
		return err
	}
	_, err := l.port.Write(ctx, request)
	return err
}

// more waits for bytes, at most for so long.
func (l *line) more(ctx context.Context, silence time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	var b [512]byte
	n, err := l.port.Read(ctx, b[:])
	l.buf, l.heard = append(l.buf, b[:n]...), l.heard+n
	return err
}

// use drops the first bytes, of which some were noise.
func (l *line) use(n, noise int) {
	l.buf = append(l.buf[:0], l.buf[n:]...)
	if noise > 0 {
		l.port.Noise(noise)
	}
}

// explain says what came instead of an answer, where none did in time.
func (l *line) explain(err error, wanted string) error {
	switch {
	case !errors.Is(err, drivers.ErrTimeout):
		return err
	case l.heard == 0:
		return fmt.Errorf("%w: not a byte came of %s", drivers.ErrTimeout, wanted)
	default:
		return fmt.Errorf("%w: %d bytes came and not %s; is it this model, at this baud rate?", drivers.ErrProtocol, l.heard, wanted)
	}
}

// sized says whether a picture of n bytes is taken.
func sized(n int64, limit int) error {
	switch {
	case n > int64(limit):
		return fmt.Errorf("%w: a picture of %d bytes; max_bytes is %d", drivers.ErrProtocol, n, limit)
	case n == 0:
		return fmt.Errorf("%w: a picture of no bytes", drivers.ErrDevice)
	default:
		return nil
	}
}
