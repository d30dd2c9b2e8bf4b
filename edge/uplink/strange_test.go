package uplink

import (
	"bytes"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// A cloud that was set up anew: nothing counts as stored, the status names the store
// that answers, the log is told once an hour, and when the new store is configured,
// everything is sent again.
func TestWrongStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		var saved []byte
		var log bytes.Buffer
		o := Options{Save: func(s []byte) error { saved = s; return nil }, Log: slog.New(slog.NewTextHandler(&log, nil)),
			Journal: newMemory(epoch17).fillUp(epoch17, 20)}
		u, stop := c.start(t, o)
		offer(u, 1, 10)
		after(time.Minute)
		if s := u.Status(); !s.Healthy || s.WrongStore != "" || s.Waiting != 0 {
			t.Fatalf("before: %+v", s)
		}
		c.change(func() { c.store, c.stored = "st-2", make(map[wire.Epoch]map[uint64]int) })
		offer(u, 21, 21)
		after(20 * time.Second)
		if s := u.Status(); s.WrongStore != "st-2" || s.Healthy || !s.Connected {
			t.Errorf("%+v", s)
		}
		if why := u.silent().Error(); !strings.Contains(why, "no store acknowledges them but st-2, and this gateway reports to st-1") {
			t.Error(why)
		}
		after(90 * time.Minute)
		if s := u.Status(); s.Alien < 20 || strings.Count(log.String(), "a store that is not ours") != 2 {
			t.Errorf("%d acknowledgements: %s", s.Alien, log.String())
		}
		stop()
		o.Saved, o.Stores = saved, []string{"st-2"}
		u, stop = c.start(t, o)
		defer stop()
		after(time.Minute)
		if c.check(t, epoch17, 20); u.Status().Waiting != 0 || !u.Status().Healthy || u.Status().WrongStore != "" {
			t.Errorf("after: %+v", u.Status())
		}
	})
}

// Another store that answers as well, as ours does, is nothing to be told of.
func TestSecondOpinion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		u, stop := c.start(t, Options{Stores: []string{"st-1"}})
		defer stop()
		for seq := uint64(1); seq <= 20; seq++ {
			offer(u, seq, seq)
			after(20 * time.Second)
			c.say(wire.Ack{Store: "st-2"})
			c.say(wire.Ack{})
			if s := u.Status(); s.WrongStore != "" || !s.Healthy {
				t.Fatalf("%+v", s)
			}
		}
	})
}

func TestRarely(t *testing.T) {
	r, now := make(rarely), time.Now()
	told := 0
	for i := range 1000 {
		if r.first("store "+strconv.Itoa(i), now) {
			told++
		}
	}
	if told != mostSaid || r.first("store 1", now.Add(sayEvery-1)) || !r.first("store 1", now.Add(sayEvery)) || !r.first("new", now.Add(sayEvery)) {
		t.Errorf("told %d times", told)
	}
}
