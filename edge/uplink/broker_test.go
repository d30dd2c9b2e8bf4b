package uplink

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	broker "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// connect runs a real uplink. Its pauses are short, so that a test is.
func connect(t testing.TB, o Options, change ...func(u *Uplink)) (u *Uplink, stop func()) {
	t.Helper()
	o.Gateway, o.Epoch = gw, epoch17
	o.Limits.Linger = 20 * time.Millisecond
	u, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	u.pause = backoff{first: 50 * time.Millisecond, most: 500 * time.Millisecond}
	for lane := range u.window {
		w := newWindow(500*time.Millisecond, 2*time.Second)
		w.grace = 100 * time.Millisecond
		u.window[lane] = w
	}
	for _, f := range change {
		f(u)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(stop)
	return u, stop
}

// Through real brokers, with an aggregator that answers late, not always and
// sometimes twice, a cable that is cut, and a broker that is killed and comes back
// empty: nothing is lost, and an alert does not wait.
func TestStorm(t *testing.T) {
	for name, start := range brokers() {
		t.Run(name, func(t *testing.T) {
			const records = 6000
			first, kill := start(t)
			up := newCable(t, first)
			down := newCable(t, first)
			g := newAggregator(t, down.l.Addr().String(), records)
			g.lazy, g.deaf = 20*time.Millisecond, 0.1
			j := newMemory(epoch17)
			u, stop := connect(t, Options{Brokers: []string{"mqtt://" + up.l.Addr().String()}, Journal: j})
			for seq := uint64(1); seq <= records; seq++ {
				switch {
				case seq%500 == 3:
					e := event(seq)
					j.put(epoch17, Record{Event: &e})
					if err := u.Event(e); err != nil {
						t.Fatal(err)
					}
				case seq%500 == 7:
					a := alert(int(seq/500)%3, int(seq/1500)+1, seq)
					j.put(epoch17, Record{Alert: &a})
					if err := u.Alert(a); err != nil {
						t.Fatal(err)
					}
				default:
					offer(u, seq, seq)
					j.fillUp(epoch17, int(seq)) // commits come after the offer, mostly
				}
				switch {
				case seq%1000 == 900:
					eventually(t, "connected", func() bool { return u.Status().Connected })
					for len(g.came) > 0 {
						<-g.came
					}
				case seq == 3000:
					<-g.came // something is on its way
					kill()
					second, _ := start(t)
					up.cut(second)
					down.cut(second)
				case seq%1000 == 0:
					<-g.came
					up.cut("")
				}
			}
			select {
			case <-g.full:
			case <-time.After(60 * time.Second):
				g.mu.Lock()
				n := len(g.stored)
				g.mu.Unlock()
				t.Fatalf("%d of %d are stored; %+v", n, records, u.Status())
			}
			g.mu.Lock()
			g.deaf = 0
			g.mu.Unlock()
			eventually(t, "all is acknowledged", func() bool { s := u.Status(); return s.Waiting == 0 && s.OnWay == 0 && s.Alerts == 0 })
			s := u.Status()
			if s.Connections < 4 || !s.Healthy || s.BytesUp == 0 || s.BytesDown == 0 {
				t.Errorf("%+v", s)
			}
			stop()
			eventually(t, "the good-bye arrived", func() bool {
				g.mu.Lock()
				defer g.mu.Unlock()
				n := len(g.online)
				return n > 0 && !g.online[n-1].Online
			})
			g.mu.Lock()
			defer g.mu.Unlock()
			again := 0
			for _, n := range g.stored {
				again += n - 1
			}
			t.Logf("%d records came again, %d messages sent again on one connection, %d connections", again, s.Resent, s.Connections)
			for i := 1; i < len(g.online); i++ {
				if g.online[i].Conn < g.online[i-1].Conn && g.online[i].Online {
					t.Errorf("connection numbers fell: %+v", g.online)
				}
			}
		})
	}
}

// The last will comes when the board is gone without a word.
func TestLastWill(t *testing.T) {
	for name, start := range brokers() {
		t.Run(name, func(t *testing.T) {
			address, _ := start(t)
			cable := newCable(t, address)
			g := newAggregator(t, address, 1)
			u, _ := connect(t, Options{Brokers: []string{"tcp://" + cable.l.Addr().String()}})
			seen := func(want wire.Online) func() bool {
				return func() bool {
					g.mu.Lock()
					defer g.mu.Unlock()
					for _, o := range g.online {
						if o == want {
							return true
						}
					}
					return false
				}
			}
			eventually(t, "online", seen(wire.Online{V: 1, Online: true, Conn: 17000001}))
			cable.cut("")
			eventually(t, "the last will", seen(wire.Online{V: 1, Online: false, Conn: 17000001}))
			eventually(t, "the next connection", seen(wire.Online{V: 1, Online: true, Conn: 17000002}))
			eventually(t, "status", func() bool { return u.Status().Connections == 2 })
		})
	}
}

// denying lets nobody in, or lets everybody in and nobody subscribe.
type denying struct {
	broker.HookBase
	login bool
}

func (h *denying) Provides(b byte) bool {
	return b == broker.OnConnectAuthenticate || b == broker.OnACLCheck
}
func (h *denying) OnConnectAuthenticate(_ *broker.Client, pk packets.Packet) bool {
	return !h.login || string(pk.Connect.Password) == "secret"
}
func (h *denying) OnACLCheck(_ *broker.Client, _ string, write bool) bool { return h.login || write }

// What a broker refuses is said in words, and tried again.
func TestRefusals(t *testing.T) {
	_, login, _ := mochi(t, &denying{login: true}, listeners.Config{})
	_, subscribe, _ := mochi(t, &denying{}, listeners.Config{})
	plain, _ := startMosquitto(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	password := func(p string, err error) func() (string, error) { return func() (string, error) { return p, err } }
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"wrong password", Options{Brokers: []string{"mqtt://" + login}, Username: "hz", Password: password("wrong", nil)}, "not"},
		{"no password file", Options{Brokers: []string{"mqtt://" + login}, Username: "hz", Password: password("", errors.New("no such file"))}, "no such file"},
		{"subscription refused", Options{Brokers: []string{"mqtt://" + subscribe}}, "the broker refuses"},
		{"nobody there", Options{Brokers: []string{"mqtt://" + closed.Addr().String()}}, "refused"},
		{"tls to a plain port", Options{Brokers: []string{"mqtts://" + plain}}, "tls"},
		{"no websocket", Options{Brokers: []string{"ws://" + plain}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, _ := connect(t, c.o)
			eventually(t, "the reason", func() bool { return u.Status().LastError != "" })
			if s := u.Status(); s.Connected || !strings.Contains(s.LastError, c.want) {
				t.Errorf("%q, want %q in it", s.LastError, c.want)
			}
		})
	}
	u, _ := connect(t, Options{Brokers: []string{"mqtt://" + login}, Username: "hz", Password: password("secret", nil)})
	eventually(t, "the right password opens", func() bool { return u.Status().Connected })
}

// A message too large is passed over and one that is not valid counted; a broker that
// sends what no client expects ends the connection, not the gateway.
func TestHostileBroker(t *testing.T) {
	s, address, _ := mochi(t, new(auth.AllowHook), listeners.Config{})
	u, _ := connect(t, Options{Brokers: []string{"mqtt://" + address}})
	eventually(t, "connected", func() bool { return u.Status().Connected })
	if err := s.Publish(u.topic(wire.AckTopic), bytes.Repeat([]byte{'x'}, 100_000), false, 1); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the message is passed over", func() bool { return u.Status().TooLarge == 1 })
	if err := s.Publish(u.topic(wire.AckTopic), []byte("not json"), false, 1); err != nil {
		t.Fatal(err)
	}
	eventually(t, "counted", func() bool { return u.Status().BadAcks == 1 })
	if st := u.Status(); st.Connections != 1 {
		t.Errorf("%d connections", st.Connections)
	}

	// One that accepts and then talks nonsense.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	nonsense := make(chan struct{})
	go func() {
		defer close(nonsense)
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.Read(make([]byte, 1000))
		// CONNACK, then a SUBACK for a subscription with more codes than topics.
		c.Write([]byte{0x20, 2, 0, 0})
		c.Read(make([]byte, 1000))
		c.Write([]byte{0x90, 5, 0, 1, 1, 1, 1})
		c.Read(make([]byte, 1000))
		c.Close()
	}()
	bad, _ := connect(t, Options{Brokers: []string{"mqtt://" + l.Addr().String()}})
	<-nonsense
	eventually(t, "the reason", func() bool { return bad.Status().LastError != "" })
}
