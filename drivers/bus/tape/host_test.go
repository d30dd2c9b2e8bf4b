package tape

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// board has one file, one folder, one file system, and loses one for a moment.
type board struct{ asked int }

func (b *board) ask() error {
	if b.asked++; b.asked == 9 {
		return drivers.ErrUnplugged
	}
	return nil
}

func (b *board) Read(_ context.Context, path string) ([]byte, error) {
	if path != "proc/uptime" {
		return nil, errors.Join(b.ask(), fs.ErrNotExist)
	}
	return fmt.Appendf(nil, "%d.5 1\n", b.asked), b.ask()
}

func (b *board) List(context.Context, string) ([]string, error) {
	return []string{"eth0", "lo"}, b.ask()
}

func (b *board) Space(context.Context, string) (drivers.Space, error) {
	return drivers.Space{Total: 1000, Free: 400}, b.ask()
}

// What a board says, and what it has not, is played as it was.
func TestHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := func(seen *string) drivers.Plan {
			return drivers.Plan{Channels: value, Timeout: time.Second, OpenHost: func(h drivers.Host) (drivers.Driver, error) {
				return doing{func(ctx context.Context) (float64, error) {
					text, err := h.Read(ctx, "proc/uptime")
					_, gone := h.Read(ctx, "sys/none")
					names, lerr := h.List(ctx, "sys/class/net")
					space, serr := h.Space(ctx, "")
					*seen += fmt.Sprintf("%q %v %q %v;", text, errors.Is(gone, fs.ErrNotExist), names, space)
					return 42, errors.Join(err, lerr, serr)
				}}, nil
			}}
		}
		var live, played string
		tape := record(t, drivers.BoardHost, plan(&live), func(p *drivers.Plan) (drivers.Driver, error) { return p.OpenHost(&board{}) })
		p := plan(&played)
		if err := Play(t.Context(), &p, tape); err != nil {
			t.Fatal(err)
		}
		const want = `"0.5 1\n" true ["eth0" "lo"] {1000 400};"4.5 1\n" true ["eth0" "lo"] {1000 400};`
		if live[:len(want)] != want || played[:len(want)] != want {
			t.Errorf("live   %s\nplayed %s", live, played)
		}
	})
}

func TestHostOnABadTape(t *testing.T) {
	tape := &Tape{Header: Header{Wire: drivers.BoardHost}, Entries: []Entry{{Kind: Sent, Bytes: []byte("space /")}, {Kind: Received, Bytes: []byte("full")}}}
	if s, err := NewReplay(tape).Host().Space(t.Context(), "/"); !errors.Is(err, ErrTape) {
		t.Errorf("%+v, %v", s, err)
	}
}
