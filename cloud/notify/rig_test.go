package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/notify/channel"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(databasetest.Both(m)) }

func contains(s, part string) bool { return strings.Contains(s, part) }

// desk is a channel that keeps what it is given and answers as a test says.
type desk struct {
	mu     sync.Mutex
	start  time.Time
	got    []channel.Message
	at     []time.Duration
	answer func(n int, m channel.Message) error
}

func (d *desk) Send(ctx context.Context, m channel.Message) error {
	d.mu.Lock()
	n, answer := len(d.got), d.answer
	d.got, d.at = append(d.got, m), append(d.at, time.Since(d.start))
	d.mu.Unlock()
	if answer == nil {
		return nil
	}
	return answer(n, m)
}

func (d *desk) says(f func(n int, m channel.Message) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = f
}

// told returns what came, each with its second and title.
func (d *desk) told() (out []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, m := range d.got {
		out = append(out, fmt.Sprintf("%.0fs %s", d.at[i].Seconds(), m.Title))
	}
	return out
}

func (d *desk) messages() []channel.Message {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.got)
}

// rig is an office on a real database, with two groups, a mail channel and a machine.
type rig struct {
	*Office
	t        *testing.T
	db       *database.DB
	duty     *desk
	spare    *desk
	mail     *desk
	machine  *desk
	mu       sync.Mutex
	troubles []Trouble
}

func database1(t *testing.T) *database.DB {
	t.Helper()
	db, err := databasetest.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), database.Schema{Name: "notify", Steps: Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

var people = map[string]channel.Person{
	"wang": {ID: "wang", Name: "王芳", Mail: "wang@example.org", Mobile: "13800000000"},
	"li":   {ID: "li", Name: "Li", Mail: "li@example.org", Lang: "en"},
	"zhao": {ID: "zhao", Name: "赵"},
}

func newRig(t *testing.T, change func(*Options)) *rig {
	t.Helper()
	return rigOn(t, database1(t), change)
}

func rigOn(t *testing.T, db *database.DB, change func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, db: db, duty: &desk{start: time.Now()}, spare: &desk{start: time.Now()}, mail: &desk{start: time.Now()}, machine: &desk{start: time.Now()}}
	o := Options{
		DB: db, Base: "https://console.example.org", Log: slog.New(slog.DiscardHandler),
		Channels: []Channel{{ID: "duty", Sender: r.duty, Group: true, PerMinute: 100}, {ID: "spare", Sender: r.spare, Group: true},
			{ID: "mail", Sender: r.mail, Personal: true, PerMinute: 100}, {ID: "city", Sender: r.machine, Machine: true, Group: true, PerMinute: 600}},
		Rules:  []Rule{{ID: "all", Areas: []string{"330105"}, Channels: []string{"duty"}}},
		Within: func(area, of string) bool { return strings.HasPrefix(area, of) },
		Person: func(id string) (channel.Person, bool) { p, ok := people[id]; return p, ok },
		Trouble: func(x Trouble) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.troubles = append(r.troubles, x)
		},
	}
	if change != nil {
		change(&o)
	}
	var err error
	if r.Office, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return r
}

// run starts the office in a bubble; stop ends it when it rests: a query of PostgreSQL that
// is cut off waits for a while under a lock, which a bubble takes for a deadlock.
func (r *rig) run() (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return func() {
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
	}
}

// alert is a first notice.
func alert(subject string, level wire.Severity) Event {
	return Event{ID: subject + "/1", Subject: subject, Kind: "raised", First: true, Severity: level, Area: "330105003012", Rule: "river-high", At: time.Now().UnixMilli(),
		Text: view.Text{Zh: "水位 " + subject, En: "level " + subject}, Path: "/#/alerts/" + subject, Ack: true}
}

// later is a change of what was told.
func later(e Event, kind string, n int) Event {
	e.ID, e.Kind, e.First, e.State = fmt.Sprintf("%s/%d", e.Subject, n), kind, false, view.Text{Zh: kind, En: kind}
	return e
}

func (r *rig) take(events ...Event) {
	r.t.Helper()
	if err := r.Take(r.t.Context(), events...); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) suppress(subject, cause string) {
	r.t.Helper()
	err := r.db.Write(r.t.Context(), func(tx *sql.Tx) error { return r.Suppress(r.t.Context(), tx, subject, cause) })
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) log(q view.DeliveryQuery) []view.Delivery {
	r.t.Helper()
	q.Limit = 500
	l, err := r.Log(r.t.Context(), q)
	if err != nil {
		r.t.Fatal(err)
	}
	return l
}

func (r *rig) count(query string) (n int) {
	r.t.Helper()
	if err := r.db.Read().QueryRowContext(r.t.Context(), query).Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *rig) exec(query string, args ...any) {
	r.t.Helper()
	err := r.db.Write(r.t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(r.t.Context(), query, args...)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// flaky is a database that takes no writes until it is mended.
type flaky struct {
	DB
	mu    sync.Mutex
	whole bool
	tries int
}

func (f *flaky) Write(ctx context.Context, fn func(*sql.Tx) error) error {
	f.mu.Lock()
	f.tries++
	whole := f.whole
	f.mu.Unlock()
	if !whole {
		return errors.New("disk full")
	}
	return f.DB.Write(ctx, fn)
}

func (f *flaky) tried() int { f.mu.Lock(); defer f.mu.Unlock(); return f.tries }

func (f *flaky) mend() { f.mu.Lock(); f.whole = true; f.mu.Unlock() }

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
