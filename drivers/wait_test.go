package drivers

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestWait(t *testing.T) {
	for _, c := range []struct {
		name           string
		deadline, span time.Duration
		cancelled      bool
		want           error
		took           time.Duration
	}{
		{"its span", time.Minute, time.Second, false, nil, time.Second},
		{"the deadline is nearer", time.Second, time.Minute, false, ErrTimeout, time.Second},
		{"nobody waits any more", time.Minute, time.Second, true, context.Canceled, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.deadline)
				defer cancel()
				if c.cancelled {
					cancel()
				}
				begun := time.Now()
				if err := Wait(ctx, c.span); !errors.Is(err, c.want) || time.Since(begun) != c.took {
					t.Errorf("Wait ends with %v after %v, want %v after %v", err, time.Since(begun), c.want, c.took)
				}
			})
		})
	}
}
