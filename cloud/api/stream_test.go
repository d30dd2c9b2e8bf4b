package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
)

// guard is a warden that may throw somebody out later.
type bouncer struct {
	warden
	out, blind atomic.Bool
}

func (d *bouncer) Still(context.Context, string, string) (bool, error) {
	if d.blind.Load() {
		return false, errors.New("the database is away")
	}
	return !d.out.Load(), nil
}

// reading opens streams of one person, which last until they are ended.
type reading struct {
	h    http.Handler
	door *bouncer
	live atomic.Int32
}

func read(t *testing.T) *reading {
	r := &reading{door: &bouncer{warden: warden{[]role.Grant{{Role: role.Viewer, Area: role.Everywhere}}}}}
	r.h = newAPI(t, &fakes{}, func(o *Options) {
		o.Door = r.door
		o.Live = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			r.live.Add(1)
			defer r.live.Add(-1)
			<-req.Context().Done()
		})
	})
	return r
}

// open begins a stream; the function ends it from the reader's side.
func (r *reading) open(t *testing.T, answers chan<- int) (leave func()) {
	ctx, leave := context.WithCancel(t.Context())
	req := httptest.NewRequestWithContext(ctx, "GET", "http://127.0.0.1/api/v1/stream", nil)
	go func() {
		w := httptest.NewRecorder()
		r.h.ServeHTTP(w, req)
		answers <- w.Code
	}()
	return leave
}

// A stream ends within ten seconds when its reader is thrown out, and not before; one that
// cannot be judged ends after half a minute.
func TestStreamEndsWithTheRight(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*bouncer)
		most time.Duration
	}{
		"thrown out": {func(d *bouncer) { d.out.Store(true) }, 10 * time.Second},
		"blind":      {func(d *bouncer) { d.blind.Store(true) }, 40 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, answers := read(t), make(chan int, 1)
				defer r.open(t, answers)()
				time.Sleep(time.Hour)
				if len(answers) != 0 || r.live.Load() != 1 {
					t.Fatal("the stream of somebody who may read it has ended")
				}
				c.end(r.door)
				begin := time.Now()
				<-answers
				if took := time.Since(begin); took > c.most {
					t.Errorf("it ended after %v, want at most %v", took, c.most)
				}
			})
		})
	}
}

// A database that is away for a moment ends no stream.
func TestStreamOutlastsAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, answers := read(t), make(chan int, 1)
		leave := r.open(t, answers)
		for range 5 {
			r.door.blind.Store(true)
			time.Sleep(20 * time.Second)
			r.door.blind.Store(false)
			time.Sleep(20 * time.Second)
		}
		if len(answers) != 0 {
			t.Error("the stream has ended")
		}
		leave()
		<-answers
	})
}

// One person has as many streams as one may, and not those of the others; who closes one may
// open another.
func TestStreamsOfOnePerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, answers := read(t), make(chan int, 2*streamsEach)
		var leave func()
		for range streamsEach {
			leave = r.open(t, answers)
		}
		synctest.Wait()
		r.open(t, answers)
		synctest.Wait()
		if got := <-answers; got != http.StatusTooManyRequests || r.live.Load() != streamsEach {
			t.Errorf("one too many = %d, with %d open", got, r.live.Load())
		}
		leave()
		<-answers
		r.open(t, answers)
		synctest.Wait()
		if r.live.Load() != streamsEach {
			t.Errorf("%d are open, want %d", r.live.Load(), streamsEach)
		}
		r.door.out.Store(true)
		for range streamsEach {
			<-answers
		}
	})
}

// What is wrong with the database, and where it is, strangers are not told.
func TestHealthTellsStrangersLittle(t *testing.T) {
	for _, c := range []struct {
		door Door
		all  bool
	}{{nil, true}, {warden{[]role.Grant{{Role: role.Viewer, Area: "33"}}}, true}, {&bouncer{warden: warden{[]role.Grant{}}}, false}} {
		h := newAPI(t, &fakes{}, func(o *Options) {
			o.Door = c.door
			o.Checks = []Check{{"database", func(context.Context) error { return fmt.Errorf("dial tcp 10.9.8.7:5432: refused") }}}
		})
		r := request(h, "GET", "/healthz", "")
		body := text(t, r)
		if r.StatusCode != http.StatusServiceUnavailable || !strings.HasPrefix(body, "FAIL database") || strings.Contains(body, "10.9.8.7") != c.all {
			t.Errorf("with %+v: %d %s", c.door, r.StatusCode, body)
		}
	}
}
