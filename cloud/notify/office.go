package notify

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/lamppost-city/lamppost/cloud/notify/channel"
	"github.com/lamppost-city/lamppost/cloud/notify/link"
	"github.com/lamppost-city/lamppost/cloud/notify/words"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// DB is what an Office needs of the database, which must have Schema.
type DB interface {
	Write(ctx context.Context, fn func(*sql.Tx) error) error
	Read() *sql.DB
}

// Channel is one way to tell, and its limits.
type Channel struct {
	ID     string
	Sender channel.Sender
	Lang   string // zh or en, of what is told to the group; empty: zh
	// Machine: programs read it. Each event is a message of its own, at once.
	Machine bool
	// Personal: each person gets a message of their own (mail). Group: there is somebody to
	// tell without naming a person.
	Personal, Group bool
	PerMinute       int           // messages in any minute; 0: 20
	GiveUp          time.Duration // from forming a message; 0: 1 h
}

// Options says what an Office works with. DB and Log are required.
type Options struct {
	DB       DB
	Channels []Channel
	Rules    []Rule
	Person   func(id string) (channel.Person, bool) // nil: there are none
	// Within says whether an area lies inside another, or is it. nil: only equal ones.
	Within func(area, of string) bool
	// Words by language; one that is missing has the built-in ones.
	Words map[string]*words.Words
	Base  string         // of links: https://console.example.org; empty: messages have none
	Zone  *time.Location // of times in messages; nil: UTC
	// Record notes elsewhere that somebody tests a channel, in the transaction that stores
	// the message. nil: nobody does.
	Record func(ctx context.Context, tx *sql.Tx, d view.Deed) error
	// Trouble is told when a channel fails for good or for long, and when it works again.
	// nil: only the other channels are told.
	Trouble func(Trouble)
	// May says whether a person may acknowledge what is in an area: who may not gets no link
	// for it. nil: everybody may.
	May func(ctx context.Context, person, area string) bool
	Log *slog.Logger
}

// Trouble is a channel that does not work, or works again.
type Trouble struct {
	Channel string
	Since   int64 // Unix ms
	Over    bool
	Error   string
}

// Office tells. It is safe for concurrent use.
type Office struct {
	o     Options
	owner string
	key   link.Key
	form  chan struct{}
	desks map[string]chan struct{} // by channel: something was formed
	// glances is what the loop that forms messages has seen; it alone uses it.
	glances map[receiver]glance
}

// Open checks the options and makes the key of the links, if the database has none yet.
func Open(ctx context.Context, o Options) (*Office, error) {
	if o.Person == nil {
		o.Person = func(string) (channel.Person, bool) { return channel.Person{}, false }
	}
	if o.Within == nil {
		o.Within = func(area, of string) bool { return area == of }
	}
	if o.Record == nil {
		o.Record = func(context.Context, *sql.Tx, view.Deed) error { return nil }
	}
	if o.May == nil {
		o.May = func(context.Context, string, string) bool { return true }
	}
	if o.Trouble == nil {
		o.Trouble = func(Trouble) {}
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	known := map[string]*words.Words{}
	for _, lang := range []string{"zh", "en"} {
		w, err := o.Words[lang], error(nil)
		if w == nil {
			w, err = words.Default(lang)
		}
		if err != nil {
			return nil, fmt.Errorf("notify: templates %s: %w", lang, err)
		}
		known[lang] = w
	}
	o.Words = known
	f := &Office{o: o, owner: uuid.NewString(), form: make(chan struct{}, 1), desks: map[string]chan struct{}{}}
	for i := range f.o.Channels {
		c := &f.o.Channels[i]
		if f.desks[c.ID] != nil {
			return nil, fmt.Errorf("notify: two channels are called %s", c.ID)
		}
		c.complete()
		f.desks[c.ID] = make(chan struct{}, 1)
	}
	return f, f.openKey(ctx)
}

func (c *Channel) complete() {
	if c.PerMinute <= 0 {
		c.PerMinute = 20
	}
	if c.GiveUp <= 0 {
		c.GiveUp = time.Hour
	}
	if c.Lang != "en" {
		c.Lang = "zh"
	}
}

// openKey reads the key of the links. It stands in the database because every process that
// shares that has to know it. Only the first one has to write.
func (o *Office) openKey(ctx context.Context) error {
	var text string
	err := o.o.DB.Read().QueryRowContext(ctx, "select secret from notice_key where id = 1").Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		text, err = o.makeKey(ctx)
	}
	if err != nil {
		return fmt.Errorf("notify: key of the links: %w", err)
	}
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(o.key) {
		return fmt.Errorf("notify: the key of the links in the database is damaged; delete the row of notice_key, and links that were sent are void")
	}
	copy(o.key[:], b)
	return nil
}

// makeKey makes the key of the links, unless another process was first.
func (o *Office) makeKey(ctx context.Context) (text string, err error) {
	var fresh link.Key
	if _, err := rand.Read(fresh[:]); err != nil {
		return "", err
	}
	err = o.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "insert into notice_key(id, secret) values(1, ?) on conflict(id) do nothing", hex.EncodeToString(fresh[:]))
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "select secret from notice_key where id = 1").Scan(&text)
	})
	return text, err
}

// channel returns one by its id.
func (o *Office) channel(id string) (Channel, error) {
	i := slices.IndexFunc(o.o.Channels, func(c Channel) bool { return c.ID == id })
	if i < 0 {
		return Channel{}, fmt.Errorf("notify: channel %q: %w", id, view.ErrUnknown)
	}
	return o.o.Channels[i], nil
}

// How often the database is asked, since another process may have written to it, how long a
// channel rests that nobody wakes, and how long the database is left alone when it fails.
const (
	look  = time.Second
	rest  = time.Minute
	sulk  = 5 * time.Second
	prune = time.Hour
)

// Run forms and sends messages until ctx ends; then it waits for what is being sent, and
// returns nil.
func (o *Office) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, c := range o.o.Channels {
		wg.Go(func() {
			o.loop(ctx, o.desks[c.ID], rest, func(now time.Time) (time.Time, error) { return o.turn(ctx, c, now) })
		})
	}
	wg.Go(func() {
		o.loop(ctx, o.form, look, func(now time.Time) (time.Time, error) {
			if err := o.ringDue(ctx, now); err != nil {
				return now, err
			}
			return o.formAll(ctx, now)
		})
	})
	wg.Go(func() { o.keepTidy(ctx) })
	wg.Wait()
	return nil
}

// ringDue wakes the channels for which something is due: another process may have formed it.
func (o *Office) ringDue(ctx context.Context, now time.Time) error {
	due, err := column(ctx, o.o.DB.Read(), "select distinct channel from notice_delivery where state in ('queued', 'sending') and next <= ?", now.UnixMilli())
	for _, id := range due {
		if desk := o.desks[id]; desk != nil {
			ring(desk)
		}
	}
	return err
}

// loop does step again and again: at once if it returns the zero time, else at that time,
// when woken, or after a while.
func (o *Office) loop(ctx context.Context, wake <-chan struct{}, most time.Duration, step func(now time.Time) (time.Time, error)) {
	for ctx.Err() == nil {
		now := time.Now()
		next, err := step(now)
		pause := min(max(next.Sub(now), 0), most)
		if err != nil && ctx.Err() == nil {
			o.o.Log.Error("notifications wait: the database does not answer", "error", err)
			pause = sulk
		}
		if pause == 0 {
			continue
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-wake:
		case <-t.C:
		}
		t.Stop()
	}
}

// ring wakes a loop.
func ring(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is to look already
	}
}
