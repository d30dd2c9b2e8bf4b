package command

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

const gateway = "hz-07"

// start is what the clock of these tests shows at boot time 0.
const start = int64(1795291200000)

func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

// disk is a journal whose power can be cut.
type disk struct {
	now, durable map[string][]byte
	fail         error
	step         func() // before each call
}

func newDisk() *disk {
	return &disk{now: map[string][]byte{}, durable: map[string][]byte{}, step: func() {}}
}

func (d *disk) State(key string) ([]byte, bool) { b, ok := d.now[key]; return b, ok }

func (d *disk) SetState(key string, state []byte) error {
	d.step()
	if d.fail == nil {
		d.now[key] = bytes.Clone(state)
	}
	return d.fail
}

func (d *disk) Sync(context.Context) error {
	d.step()
	if d.fail == nil {
		for k, v := range d.now {
			d.durable[k] = v
		}
	}
	return d.fail
}

// cut is what is left after the power failed.
func (d *disk) cut() *disk {
	n := newDisk()
	for k, v := range d.durable {
		n.now[k], n.durable[k] = v, v
	}
	return n
}

// bench is a clerk with a clock of its own.
type bench struct {
	boot      int64
	wall      func() int64
	untrusted bool
	disk      *disk
	done      []string // kinds and subjects
	by        []string
	fail      error
	clerk     *Clerk
}

func newBench(may ...string) *bench {
	b := &bench{disk: newDisk()}
	b.wall = func() int64 { return start + b.boot }
	b.start(may...)
	return b
}

// start begins a run of the gateway.
func (b *bench) start(may ...string) {
	run := func(_ context.Context, c wire.Command, by string) (wire.Reply, error) {
		b.done, b.by = append(b.done, c.Subject()), append(b.by, by)
		return wire.Reply{Records: uint64(len(b.done))}, b.fail
	}
	b.clerk = New(Options{Gateway: gateway, Prefix: wire.DefaultPrefix, Journal: b.disk, Log: slog.New(slog.DiscardHandler),
		Grants: []Grant{{ID: "center", Key: key(1).Public().(ed25519.PublicKey), May: may, Outputs: []string{"lamp"}}},
		Now:    func() int64 { return b.boot },
		Clock:  func() (time.Time, bool) { return time.UnixMilli(b.wall()), !b.untrusted },
		Do: map[string]Do{wire.KindActuate: {Run: run}, wire.KindRead: {Run: run}, wire.KindStill: {Run: run},
			wire.KindAcknowledge: {Again: true, Run: run}, wire.KindRewind: {Again: true, Run: run}}})
}

func id(n int) string { return fmt.Sprintf("01930e5a-7c3b-7f00-8a1b-%012d", n) }

// actuate is command n, issued n ms after the start, good for a minute.
func actuate(n int, change ...func(*wire.Command)) wire.Command {
	return command(n, func(c *wire.Command) {
		c.Kind, c.Actuate = wire.KindActuate, &wire.Actuate{Output: "lamp", On: n%2 == 1}
	}, change...)
}

func acknowledge(n int, change ...func(*wire.Command)) wire.Command {
	return command(n, func(c *wire.Command) {
		c.Kind, c.Acknowledge = wire.KindAcknowledge, &wire.Acknowledge{Alert: id(0)}
	}, change...)
}

func command(n int, body func(*wire.Command), change ...func(*wire.Command)) wire.Command {
	c := wire.Command{V: wire.Version, ID: id(n), Issued: start + int64(n), Until: start + int64(n) + 60_000}
	body(&c)
	for _, f := range change {
		f(&c)
	}
	c.Sign(key(1), wire.DefaultPrefix, gateway)
	return c
}

func TestWhoMay(t *testing.T) {
	b := newBench(wire.KindActuate)
	stranger := actuate(3)
	stranger.Sign(key(2), wire.DefaultPrefix, gateway)
	other := actuate(4)
	other.Sign(key(1), wire.DefaultPrefix, "hz-08")
	for _, c := range []struct {
		name string
		c    wire.Command
		want string
	}{
		{"granted", actuate(1), ""},
		{"another output", actuate(2, func(c *wire.Command) { c.Actuate.Output = "pump" }), wire.RefusedGrant},
		{"a stranger's", stranger, wire.RefusedKey},
		{"for another gateway", other, wire.RefusedSignature},
		{"another kind", acknowledge(5), wire.RefusedGrant},
		{"a kind of tomorrow", wire.Command{V: 1, ID: id(6), Kind: "reboot"}, wire.RefusedUnknown},
	} {
		if r := b.clerk.Carry(context.Background(), c.c); r.Why != c.want || r.OK != (c.want == "") || r.ID != c.c.ID || r.Validate() != nil {
			t.Errorf("%s: %+v %v, want %q", c.name, r, r.Validate(), c.want)
		}
	}
	if want := []string{"actuate/lamp"}; !reflect.DeepEqual(b.done, want) {
		t.Errorf("carried out: %q, want %q", b.done, want)
	}
	none := New(Options{Gateway: gateway, Journal: newDisk(), Log: slog.New(slog.DiscardHandler)})
	if r := none.Carry(context.Background(), actuate(1)); r.Why != wire.RefusedOff {
		t.Errorf("without keys: %+v", r)
	}
}

// Who asks is told with the key that vouches for it.
func TestWhoAsks(t *testing.T) {
	b := newBench(wire.KindActuate)
	b.clerk.Carry(context.Background(), actuate(1))
	b.clerk.Carry(context.Background(), actuate(2, func(c *wire.Command) { c.By = "王芳" }))
	if want := []string{"center", "王芳 (center)"}; !reflect.DeepEqual(b.by, want) {
		t.Errorf("by %q, want %q", b.by, want)
	}
}

// One letter for each delivery: its number, and what comes of it: d done, a answered as
// before, l late, e early, c clock, i interrupted; "!" a restart, "^" power cut, "+" a
// minute passes, "u" the clock is lost, "t" it is there again.
func TestOrder(t *testing.T) {
	for _, c := range []struct{ name, play string }{
		{"once", "1d"},
		{"again and again", "1d 1a 1a"},
		{"over a restart", "1d ! 1a"},
		{"over a power cut", "1d ^ 1a"},
		{"out of order", "2d 1l 3d 1l"},
		{"too late", "+ + 1l 1l"},
		{"answered once, past its deadline", "1d + + 1a"},
		{"late stays late", "u 1c t 1c"},
		{"no clock", "u 1c 2c"},
		{"the clock comes", "u 1c t 2d 2a 1c"},
	} {
		b := newBench(wire.KindActuate)
		for i := 0; i < len(c.play); i++ {
			switch c.play[i] {
			case '!':
				b.start(wire.KindActuate)
			case '^':
				b.disk = b.disk.cut()
				b.start(wire.KindActuate)
			case '+':
				b.boot += 60_000
			case 'u', 't':
				b.untrusted = c.play[i] == 'u'
			case ' ':
			default:
				n, want := int(c.play[i]-'0'), c.play[i+1]
				i++
				before := len(b.done)
				r := b.clerk.Carry(context.Background(), actuate(n))
				got := byte('a')
				switch {
				case len(b.done) > before:
					got = 'd'
				case !r.OK:
					got = r.Why[0]
				}
				if got != want {
					t.Errorf("%s: at %d: %c, want %c: %+v", c.name, i, got, want, r)
				}
			}
		}
	}
}

// What is the same whenever it comes needs no clock, and is taken up after a cut.
func TestAgain(t *testing.T) {
	b := newBench(wire.KindAcknowledge)
	b.untrusted = true
	cut := errors.New("the power is cut")
	b.fail = cut
	b.clerk.o.Do[wire.KindAcknowledge] = Do{Again: true, Run: func(context.Context, wire.Command, string) (wire.Reply, error) { panic(cut) }}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no power cut")
			}
		}()
		b.clerk.Carry(context.Background(), acknowledge(1))
	}()
	b.fail, b.disk = nil, b.disk.cut()
	b.start(wire.KindAcknowledge)
	if r := b.clerk.Carry(context.Background(), acknowledge(1)); !r.OK || len(b.done) != 1 {
		t.Errorf("%+v, done %q", r, b.done)
	}
}

// A disk that takes nothing: what could be done twice is not done, the rest is.
func TestDeadDisk(t *testing.T) {
	b := newBench(wire.KindAcknowledge, wire.KindActuate)
	b.disk.fail = errors.New("read-only file system")
	if r := b.clerk.Carry(context.Background(), actuate(1)); r.Why != wire.RefusedFailed || len(b.done) != 0 {
		t.Errorf("actuate: %+v, done %q", r, b.done)
	}
	if r := b.clerk.Carry(context.Background(), acknowledge(2)); !r.OK || len(b.done) != 1 {
		t.Errorf("acknowledge: %+v, done %q", r, b.done)
	}
	b.disk.fail = nil
	if r := b.clerk.Carry(context.Background(), actuate(1)); r.Why != wire.RefusedFailed || len(b.done) != 1 {
		t.Errorf("what was refused is done when it comes again: %+v, done %q", r, b.done)
	}
}

// The deadline counts in boot time, also while the deed lasts.
func TestDeadlineWhileItLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(wire.KindRead)
		began := time.Now()
		b.clerk.o.Do[wire.KindRead] = Do{Run: func(ctx context.Context, _ wire.Command, _ string) (wire.Reply, error) {
			<-ctx.Done()
			return wire.Reply{}, ctx.Err()
		}}
		c := command(1, func(c *wire.Command) {
			c.Kind, c.Read, c.Until = wire.KindRead, &wire.Read{Device: "river"}, start+5_000
		})
		if r := b.clerk.Carry(context.Background(), c); r.Why != wire.RefusedFailed || time.Since(began) != 5*time.Second {
			t.Errorf("%+v after %v, want failed after 5 s", r, time.Since(began))
		}
	})
}

// While a command is carried out, the same one gets no answer, and another one does.
func TestUnderWay(t *testing.T) {
	b := newBench(wire.KindRead, wire.KindActuate)
	began, go1 := make(chan bool), make(chan bool)
	b.clerk.o.Do[wire.KindRead] = Do{Run: func(context.Context, wire.Command, string) (wire.Reply, error) {
		began <- true
		<-go1
		return wire.Reply{}, nil
	}}
	c := command(1, func(c *wire.Command) { c.Kind, c.Read = wire.KindRead, &wire.Read{Device: "river"} })
	answered := make(chan wire.Reply)
	go func() { answered <- b.clerk.Carry(context.Background(), c) }()
	<-began
	if r := b.clerk.Carry(context.Background(), c); r.ID != "" {
		t.Errorf("the same one: %+v", r)
	}
	if r := b.clerk.Carry(context.Background(), actuate(2)); !r.OK {
		t.Errorf("another one: %+v", r)
	}
	close(go1)
	if r := <-answered; !r.OK {
		t.Errorf("the first: %+v", r)
	}
}

// More commands than are remembered: an old one is late, and the state stays small.
func TestBookIsBounded(t *testing.T) {
	b := newBench(wire.KindActuate)
	for n := 1; n <= 500; n++ {
		b.boot = int64(n)
		if r := b.clerk.Carry(context.Background(), actuate(n)); !r.OK {
			t.Fatalf("%d: %+v", n, r)
		}
	}
	if r := b.clerk.Carry(context.Background(), actuate(3, func(c *wire.Command) { c.Actuate.Output = "lamp" })); r.Why != wire.RefusedLate || len(b.done) != 500 {
		t.Errorf("one of long ago: %+v", r)
	}
	for k, v := range b.disk.now {
		if len(v) > 64*400 {
			t.Errorf("%s has %d bytes", k, len(v))
		}
	}
}

// What cannot be read makes all late that was issued until now.
func TestDamagedBook(t *testing.T) {
	b := newBench(wire.KindActuate)
	b.clerk.Carry(context.Background(), actuate(1))
	for k := range b.disk.now {
		b.disk.now[k] = []byte(`{"v":1,"entries":[{"id":"x","reply":{}}]}`)
	}
	b.boot = 50
	b.start(wire.KindActuate)
	if r := b.clerk.Carry(context.Background(), actuate(1)); r.Why != wire.RefusedLate {
		t.Errorf("a command of before: %+v", r)
	}
	if r := b.clerk.Carry(context.Background(), actuate(51)); !r.OK {
		t.Errorf("a command of now: %+v", r)
	}
}

// FuzzBook: what is read is written again and reads back equal.
func FuzzBook(f *testing.F) {
	b := newBench(wire.KindActuate)
	b.clerk.Carry(context.Background(), actuate(1))
	b.clerk.Carry(context.Background(), acknowledge(2))
	for _, v := range b.disk.now {
		f.Add(v)
	}
	f.Add([]byte(`{"v":1,"floor":5,"entries":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := decodeBook(data)
		if err != nil {
			return
		}
		again, err := b.encode()
		if err != nil {
			t.Fatal(err)
		}
		if second, err := decodeBook(again); err != nil || !reflect.DeepEqual(b, second) {
			t.Fatalf("%v\n%+v\n%+v", err, b, second)
		}
	})
}
