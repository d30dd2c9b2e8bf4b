package poll

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever holds a bounded context must not be able to tell it from one of the standard
// library's, whatever he asks of it, and when, and in which order.
func TestBoundedIsAContextWithDeadline(t *testing.T) {
	type key struct{}
	asks := map[string]func(context.Context){
		"nothing": func(context.Context) {},
		"Err":     func(ctx context.Context) { ctx.Err() },
		"Done":    func(ctx context.Context) { ctx.Done() },
		"Value":   func(ctx context.Context) { ctx.Value(key{}) },
	}
	for asked, ask := range asks {
		t.Run(asked, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				parent, stop := context.WithCancel(context.WithValue(t.Context(), key{}, "v"))
				defer stop()
				end := time.Now().Add(time.Second)
				late, ended, cut := bound(parent, end), bound(parent, end), bound(parent, end)
				for _, ctx := range []*bounded{late, ended, cut} {
					ask(ctx)
					if d, ok := ctx.Deadline(); !ok || !d.Equal(end) || ctx.Err() != nil || ctx.Value(key{}) != "v" {
						t.Errorf("deadline %v (%t), error %v, value %v", d, ok, ctx.Err(), ctx.Value(key{}))
					}
				}
				ended.end()
				checkOver(t, "ended", ended, context.Canceled)
				<-time.After(time.Second)
				synctest.Wait()
				checkOver(t, "late", late, context.DeadlineExceeded)
				checkOver(t, "ended, late", ended, context.Canceled)
				late.end()
				stop()
				checkOver(t, "late, ended, cut", late, context.DeadlineExceeded)
				soon := bound(parent, end.Add(time.Hour))
				checkOver(t, "cut", soon, context.Canceled)
				soon.end()
				cut.end()
			})
		})
	}
}

func checkOver(t *testing.T, name string, ctx context.Context, want error) {
	t.Helper()
	if err := ctx.Err(); !errors.Is(err, want) {
		t.Errorf("%s: Err before Done: %v, not %v", name, err, want)
	}
	select {
	case <-ctx.Done():
	default:
		t.Errorf("%s: Done is open", name)
	}
	if err := ctx.Err(); !errors.Is(err, want) {
		t.Errorf("%s: Err after Done: %v, not %v", name, err, want)
	}
}

func TestBoundedKeepsItsParentsNearerDeadline(t *testing.T) {
	near := time.Now().Add(time.Minute)
	parent, stop := context.WithDeadline(t.Context(), near)
	defer stop()
	ctx := bound(parent, near.Add(time.Hour))
	defer ctx.end()
	if d, _ := ctx.Deadline(); !d.Equal(near) {
		t.Errorf("deadline %v, the parent's is %v", d, near)
	}
}

// What is derived from it hears of its end.
func TestBoundedEndsWhatIsDerivedFromIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := bound(t.Context(), time.Now().Add(time.Second))
		child, stop := context.WithCancel(ctx)
		defer stop()
		heard := make(chan error, 1)
		context.AfterFunc(child, func() { heard <- child.Err() })
		<-time.After(999 * time.Millisecond)
		synctest.Wait()
		if len(heard) > 0 {
			t.Fatal("it ended too early")
		}
		<-time.After(2 * time.Millisecond)
		if err := <-heard; !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		ctx.end()
	})
}
