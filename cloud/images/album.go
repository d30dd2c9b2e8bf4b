package images

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Errors of Piece.
var (
	// ErrBusy says that too many pictures are under way; the gateway sends again.
	ErrBusy = errors.New("too many pictures are under way")
)

// DB is what an Album needs of the database, which must have Schema.
type DB interface {
	Write(ctx context.Context, fn func(*sql.Tx) error) error
	Read() *sql.DB
}

// Options says what an Album works with. DB and Dir are required; zero bounds take
// the values given here.
type Options struct {
	DB  DB
	Dir string // made if it is missing; nobody else writes there
	// InDB keeps pictures in the database, where several aggregators have them. Those that
	// are in Dir already are still found there.
	InDB     bool
	MaxBytes int64         // of kept pictures; 4 GiB
	MaxAge   time.Duration // of pictures without an alert; 60 days. Those of alerts: six times that.
	UnderWay int64         // bytes of pictures being put together; 64 MiB
	Patience time.Duration // for the next piece; 2 minutes
	// Publish takes the camera (view.Camera) with each still that comes, not always its
	// newest, as event "image". It must not block. nil: nobody listens.
	Publish func(event string, doc any)
}

func (o Options) withDefaults() Options {
	if o.MaxBytes <= 0 {
		o.MaxBytes = 4 << 30
	}
	if o.MaxAge <= 0 {
		o.MaxAge = 60 * 24 * time.Hour
	}
	if o.UnderWay <= 0 {
		o.UnderWay = 64 << 20
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Minute
	}
	if o.Publish == nil {
		o.Publish = func(string, any) {}
	}
	return o
}

// Album keeps pictures. It is safe for concurrent use.
type Album struct {
	o Options

	mu       sync.Mutex
	parts    map[key]*parts
	reserved int64 // bytes of all parts when complete
	latest   map[camera]view.Camera
}

type camera struct{ gateway, device string }

// Schema returns the steps of this package's tables, for the database.
func Schema() []string {
	return []string{`
create table image(
	id text not null primary key,
	gateway text not null,
	device text not null,
	t integer not null,          -- when it was taken, or arrived if that is not known
	bytes integer not null,
	alert text not null          -- alert id; empty: none
) strict, without rowid;
create index image_latest on image(gateway, device, t);
create index image_age on image(t);
`, `
create table image_body(          -- pictures of which there is no file
	id text not null primary key,
	body blob not null
) strict;
`}
}

// Open reads which pictures there are and removes what an interrupted write left.
func Open(ctx context.Context, o Options) (*Album, error) {
	a := &Album{o: o.withDefaults(), parts: map[key]*parts{}, latest: map[camera]view.Camera{}}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(o.Dir, "*.part"))
	if err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	for _, f := range left {
		if err := os.Remove(f); err != nil {
			return nil, fmt.Errorf("images: %w", err)
		}
	}
	if err := a.recall(ctx); err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	return a, nil
}

// recall reads which stills are the newest.
func (a *Album) recall(ctx context.Context) error {
	rows, err := a.o.DB.Read().QueryContext(ctx, `select gateway, device, id, t from (
		select gateway, device, id, t, row_number() over (partition by gateway, device order by t desc, id desc) as place from image) as ranked
		where place = 1`)
	if err != nil {
		return err
	}
	defer rows.Close()
	latest := map[camera]view.Camera{}
	for rows.Next() {
		var c camera
		var id string
		var t int64
		if err := rows.Scan(&c.gateway, &c.device, &id, &t); err != nil {
			return err
		}
		latest[c] = view.Camera{Gateway: c.gateway, Device: c.device, Image: &id, T: &t}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	a.mu.Lock()
	a.latest = latest
	a.mu.Unlock()
	return nil
}

// Heard takes over a picture that this or another aggregator has stored, and returns what
// is shown of it, or view.ErrUnknown.
func (a *Album) Heard(ctx context.Context, id string) (view.Camera, error) {
	var t int64
	v := view.Camera{Image: &id, T: &t}
	err := a.o.DB.Read().QueryRowContext(ctx, "select gateway, device, t from image where id = ?", id).Scan(&v.Gateway, &v.Device, &t)
	if errors.Is(err, sql.ErrNoRows) {
		return v, fmt.Errorf("images: %q: %w", id, view.ErrUnknown)
	}
	if err != nil {
		return v, fmt.Errorf("images: %q: %w", id, err)
	}
	a.learn(v)
	return v, nil
}

// learn notes a still if it is its camera's newest.
func (a *Album) learn(v view.Camera) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := camera{v.Gateway, v.Device}
	if old, had := a.latest[k]; !had || *old.T <= *v.T {
		a.latest[k] = v
	}
}

// Reread takes over what others have changed, whatever it was.
func (a *Album) Reread(ctx context.Context) error {
	if err := a.recall(ctx); err != nil {
		return fmt.Errorf("images: %w", err)
	}
	return nil
}

// path returns where a picture's file is: 256 folders by the id's last two digits,
// which are random in a UUIDv7.
func (a *Album) path(id string) string {
	return filepath.Join(a.o.Dir, id[len(id)-2:], id+".jpg")
}

// File opens a picture for reading, with the time it was taken, or returns
// view.ErrUnknown. The caller closes it.
func (a *Album) File(ctx context.Context, id string) (io.ReadSeekCloser, time.Time, error) {
	taken, err := a.Taken(ctx, id)
	if err != nil {
		return nil, time.Time{}, err
	}
	var body []byte
	err = a.o.DB.Read().QueryRowContext(ctx, "select body from image_body where id = ?", id).Scan(&body)
	if err == nil {
		return whole{bytes.NewReader(body)}, taken, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, time.Time{}, fmt.Errorf("images: %q: %w", id, err)
	}
	// Only ids that Piece has checked are in the table, so this cannot leave Dir.
	f, err := os.Open(a.path(id))
	if errors.Is(err, os.ErrNotExist) {
		return nil, time.Time{}, fmt.Errorf("images: %q: %w", id, view.ErrUnknown)
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("images: %w", err)
	}
	return f, taken, nil
}

// whole is a picture in memory.
type whole struct{ *bytes.Reader }

func (whole) Close() error { return nil }

// Taken returns when a picture that is here was taken, or view.ErrUnknown.
func (a *Album) Taken(ctx context.Context, id string) (time.Time, error) {
	var t int64
	err := a.o.DB.Read().QueryRowContext(ctx, "select t from image where id = ?", id).Scan(&t)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, fmt.Errorf("images: %q: %w", id, view.ErrUnknown)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("images: %q: %w", id, err)
	}
	return time.UnixMilli(t).UTC(), nil
}

// Latest returns the newest still of a camera; ok is false if there is none.
func (a *Album) Latest(gateway, device string) (c view.Camera, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, ok = a.latest[camera{gateway, device}]
	return c, ok
}

// Cameras returns the cameras of which there is a still, of one gateway or, with
// an empty id, of all, by gateway and device.
func (a *Album) Cameras(gateway string) []view.Camera {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []view.Camera{}
	for k, c := range a.latest {
		if gateway == "" || k.gateway == gateway {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(x, y view.Camera) int {
		if c := strings.Compare(x.Gateway, y.Gateway); c != 0 {
			return c
		}
		return strings.Compare(x.Device, y.Device)
	})
	return out
}
