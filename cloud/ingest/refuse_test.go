package ingest

import (
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// refusal waits for one and returns it.
func (g *gateway) refusal(what string) wire.Refusal {
	g.t.Helper()
	a := g.ack(what, func(a wire.Ack) bool { return len(a.Refused) > 0 })
	if len(a.Stored) > 0 || len(a.Refused) != 1 || a.Epoch != epoch(1) {
		g.t.Errorf("%s: answer %+v, want one refusal", what, a)
	}
	return a.Refused[0]
}

// text is the message of a good pack of the records 1 to 3, to be spoiled.
func (g *gateway) text() string {
	g.t.Helper()
	p := g.pack(1, 3)
	b, err := g.pk.Append(nil, &p)
	if err != nil {
		g.t.Fatal(err)
	}
	return string(b)
}

// A pack that cannot be used is refused by number, so that it does not come for
// ever; it is set aside and its loss declared before that is said.
func TestUnreadablePackIsRefused(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	g.send("live", []byte(strings.Replace(g.text(), `"v":3`, `"v":true`, 1)), false)
	f := g.refusal("the pack")
	if f.Retry || f.Why != "unreadable" || f.Range != (wire.Range{From: 1, To: 3}) {
		t.Errorf("refused %+v", f)
	}
	if why := r.parkedWhy(); len(why) != 1 || !strings.Contains(why[0], "record ") {
		t.Errorf("set aside: %q", why)
	}
	gaps, err := r.fleet.Gaps(t.Context(), "gw", 0, 0)
	if err != nil || len(gaps) != 1 || gaps[0].From != noon+1000 || gaps[0].To != noon+2000 || gaps[0].Why != "unreadable" ||
		!strings.Contains(gaps[0].Detail, string(epoch(1))+"/1-3") {
		t.Errorf("gaps %+v, %v", gaps, err)
	}
	if r.store.count() != 0 {
		t.Error("a part of it was stored")
	}
	g.sendPack(g.pack(1, 3)) // mended, it is taken
	g.stored(epoch(1), wire.Range{From: 1, To: 3})
}

// While it cannot be set aside or declared, not a word is said, and it comes again.
func TestUnreadablePackWaitsForTheDatabase(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	bad := []byte(strings.Replace(g.text(), `"v":3`, `"v":true`, 1))
	r.db.set(errDown)
	g.send("live", bad, false)
	g.silence(func(a wire.Ack) bool { return len(a.Stored)+len(a.Refused) > 0 })
	r.db.set(nil)
	g.send("live", bad, false)
	g.refusal("the pack")
}

// What a newer program wrote may come again when this one was updated.
func TestPackOfTheFutureMayComeAgain(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	for name, bad := range map[string]string{
		"a label that must be understood": strings.Replace(g.text(), `"v":3`, `"v":3,"dose_":1`, 1),
		"a base version":                  strings.Replace(g.text(), `"v":3`, `"v":3,"bver":90`, 1),
	} {
		g.send("live", []byte(bad), false)
		if f := g.refusal(name); !f.Retry || f.Why != "version" || f.Range != (wire.Range{From: 1, To: 3}) {
			t.Errorf("%s: refused %+v", name, f)
		}
	}
	if gaps, err := r.fleet.Gaps(t.Context(), "gw", 0, 0); err != nil || len(gaps) > 0 {
		t.Errorf("nothing is lost, and the gaps are %+v, %v", gaps, err)
	}
}

// Without a header, or without a clock, there is nothing that could be refused.
func TestPackWithoutAHeaderGetsNoAnswer(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	for _, bad := range []string{
		strings.Replace(g.text(), `/1-3/`, `/3-1/`, 1),
		strings.Replace(g.text(), `/live/1"`, `/live/9"`, 1),
		strings.Replace(strings.Replace(g.text(), `"bt":1795262`, `"bt":5`, 1), `/live/1"`, `/live/1","boot_":"01234567-89ab"`, 1) + "x",
	} {
		g.send("live", []byte(bad), false)
	}
	r.eventually("all are set aside", func() bool { return len(r.parkedWhy()) == 3 })
	g.silence(func(a wire.Ack) bool { return len(a.Stored)+len(a.Refused) > 0 })
}

func TestUnreadableEventIsRefused(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	e := g.event(7)
	b, err := wire.Encode(&e)
	if err != nil {
		t.Fatal(err)
	}
	g.send("event", []byte(strings.Replace(string(b), `"kind":"`, `"kind":"un`, 1)), false)
	if f := g.refusal("the event"); f.Retry || f.Range != (wire.Range{From: 7, To: 7}) {
		t.Errorf("refused %+v", f)
	}
	g.send("event", []byte(strings.Replace(string(b), `"v":1`, `"v":9`, 1)), false)
	if f := g.refusal("the event of the future"); !f.Retry || f.Why != "version" {
		t.Errorf("refused %+v", f)
	}
}

// A picture of which a piece makes no sense is not sent for ever; one that says
// nothing about itself cannot be answered and harms nothing.
func TestUnreadablePictureIsAnswered(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	g.send("image/"+uuid(5)+"/0", []byte("{\"v\":1}\nwhat"), false)
	g.ack("the picture", func(a wire.Ack) bool { return slices.Contains(a.Images, uuid(5)) })
	if len(r.parkedWhy()) != 1 {
		t.Errorf("answered, and set aside is %q", r.parkedWhy())
	}
	if m, err := r.fleet.Missing(t.Context(), []string{uuid(5)}); err != nil || len(m) != 1 || m[0].Why != wire.Refused || m[0].Gateway != "gw" {
		t.Errorf("that it never comes is told as %+v, %v", m, err)
	}
	g.send("image/not-a-uuid/0", []byte("{\"v\":1}\nwhat"), false)
	r.eventually("it is set aside", func() bool { return len(r.parkedWhy()) == 2 })
	g.sendPack(g.pack(1, 1)) // what is told next gets through
	g.stored(epoch(1), wire.Range{From: 1, To: 1})
}

// Every answer lists the dictionaries, and what is packed with one is read.
func TestDictionary(t *testing.T) {
	r := newRig(t)
	g := r.gateway("gw", "")
	g.sendPack(g.pack(1, 2))
	a := g.ack("the pack", anything)
	id := wire.ChooseDictionary(a.Dictionaries)
	if id == 0 {
		t.Fatalf("the answer lists %v", a.Dictionaries)
	}
	g.pk.Compress, g.pk.Dictionary = true, id
	g.sendPack(g.pack(3, 40))
	g.stored(epoch(1), wire.Range{From: 3, To: 40})
	g.sendDoc("online", &wire.Online{V: 1, Online: true, Conn: 9}, true)
	g.ack("the greeting", func(a wire.Ack) bool { return a.Epoch == "" && wire.ChooseDictionary(a.Dictionaries) == id })
}
