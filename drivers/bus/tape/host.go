package tape

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
)

// Host returns the part as the board that a program runs on. A file that is empty on the
// tape is one that was not there.
func (r *Replay) Host() drivers.Host { return host{r} }

type host struct{ *Replay }

// asked plays one question.
func (d host) asked(ctx context.Context, what, path string) ([]byte, error) {
	got, err := d.pair(ctx, []byte(what+" "+path))
	if err == nil && len(got) == 0 {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return append([]byte(nil), got...), err
}

// Read implements drivers.Host.
func (d host) Read(ctx context.Context, path string) ([]byte, error) {
	return d.asked(ctx, "read", path)
}

// List implements drivers.Host.
func (d host) List(ctx context.Context, path string) ([]string, error) {
	got, err := d.asked(ctx, "list", path)
	if err != nil {
		return nil, err
	}
	return strings.Split(string(got), "\n"), nil
}

// Space implements drivers.Host.
func (d host) Space(ctx context.Context, path string) (s drivers.Space, err error) {
	got, err := d.asked(ctx, "space", path)
	if err != nil {
		return s, err
	}
	if _, err := fmt.Sscanf(string(got), spaceForm, &s.Total, &s.Free); err != nil {
		return s, d.fail(d.tape.Entries[d.i-1], "a space is like "+spaceForm, 1000, 400)
	}
	return s, nil
}

const spaceForm = "total=%d free=%d"

type heardHost struct {
	r *Recorder
	w drivers.Host
}

// heard records one question. What is not there is an answer like any other.
func (h heardHost) heard(what, path string, ask func() ([]byte, error)) error {
	var err error
	h.r.pair([]byte(what+" "+path), func() ([]byte, error) {
		var got []byte
		if got, err = ask(); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return got, err
	})
	return err
}

func (h heardHost) Read(ctx context.Context, path string) (b []byte, err error) {
	err = h.heard("read", path, func() ([]byte, error) { b, err = h.w.Read(ctx, path); return b, err })
	return b, err
}

func (h heardHost) List(ctx context.Context, path string) (names []string, err error) {
	err = h.heard("list", path, func() ([]byte, error) {
		names, err = h.w.List(ctx, path)
		return []byte(strings.Join(names, "\n")), err
	})
	return names, err
}

func (h heardHost) Space(ctx context.Context, path string) (s drivers.Space, err error) {
	err = h.heard("space", path, func() ([]byte, error) {
		s, err = h.w.Space(ctx, path)
		return fmt.Appendf(nil, spaceForm, s.Total, s.Free), err
	})
	return s, err
}
