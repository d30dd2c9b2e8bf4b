package serialcamera

import (
	"context"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/serialcamera/vc0706"
)

// processor is a camera with a VC0706.
type processor struct {
	*line
	camera vc0706.Camera
	limit  int
}

const (
	chunk    = 256                    // bytes of a picture that are asked for at once
	thinks   = 300 * time.Millisecond // 200 ms are enough for most, and an adapter may add its own
	falters  = 500 * time.Millisecond // silence in the middle of a chunk
	resuming = 200 * time.Millisecond
)

// take holds the picture, reads it, and lets the camera go on, whatever came of it.
func (p *processor) take(ctx context.Context) (b []byte, err error) {
	if _, err = p.call(ctx, p.camera.Control(vc0706.StopThis), vc0706.CmdFrame, "the camera's word that it took a picture"); err != nil {
		return nil, err
	}
	if b, err = p.read(ctx); err != nil {
		// Without a wait for its answer: the next request drops that.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), resuming)
		defer cancel()
		_ = p.ask(ctx, p.camera.Control(vc0706.Resume)) // what is wrong already counts
		return nil, err
	}
	_, err = p.call(ctx, p.camera.Control(vc0706.Resume), vc0706.CmdFrame, "the camera's word that it goes on")
	return b, err
}

func (p *processor) read(ctx context.Context) ([]byte, error) {
	a, err := p.call(ctx, p.camera.AskLength(), vc0706.CmdLength, "the picture's length")
	if err != nil {
		return nil, err
	}
	n, err := a.Length()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	if err := sized(n, p.limit); err != nil {
		return nil, err
	}
	b := make([]byte, 0, n+7)
	for address, count := range vc0706.Chunks(int(n), chunk) {
		if b, err = p.chunk(ctx, b, address, count); err != nil {
			return nil, err
		}
	}
	return b[:n:n], nil // what comes behind the length is padding
}

// call sends a command and waits for the answer to it.
func (p *processor) call(ctx context.Context, request []byte, command byte, wanted string) (a vc0706.Answer, err error) {
	if err := p.ask(ctx, request); err != nil {
		return a, err
	}
	for {
		a, used, noise, ok := p.camera.Find(p.buf, command)
		if ok {
			data := append([]byte(nil), a.Data...)
			p.use(used, noise)
			if why := a.Refused(); why != nil {
				return a, fmt.Errorf("%w: %w", drivers.ErrException, why)
			}
			a.Data = data
			return a, nil
		}
		p.use(used, noise)
		if err := p.more(ctx, thinks); err != nil {
			return a, p.explain(err, wanted)
		}
	}
}

// chunk reads one piece of the held picture and appends it to b.
func (p *processor) chunk(ctx context.Context, b []byte, address, count uint32) ([]byte, error) {
	wanted := fmt.Sprintf("the picture's bytes from %d on", address)
	if _, err := p.call(ctx, p.camera.Read(address, count), vc0706.CmdRead, wanted); err != nil {
		return nil, err
	}
	rest := int(count) + vc0706.TailBytes
	for len(p.buf) < rest {
		if err := p.more(ctx, falters); err != nil {
			return nil, p.explain(err, wanted)
		}
	}
	data, err := p.camera.Chunk(p.buf[:rest], int(count))
	if err != nil {
		return nil, fmt.Errorf("%w: from byte %d on: %w", drivers.ErrProtocol, address, err)
	}
	return append(b, data...), nil
}
