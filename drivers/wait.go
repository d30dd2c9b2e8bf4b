package drivers

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Wait waits for a span, as a driver does between two calls on its bus. Like such a call
// it ends early with ErrTimeout when ctx's deadline passes, and with ctx's error when ctx
// is cancelled.
func Wait(ctx context.Context, span time.Duration) error {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return fmt.Errorf("%w: the time for the sample is over", ErrTimeout)
		}
		return ctx.Err()
	}
}
