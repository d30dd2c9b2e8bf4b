package uplink

import (
	"github.com/lamppost-city/lamppost/edge/uplink/explore"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// sent is what the uplink publishes.
func (w *twin) sent(l *twinLink, topic string, payload []byte) {
	kind, err := wire.ParseTopic(wire.DefaultPrefix, topic)
	if err != nil {
		w.t.Error(err)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var set explore.Set
	lane := uint8(0)
	switch kind.Kind {
	case wire.LiveTopic, wire.BackfillTopic:
		var u wire.Unpacker
		p, err := u.Unpack(gw, payload)
		if err != nil {
			w.t.Error(err)
			return
		}
		none, _ := wire.SetOf(p.Ranges...)
		for _, v := range p.Values {
			seq := uint64(v.V)
			set |= w.set(p.Epoch, seq)
			none.Subtract(wire.Range{From: seq, To: seq})
		}
		w.none[p.Epoch] = append(w.none[p.Epoch], none.Ranges()...)
		if lane = 2; kind.Kind == wire.BackfillTopic {
			lane = 3
		}
	case wire.EventTopic:
		var e wire.Event
		if err := wire.Decode(payload, &e); err != nil {
			w.t.Error(err)
		}
		set, lane = w.set(e.Epoch, e.Seq), 1
	case wire.AlertTopic:
		var a wire.Alert
		if err := wire.Decode(payload, &a); err != nil {
			w.t.Error(err)
		}
		set = w.set(a.Epoch, a.Seq)
	default:
		return
	}
	st := explore.Step{Kind: explore.Send, A: uint8(set), B: lane}
	if _, ok := w.m.Do(w.s, st); !ok {
		st.Kind = explore.Resend
	}
	if st.Kind == explore.Resend && w.asBefore(st) {
		w.said = append(w.said, st.String())
	} else {
		w.do(st)
	}
	if w.fair {
		for r := range w.keys {
			if set.Has(r) {
				w.store(r)
				go w.acknowledge(l, r)
			}
		}
	}
}

// asBefore says whether a resend changes nothing: it is the newest of its window.
func (w *twin) asBefore(st explore.Step) bool { return w.m.Same(w.s, st) }

// set is the model's record with that key.
func (w *twin) set(e wire.Epoch, seq uint64) explore.Set {
	for r, k := range w.keys {
		if k == (twinKey{e, seq}) {
			return 1 << r
		}
	}
	w.t.Errorf("record %d of epoch %s was never appended", seq, e)
	return 0
}

// store brings one record to the store, in the model.
func (w *twin) store(r int) {
	if w.s.Rows.Has(r) {
		return
	}
	w.s = w.m.Stored(w.s, r)
}

// acknowledge says to the uplink what the model says to its own.
func (w *twin) acknowledge(l *twinLink, r int) {
	w.mu.Lock()
	if (w.s.Acked & w.s.Unanswered).Has(r) {
		w.do(explore.Step{Kind: explore.Take, A: uint8(r)})
	}
	a := w.ackFor(r)
	w.mu.Unlock()
	w.hear(l, a)
}

func (w *twin) hear(l *twinLink, a wire.Ack) {
	payload, err := wire.Encode(&a)
	if err != nil {
		w.t.Error(err)
		return
	}
	if l != nil && !over(l.gone) {
		l.h.receive(l.h.subscribe[0], payload)
	}
}

// alertOf is the alert with a record's key.
func alertOf(k twinKey) wire.Alert {
	a := alert(int(k.epoch.Counter()-17)*10+int(k.seq), 1, k.seq)
	a.Epoch = k.epoch
	return a
}

func eventOf(k twinKey) wire.Event {
	e := event(k.seq)
	e.Epoch = k.epoch
	return e
}

// Extents and Read are the journal, as the model has it on disk.
func (w *twin) Extents() (out []Extent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for r, k := range w.keys {
		if !w.s.Disk.Has(r) {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Epoch == k.epoch {
			out[n-1].Range.To = k.seq
			continue
		}
		out = append(out, Extent{k.epoch, wire.Range{From: k.seq, To: k.seq}})
	}
	return out
}

// Since implements Source; no reading has a time here.
func (w *twin) Since(int64) []Extent { return w.Extents() }

func (w *twin) Read(e wire.Epoch, r wire.Range, fn func(Record) bool) error {
	w.mu.Lock()
	var found []Record
	for i, k := range w.keys {
		if k.epoch != e || k.seq < r.From || k.seq > r.To || !w.s.Disk.Has(i) {
			continue
		}
		rec := Record{Seq: k.seq}
		switch {
		case w.s.Alerts.Has(i):
			a := alertOf(k)
			rec.Alert = &a
		case w.s.Gap[i] != 0:
			ev := eventOf(k)
			rec.Event = &ev
		default:
			rec.Values = []wire.Value{reading(k.seq)}
		}
		found = append(found, rec)
	}
	w.mu.Unlock()
	for _, rec := range found {
		if !fn(rec) {
			return nil
		}
	}
	return nil
}

// save is the uplink's Save.
func (w *twin) save(dead *bool, state []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if *dead {
		return errLost
	}
	w.keep = state
	if st := (explore.Step{Kind: explore.Save}); !w.m.Same(w.s, st) {
		w.do(st)
	}
	return nil
}
