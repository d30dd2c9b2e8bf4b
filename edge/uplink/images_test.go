package uplink

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// shelf is an Album in memory.
type shelf struct {
	mu   sync.Mutex
	kept map[string][]byte
	read int
	done []string
}

func (s *shelf) Get(id string) (wire.ImageMeta, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read++
	jpeg, ok := s.kept[id]
	if !ok {
		return wire.ImageMeta{}, nil, errors.New("it is not there")
	}
	return wire.ImageMeta{ID: id, Device: "gauge", At: wire.Moment{Unix: base}, Alert: pictureID(0), Moment: wire.PictureAt}, jpeg, nil
}

func (s *shelf) Done(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.kept, id)
	s.done = append(s.done, id)
}

func (s *shelf) ids() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.kept {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func pictureID(n int) string { return fmt.Sprintf("01930e5a-7c3b-7f00-8a1b-%012d", n) }

// newShelf holds n pictures of size bytes, each another one.
func newShelf(n, size int) *shelf {
	s := &shelf{kept: map[string][]byte{}}
	for i := 1; i <= n; i++ {
		s.kept[pictureID(i)] = bytes.Repeat([]byte{byte(i), 0xff, '\n'}, size/3)
	}
	return s
}

// While pictures of alerts drain over a link of 32 kB/s, an alert and the present are
// hardly later than without them; all pictures arrive whole, and none is read more often
// than it has to be.
func TestPicturesDelayNothing(t *testing.T) {
	worst := map[int][2]time.Duration{}
	for _, pictures := range []int{0, 8} {
		t.Run(fmt.Sprintf("%d pictures", pictures), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				city := newCity(t)
				city.rate, city.delay = 32_000, 100*time.Millisecond
				s := newShelf(pictures, 150_000)
				all := newShelf(pictures, 150_000).kept
				u, stop := city.start(t, Options{Album: s, Limits: Limits{Compress: Off}})
				defer stop()
				u.Kept(s.ids()...)
				offered, raised := map[uint64]time.Time{}, map[uint64]time.Time{}
				seq := uint64(0)
				for second := range 120 {
					seq++
					offered[seq] = time.Now()
					u.Offer(seq, sampleOf(seq))
					after(time.Duration(300+7*second) * time.Millisecond) // alerts meet pieces at any moment
					if second%3 == 2 {
						seq++
						raised[seq] = time.Now()
						if err := u.Alert(alert(int(seq), 1, seq)); err != nil {
							t.Fatal(err)
						}
					}
					if second == 9 {
						city.change(func() { city.measureFrom = len(city.got) })
					}
				}
				live, _, alerts, _, _ := city.delays(t, offered, raised)
				worst[pictures] = [2]time.Duration{live, alerts}
				t.Logf("live at most %v, alerts at most %v", live, alerts)
				for id, want := range all {
					if !bytes.Equal(city.pictures[id], want) {
						t.Errorf("%s arrived as %d bytes of %d", id, len(city.pictures[id]), len(want))
					}
				}
				if len(s.ids()) != 0 || s.read != pictures || u.Status().Images != 0 {
					t.Errorf("%d pictures are kept still, %d waits, %d were read", len(s.ids()), u.Status().Images, s.read)
				}
			})
		})
	}
	// A piece of 16 KiB is half a second of this link, and it may stand in the queue.
	if more := worst[8][1] - worst[0][1]; more > 700*time.Millisecond {
		t.Errorf("pictures delay an alert by %v", more)
	}
	if more := worst[8][0] - worst[0][0]; more > 1200*time.Millisecond {
		t.Errorf("pictures delay the present by %v", more)
	}
}

// What no store acknowledged goes again on the next connection, and by the next run;
// what cannot be read is passed over.
func TestKeptPicturesGoAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		city := newCity(t)
		s := newShelf(3, 40_000)
		city.ack = func(a arrival) bool { return a.kind != wire.ImageTopic }
		u, stop := city.start(t, Options{Album: s})
		u.Kept(append(s.ids(), pictureID(77))...)
		after(20 * time.Second)
		if len(s.ids()) != 3 || len(s.done) != 0 || u.Status().Images != 3 {
			t.Errorf("kept %d, done %v, waiting %d; nobody acknowledged", len(s.ids()), s.done, u.Status().Images)
		}
		stop()
		city.ack = nil
		u, stop = city.start(t, Options{Album: s})
		defer stop()
		u.Kept(s.ids()...)
		after(20 * time.Second)
		if got := s.ids(); len(got) > 0 || !slices.Equal(s.done, []string{pictureID(3), pictureID(2), pictureID(1)}) {
			t.Errorf("kept %v, done %v; want all, the newest first", got, s.done)
		}
	})
}

func TestPicturesInMemoryAreBounded(t *testing.T) {
	var q imageQueue
	var dropped []string
	q.dropped = func(id string) { dropped = append(dropped, id) }
	for i := range 40 {
		q.push(&picture{id: fmt.Sprint("kept", i), alert: true, kept: true})
	}
	for i := range 10 {
		q.push(&picture{id: fmt.Sprint("alert", i), device: "a", alert: true, count: 1, pieces: [][]byte{make([]byte, 100)}})
		q.push(&picture{id: fmt.Sprint("camera", i), device: fmt.Sprint("c", i), count: 1, pieces: [][]byte{make([]byte, 100)}})
	}
	alerts, others := 0, 0
	for _, p := range q.pictures {
		if !p.kept && p.alert {
			alerts++
		} else if !p.kept {
			others++
		}
	}
	if n, _ := q.held(); n != maxPictures || alerts != 10 || others != 6 || len(q.pictures) != 40+maxPictures {
		t.Errorf("%d in memory, %d of alerts, %d others, %d in all", n, alerts, others, len(q.pictures))
	}
	q.push(&picture{id: "large", alert: true, count: 1, pieces: [][]byte{make([]byte, maxPictureBytes+1)}})
	if n, _ := q.held(); n != 1 {
		t.Errorf("%d in memory beside one that is as large as all may be", n-1)
	}
	if len(dropped) != 10 || dropped[0] != "alert0" || dropped[9] != "alert9" {
		t.Errorf("told of %v, want those of alerts", dropped)
	}
}
