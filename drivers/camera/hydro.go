package camera

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/hydrocam"
	"github.com/lamppost-city/lamppost/drivers/camera/vc0706"
)

// hydro is the scheme of a Geolux HydroCam on a serial line.
const hydro = "hydrocam"

// What a HydroCam takes, as its users found: a picture 6 to over 16 s, a setting up to 7 s.
const (
	hydroBaud       = 115200 // it has no other
	hydroSize       = "640x480"
	exposes         = 6 * time.Second
	longestExposure = 25 * time.Second
	longestSetting  = 8 * time.Second
	looksEach       = 500 * time.Millisecond // whether it is done
	hydroAnswers    = time.Second            // for a line, or a piece to go on
)

// hydroLine is the line of a HydroCam.
func (o options) hydroLine() (l line, err error) {
	if o.Baud != 0 && o.Baud != hydroBaud {
		err = &drivers.OptionError{Key: "baud", Msg: fmt.Sprintf("a HydroCam speaks at %d bit/s and cannot be set; delete it", hydroBaud)}
	}
	l = line{size: vc0706.Size{Name: o.Size}, baud: hydroBaud}
	if o.Size == "" {
		l.size.Name = hydroSize
	}
	w, h, ok := sides(l.size.Name)
	if !ok || w < hydrocam.LeastWidth || h < hydrocam.LeastHeight || w > hydrocam.MostWidth || h > hydrocam.MostHeight {
		return l, errors.Join(err, &drivers.OptionError{Key: "size", Msg: fmt.Sprintf("a HydroCam has no such size; write columns x rows, %dx%d to %dx%d",
			hydrocam.LeastWidth, hydrocam.LeastHeight, hydrocam.MostWidth, hydrocam.MostHeight)})
	}
	return l, errors.Join(err, l.carries())
}

// hydroCamera takes pictures with a HydroCam: it sets the size, once and again after
// something went wrong, has a picture taken, waits until it is there and reads it piece by
// piece. The camera gives no piece twice, so a picture of which bytes are lost is given up.
type hydroCamera struct {
	wireEnd
	set bool // it has the size, and nothing is on its way
}

func (h *hydroCamera) fetch(ctx context.Context) ([]byte, error) {
	if !h.set {
		if err := h.resize(ctx); err != nil {
			return nil, err
		}
	}
	h.set = false
	if err := h.takes(ctx, hydrocam.TakeSnapshot, longestExposure); err != nil {
		return nil, err
	}
	n, err := h.ready(ctx)
	if err != nil {
		return nil, err
	}
	b, err := h.read(ctx, n)
	h.set = err == nil
	return b, err
}

// resize sets the size, which a loss of power may have changed.
func (h *hydroCamera) resize(ctx context.Context) error {
	if err := h.quiet(ctx); err != nil {
		return err
	}
	w, rows, _ := sides(h.line.size.Name)
	err := h.takes(ctx, hydrocam.SetResolution(w, rows), longestSetting)
	if errors.Is(err, drivers.ErrDevice) {
		return fmt.Errorf("%w: it refuses the size %s; write a size that it has", drivers.ErrSettings, h.line.size.Name)
	}
	return err
}

// takes gives an order until the camera takes it: it may be busy with another one.
func (h *hydroCamera) takes(ctx context.Context, command string, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		s, err := h.call(ctx, command, within)
		switch {
		case err != nil:
			return err
		case s.State == hydrocam.OK:
			return nil
		case s.State != hydrocam.Busy:
			return fmt.Errorf("%w: it says %s to %.24q", drivers.ErrDevice, s.State, command)
		}
		if err := h.pause(ctx, "it is busy for too long"); err != nil {
			return err
		}
	}
}

// ready waits for the picture that was ordered and returns its size in bytes.
func (h *hydroCamera) ready(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, longestExposure)
	defer cancel()
	for {
		s, err := h.call(ctx, hydrocam.GetStatus, hydroAnswers)
		switch {
		case err != nil:
			return 0, err
		case s.State == hydrocam.Ready && s.Size > h.limit:
			return 0, fmt.Errorf("%w: a picture of %d bytes; max_bytes is %d", drivers.ErrProtocol, s.Size, h.limit)
		case s.State == hydrocam.Ready:
			return s.Size, nil
		case s.State != hydrocam.Busy:
			return 0, fmt.Errorf("%w: it says %s and should have a picture", drivers.ErrDevice, s.State)
		}
		if err := h.pause(ctx, "its picture is not there in time"); err != nil {
			return 0, err
		}
	}
}

func (h *hydroCamera) pause(ctx context.Context, late string) error {
	err := drivers.Wait(ctx, looksEach)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, drivers.ErrTimeout) {
		return fmt.Errorf("%w: %s", drivers.ErrTimeout, late)
	}
	return err
}

// read fetches a picture of n bytes, the pieces in order and each once.
func (h *hydroCamera) read(ctx context.Context, n int) ([]byte, error) {
	out := make([]byte, 0, n)
	for len(out) < n {
		count := min(pieceBytes, n-len(out))
		if err := h.send(ctx, hydrocam.GetImage(len(out), count)); err != nil {
			return nil, err
		}
		for len(h.in) < count+hydrocam.PieceExtra {
			if err := h.hear(ctx, hydroAnswers); err != nil {
				return nil, fmt.Errorf("after %d of %d bytes: %w", len(out), n, err)
			}
		}
		b, err := hydrocam.Piece(h.in, count)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
		}
		out = append(out, b...)
	}
	return out, nil
}

// call gives an order and waits for its line. Other lines are passed over: what the camera
// says when it starts, and what is left of older answers.
func (h *hydroCamera) call(ctx context.Context, command string, within time.Duration) (hydrocam.Status, error) {
	if err := h.send(ctx, command); err != nil {
		return hydrocam.Status{}, err
	}
	for {
		for {
			text, rest, ok := hydrocam.Line(h.in)
			if !ok {
				break
			}
			used := len(h.in) - len(rest)
			s, err := hydrocam.ParseStatus(text)
			h.in = append(h.in[:0], rest...)
			if err == nil {
				return s, nil
			}
			h.port.Noise(used)
		}
		if over := len(h.in) - hydrocam.MaxLine; over > 0 {
			h.in = append(h.in[:0], h.in[over:]...)
			h.port.Noise(over)
		}
		if err := h.hear(ctx, within); err != nil {
			return hydrocam.Status{}, err
		}
	}
}

func (h *hydroCamera) send(ctx context.Context, command string) error {
	if err := h.forget(); err != nil {
		return err
	}
	_, err := h.port.Write(ctx, []byte(command))
	return err
}

// hear reads what comes within a time, and words it when nothing does.
func (h *hydroCamera) hear(ctx context.Context, within time.Duration) error {
	mine, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := h.more(mine)
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, drivers.ErrTimeout) && !errors.Is(err, context.DeadlineExceeded):
		return err
	case len(h.in) > 0:
		return fmt.Errorf("%w: its answer stops after %d bytes", drivers.ErrTimeout, len(h.in))
	}
	return fmt.Errorf("%w: it says nothing; is it on, and are RX and TX crossed?", drivers.ErrTimeout)
}
