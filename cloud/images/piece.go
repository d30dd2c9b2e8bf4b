package images

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"image/jpeg"
	"os"
	"path/filepath"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	maxSide    = 16_384 // pixels
	trailing   = 4096   // bytes that some cameras append behind the end mark
	perGateway = 4      // pictures under way
)

type key struct{ gateway, id string }

// parts is a picture under way.
type parts struct {
	meta wire.ImageMeta // of the first piece that came
	data [][]byte
	got  int
	last time.Time
}

// Piece takes one piece, whose meta data was checked when it was decoded; data is
// copied. stored is true when the picture is complete and on the disk, now or
// already before. view.ErrRefused: this will never be taken. Any other error: nothing is
// lost if the gateway sends again.
func (a *Album) Piece(ctx context.Context, gateway string, m wire.ImageMeta, data []byte, at time.Time) (stored bool, err error) {
	owner, _, err := a.Owner(ctx, m.ID)
	if err != nil {
		return false, err
	}
	if owner != "" && owner != gateway {
		return false, fmt.Errorf("%w: id %s belongs to gateway %s", view.ErrRefused, m.ID, owner)
	}
	if owner != "" {
		return true, nil
	}
	whole, err := a.collect(gateway, m, data, at)
	if whole == nil || err != nil {
		return false, err
	}
	if err := check(whole); err != nil {
		return false, err
	}
	if err := a.keep(ctx, gateway, m, whole, at); err != nil {
		return false, fmt.Errorf("images: %s: %w", m.ID, err)
	}
	return true, nil
}

// Owner returns the gateway and the device that a picture came from; empty: there is no
// such picture.
func (a *Album) Owner(ctx context.Context, id string) (gateway, device string, err error) {
	err = a.o.DB.Read().QueryRowContext(ctx, "select gateway, device from image where id = ?", id).Scan(&gateway, &device)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("images: %w", err)
	}
	return gateway, device, nil
}

// collect puts a piece in its place and returns the picture if it is complete.
func (a *Album) collect(gateway string, m wire.ImageMeta, data []byte, at time.Time) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := key{gateway, m.ID}
	p := a.parts[k]
	if p == nil {
		if err := a.room(gateway, m, at); err != nil {
			return nil, err
		}
		p = &parts{meta: m, data: make([][]byte, m.Pieces)}
		a.parts[k] = p
		a.reserved += int64(m.Bytes)
	}
	if p.meta.Bytes != m.Bytes || p.meta.Device != m.Device || p.meta.Pieces != m.Pieces {
		a.forget(k)
		return nil, fmt.Errorf("%w: its pieces do not belong together", view.ErrRefused)
	}
	if p.data[m.Piece] == nil {
		p.data[m.Piece] = bytes.Clone(data)
		p.got++
	}
	p.last = at
	if p.got < m.Pieces {
		return nil, nil
	}
	a.forget(k)
	return bytes.Join(p.data, nil), nil
}

// room makes sure that a new picture fits; a.mu is held. A gateway that begins too
// many loses its own oldest, never another's.
func (a *Album) room(gateway string, m wire.ImageMeta, at time.Time) error {
	n, oldest, found := 0, key{}, false
	for k, p := range a.parts {
		if at.Sub(p.last) > a.o.Patience {
			a.forget(k)
			continue
		}
		if k.gateway != gateway {
			continue
		}
		n++
		if !found || p.last.Before(a.parts[oldest].last) {
			oldest, found = k, true
		}
	}
	if n >= perGateway {
		a.forget(oldest)
	}
	if a.reserved+int64(m.Bytes) > a.o.UnderWay {
		return ErrBusy
	}
	return nil
}

func (a *Album) forget(k key) {
	if p := a.parts[k]; p != nil {
		a.reserved -= int64(p.meta.Bytes)
		delete(a.parts, k)
	}
}

// check accepts a JPEG with a sensible size and an end. It reads the head only: a
// picture whose middle is damaged is still worth looking at.
func check(b []byte) error {
	c, err := jpeg.DecodeConfig(bytes.NewReader(b))
	switch {
	case err != nil:
		return fmt.Errorf("%w: not a JPEG: %w", view.ErrRefused, err)
	case c.Width < 1 || c.Height < 1 || c.Width > maxSide || c.Height > maxSide:
		return fmt.Errorf("%w: %d × %d pixels", view.ErrRefused, c.Width, c.Height)
	case !bytes.Contains(b[max(0, len(b)-trailing):], []byte{0xff, 0xd9}):
		return fmt.Errorf("%w: the JPEG has no end mark", view.ErrRefused)
	}
	return nil
}

// keep writes file, then row: a row never names a file that is not whole. In the database
// both are one transaction.
func (a *Album) keep(ctx context.Context, gateway string, m wire.ImageMeta, whole []byte, at time.Time) error {
	if !a.o.InDB {
		if err := replace(a.path(m.ID), filepath.Join(a.o.Dir, m.ID+".part"), whole); err != nil {
			return err
		}
	}
	t := m.At.Unix
	if t == 0 {
		t = at.UnixMilli()
	}
	err := a.o.DB.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "insert into image(id, gateway, device, t, bytes, alert) values(?, ?, ?, ?, ?, ?) on conflict do nothing",
			m.ID, gateway, m.Device, t, len(whole), m.Alert)
		if err != nil || !a.o.InDB {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err // another aggregator was first
		}
		_, err = tx.ExecContext(ctx, "insert into image_body(id, body) values(?, ?) on conflict do nothing", m.ID, whole)
		return err
	})
	if err != nil {
		return err
	}
	v := view.Camera{Gateway: gateway, Device: m.Device, Image: &m.ID, T: &t}
	a.learn(v)
	a.o.Publish("image", v) // an older one, too: an alert may wait for it
	return nil
}

// replace writes b to path so that path never holds less than all of it, synced.
func replace(path, temp string, b []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(temp)))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
