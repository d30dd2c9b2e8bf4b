package gateway

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// An alert leaves when it is on the disk; with a slow disk after a second at most,
// with one that fails at once; always in order.
func TestCourier(t *testing.T) {
	for _, c := range []struct {
		name  string
		disk  time.Duration // a sync takes; 0: it fails
		gap   time.Duration // between two alerts
		most  time.Duration // until an alert leaves
		least time.Duration
	}{
		{"a good disk", 20 * time.Millisecond, 5 * time.Millisecond, 40 * time.Millisecond, 20 * time.Millisecond},
		{"one at a time", 20 * time.Millisecond, 100 * time.Millisecond, 20 * time.Millisecond, 20 * time.Millisecond},
		{"a disk that hangs", time.Hour, 300 * time.Millisecond, time.Second, time.Second - 900*time.Millisecond},
		{"a disk that fails", 0, 300 * time.Millisecond, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var synced, left []uint64
				var mu sync.Mutex
				raised := map[uint64]time.Time{}
				disk := func(ctx context.Context, seq uint64) error {
					if c.disk == 0 {
						return journal.ErrDegraded
					}
					timer := time.NewTimer(c.disk)
					defer timer.Stop()
					select {
					case <-timer.C:
						synced = append(synced, seq)
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				}
				send := func(a wire.Alert) error {
					mu.Lock()
					took := time.Since(raised[a.Seq])
					mu.Unlock()
					if took > c.most || took < c.least {
						t.Errorf("alert %d left after %v, %v since the start", a.Seq, took, time.Since(begin))
					}
					if c.disk > 0 && c.disk < time.Second && (len(synced) == 0 || synced[len(synced)-1] < a.Seq) {
						t.Errorf("alert %d left before it was synced", a.Seq)
					}
					left = append(left, a.Seq)
					return errors.New("not valid") // is said, and stops nothing
				}
				k := newCourier(disk, send, slog.New(slog.DiscardHandler))
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- k.run(ctx) }()
				for seq := uint64(1); seq <= 20; seq++ {
					mu.Lock()
					raised[seq] = time.Now()
					mu.Unlock()
					k.take(wire.Alert{Seq: seq})
					time.Sleep(c.gap) // in a bubble
				}
				stop()
				if err := <-done; err != nil {
					t.Error(err)
				}
				if len(left) != 20 || !slices.IsSorted(left) {
					t.Errorf("left: %v", left)
				}
			})
		})
	}
}

// However many alerts come while a disk hangs, the newest leave, in order.
func TestCourierFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left []uint64
		hang := func(ctx context.Context, _ uint64) error { <-ctx.Done(); return ctx.Err() }
		k := newCourier(hang, func(a wire.Alert) error { left = append(left, a.Seq); return nil }, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- k.run(ctx) }()
		k.take(wire.Alert{Seq: 1})
		synctest.Wait()
		for seq := uint64(2); seq <= 1000; seq++ {
			k.take(wire.Alert{Seq: seq})
		}
		stop()
		<-done
		if len(left) != maxCarried+1 || left[0] != 1 || left[maxCarried] != 1000 || !slices.IsSorted(left) {
			t.Errorf("%d left, from %d to %d", len(left), left[0], left[len(left)-1])
		}
	})
}
