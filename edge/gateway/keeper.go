package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/edge/overlay"
	"github.com/lamppost-city/lamppost/edge/still"
	"github.com/lamppost-city/lamppost/edge/uplink"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	maxPutting      = 16 // pictures that wait for the disk
	maxPuttingBytes = 8 << 20
)

// pictureKeeper brings the pictures of alerts onto the disk and hands them to the uplink when
// they are there. Whoever takes a picture does not wait for the disk, which only run
// touches, and the uplink when it reads one back. Pictures that the disk does not take,
// or that come faster than it takes them, the uplink gets from memory. Without an uplink they
// stay on the disk, for the gateway's own page. What is drawn into a
// picture is drawn here, too, into the copy that leaves: in a process of its own, if the
// camera has one.
type pictureKeeper struct {
	spool *still.Spool // nil: they wait in the uplink's memory only
	dates *dates
	kept  func(ids ...string)                // uplink.Kept
	send  func(wire.ImageMeta, []byte) error // uplink.Image
	miss  func(id, why string)               // absent.add
	log   *slog.Logger
	wake  chan struct{}
	alone bool // there is no uplink: pictures stay until they are too many or too old

	mu      sync.Mutex
	putting []putting
	done    []string
}

type putting struct {
	meta    wire.ImageMeta
	jpeg    []byte
	caption *overlay.Caption // nil: nothing is drawn
	apart   bool             // its camera runs in a process of its own
}

var _ uplink.Album = (*pictureKeeper)(nil)

// openKeeper opens the folder of the pictures. Without it the gateway goes on with
// pictures in memory: a disk that fails must not stop it. Where there is no uplink either,
// nothing keeps them.
func (g *Gateway) openKeeper() {
	cfg := g.opt.Config
	dir, alone := filepath.Join(cfg.Journal.Dir, "stills"), cfg.Uplink == nil
	k := &pictureKeeper{dates: g.dates, miss: g.absent.add, log: g.log, wake: make(chan struct{}, 1), kept: func(...string) {}, send: noWay, alone: alone}
	if cfg.Journal.Stills.Size > 0 {
		spool, err := still.OpenSpool(dir, cfg.Journal.Stills.Size, g.lostPicture)
		switch {
		case err == nil:
			k.spool = spool
		case alone:
			g.log.Error("pictures of alerts are not kept", "dir", dir, "error", err)
		default:
			g.log.Error("pictures of alerts are kept in memory only", "dir", dir, "error", err)
		}
	}
	if k.spool != nil || !alone {
		g.keeper = k
	}
}

// lostPicture notes that a picture on the disk was given up, and that it waits no more.
func (g *Gateway) lostPicture(id, why string) {
	g.absent.add(id, why)
	if g.uplink != nil { // there is none yet while the folder is opened
		g.uplink.Forget(id)
	}
}

// noWay stands for the uplink where there is none.
func noWay(wire.ImageMeta, []byte) error { return errors.New("there is no way to the cloud") }

// begin gives the keeper the uplink, and that what waits since before.
func (k *pictureKeeper) begin(u *uplink.Uplink) {
	k.kept, k.send = u.Kept, u.Image
	if k.spool != nil {
		k.kept(k.spool.IDs()...)
	}
}

// take accepts a picture of an alert and returns at once.
func (k *pictureKeeper) take(p putting) {
	k.mu.Lock()
	k.putting = append(k.putting, p)
	var over []putting
	for size := k.bytes(); len(k.putting) > 1 && (len(k.putting) > maxPutting || size > maxPuttingBytes); size = k.bytes() {
		over = append(over, k.putting[0])
		k.putting = slices.Delete(k.putting, 0, 1)
	}
	k.mu.Unlock()
	for _, p := range over {
		k.remember(p)
	}
	kick(k.wake)
}

func (k *pictureKeeper) bytes() (n int) {
	for _, p := range k.putting {
		n += len(p.jpeg)
	}
	return n
}

// remember gives the uplink a picture that is not on the disk.
func (k *pictureKeeper) remember(p putting) {
	if err := k.send(p.meta, p.jpeg); err != nil {
		k.log.Warn("a picture cannot be sent", "device", p.meta.Device, "error", err)
		k.miss(p.meta.ID, wire.NotToSend)
	}
}

// Get implements uplink.Album. What could not be dated when it was taken is dated now,
// as far as that is possible.
func (k *pictureKeeper) Get(id string) (wire.ImageMeta, []byte, error) {
	meta, jpeg, err := k.spool.Get(id)
	if err == nil {
		k.dates.fill(&meta.At)
	}
	return meta, jpeg, err
}

// Done implements uplink.Album.
func (k *pictureKeeper) Done(id string) {
	k.mu.Lock()
	k.done = append(k.done, id)
	k.mu.Unlock()
	kick(k.wake)
}

// run does what the disk is needed for until ctx ends, and then what is still there.
func (k *pictureKeeper) run(ctx context.Context) error {
	for {
		k.work(ctx)
		select {
		case <-k.wake:
		case <-ctx.Done():
			k.work(ctx)
			return nil
		}
	}
}

func (k *pictureKeeper) work(ctx context.Context) {
	for {
		k.mu.Lock()
		put, done := k.putting, k.done
		k.putting, k.done = nil, nil
		k.mu.Unlock()
		if len(put)+len(done) == 0 {
			return
		}
		for _, id := range done {
			if err := k.spool.Done(id); err != nil {
				k.log.Warn("a picture that a store has cannot be removed", "error", err)
			}
		}
		for _, p := range put {
			k.put(ctx, p)
		}
	}
}

func (k *pictureKeeper) put(ctx context.Context, p putting) {
	if k.draw(ctx, &p); k.spool == nil {
		k.remember(p)
		return
	}
	before := k.spool.Lost()
	if err := k.spool.Put(p.meta, p.jpeg); err != nil {
		k.log.Warn("a picture of an alert is kept in memory only", "device", p.meta.Device, "error", err)
		k.remember(p)
		return
	}
	k.kept(p.meta.ID)
	k.sayLost(before)
}

// draw makes the copy that leaves. A picture into which nothing can be drawn, or no more
// because the gateway stops, leaves as it is: its masks are in it all the same.
func (k *pictureKeeper) draw(ctx context.Context, p *putting) {
	if p.caption == nil {
		return
	}
	var drawn []byte
	var err error
	if p.apart {
		drawn, err = drawApart(ctx, p.jpeg, *p.caption)
	} else {
		drawn, err = overlay.Draw(p.jpeg, *p.caption)
	}
	if err != nil {
		k.log.Warn("a picture of an alert goes without what should be drawn into it", "device", p.meta.Device, "error", err)
		return
	}
	p.jpeg = drawn
}

// sayLost tells of pictures that had to be given up since so many were.
func (k *pictureKeeper) sayLost(before uint64) {
	n := k.spool.Lost() - before
	switch {
	case n > 0 && k.alone:
		k.log.Info("pictures of alerts were given up: they were too many, or too old", "pictures", n)
	case n > 0:
		k.log.Warn("pictures of alerts were given up before a store had them: they were too many, or too old", "pictures", n)
	}
}

// forget gives up what is too old.
func (k *pictureKeeper) forget(now time.Time, age time.Duration) error {
	before := k.spool.Lost()
	defer k.sayLost(before)
	if err := k.spool.Forget(now, age); err != nil {
		return fmt.Errorf("old pictures cannot be removed: %w", err)
	}
	return nil
}

// forgetStills gives up pictures that no store has taken in all their time, once it is
// known what time it is.
func (g *Gateway) forgetStills() {
	now, trusted := g.clock.Time()
	if g.keeper == nil || g.keeper.spool == nil || !trusted {
		return
	}
	if err := g.keeper.forget(now, g.opt.Config.Journal.Stills.Age); err != nil {
		g.log.Warn("pictures", "error", err)
	}
}
