package ingest

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// uuid makes the n-th id of an alert or a picture.
func uuid(n int) string { return fmt.Sprintf("01940000-0000-7000-8000-%012d", n) }

func (g *gateway) event(seq uint64) wire.Event {
	return wire.Event{V: 1, Epoch: epoch(1), Seq: seq, Kind: "gap", At: wire.Moment{Boot: "01234567", Unix: noon},
		Gap: &wire.Gap{From: wire.Moment{Unix: noon - 5000}, To: wire.Moment{Unix: noon}, Why: "power"}}
}

func (g *gateway) alert(rev int) wire.Alert {
	at := wire.Moment{Boot: "01234567", BootMS: int64(rev) * 1000, Unix: noon + int64(rev)}
	return wire.Alert{V: 1, ID: uuid(1), Rev: rev, Epoch: epoch(1), Seq: uint64(100 + rev), Rule: "river-high", Stage: "actual",
		Severity: wire.Orange, Condition: "active", At: at, Since: at, Text: map[string]string{"zh": "河道水位 3.12 米"}}
}

func (g *gateway) sendDoc(kind string, m wire.Message, retained bool) {
	g.t.Helper()
	b, err := wire.Encode(m)
	if err != nil {
		g.t.Fatal(err)
	}
	g.send(kind, b, retained)
}

func TestEvents(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	e := g.event(41)
	g.sendDoc("event", &e, false)
	g.stored(epoch(1), wire.Range{From: 41, To: 41})
	if gaps, err := r.fleet.Gaps(t.Context(), "gw", 0, 0); err != nil || len(gaps) != 1 {
		t.Errorf("gaps %v, %v", gaps, err)
	}
	g.sendDoc("event", &e, false)
	g.stored(epoch(1), wire.Range{From: 41, To: 41})
}

func TestEventsWaitForTheDatabase(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	r.db.set(errDown)
	e, a := g.event(1), g.alert(1)
	g.sendDoc("event", &e, false)
	g.sendDoc("alert", &a, false)
	r.eventually("the outage shows", func() bool { return r.in.CheckStore(t.Context()) != nil })
	g.silence(func(a wire.Ack) bool { return len(a.Stored)+len(a.Alerts) > 0 })
	g.sendPack(g.pack(500, 500)) // telemetry does not wait with them
	g.stored(epoch(1), wire.Range{From: 500, To: 500})
	r.db.set(nil)
	g.stored(epoch(1), wire.Range{From: 1, To: 1})
}

func TestAlerts(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	for _, rev := range []int{2, 1, 2} { // the newest first, then history, then a resend
		a := g.alert(rev)
		g.sendDoc("alert", &a, false)
		g.ack("the alert", func(ack wire.Ack) bool { return slices.Contains(ack.Alerts, wire.Revised{ID: a.ID, Rev: rev}) })
	}
	if v, err := r.cases.Get(t.Context(), uuid(1)); err != nil || v.Rev != 2 || v.Gateway != "gw" {
		t.Errorf("stored %+v, %v", v, err)
	}
	// Its record in the journal needs no other acknowledgement.
	a := g.alert(3)
	g.sendDoc("alert", &a, false)
	g.stored(epoch(1), wire.Range{From: 103, To: 103})

	evil := r.gateway("evil", "")
	a = g.alert(9)
	evil.sendDoc("alert", &a, false)
	refusal := evil.ack("the refusal", func(ack wire.Ack) bool { return len(ack.Refused) > 0 })
	if refusal.Refused[0].Retry || len(refusal.Alerts) > 0 {
		t.Errorf("another gateway's alert: %+v", refusal)
	}
}

func TestVanishedAlerts(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	a := g.alert(1)
	g.sendDoc("alert", &a, false)
	g.ack("the alert", func(ack wire.Ack) bool { return len(ack.Alerts) > 0 })
	s := g.state(5000)
	g.sendDoc("state", &s, true)
	r.eventually("the alert is marked", func() bool {
		v, err := r.cases.Get(t.Context(), uuid(1))
		return err == nil && v.Vanished != nil
	})
}

func (g *gateway) state(bootMS int64) wire.State {
	at := wire.Moment{Boot: "01234567", BootMS: bootMS, Unix: noon}
	return wire.State{V: 1, Version: "1.0", Boot: "01234567", Epoch: epoch(1), Config: "0123456789ab", At: at, Started: at, Clock: "synced",
		Devices: []wire.DeviceState{}, Health: []wire.Health{}, Alerts: []wire.Revised{}}
}

func TestStateAndGreeting(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	s, o := g.state(1000), wire.Online{V: 1, Online: true, Conn: 7}
	g.sendDoc("state", &s, true)
	g.sendDoc("online", &o, true)
	a := g.ack("the greeting", anything)
	if a.Time == 0 || a.Epoch != "" || len(a.Stored) > 0 {
		t.Errorf("greeting %+v", a)
	}
	r.eventually("the gateway is known", func() bool {
		v, ok := r.fleet.Gateway("gw")
		return ok && v.Online && v.Version == "1.0" && v.LastSeen > 0
	})
	// An aggregator that starts finds both again and greets, too.
	r.stop()
	r.start()
	g.ack("the greeting after a restart", anything)
	g.sendDoc("online", &wire.Online{V: 1, Conn: 7}, true)
	r.eventually("the gateway is gone", func() bool { v, _ := r.fleet.Gateway("gw"); return !v.Online })
}

func picture(t testing.TB) []byte {
	img := image.NewGray(image.Rect(0, 0, 256, 256))
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = byte(rnd.Uint32())
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (g *gateway) sendImage(n int, jpg []byte) {
	g.t.Helper()
	pieces, err := wire.EncodeImage(wire.ImageMeta{ID: uuid(n), Device: "gauge", At: wire.Moment{Unix: noon}}, jpg)
	if err != nil {
		g.t.Fatal(err)
	}
	for i, p := range pieces {
		g.send(fmt.Sprintf("image/%s/%d", uuid(n), i), p, false)
	}
}

func TestPictures(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	for range 2 { // and once more
		g.sendImage(1, picture(t))
		g.ack("the picture", func(a wire.Ack) bool { return slices.Contains(a.Images, uuid(1)) })
	}
	if c, ok := r.images.Latest("gw", "gauge"); !ok || *c.Image != uuid(1) {
		t.Errorf("latest %+v", c)
	}
	// Each piece of a picture that is there already is acknowledged, so more of
	// those may still come.
	about := func(n int) func(wire.Ack) bool {
		return func(a wire.Ack) bool { return slices.Contains(a.Images, uuid(n)) }
	}
	g.sendImage(2, []byte("not a picture"))
	g.ack("what will never be kept", about(2))
	if why := r.parkedWhy(); len(why) != 1 || !strings.Contains(why[0], "not a JPEG") {
		t.Errorf("answered, and set aside is %q", why)
	}
	r.db.set(errDown)
	g.sendImage(3, picture(t))
	g.silence(about(3))
	r.db.set(nil)
	g.sendImage(3, picture(t))
	g.ack("the picture", func(a wire.Ack) bool { return slices.Contains(a.Images, uuid(3)) })
}

// kinds are the topics of a gateway, each followed by a message that is fine.
func (g *gateway) everything() map[string][]byte {
	e, a, s := g.event(1), g.alert(1), g.state(1)
	out := map[string][]byte{}
	put := func(kind string, b []byte, err error) {
		if err != nil {
			g.t.Fatal(err)
		}
		out[kind] = b
	}
	for kind, m := range map[string]wire.Message{"event": &e, "alert": &a, "state": &s, "online": &wire.Online{V: 1, Online: true, Conn: 1}} {
		b, err := wire.Encode(m)
		put(kind, b, err)
	}
	for _, lane := range []wire.Lane{wire.Live, wire.Backfill} {
		p := g.pack(1, 3, func(p *wire.Pack) { p.Lane = lane })
		b, err := g.pk.Append(nil, &p)
		put(string(lane), b, err)
	}
	pieces, err := wire.EncodeImage(wire.ImageMeta{ID: uuid(1), Device: "gauge", At: wire.Moment{Unix: noon}}, picture(g.t))
	put("image/"+uuid(1)+"/0", pieces[0], err)
	return out
}

// Whatever comes on whatever topic, the lane lives: the message after it gets
// through, and what was wrong is set aside.
func TestRubbishOnEveryTopic(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	rnd := rand.New(rand.NewPCG(3, 4))
	n := 0
	for kind, good := range g.everything() {
		for i := range 60 {
			b := bytes.Clone(good)
			switch i % 4 {
			case 0: // noise
				b = make([]byte, rnd.IntN(300))
				for j := range b {
					b[j] = byte(rnd.Uint32())
				}
			case 1: // cut short
				b = b[:rnd.IntN(len(b))]
			case 2: // a byte turned
				b[rnd.IntN(len(b))] ^= byte(1 + rnd.IntN(255))
			case 3: // something of another topic
				b = []byte(`{"v":1,"id":"x","rev":-1,"epoch":"` + strings.Repeat("9", 3000) + `"}`)
			}
			g.send(kind, b, false)
			n++
		}
	}
	g.send("live", make([]byte, wire.MaxMessage), false)
	g.send("live", nil, false) // an empty message says nothing
	r.alive(g)
	r.eventually("the rubbish is set aside", func() bool { return len(r.parkedWhy()) > n/3 })
	if v, ok := r.fleet.Gateway("gw"); !ok || len(v.Health) == 0 {
		t.Errorf("the gateway's health does not show it: %+v", v.Health)
	}
}

// alive sends one good message on each lane and waits for the answers.
func (r *rig) alive(g *gateway) {
	r.t.Helper()
	e, a := g.event(9001), g.alert(9)
	g.sendPack(g.pack(9002, 9002))
	g.sendPack(g.pack(9003, 9003, func(p *wire.Pack) { p.Lane = wire.Backfill }))
	g.sendDoc("event", &e, false)
	g.sendDoc("alert", &a, false)
	g.sendImage(9, picture(r.t))
	left := map[string]bool{"event": true, "live": true, "backfill": true, "alert": true, "image": true}
	g.ack("all lanes", func(ack wire.Ack) bool {
		for n, lane := range map[uint64]string{9001: "event", 9002: "live", 9003: "backfill"} {
			for _, s := range ack.Stored {
				if ack.Epoch == epoch(1) && s.From <= n && n <= s.To {
					delete(left, lane)
				}
			}
		}
		if slices.Contains(ack.Alerts, wire.Revised{ID: a.ID, Rev: 9}) {
			delete(left, "alert")
		}
		if slices.Contains(ack.Images, uuid(9)) {
			delete(left, "image")
		}
		return len(left) == 0
	})
}

func TestWrongMessagesAreSetAsideWithTheReason(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	pack := func(edit func(*wire.Pack)) []byte {
		p := g.pack(1, 1, edit)
		b, err := g.pk.Append(nil, &p)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	good := string(pack(func(*wire.Pack) {}))
	piece := string(g.everything()["image/"+uuid(1)+"/0"])
	for name, c := range map[string]struct{ kind, payload, why string }{
		"another gateway's name": {"live", string(pack(func(p *wire.Pack) { p.Gateway = "other" })), `not below the gateway "gw"`},
		"another lane":           {"backfill", good, "says lane live"},
		"too new":                {"live", strings.Replace(good, "/live/1", "/live/9", 1), "version is not supported"},
		"too new, an alert":      {"alert", `{"v":99}`, "version is not supported"},
		"another picture's id":   {"image/" + uuid(2) + "/0", piece, "the topic"},
		"another piece":          {"image/" + uuid(1) + "/1", piece, "the topic"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(r.parkedWhy())
			for range 2 { // the same twice is kept once
				g.send(c.kind, []byte(c.payload), false)
			}
			r.eventually("it is set aside", func() bool { return len(r.parkedWhy()) > before })
			if why := r.parkedWhy(); len(why) != before+1 || !slices.ContainsFunc(why, func(w string) bool { return strings.Contains(w, c.why) }) {
				t.Errorf("set aside %q, want one more with %q", why, c.why)
			}
		})
	}
	if r.store.count() != 0 {
		t.Error("something of it was stored")
	}
}

func TestWhatIsSetAsideIsBounded(t *testing.T) {
	r := newRig(t)
	big := bytes.Repeat([]byte{'x'}, maxKept*2)
	for i := range maxParked/100 + 2 {
		var group []aside
		for j := range 100 {
			group = append(group, aside{topic: fmt.Sprint(i, j), why: "w", payload: big[:1], at: time.UnixMilli(1)})
		}
		if err := r.in.parked.now(t.Context(), group...); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.parkedWhy()); n != maxParked {
		t.Errorf("%d rows, want %d", n, maxParked)
	}
	r.in.parked.put(aside{topic: "big", why: "big", payload: big, at: time.UnixMilli(2)})
	r.eventually("it is set aside", func() bool { return slices.Contains(r.parkedWhy(), "big") })
	var size, kept int
	if err := r.db.Read().QueryRowContext(t.Context(), "select size, length(payload) from parked where why = 'big'").Scan(&size, &kept); err != nil || size != len(big) || kept != maxKept {
		t.Errorf("size %d, kept %d, %v", size, kept, err)
	}
}
