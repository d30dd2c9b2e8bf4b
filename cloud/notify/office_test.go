package notify

import (
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/notify/channel"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func bubble(t *testing.T, change func(*Options), story func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, change)
		stop := r.run()
		story(t, r)
		stop()
	})
}

func wants(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: told %q\nwant %q", what, got, want)
	}
}

// First notices of one area and rule wait half a minute for each other and are one message;
// what changes later does not wait; an event that comes again is not told again.
func TestGrouping(t *testing.T) {
	bubble(t, nil, func(t *testing.T, r *rig) {
		a, b := alert("a", wire.Yellow), alert("b", wire.Orange)
		r.take(a)
		time.Sleep(10 * time.Second)
		r.take(b, a)
		time.Sleep(25 * time.Second)
		r.take(later(a, "cleared", 2))
		time.Sleep(5 * time.Second)
		r.take(a, b)
		time.Sleep(2 * time.Minute)
		wants(t, "duty", r.duty.told(), "30s Ⅱ级(橙) 同类告警 2 起：水位 b", "35s Ⅲ级(黄) 水位 a")
		m := r.duty.messages()
		if want := []string{"Ⅱ级(橙)×1 Ⅲ级(黄)×1", "Ⅱ级(橙) 水位 b", "Ⅲ级(黄) 水位 a"}; !reflect.DeepEqual(m[0].Lines, want) {
			t.Errorf("lines %q, want %q", m[0].Lines, want)
		}
		if len(m[0].Links) != 3 || m[0].Links[0].URL != "https://console.example.org/" || m[1].Links[0].URL != "https://console.example.org/#/alerts/a" {
			t.Errorf("links %v, %v", m[0].Links, m[1].Links)
		}
		if l := r.log(view.DeliveryQuery{}); len(l) != 2 || l[0].State != sent || l[1].Kind != group || l[1].Items != 2 || l[1].Attempts != 1 {
			t.Errorf("log %+v", l)
		}
	})
}

// A change that comes while the first notice waits is told with it, once, as it stands then.
func TestChangeWhileItWaits(t *testing.T) {
	bubble(t, nil, func(t *testing.T, r *rig) {
		a := alert("a", wire.Yellow)
		r.take(a)
		time.Sleep(10 * time.Second)
		r.take(later(a, "cleared", 2))
		time.Sleep(time.Minute)
		wants(t, "duty", r.duty.told(), "30s Ⅲ级(黄) 水位 a")
		if m := r.duty.messages()[0]; m.Lines[0] != "状态：cleared" || !m.First {
			t.Errorf("%+v", m)
		}
	})
}

// Red is told at once and never merged, also in a flood; it takes along what waits of its
// own subject. Others get one digest every five minutes until it is calmer.
func TestFlood(t *testing.T) {
	bubble(t, nil, func(t *testing.T, r *rig) {
		for i := range 14 {
			e := alert(fmt.Sprintf("s%02d", i), wire.Yellow)
			e.Rule = e.Subject // a rule each: nothing groups them
			r.take(e)
		}
		time.Sleep(31 * time.Second)
		if got := r.duty.told(); len(got) != 11 || got[9] != "30s Ⅲ级(黄) 水位 s09" || got[10] != "30s 短时间通知过多，合并 4 条" {
			t.Fatalf("told %q", got)
		}
		red := alert("red", wire.Red)
		again := later(alert("s00", wire.Blue), "cleared", 2)
		r.take(again, later(alert("s01", wire.Blue), "cleared", 2), red)
		time.Sleep(4 * time.Minute)
		wants(t, "after the digest", r.duty.told()[11:], "31s Ⅰ级(红) 水位 red")
		time.Sleep(time.Minute)
		wants(t, "five minutes later", r.duty.told()[12:], "330s 短时间通知过多，合并 2 条")
		time.Sleep(10 * time.Minute)
		r.take(later(alert("s02", wire.Blue), "cleared", 2))
		time.Sleep(time.Second)
		if got := r.duty.told()[13:]; len(got) != 1 || !contains(got[0], "水位 s02") {
			t.Errorf("when it is calm: %q", got)
		}
	})
}

// A machine gets every event, each by its own id.
func TestMachineGetsEach(t *testing.T) {
	bubble(t, func(o *Options) { o.Rules[0].Channels = []string{"city"} }, func(t *testing.T, r *rig) {
		for i := range 12 {
			r.take(alert(fmt.Sprint(i), wire.Blue))
		}
		time.Sleep(5 * time.Second)
		m := r.machine.messages()
		if len(m) != 12 || m[11].Event.ID != "11/1" || m[11].Event.Type != "city.lamppost.alert.raised.v1" || len(m[11].Links) != 0 || !contains(string(m[0].Event.Data), `"subject":"0"`) {
			t.Errorf("%d, %+v", len(m), m[len(m)-1])
		}
	})
}

// Who is told: by severity, area, category, kind and hour; persons by name in groups and by
// a mail each in their language; nobody twice.
func TestRules(t *testing.T) {
	change := func(o *Options) {
		o.Rules = []Rule{
			{Severities: []string{"orange"}, Areas: []string{"330105"}, Channels: []string{"duty", "mail"}, People: []string{"wang", "li", "zhao", "nobody"}},
			{Categories: []string{"11*"}, Channels: []string{"duty"}, People: []string{"wang"}},
			{Kinds: []string{"closed"}, Hours: &Hours{From: 0, To: 1, Zone: time.UTC}, Channels: []string{"spare"}},
		}
	}
	bubble(t, change, func(t *testing.T, r *rig) { // a bubble begins at midnight
		e := alert("a", wire.Orange)
		e.Category = "1102"
		r.take(e)
		foreign := alert("b", wire.Orange)
		foreign.Area = "330106"
		r.take(foreign)
		r.take(later(foreign, "closed", 2))
		time.Sleep(2 * time.Minute)
		r.take(later(foreign, "closed", 3))
		time.Sleep(time.Minute)
		wants(t, "duty", r.duty.told(), "30s Ⅱ级(橙) 水位 a")
		wants(t, "spare", r.spare.told(), "0s Ⅱ级(橙) 水位 b")
		if m := r.duty.messages()[0]; len(m.To) != 3 {
			t.Errorf("called %+v", m.To)
		}
		var to []string
		for _, m := range r.mail.messages() {
			to = append(to, m.To[0].Mail+" "+m.Title)
		}
		wants(t, "mail", to, "li@example.org Ⅱ Orange level a", "wang@example.org Ⅱ级(橙) 水位 a")
		if n := r.count("select count(*) from notice_event where why = 'no-rule' and routes = 0"); n != 2 {
			t.Errorf("%d events without a rule, want 2", n)
		}
	})
}

// An alert that a case follows is told to people by the case, to machines itself; what is
// quiet goes to machines, to whom it names, and to rules that ask for its kind.
func TestAboutAlertsAndCases(t *testing.T) {
	change := func(o *Options) {
		o.Rules = []Rule{{Channels: []string{"duty", "city"}}, {About: []string{"alert"}, Channels: []string{"spare"}}, {Kinds: []string{"reminded"}, Channels: []string{"spare"}}}
	}
	bubble(t, change, func(t *testing.T, r *rig) {
		a, c := alert("a", wire.Red), alert("case/1", wire.Red)
		a.About, a.Case, c.About = "alert", "1", "case"
		quiet := later(c, "reminded", 2)
		quiet.Quiet, quiet.People = true, []string{"wang"}
		r.take(a, c)
		time.Sleep(time.Second)
		r.take(quiet)
		time.Sleep(time.Second)
		wants(t, "duty", r.duty.told(), "0s Ⅰ级(红) 水位 case/1")
		wants(t, "spare", r.spare.told(), "0s Ⅰ级(红) 水位 a", "1s Ⅰ级(红) 水位 case/1")
		wants(t, "mail", r.mail.told(), "1s Ⅰ级(红) 水位 case/1")
		var city []string
		for _, m := range r.machine.messages() {
			city = append(city, m.Event.Type)
		}
		wants(t, "city", city, "city.lamppost.alert.raised.v1", "city.lamppost.case.raised.v1", "city.lamppost.case.reminded.v1")
	})
}

// Whom an event names is told by mail even if no rule is about it.
func TestNamedPerson(t *testing.T) {
	bubble(t, func(o *Options) { o.Rules = nil }, func(t *testing.T, r *rig) {
		e := later(alert("a", wire.Blue), "dispatched", 2)
		e.People = []string{"wang", "zhao"}
		r.take(e)
		time.Sleep(time.Second)
		if m := r.mail.messages(); len(m) != 1 || m[0].To[0].ID != "wang" || len(r.duty.told()) != 0 {
			t.Errorf("%+v", m)
		}
	})
}

// A symptom whose cause is open when it comes, or opens while it waits, is told to nobody.
func TestSymptoms(t *testing.T) {
	bubble(t, nil, func(t *testing.T, r *rig) {
		known := alert("known", wire.Yellow)
		known.Cause = "gateway-07"
		found := alert("found", wire.Yellow)
		r.take(known, found, alert("other", wire.Yellow))
		r.suppress("found", "gateway-07")
		time.Sleep(time.Minute)
		wants(t, "duty", r.duty.told(), "30s Ⅲ级(黄) 水位 other")
		if n := r.count("select count(*) from notice_event where why = 'symptom'"); n != 2 {
			t.Errorf("%d symptoms noted, want 2", n)
		}
	})
}

// What fails is tried again with growing pauses and the same id, and is told to be a
// repetition only where it may have arrived; later messages of the subject wait their turn.
func TestRetry(t *testing.T) {
	bubble(t, nil, func(t *testing.T, r *rig) {
		r.duty.says(func(n int, _ channel.Message) error {
			switch n {
			case 0:
				return &channel.Error{Err: errors.New("connection refused")}
			case 1:
				return &channel.Error{Maybe: true, Err: errors.New("no answer in time")}
			case 2:
				return &channel.Error{Err: errors.New("it answers 503"), After: 40 * time.Second}
			}
			return nil
		})
		a := alert("a", wire.Red)
		r.take(a, later(a, "cleared", 2))
		time.Sleep(5 * time.Minute)
		m := r.duty.messages()
		if len(m) != 5 || m[0].ID != m[3].ID || m[4].ID == m[3].ID || m[0].Repeat || m[1].Repeat || !m[2].Repeat || !m[3].Repeat || m[4].Repeat {
			t.Fatalf("%q", r.duty.told())
		}
		for i, span := range [][2]time.Duration{{0, 0}, {2 * time.Second, 4 * time.Second}, {6 * time.Second, 10 * time.Second}, {46 * time.Second, 52 * time.Second}} {
			if at := r.duty.at[i]; at < span[0] || at > span[1] {
				t.Errorf("attempt %d at %v, want %v", i, at, span)
			}
		}
		d, err := r.Get(t.Context(), m[0].ID)
		if err != nil || d.State != sent || d.Attempts != 4 || len(d.Tries) != 4 || d.Tries[1].Error != "no answer in time" || d.Tries[3].Outcome != "sent" {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

// One that a receiver will never take blocks nothing; the channel counts as working.
func TestRefused(t *testing.T) {
	bubble(t, nil, func(t *testing.T, r *rig) {
		r.duty.says(func(_ int, m channel.Message) error {
			if contains(m.Title, "bad") {
				return &channel.Error{Fate: channel.Never, Err: errors.New("too long")}
			}
			return nil
		})
		r.take(alert("bad", wire.Red), alert("good", wire.Red))
		time.Sleep(time.Second)
		wants(t, "duty", r.duty.told(), "0s Ⅰ级(红) 水位 bad", "0s Ⅰ级(红) 水位 good")
		if l := r.log(view.DeliveryQuery{State: refused}); len(l) != 1 || l[0].Error != "too long" || len(r.troubles) != 0 {
			t.Errorf("%+v %v", l, r.troubles)
		}
	})
}

// A channel that hangs or fails holds up no other. Past its deadline a message is given up,
// and the others tell that the channel fails; and, later, that it works.
func TestGivenUp(t *testing.T) {
	change := func(o *Options) {
		o.Rules[0].Channels = []string{"duty", "spare"}
		o.Channels[0].GiveUp = time.Minute
	}
	bubble(t, change, func(t *testing.T, r *rig) {
		r.duty.says(func(int, channel.Message) error { return &channel.Error{Err: errors.New("connection refused")} })
		r.take(alert("a", wire.Red))
		time.Sleep(2 * time.Minute)
		if l := r.log(view.DeliveryQuery{Channel: "duty"}); len(l) != 1 || l[0].State != givenUp || l[0].Attempts < 4 || l[0].Error != "connection refused" {
			t.Errorf("%+v", l)
		}
		wants(t, "spare", r.spare.told(), "0s Ⅰ级(红) 水位 a", "90s Ⅱ级(橙) 通知渠道 duty 无法送达")
		s, err := r.States(t.Context())
		if err != nil || s[0].Down == 0 || s[0].Error != "connection refused" || s[1].Down != 0 {
			t.Errorf("%+v, %v", s, err)
		}
		r.duty.says(nil)
		r.take(later(alert("a", wire.Red), "cleared", 2))
		time.Sleep(2 * time.Minute)
		if got := r.spare.told(); len(got) != 4 || !contains(got[3], "通知渠道 duty 已恢复") {
			t.Errorf("spare %q", got)
		}
		if len(r.troubles) != 2 || r.troubles[0].Over || !r.troubles[1].Over || r.troubles[0].Channel != "duty" {
			t.Errorf("%+v", r.troubles)
		}
	})
}

// Wrong settings are told at once, and the message waits for somebody to mend them.
func TestMistaken(t *testing.T) {
	if databasetest.OnPostgres() {
		t.Skip("sixteen minutes of the same statements as above")
	}
	bubble(t, nil, func(t *testing.T, r *rig) {
		wrong := true
		r.duty.says(func(int, channel.Message) error {
			if wrong {
				return &channel.Error{Fate: channel.Mistaken, Err: errors.New("sign not match")}
			}
			return nil
		})
		r.take(alert("a", wire.Red))
		time.Sleep(time.Second)
		if len(r.troubles) != 1 || r.troubles[0].Error != "sign not match" {
			t.Errorf("%+v", r.troubles)
		}
		time.Sleep(10 * time.Minute)
		if n := len(r.duty.told()); n < 5 || n > 12 {
			t.Errorf("%d attempts in ten minutes, want a few", n)
		}
		wrong = false
		time.Sleep(6 * time.Minute)
		if l := r.log(view.DeliveryQuery{Channel: "duty"}); len(l) != 1 || l[0].State != sent || len(r.troubles) != 2 {
			t.Errorf("%+v, %+v", l, r.troubles)
		}
	})
}

// No minute has more messages than the channel allows, whoever sends them.
func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := database1(t)
		limited := func(o *Options) { o.Channels[0].PerMinute = 20 }
		r, q := rigOn(t, db, limited), rigOn(t, db, limited)
		q.duty = r.duty
		for i := range q.o.Channels {
			q.o.Channels[i].Sender = r.o.Channels[i].Sender
		}
		stop, stopQ := r.run(), q.run()
		for i := range 40 {
			r.take(alert(fmt.Sprintf("r%02d", i), wire.Red))
		}
		time.Sleep(5 * time.Minute)
		stop()
		stopQ()
		at := r.duty.at
		if len(at) != 40 {
			t.Fatalf("%d told, want 40", len(at))
		}
		for i := range at {
			n := 0
			for _, b := range at {
				if b >= at[i] && b < at[i]+time.Minute {
					n++
				}
			}
			if n > 20 {
				t.Errorf("%d in the minute from %v", n, at[i])
			}
		}
		if at[39] > 2*time.Minute {
			t.Errorf("the last at %v", at[39])
		}
	})
}

// Two processes on one database tell each event once.
func TestTwoProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := database1(t)
		r, q := rigOn(t, db, nil), rigOn(t, db, nil)
		for i := range q.o.Channels {
			q.o.Channels[i].Sender = r.o.Channels[i].Sender
		}
		stop, stopQ := r.run(), q.run()
		var wg sync.WaitGroup
		for i := range 25 {
			e := alert(fmt.Sprintf("r%02d", i), wire.Red)
			for _, o := range []*rig{r, q} { // both hear of each
				wg.Go(func() { o.take(e) })
			}
		}
		wg.Wait()
		time.Sleep(2 * time.Minute)
		stop()
		stopQ()
		seen := map[string]int{}
		for _, m := range r.duty.messages() {
			seen[m.Title]++
			if m.Repeat {
				t.Errorf("%s is told to be a repetition", m.Title)
			}
		}
		for title, n := range seen {
			if n != 1 {
				t.Errorf("%s told %d times", title, n)
			}
		}
		if len(seen) != 25 {
			t.Errorf("%d told, want 25", len(seen))
		}
	})
}

// A process that dies between sending and noting: another sends the message again, with the
// same id, as a repetition, and not before the first one's time is over.
func TestKilledBetweenSendAndNote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := database1(t)
		dead := rigOn(t, db, nil)
		dead.take(alert("a", wire.Red))
		now := time.Now()
		if _, err := dead.formAll(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		rows, err := dead.opened(t.Context(), "duty")
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		j, _, err := dead.claim(t.Context(), dead.o.Channels[0], rows[0], now)
		if err != nil || j == nil {
			t.Fatal(j, err)
		}
		m, err := dead.message(t.Context(), dead.o.Channels[0], *j)
		if err != nil || dead.duty.Send(t.Context(), m) != nil {
			t.Fatal(err)
		}
		alive := rigOn(t, db, nil)
		stop := alive.run()
		time.Sleep(2 * time.Minute)
		stop()
		got := alive.duty.messages()
		if len(got) != 1 || got[0].ID != m.ID || !got[0].Repeat || m.Repeat || alive.duty.at[0] < leaseTime || got[0].Links[1] != m.Links[1] {
			t.Errorf("told %+v, the first was %+v", got, m)
		}
		// The dead one comes back and notes what it knows: too late, the other has the word.
		if err := dead.note(t.Context(), dead.o.Channels[0], *j, errors.New("late"), time.Now()); err != nil {
			t.Error(err)
		}
		if d, err := alive.Get(t.Context(), m.ID); err != nil || d.State != sent || d.Attempts != 2 || d.Tries[0].Outcome != "" {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

// Stopped in the middle of an attempt, the office lets it end, and then has nothing open.
func TestStopLetsAnAttemptEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.duty.says(func(int, channel.Message) error { time.Sleep(2 * time.Second); return nil })
		stop := r.run()
		r.take(alert("a", wire.Red))
		time.Sleep(time.Second)
		stop()
		if l := r.log(view.DeliveryQuery{}); len(l) != 1 || l[0].State != sent {
			t.Errorf("%+v", l)
		}
	})
}

// The database fails for a while: nothing is lost, and nothing spins.
func TestDatabaseFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.take(alert("a", wire.Red))
		broken := &flaky{DB: r.o.DB}
		r.o.DB = broken
		stop := r.run()
		time.Sleep(time.Minute)
		if n := broken.tried(); n == 0 || n > 40 {
			t.Errorf("%d attempts to write in a minute", n)
		}
		broken.mend()
		time.Sleep(time.Minute)
		stop()
		if got := r.duty.told(); len(got) != 1 {
			t.Errorf("told %q", got)
		}
	})
}

func TestEventsAreChecked(t *testing.T) {
	r := newRig(t, nil)
	for field, change := range map[string]func(*Event){
		"id": func(e *Event) { e.ID = "" }, "subject": func(e *Event) { e.Subject = "a b" }, "kind": func(e *Event) { e.Kind = "Raised!" },
		"severity": func(e *Event) { e.Severity = "pink" }, "text": func(e *Event) { e.Text.Zh = strings.Repeat("长", 2000) },
		"data": func(e *Event) { e.Data = []byte("{") },
	} {
		e := alert("a", wire.Red)
		change(&e)
		var f *view.FieldError
		if err := r.Take(t.Context(), alert("ok", wire.Red), e); !errors.As(err, &f) || f.Field != field || f.Text.Zh == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if n := r.count("select count(*) from notice_event"); n != 0 {
		t.Errorf("%d events are there, want 0: all or none are taken", n)
	}
}

// The test button: one attempt, an answer, a line in the log, within the channel's limit.
func TestTestButton(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.Channels[0].PerMinute = 2 })
		d, err := r.Test(t.Context(), "duty", "")
		if err != nil || d.State != sent || d.Kind != test || len(d.Tries) != 1 || r.duty.messages()[0].Title != "通知渠道 duty 测试" {
			t.Errorf("%+v, %v", d, err)
		}
		r.duty.says(func(int, channel.Message) error {
			return &channel.Error{Fate: channel.Mistaken, Err: errors.New("sign not match")}
		})
		d, err = r.Test(t.Context(), "duty", "")
		if err != nil || d.State != givenUp || d.Error != "sign not match" || d.Attempts != 1 {
			t.Errorf("%+v, %v", d, err)
		}
		if _, err := r.Test(t.Context(), "duty", ""); !errors.Is(err, view.ErrBusy) {
			t.Errorf("the third in a minute: %v", err)
		}
		if _, err := r.Test(t.Context(), "mail", "wang"); err != nil || r.mail.messages()[0].To[0].Mail != "wang@example.org" {
			t.Errorf("%v", err)
		}
		for _, odd := range [][2]string{{"nobody", ""}, {"mail", "nobody"}, {"duty", "wang"}} {
			if _, err := r.Test(t.Context(), odd[0], odd[1]); !errors.Is(err, view.ErrUnknown) {
				t.Errorf("%v: %v", odd, err)
			}
		}
	})
}

func TestLogPagesAndPrune(t *testing.T) {
	bubble(t, nil, func(t *testing.T, r *rig) {
		for i := range 25 {
			r.take(alert(fmt.Sprint("s", i), wire.Red))
		}
		time.Sleep(time.Minute)
		seen, q := map[string]bool{}, view.DeliveryQuery{Channel: "duty", Limit: 10}
		for range 10 {
			page, err := r.Log(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, d := range page {
				if seen[d.ID] {
					t.Errorf("%s twice", d.ID)
				}
				seen[d.ID] = true
			}
			q.Before = page[len(page)-1].ID
		}
		if len(seen) != 25 {
			t.Errorf("%d in the pages, want 25", len(seen))
		}
		if _, err := r.Log(t.Context(), view.DeliveryQuery{Before: "x"}); !errors.Is(err, view.ErrUnknown) {
			t.Errorf("before what is not there: %v", err)
		}
		if err := r.Prune(t.Context(), time.Now().Add(keep)); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"delivery", "attempt", "item", "event"} {
			if n := r.count("select count(*) from notice_" + table); n != 0 {
				t.Errorf("%d rows left in %s", n, table)
			}
		}
	})
}

// An event is taken in the caller's transaction or not at all.
func TestTakeInATransaction(t *testing.T) {
	r := newRig(t, nil)
	no := errors.New("no")
	err := r.db.Write(t.Context(), func(tx *sql.Tx) error {
		if err := r.TakeIn(t.Context(), tx, time.Now(), alert("a", wire.Red)); err != nil {
			return err
		}
		return no
	})
	if !errors.Is(err, no) || r.count("select count(*) from notice_item") != 0 {
		t.Errorf("%v", err)
	}
}

// Nobody is left alone with the storm: what 2 000 alerts of one place and rule become.
func TestStorm(t *testing.T) {
	if databasetest.OnPostgres() {
		t.Skip("much of the same, which takes long over a socket")
	}
	bubble(t, nil, func(t *testing.T, r *rig) {
		var all []Event
		for i := range 2000 {
			all = append(all, alert(fmt.Sprint("s", i), wire.Yellow))
		}
		r.take(all...)
		time.Sleep(5 * time.Minute)
		wants(t, "duty", r.duty.told(), "30s Ⅲ级(黄) 同类告警 2000 起：水位 s0")
		if m := r.duty.messages()[0]; len(m.Lines) != 1+maxNamed+1 || m.Lines[maxNamed+1] != "……另有 1980 条，见控制台" {
			t.Errorf("%q", m.Lines)
		}
	})
}
