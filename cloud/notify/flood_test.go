package notify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/notify/channel"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// from is an alert of a gateway, by a rule of its own so that nothing groups it.
func from(gateway, subject string, level wire.Severity) Event {
	e := alert(subject, level)
	e.Source, e.Rule = gateway, subject
	return e
}

// inMinute is the most that came in any minute.
func (d *desk) inMinute() (most int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.at {
		n := 0
		for _, at := range d.at[i:] {
			if at < d.at[i]+time.Minute {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// One gateway raises red alerts without end, others less severe ones. The red alert of
// another place is told at once, alone; those of the one become one message a minute, and
// none of them is lost.
func TestOneGatewayCannotFillAChannel(t *testing.T) {
	if databasetest.OnPostgres() || testing.Short() {
		t.Skip("thousands of the same statements")
	}
	bubble(t, func(o *Options) { o.Channels[0].PerMinute = 20 }, func(t *testing.T, r *rig) {
		n := 0
		for minute := range 6 {
			for range 12 {
				var all []Event
				for range 5 {
					all = append(all, from("hostile", fmt.Sprintf("h%05d", n), wire.Red), from(fmt.Sprint("g", n%7), fmt.Sprintf("y%05d", n), wire.Yellow))
					n++
				}
				r.take(all...)
				time.Sleep(5 * time.Second)
			}
			before := len(r.duty.told())
			r.take(from("bridge", fmt.Sprint("real", minute), wire.Red))
			time.Sleep(time.Second)
			real := func(s string) bool { return strings.HasSuffix(s, fmt.Sprint("Ⅰ级(红) 水位 real", minute)) }
			if got := r.duty.told()[before:]; !slices.ContainsFunc(got, real) {
				t.Errorf("minute %d: told %q", minute, got)
			}
		}
		time.Sleep(10 * time.Minute)
		if most := r.duty.inMinute(); most > 20 {
			t.Errorf("%d in a minute", most)
		}
		if left := r.count("select count(*) from notice_item where delivery = ''"); left != 0 {
			t.Errorf("%d events wait still", left)
		}
		alone, merged := 0, 0
		for _, d := range r.log(view.DeliveryQuery{Channel: "duty"}) {
			switch {
			case d.State != sent:
				t.Errorf("%+v", d)
			case d.Kind == surge:
				merged += d.Items
			case d.Level == "red":
				alone++
			}
		}
		if alone+merged != n+6 || alone != floodCount+6 {
			t.Errorf("%d red events told alone, %d in others, want %d and %d", alone, merged, floodCount+6, n-floodCount)
		}
	})
}

// So many gateways raise red alerts that each has few: together they are one message a
// minute, which names one of each.
func TestManyGatewaysAreMerged(t *testing.T) {
	bubble(t, func(o *Options) { o.Channels[0].PerMinute = 20 }, func(t *testing.T, r *rig) {
		var all []Event
		for i := range 60 {
			for k := range 3 {
				all = append(all, from(fmt.Sprintf("g%02d", i), fmt.Sprintf("%02d-%d", i, k), wire.Red))
			}
		}
		slices.SortFunc(all, func(a, b Event) int { return strings.Compare(a.Source, b.Source) })
		r.take(all...)
		time.Sleep(5 * time.Minute)
		singles, gateways := 0, map[string]bool{}
		for _, m := range r.duty.messages() {
			if m.Thread != "" {
				singles++
				gateways[m.Event.Subject[:2]] = true
				continue
			}
			if len(m.Lines) != 1+maxNamed+1 || !contains(m.Title, "合并 140 条") || !contains(m.Lines[0], "×140") {
				t.Errorf("%q %q", m.Title, m.Lines)
			}
			named := map[string]bool{}
			for _, l := range m.Lines[1 : 1+maxNamed] {
				named[strings.TrimPrefix(l, "Ⅰ级(红) 水位 ")[:2]] = true
			}
			if len(named) != maxNamed {
				t.Errorf("%d gateways named of %q", len(named), m.Lines)
			}
		}
		if singles != redMost || len(gateways) != redMost {
			t.Errorf("%d alone, of %d gateways; want %d of as many", singles, len(gateways), redMost)
		}
	})
}

// What is more than may wait is dropped in the open: the least severe, of the source that
// has most, and with one line in the log for many.
func TestOverflow(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Rules[0].Channels = []string{"city"} })
	first := alert("e1", wire.Blue)
	first.ID = "e1"
	r.take(first)
	// What a storm left: filled by SQL, since ten thousand transactions would take a while.
	r.exec(`insert into notice_item(channel, person, n, event, subject, grp, level, told, due, delivery, source)
		with recursive c(n) as (select 2 union all select n + 1 from c where n < ?)
		select 'city', '', n, 'e' || n, 's' || n, 'g', case when n % 2 = 0 then 'red' else 'blue' end, '[]', 0, '', case when n % 10 = 1 then 'small' else 'big' end from c`, maxWaiting-100)
	r.exec(`insert into notice_event(id, subject, taken, routes, why, body) select event, subject, 0, 1, '', '{"id":"x","text":{"zh":"一","en":"one"}}' from notice_item where event <> 'e1'`)
	for i := range 101 {
		r.take(from("big", fmt.Sprint("last", i), wire.Blue))
	}
	l := r.log(view.DeliveryQuery{State: dropped})
	if len(l) != 1 || l[0].Items != evicted || l[0].Level != "blue" || l[0].Error == "" || l[0].Title == "" {
		t.Fatalf("%+v", l)
	}
	if n := r.count("select count(*) from notice_item where delivery = ''"); n != maxWaiting+1-evicted {
		t.Errorf("%d wait", n)
	}
	for what, query := range map[string]string{
		"red ones":         "select count(*) from notice_item where delivery <> '' and level = 'red'",
		"of a small place": "select count(*) from notice_item where delivery <> '' and source = 'small'",
		"of the first":     "select count(*) from notice_item where delivery <> '' and n < 3000",
	} {
		if n := r.count(query); n != 0 {
			t.Errorf("%d %s are dropped", n, what)
		}
	}
}

// A program that reads has its share filled by one gateway; the red alert of another place
// is the next that it gets.
func TestRedPassesAMachinesBacklog(t *testing.T) {
	if databasetest.OnPostgres() || testing.Short() {
		t.Skip("thousands of the same statements")
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(o *Options) {
			o.Rules[0].Channels, o.Channels[3].PerMinute = []string{"city"}, 60
		})
		var all []Event
		for i := range 1500 {
			all = append(all, from("hostile", fmt.Sprintf("h%05d", i), wire.Red))
		}
		r.take(all...)
		stop := r.run()
		time.Sleep(90 * time.Second)
		before := len(r.machine.messages())
		r.take(from("bridge", "real", wire.Red), from("bridge", "slight", wire.Blue))
		time.Sleep(3 * time.Second)
		m := r.machine.messages()
		if len(m) <= before || m[before].Event.Subject != "real" {
			t.Errorf("%d before, then %d", before, len(m)-before)
		}
		time.Sleep(2 * time.Minute)
		for _, m := range r.machine.messages() {
			if m.Event.Subject == "slight" {
				t.Error("a slight one passes red ones that have room")
			}
		}
		if n := r.count("select count(*) from notice_delivery where state = 'queued'"); n > 2*maxAhead {
			t.Errorf("%d formed ahead", n)
		}
		stop()
	})
}

// A message about more subjects than are listed holds up what it is about, and nothing else.
func TestRedPassesALargeDigest(t *testing.T) {
	bubble(t, nil, func(t *testing.T, r *rig) {
		for i := range 10 { // enough for a flood
			r.take(later(alert(fmt.Sprint("f", i), wire.Blue), "cleared", 2))
		}
		time.Sleep(time.Second)
		r.duty.says(func(_ int, m channel.Message) error {
			if contains(m.Title, "合并") {
				return &channel.Error{Err: errors.New("busy")}
			}
			return nil
		})
		var all []Event
		for i := range 2 * maxSubjects {
			all = append(all, later(alert(fmt.Sprintf("s%03d", i), wire.Blue), "cleared", 2))
		}
		r.take(all...)
		time.Sleep(2 * time.Second)
		r.take(alert("other", wire.Red), alert("s099", wire.Red))
		time.Sleep(5 * time.Second)
		if got := r.duty.told(); !slices.ContainsFunc(got, func(s string) bool { return contains(s, "other") }) || slices.ContainsFunc(got, func(s string) bool { return contains(s, "s099") }) {
			t.Errorf("told %q", got)
		}
		r.duty.says(nil)
		time.Sleep(time.Minute)
		if got := r.duty.told(); !contains(got[len(got)-1], "s099") {
			t.Errorf("told %q", got)
		}
	})
}

// Symptoms are told to nobody, but a message about their cause, and a digest, say how many
// there were.
func TestSymptomsAreCounted(t *testing.T) {
	bubble(t, nil, func(t *testing.T, r *rig) {
		cause := alert("gateway-07", wire.Orange)
		symptom := func(i int) Event {
			e := alert(fmt.Sprint("symptom", i), wire.Yellow)
			e.Cause = "gateway-07"
			return e
		}
		r.take(cause, symptom(1))
		time.Sleep(10 * time.Second)
		r.take(symptom(2))
		time.Sleep(time.Minute)
		r.take(symptom(3))
		time.Sleep(time.Minute)
		wants(t, "duty", r.duty.told(), "30s Ⅱ级(橙) 水位 gateway-07")
		if m := r.duty.messages()[0]; m.Lines[len(m.Lines)-1] != "未逐条通知：水位 gateway-07 引起的 2 起" {
			t.Errorf("%q", m.Lines)
		}
		for i := range 12 {
			r.take(later(alert(fmt.Sprint("f", i), wire.Blue), "cleared", 2))
		}
		time.Sleep(time.Minute)
		m := r.duty.messages()
		if last := m[len(m)-1]; !contains(last.Title, "合并") || last.Lines[len(last.Lines)-1] != "未逐条通知：水位 gateway-07 引起的 1 起" {
			t.Errorf("%q %q", last.Title, last.Lines)
		}
	})
}
