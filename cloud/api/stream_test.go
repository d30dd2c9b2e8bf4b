package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// guard is a warden that may throw somebody out later.
type bouncer struct {
	warden
	out, blind atomic.Bool
}

func (d *bouncer) Again(ctx context.Context) (context.Context, bool, error) {
	if d.blind.Load() {
		return ctx, false, errors.New("the database is away")
	}
	return ctx, !d.out.Load(), nil
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
		o.Live = func(w http.ResponseWriter, req *http.Request, _ func(string, any) any) {
			r.live.Add(1)
			defer r.live.Add(-1)
			<-req.Context().Done()
		}
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

// mover is a door whose person gets other rights.
type mover struct {
	warden
	now atomic.Pointer[warden]
}

type asNow struct{}

func (d *mover) Again(ctx context.Context) (context.Context, bool, error) {
	return context.WithValue(ctx, asNow{}, d.now.Load()), true, nil
}

func (d *mover) May(ctx context.Context, action, area string) bool {
	if w, ok := ctx.Value(asNow{}).(*warden); ok {
		return w.May(ctx, action, area)
	}
	return d.warden.May(ctx, action, area)
}

// The stream of somebody with one district has what lies there, and what the own departments
// are asked to do; a document of many areas is cut. Rights that change count at the next look.
func TestStreamIsCutToAreas(t *testing.T) {
	near, far := "330105003012", "330106001001"
	value := func(device string) view.Value {
		return view.Value{Stream: view.Stream{Gateway: "gw", Device: device}}
	}
	both := view.Values{Values: []view.Value{value("river"), value("attic")}}
	synctest.Test(t, func(t *testing.T) {
		d := &mover{warden: warden{[]role.Grant{{Role: role.Viewer, Area: "330105"}}}}
		ready, leave := make(chan func(string, any) any, 1), make(chan struct{})
		h := newAPI(t, &fakes{}, func(o *Options) {
			o.Door, o.Fleet = d, town{&fakes{area: near}, "attic", far}
			o.Departments = office{list: []view.Department{{ID: "water", Members: []string{"li"}}, {ID: "parks", Members: []string{"wu"}}}}
			o.Live = func(_ http.ResponseWriter, _ *http.Request, cut func(string, any) any) { ready <- cut; <-leave }
		})
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "http://127.0.0.1/api/v1/stream", nil))
		}()
		cut := <-ready
		for _, c := range []struct {
			doc  any
			want bool
		}{
			{view.Alert{Area: near}, true}, {view.Alert{Area: far}, false}, {view.Alert{}, false},
			{view.Case{Area: near}, true}, {view.Case{Area: far}, false},
			{view.Case{Area: far, Parties: []string{"department parks", "department water"}}, true},
			{view.Case{Area: far, Parties: []string{"person li"}}, true}, {view.Case{Area: far, Parties: []string{"person wu", "department parks"}}, false},
			{view.Gateway{ID: "gw"}, true}, {view.Gap{Gateway: "gw"}, true}, {view.Missing{Gateway: "gw"}, true},
			{view.Camera{Gateway: "gw", Device: "gauge"}, true}, {view.Camera{Gateway: "gw", Device: "attic"}, false},
			{view.Command{Gateway: "gw", Device: "attic"}, false}, {view.Command{Gateway: "gw"}, true},
			{view.Values{Values: []view.Value{value("attic")}}, false},
			{struct{ New string }{"something of which this knows nothing"}, false},
		} {
			if got := cut("x", c.doc); (got != nil) != c.want {
				t.Errorf("%T %+v is shown: %v, want %v", c.doc, c.doc, got != nil, c.want)
			}
		}
		if got := cut("values", both).(view.Values).Values; len(got) != 1 || got[0].Device != "river" || len(both.Values) != 2 {
			t.Errorf("values %+v", got)
		}
		d.now.Store(&warden{[]role.Grant{{Role: role.Viewer, Area: "330106"}}})
		time.Sleep(2 * lookEvery)
		if got := cut("values", both).(view.Values).Values; len(got) != 1 || got[0].Device != "attic" || cut("alert", view.Alert{Area: near}) != nil {
			t.Errorf("after the rights have changed: values %+v", got)
		}
		d.now.Store(&warden{[]role.Grant{{Role: role.Viewer, Area: role.Everywhere}}})
		time.Sleep(2 * lookEvery)
		if got := cut("values", both).(view.Values).Values; len(got) != 2 || cut("x", struct{}{}) == nil {
			t.Errorf("who may see everything gets %+v", got)
		}
		close(leave)
		<-done
	})
}

// office is departments that there are.
type office struct {
	*city
	list []view.Department
}

func (o office) Departments() []view.Department { return o.list }

// Somebody who may not see persons sees the departments that they belong to; a program does
// not.
func TestOwnDepartments(t *testing.T) {
	mates := office{list: []view.Department{{ID: "water", Members: []string{"wu", "li"}}, {ID: "parks", Members: []string{"wu"}}}}
	for name, c := range map[string]struct {
		door Door
		want []string
	}{
		"nobody is asked who they are": {nil, []string{"water", "parks"}},
		"an operator":                  {warden{[]role.Grant{{Role: role.Operator, Area: "330105"}}}, []string{"water", "parks"}},
		"a viewer":                     {warden{[]role.Grant{{Role: role.Viewer, Area: "330105"}}}, []string{"water"}},
		"without any role":             {warden{[]role.Grant{}}, []string{"water"}},
		"a viewer's program":           {program{warden{[]role.Grant{{Role: role.Viewer, Area: "330105"}}}}, nil},
	} {
		h := newAPI(t, &fakes{}, func(o *Options) { o.Door, o.Departments = c.door, mates })
		var answer struct{ Departments []view.Department }
		if err := json.Unmarshal([]byte(text(t, request(h, "GET", "/api/v1/departments", ""))), &answer); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range answer.Departments {
			got = append(got, d.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// program is a door for somebody's program.
type program struct{ warden }

func (program) Name(context.Context) string { return "li (t1)" }
