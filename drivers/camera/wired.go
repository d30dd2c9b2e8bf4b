package camera

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/vc0706"
)

// wired is the scheme of a camera on a serial line, one that speaks as the VC0706 does.
const wired = "vc0706"

// What is taken where nobody says otherwise, and what a picture may take on its line.
const (
	wiredSize   = "320x240"
	wiredBaud   = 38400                 // as the cameras are delivered
	pieceBytes  = 256                   // of a picture at a time, a multiple of 8
	pieceDelay  = 20 * time.Millisecond // of an adapter, for each piece
	mostOnLine  = 45 * time.Second      // of a usual picture; above it the configuration is refused
	usualDots   = 6                     // dots a byte of a usual picture: 50 kB for 640x480
	crowdedDots = 4                     // dots a byte of a large one
	framesWired = 16 + vc0706.ChunkBytes
)

// wiredBauds are the speeds that such a camera can be set to, bit/s.
var wiredBauds = []int{9600, 19200, 38400, 57600, 115200}

// line is how a camera's serial line is set, and what is wrong with how it was asked for.
type line struct {
	size vc0706.Size
	baud int
}

// wire returns the line of a camera at a serial port.
func (o options) wire(scheme string) (l line, err error) {
	if scheme == hydro {
		return o.hydroLine()
	}
	if l.baud = o.Baud; l.baud == 0 {
		l.baud = wiredBaud
	}
	if !slices.Contains(wiredBauds, l.baud) {
		err = &drivers.OptionError{Key: "baud", Msg: fmt.Sprintf("such a camera cannot be set to %d bit/s; write 9600, 19200, 38400, 57600 or 115200", o.Baud)}
	}
	wanted := o.Size
	if wanted == "" {
		wanted = wiredSize
	}
	var names []string
	for _, s := range vc0706.Sizes() {
		if names = append(names, s.Name); s.Name == wanted {
			l.size = s
		}
	}
	if l.size.Name == "" {
		return l, errors.Join(err, &drivers.OptionError{Key: "size", Msg: fmt.Sprintf("a camera on a serial line has no such size; write one of %s", strings.Join(names, ", "))})
	}
	if err != nil {
		return l, err
	}
	return l, l.carries()
}

// carries says why a usual picture takes too long on the line; nil: it does not.
func (l line) carries() error {
	if takes := l.time(l.bytes(usualDots)); takes > mostOnLine {
		return &drivers.OptionError{Key: "size", Msg: fmt.Sprintf("a picture of %s takes about %s at %d bit/s; choose a smaller size or a higher baud", l.size.Name, takes.Round(time.Second), l.baud)}
	}
	return nil
}

// bytes of a picture, with so many dots a byte.
func (l line) bytes(dots int) int {
	width, height, _ := sides(l.size.Name)
	return width * height / dots
}

// time is how long a picture of n bytes is on its way, with the frames around its pieces.
func (l line) time(n int) time.Duration {
	pieces := (n + pieceBytes - 1) / pieceBytes
	return l.chars(n+pieces*framesWired) + time.Duration(pieces)*pieceDelay
}

// chars is how long n characters take: ten bits each.
func (l line) chars(n int) time.Duration {
	return time.Duration(n) * 10 * time.Second / time.Duration(l.baud)
}

// hang plans the line of a camera at a serial port.
func (l line) hang(p *drivers.Plan, u *url.URL) {
	p.Port = u.Path
	p.Line = drivers.LineSettings{Baud: l.baud, Parity: "none", StopBits: 1}
	p.MinEvery = l.time(l.bytes(usualDots)).Truncate(time.Second) + 2*time.Second
	p.Timeout += (l.time(l.bytes(crowdedDots)) * 5 / 4).Round(time.Second)
	if u.Scheme == hydro {
		p.MinEvery += exposes
		p.Timeout += longestSetting + longestExposure
	}
}

// checkWire says what is wrong with the keys of a camera at a serial port, or with those at
// another one.
func (o options) checkWire(scheme string) error {
	if scheme != wired && scheme != hydro {
		if o.Baud != 0 {
			return &drivers.OptionError{Key: "baud", Msg: "only a camera on a serial line (vc0706:) has a speed; delete it"}
		}
		return nil
	}
	_, err := o.wire(scheme)
	return err
}

func openWired(c drivers.Fetcher, o options, u *url.URL) (*driver, error) {
	l, err := o.wire(u.Scheme)
	if err != nil {
		return nil, err
	}
	w, ok := c.(drivers.Wired)
	if !ok {
		return nil, fmt.Errorf("%s: %s: there is no serial line here", name, u.Path)
	}
	port, ok := w.Wire()
	if !ok {
		return nil, fmt.Errorf("%s: %s: there is no serial line here", name, u.Path)
	}
	end := wireEnd{port: port, line: l, limit: o.MaxBytes}
	if u.Scheme == hydro {
		return &driver{host: u.Path, source: &hydroCamera{wireEnd: end}}, nil
	}
	return &driver{host: u.Path, source: &wiredCamera{wireEnd: end}}, nil
}

// wiredCamera takes pictures with a camera on a serial line. It holds the picture that the
// camera has, asks for its length, reads it piece by piece, and lets pictures run again.
// The camera has no checksums: a piece is believed when it stands between the two frames
// that belong there, and the picture when it has as many bytes as were announced.
type wiredCamera struct {
	wireEnd
	cam   vc0706.Camera
	ready bool // pictures run, and nothing is on its way
	other int  // bytes that came with the last question and were no answer
	again int  // how many pieces may still be asked for again
}

// wireEnd is our end of a camera's serial line.
type wireEnd struct {
	port  drivers.Port
	line  line
	limit int    // bytes of a picture
	in    []byte // what came and was not used yet
}

// Times of the protocol.
const (
	answerTime  = 500 * time.Millisecond // for an answer to begin, or to go on
	quietTime   = 200 * time.Millisecond // after which nothing late is on its way
	bootTime    = 3 * time.Second        // of a camera that was reset
	spareTime   = 2 * time.Second        // beside what the bytes of a picture take
	mostStarts  = 4                      // questions to a camera that starts
	mostRepeats = 3                      // pieces of one picture that are asked for again
)

func (w *wiredCamera) fetch(ctx context.Context) ([]byte, error) {
	if !w.ready {
		if err := w.wake(ctx); err != nil {
			return nil, err
		}
	}
	w.ready = false
	if err := w.resize(ctx); err != nil {
		return nil, err
	}
	b, err := w.take(ctx)
	if err != nil {
		return nil, err // the next call begins with what is left undone here
	}
	w.ready = w.tell(ctx, w.cam.Control(vc0706.Resume), vc0706.CmdFrame) == nil
	return b, nil
}

// wake lets pictures run, whatever was before: a camera that holds one gives it again.
func (w *wiredCamera) wake(ctx context.Context) error {
	if err := w.quiet(ctx); err != nil {
		return err
	}
	if err := w.tell(ctx, w.cam.Control(vc0706.Resume), vc0706.CmdFrame); err != nil {
		return err
	}
	return drivers.Wait(ctx, quietTime) // until it has another picture
}

// resize looks what size the camera gives, which a loss of power changes, and sets it. It
// takes effect with a reset.
func (w *wiredCamera) resize(ctx context.Context) error {
	for tries := 0; ; tries++ {
		a, err := w.ask(ctx, w.cam.AskSize(), vc0706.CmdReadReg)
		switch {
		case err != nil && tries > 0 && tries < mostStarts && w.lost(ctx, err):
			continue // it is still starting
		case err != nil:
			return err
		case len(a.Data) != 1:
			return fmt.Errorf("%w: it says its size in %d bytes; one is right", drivers.ErrProtocol, len(a.Data))
		case a.Data[0] == w.line.size.Code:
			return nil
		case tries > 0:
			return fmt.Errorf("%w: it keeps the size with code %#02x, and size says %s; write a size that it has", drivers.ErrSettings, a.Data[0], w.line.size.Name)
		}
		if err := w.tell(ctx, w.cam.SetSize(w.line.size), vc0706.CmdWriteReg); err != nil {
			return err
		}
		if err := w.tell(ctx, w.cam.Reset(), vc0706.CmdReset); err != nil {
			return err
		}
		if err := drivers.Wait(ctx, bootTime); err != nil {
			return err
		}
	}
}

// take holds a picture and reads it.
func (w *wiredCamera) take(ctx context.Context) ([]byte, error) {
	if err := w.tell(ctx, w.cam.Control(vc0706.StopThis), vc0706.CmdFrame); err != nil {
		return nil, err
	}
	a, err := w.ask(ctx, w.cam.AskLength(), vc0706.CmdLength)
	if err != nil {
		return nil, err
	}
	n, err := a.Length()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	case n == 0:
		return nil, fmt.Errorf("%w: it says that its picture has no bytes", drivers.ErrProtocol)
	case n > int64(w.limit):
		return nil, fmt.Errorf("%w: a picture of %d bytes; max_bytes is %d", drivers.ErrProtocol, n, w.limit)
	}
	return w.read(ctx, int(n))
}

// read fetches a held picture of n bytes. It is given twice the time that they take; where
// the sample has less than once, it is not begun.
func (w *wiredCamera) read(ctx context.Context, n int) ([]byte, error) {
	takes := w.line.time(n)
	if until, ok := ctx.Deadline(); ok && time.Until(until) < takes {
		return nil, fmt.Errorf("%w: its picture of %d bytes takes %s at %d bit/s, and %s of the timeout are left; choose a smaller size, a higher baud or a longer timeout",
			drivers.ErrTimeout, n, takes.Round(time.Second), w.line.baud, time.Until(until).Round(time.Second))
	}
	ctx, cancel := context.WithTimeout(ctx, 2*takes+spareTime)
	defer cancel()
	w.again = mostRepeats
	out := make([]byte, 0, n+8)
	for address, count := range vc0706.Chunks(n, pieceBytes) {
		b, err := w.piece(ctx, address, count)
		if err != nil {
			return nil, fmt.Errorf("after %d of %d bytes: %w", len(out), n, err)
		}
		out = append(out, b...)
	}
	return out[:n], nil
}

// piece reads a piece, again where bytes were lost: the camera still has it. What of the
// first answer comes late must not be taken for the next piece.
func (w *wiredCamera) piece(ctx context.Context, address, count uint32) ([]byte, error) {
	b, err := w.once(ctx, address, count)
	for ; err != nil && w.again > 0 && w.lost(ctx, err); w.again-- {
		if err := w.quiet(ctx); err != nil {
			return nil, err
		}
		if b, err = w.once(ctx, address, count); err == nil {
			err = w.quiet(ctx)
		}
	}
	return b, err
}

// lost says whether it is worth asking again.
func (w *wiredCamera) lost(ctx context.Context, err error) bool {
	return ctx.Err() == nil && (errors.Is(err, drivers.ErrTimeout) || errors.Is(err, drivers.ErrProtocol))
}

func (w *wiredCamera) once(ctx context.Context, address, count uint32) ([]byte, error) {
	if err := w.send(ctx, w.cam.Read(address, count)); err != nil {
		return nil, err
	}
	n := int(count)
	a, behind, err := w.await(ctx, vc0706.CmdRead, n+vc0706.HeadBytes)
	if err != nil {
		return nil, err
	}
	if err := a.Refused(); err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrException, err)
	}
	b, err := w.cam.Chunk(behind, n)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	return b, nil
}

// tell gives an order.
func (w *wiredCamera) tell(ctx context.Context, frame []byte, command byte) error {
	_, err := w.ask(ctx, frame, command)
	return err
}

// ask asks, and once more where nothing came: none of the questions does harm twice.
func (w *wiredCamera) ask(ctx context.Context, frame []byte, command byte) (vc0706.Answer, error) {
	var a vc0706.Answer
	var err error
	for range 2 {
		if err = w.send(ctx, frame); err != nil {
			return a, err
		}
		if a, _, err = w.await(ctx, command, 0); err == nil || !w.lost(ctx, err) {
			break
		}
		if err := w.quiet(ctx); err != nil {
			return a, err
		}
	}
	if err == nil {
		if no := a.Refused(); no != nil {
			err = fmt.Errorf("%w: %w", drivers.ErrException, no)
		}
	}
	return a, err
}

// quiet waits until nothing is on its way any more, and forgets what came.
func (w *wireEnd) quiet(ctx context.Context) error {
	if err := drivers.Wait(ctx, quietTime+w.line.chars(pieceBytes)); err != nil {
		return err
	}
	return w.forget()
}

func (w *wireEnd) forget() error {
	w.in = w.in[:0]
	return w.port.Discard()
}

// send sends a frame; what came before it is no answer to it.
func (w *wiredCamera) send(ctx context.Context, frame []byte) error {
	if err := w.forget(); err != nil {
		return err
	}
	w.other = 0
	_, err := w.port.Write(ctx, frame)
	return err
}

// await reads until the answer to a command is there, with so many bytes behind it. What is
// not the answer is passed over: news of motion, the text of a start, late answers. whole
// holds the answer and what is behind it; both are good until the next call.
func (w *wiredCamera) await(ctx context.Context, command byte, behind int) (a vc0706.Answer, whole []byte, err error) {
	within, cancel := context.WithTimeout(ctx, answerTime+2*w.line.chars(behind+framesWired))
	defer cancel()
	for {
		a, used, noise, found := w.cam.Find(w.in, command)
		w.other += noise
		if found && len(w.in)-used >= behind {
			size := vc0706.HeadBytes + len(a.Data)
			return a, w.in[used-size : used+behind], nil
		}
		if found {
			used -= vc0706.HeadBytes + len(a.Data)
		}
		w.in = append(w.in[:0], w.in[used:]...)
		w.port.Noise(noise)
		if err := w.more(within); err != nil {
			return a, nil, w.silence(ctx, err)
		}
	}
}

// more reads what is there, or waits for it.
func (w *wireEnd) more(ctx context.Context) error {
	var b [512]byte
	n, err := w.port.Read(ctx, b[:])
	w.in = append(w.in, b[:n]...)
	return err
}

// silence words why no answer came.
func (w *wiredCamera) silence(ctx context.Context, err error) error {
	switch {
	case !errors.Is(err, drivers.ErrTimeout) && !errors.Is(err, context.DeadlineExceeded):
		return err
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return ctx.Err()
	case w.other > 0:
		return fmt.Errorf("%w: %d bytes came, and no answer is among them; is baud, %d, what the camera is set to? It is delivered with %d", drivers.ErrProtocol, w.other, w.line.baud, wiredBaud)
	case len(w.in) > 0:
		return fmt.Errorf("%w: its answer stops after %d bytes", drivers.ErrTimeout, len(w.in))
	}
	return fmt.Errorf("%w: it says nothing; is it on, are TX and RX crossed, and is baud, %d, what it is set to?", drivers.ErrTimeout, w.line.baud)
}
