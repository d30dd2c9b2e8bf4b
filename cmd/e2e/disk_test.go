package e2e

import (
	"regexp"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// harm is one thing that befalls the card.
type harm struct {
	name  string
	begin func() (end func())
	words [2]string // patterns, English and Chinese: what health must say of it
	alone bool      // the broker is there all the while
	kill  bool      // at the worst moment the gateway is killed as well
	// spares: the journal may have nothing to complain of, because the room for what
	// comes next is its own already. It must then go on writing.
	spares bool
}

func (o *ordeal) faults() []harm {
	failing := func() func() { o.card.fail(); return o.card.mend }
	locked := func() func() { o.card.lock(o.refused); return o.card.unlock }
	full := [2]string{"no space left|full", "满|空间|存储卡"}
	readOnly := [2]string{"read-only", "只读|存储卡"}
	ioError := [2]string{"input/output error|I/O error", "读写|错误|存储卡"}
	all := []harm{
		{name: "disk full, broker away", begin: o.card.fill, words: full, spares: true},
		{name: "card read-only, broker away", begin: locked, words: readOnly},
		{name: "input/output errors, broker away", begin: failing, words: ioError},
		{name: "disk full, broker away, kill -9 meanwhile", begin: o.card.fill, words: full, spares: true, kill: true},
	}
	if !o.long {
		return all
	}
	return append(all,
		harm{name: "disk full", begin: o.card.fill, words: full, spares: true, alone: true},
		harm{name: "card read-only", begin: locked, words: readOnly, alone: true},
		harm{name: "input/output errors", begin: failing, words: ioError, alone: true},
		harm{name: "card read-only, broker away, kill -9 meanwhile", begin: locked, words: readOnly, kill: true},
		harm{name: "input/output errors, broker away, kill -9 meanwhile", begin: failing, words: ioError, kill: true})
}

// disk is what health says of the journal's disk, empty if all is well.
func (o *ordeal) disk() wire.Health {
	page, err := o.page()
	if err != nil {
		return wire.Health{}
	}
	for _, h := range page.State.Health {
		if (h.ID == "disk" || strings.HasPrefix(h.ID, "disk-")) && h.Level == "fail" {
			return h
		}
	}
	return wire.Health{}
}

func (o *ordeal) refused() bool { return o.disk().ID != "" }

// suffer harms the card for some seconds, looks whether the gateway does its work
// meanwhile, and waits until all is well again.
func (o *ordeal) suffer(h harm) trial {
	o.t.Helper()
	tr := trial{name: h.name, began: time.Now()}
	raised := o.raised()
	if !h.alone {
		o.broker.kill()
	}
	end := h.begin()
	if o.notice(h) {
		tr.noticed = time.Since(tr.began)
		o.t.Logf("%s: %v", h.name, o.disk().Text)
	}
	pause(o.t, 3*time.Second) // what was committed before is behind
	first := time.Now()
	eventually(o.t, soon, h.name+": an alert to be raised meanwhile", func() bool { return o.raised() > raised+1 })
	pause(o.t, time.Until(first.Add(6*time.Second)))
	o.working(h)
	if h.kill {
		d := down{killed: time.Now(), refused: tr.began}
		o.gw.kill()
		tr.kills++
		o.startGateway()
		d.back = time.Now()
		tr.downs = append(tr.downs, d)
		o.working(h)
	}
	end()
	over := time.Now()
	if !h.alone {
		o.broker.start()
	}
	eventually(o.t, 2*soon, h.name+": health to say no more", func() bool { page, err := o.page(); return err == nil && entry(page, "disk").ID == "" })
	tr.recovered = time.Since(over)
	pause(o.t, 2*time.Second)
	o.drained(4 * soon)
	tr.ended = time.Now()
	tr.alerts = o.alertsSince(first, over)
	if tr.alerts == 0 && !h.kill {
		o.t.Errorf("%s: of the alerts raised meanwhile none is in the store", h.name)
	}
	return tr
}

// notice waits until health says what is wrong, or, where the journal has room of
// its own, until it has shown that it still writes.
func (o *ordeal) notice(h harm) bool {
	o.t.Helper()
	syncs := o.figure("lamppost_journal_syncs_total")
	for late := time.Now().Add(8 * time.Second); h.spares && time.Now().Before(late) && !o.refused(); {
		pause(o.t, 200*time.Millisecond)
	}
	if h.spares && !o.refused() {
		if n := o.figure("lamppost_journal_syncs_total"); n <= syncs || o.figure("lamppost_journal_degraded") != 0 {
			o.t.Errorf("%s: the journal does not write (%v syncs, before %v), and health says nothing", h.name, n, syncs)
		}
		return false
	}
	eventually(o.t, soon, h.name+": health to say so", o.refused)
	return true
}

// figure reads one of the gateway's metrics.
func (o *ordeal) figure(name string) float64 {
	o.t.Helper()
	return figure(o.t, "http://"+o.status+"/metrics", name)
}

// raised counts the alert revisions that this gateway's process has made.
func (o *ordeal) raised() float64 {
	o.t.Helper()
	return o.figure("lamppost_alert_revisions_total")
}

// working demands that every device is sampled although nothing can be kept, and
// that health says what is wrong in both languages.
func (o *ordeal) working(h harm) {
	o.t.Helper()
	said := o.disk()
	for i, lang := range []string{"en", "zh"} {
		if h.spares && said.ID == "" {
			break
		}
		if !regexp.MustCompile(h.words[i]).MatchString(said.Text[lang]) {
			o.t.Errorf("%s: health says %q, want %q in it", h.name, said.Text[lang], h.words[i])
		}
	}
	slack := o.slack().Milliseconds() + 1000
	eventually(o.t, soon, h.name+": every device to be sampled", func() bool {
		page, err := o.page()
		if err != nil {
			return false
		}
		for _, v := range page.Values {
			if v.EveryMS > 0 && (v.AgeMS < 0 || v.AgeMS > 2*v.EveryMS+slack) {
				return false
			}
		}
		return len(page.Values) > 0
	})
}

// alertsSince counts the stored alerts that were raised between two moments.
func (o *ordeal) alertsSince(from, to time.Time) (n int) {
	o.t.Helper()
	for _, a := range o.revisions() {
		if a.at >= from.UnixMilli() && a.at <= to.UnixMilli() {
			n++
		}
	}
	return n
}

type revision struct {
	id string
	at int64
}

// revisions are all alert revisions in the aggregator's database.
func (o *ordeal) revisions() (all []revision) {
	o.t.Helper()
	o.rows(`select alert, json_extract(body, '$.at.t') from alert_revision`, func(scan func(...any) error) error {
		var r revision
		err := scan(&r.id, &r.at)
		all = append(all, r)
		return err
	})
	return all
}
