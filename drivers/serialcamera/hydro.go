package serialcamera

import (
	"context"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/serialcamera/hydrocam"
)

// hydro is a HydroCam.
type hydro struct {
	*line
	limit int
}

const (
	piece     = 512             // bytes of a picture that are asked for at once
	listens   = 2 * time.Second // for an answer
	looksEach = time.Second     // whether the picture is there
)

// take lets the camera take a picture, waits until it is there and reads it. Pieces come
// one behind the other, each once: what was lost cannot be asked for again.
func (h *hydro) take(ctx context.Context) ([]byte, error) {
	for {
		s, err := h.call(ctx, hydrocam.TakeSnapshot)
		if err != nil {
			return nil, err
		}
		if s.State == hydrocam.OK {
			break
		}
		if s.State != hydrocam.Busy {
			return nil, fmt.Errorf("%w: it says %s when it should take a picture", drivers.ErrDevice, s.State)
		}
		if err := drivers.Wait(ctx, looksEach); err != nil {
			return nil, err
		}
	}
	n, err := h.ready(ctx)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, n)
	for at := 0; at < n; at += piece {
		if b, err = h.next(ctx, b, at, min(piece, n-at)); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// ready waits for the picture and returns its size.
func (h *hydro) ready(ctx context.Context) (int, error) {
	for {
		if err := drivers.Wait(ctx, looksEach); err != nil {
			return 0, err
		}
		s, err := h.call(ctx, hydrocam.GetStatus)
		switch {
		case err != nil:
			return 0, err
		case s.State == hydrocam.Ready:
			return s.Size, sized(int64(s.Size), h.limit)
		case s.State != hydrocam.Busy:
			return 0, fmt.Errorf("%w: it says %s when it should have a picture", drivers.ErrDevice, s.State)
		}
	}
}

// call sends a command and waits for its line. Other lines are noise: what the camera says
// when it starts, and what is left of older answers.
func (h *hydro) call(ctx context.Context, command string) (hydrocam.Status, error) {
	if err := h.ask(ctx, []byte(command)); err != nil {
		return hydrocam.Status{}, err
	}
	for {
		for {
			text, rest, ok := hydrocam.Line(h.buf)
			if !ok {
				break
			}
			s, err := hydrocam.ParseStatus(text)
			used := len(h.buf) - len(rest)
			if err == nil {
				h.use(used, 0)
				return s, nil
			}
			h.use(used, used)
		}
		if over := len(h.buf) - hydrocam.MaxLine; over > 0 {
			h.use(over, over)
		}
		if err := h.more(ctx, listens); err != nil {
			return hydrocam.Status{}, h.explain(err, fmt.Sprintf("an answer to %.20q", command))
		}
	}
}

// next reads the next piece and appends it to b.
func (h *hydro) next(ctx context.Context, b []byte, at, count int) ([]byte, error) {
	if err := h.ask(ctx, []byte(hydrocam.GetImage(at, count))); err != nil {
		return nil, err
	}
	for len(h.buf) < count+hydrocam.PieceExtra {
		if err := h.more(ctx, listens); err != nil {
			return nil, h.explain(err, fmt.Sprintf("the picture's %d bytes from %d on", count, at))
		}
	}
	data, err := hydrocam.Piece(h.buf[:count+hydrocam.PieceExtra], count)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	return append(b, data...), nil
}
