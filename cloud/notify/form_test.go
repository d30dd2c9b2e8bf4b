package notify

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/view"
)

var drawnLevels = []string{"red", "orange", "yellow", "blue"}

// fill lets items wait for a receiver of the channel duty.
func (r *rig) fill(person string, items []waiting) {
	r.t.Helper()
	err := r.db.Write(r.t.Context(), func(tx *sql.Tx) error {
		for _, it := range items {
			_, err := tx.ExecContext(r.t.Context(), `insert into notice_event(id, subject, taken, routes, why, body) values(?, ?, 0, 1, '', '{"id":"x","text":{"zh":"一"}}')
				on conflict(id) do nothing`, it.event, it.subject)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(r.t.Context(), `insert into notice_item(channel, person, n, event, subject, grp, level, told, due, delivery, source)
				values('duty', ?, ?, ?, ?, ?, ?, '[]', ?, '', ?)`, person, it.n, it.event, it.subject, it.grp, it.level, it.due, it.source)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// had lets a receiver have had messages.
func (r *rig) had(person, kind, level, source string, formed time.Time, many int) {
	r.t.Helper()
	if many == 0 {
		return
	}
	err := r.db.Write(r.t.Context(), func(tx *sql.Tx) error {
		for range many {
			var n int
			if err := tx.QueryRowContext(r.t.Context(), "select count(*) from notice_delivery").Scan(&n); err != nil {
				return err
			}
			d := view.Delivery{ID: fmt.Sprint("past", n), Channel: "duty", Person: person, Kind: kind, Level: level, State: sent, Formed: formed.UnixMilli()}
			if err := insert(r.t.Context(), tx, d, source, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// deliveries says in which message each event for a person is.
func (r *rig) deliveries(person string) map[string]string {
	r.t.Helper()
	rows, err := r.db.Read().QueryContext(r.t.Context(), "select event, delivery from notice_item where person = ?", person)
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var event, delivery string
		if err := rows.Scan(&event, &delivery); err != nil {
			r.t.Fatal(err)
		}
		out[event] = delivery
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *rig) clear() {
	r.t.Helper()
	for _, table := range []string{"notice_item", "notice_event", "notice_delivery"} {
		r.exec("delete from " + table)
	}
	r.glances = nil
}

func red(n int64, subject, source string, now time.Time) waiting {
	event := fmt.Sprint(subject, "/", n)
	return waiting{event: event, subject: subject, grp: "event/" + event, level: "red", source: source, due: now.UnixMilli(), n: n}
}

// A gateway has had its share of red messages, and the next of another is one too many of
// all: two merged messages at once, and neither takes what the other is about.
func TestTwoSurges(t *testing.T) {
	r, now := newRig(t, nil), time.Now()
	r.had("", single, "red", "a", now, floodCount)
	for i := range redMost - 1 - floodCount {
		r.had("", single, "red", fmt.Sprint("g", i%4), now, 1)
	}
	r.fill("", []waiting{red(1, "a11", "a", now), red(2, "b1", "b", now), red(3, "c1", "c", now)})
	r.fill("wang", []waiting{red(4, "w1", "w", now)})
	if _, err := r.formAll(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	got := r.deliveries("")
	if a, b, c := got["a11/1"], got["b1/2"], got["c1/3"]; a == "" || b == "" || c == "" || a == b || b == c || a == c {
		t.Errorf("%v", got)
	}
	if got := r.deliveries("wang"); got["w1/4"] == "" {
		t.Error("the next receiver is not told")
	}
}

// What came after a red event that waits for its merged message waits with it.
func TestLaterWaitsForSurge(t *testing.T) {
	r, now := newRig(t, nil), time.Now()
	r.had("", single, "red", "a", now.Add(-2*time.Minute), floodCount)
	r.had("", surge, "red", "a", now.Add(-30*time.Second), 1)
	slight := waiting{event: "A/2", subject: "A", grp: "event/A/1", level: "orange", source: "a", due: now.UnixMilli(), n: 2}
	r.fill("", []waiting{red(1, "A", "a", now), slight})
	for _, c := range []struct {
		after time.Duration
		told  bool
	}{{0, false}, {31 * time.Second, true}} {
		if _, err := r.formAll(t.Context(), now.Add(c.after)); err != nil {
			t.Fatal(err)
		}
		got := r.deliveries("")
		if got["A/1"] != got["A/2"] || (got["A/1"] != "") != c.told {
			t.Errorf("after %v: %v", c.after, got)
		}
	}
}

// After too many red messages, one gateway's are merged once a minute as those of many are.
func TestSurgeOfAllIsOnceAMinute(t *testing.T) {
	r, now := newRig(t, nil), time.Now()
	for i := range redMost {
		r.had("", single, "red", fmt.Sprint("g", i), now, 1)
	}
	for i := range 13 { // one each ten seconds
		r.fill("", []waiting{red(int64(i+1), fmt.Sprint("s", i), "a", now)})
		if _, err := r.formAll(t.Context(), now.Add(time.Duration(i)*10*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.count("select count(*) from notice_delivery where kind = 'surge'"); n != 3 {
		t.Errorf("%d messages in two minutes, want 3", n)
	}
	if n := r.count("select count(*) from notice_item where delivery = ''"); n != 0 {
		t.Errorf("%d wait", n)
	}
}

// One receiver who cannot be told keeps no other waiting.
func TestOneFailureStarvesNobody(t *testing.T) {
	r, now := newRig(t, nil), time.Now()
	r.fill("li", []waiting{red(1, "a", "a", now)})
	r.exec("delete from notice_event")
	r.fill("wang", []waiting{red(2, "b", "b", now)})
	if _, err := r.formAll(t.Context(), now); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("error %v", err)
	}
	if r.deliveries("wang")["b/2"] == "" || r.deliveries("li")["a/1"] != "" {
		t.Errorf("%v %v", r.deliveries("wang"), r.deliveries("li"))
	}
}

// Of a flood that is more than is looked at at once, one merged message takes all.
func TestSurgeTakesWhatIsBehind(t *testing.T) {
	r, now := newRig(t, nil), time.Now()
	r.had("", single, "red", "a", now, floodCount)
	var items []waiting
	for i := range int64(maxBatch + 20) {
		items = append(items, red(i+1, fmt.Sprint("s", i), "a", now))
	}
	r.fill("", items)
	if _, err := r.formAll(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if n := r.count("select max(items) from notice_delivery"); n != len(items) {
		t.Errorf("%d in one message, want %d", n, len(items))
	}
}

// drawItems are some events that wait, of a few gateways and subjects.
func drawItems(t *rapid.T, first int64, now int64) (items []waiting) {
	for i := range rapid.Int64Range(0, 25).Draw(t, "items") {
		subject := rapid.IntRange(0, 14).Draw(t, "subject")
		it := waiting{event: fmt.Sprint(first + i), subject: fmt.Sprint("s", subject), level: rapid.SampledFrom(drawnLevels).Draw(t, "level"),
			source: fmt.Sprint("g", subject%7), due: now, n: first + i}
		if it.grp = "event/" + it.event; it.level != "red" {
			it.grp = fmt.Sprint("rule/", subject%3)
			if j := slices.IndexFunc(items, func(o waiting) bool { return o.subject == it.subject }); j >= 0 {
				it.grp = items[j].grp // as place does
			}
			it.due = now + rapid.SampledFrom([]int64{0, 0, groupWait}).Draw(t, "due")
		}
		items = append(items, it)
	}
	return items
}

// Whatever waits, and whatever was told before: what is planned becomes one message each,
// what is not waits on, nobody is forgotten, and in the end all is told, in order.
func TestPlanIsFormed(t *testing.T) {
	if databasetest.OnPostgres() || testing.Short() {
		t.Skip("thousands of the same statements")
	}
	r := newRig(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		r.clear()
		now := time.UnixMilli(1_800_000_000_000)
		waits := map[string][]waiting{}
		for k, person := range []string{"", "li", "wang"} {
			for i := range 4 {
				r.had(person, single, "red", fmt.Sprint("g", i), now, rapid.SampledFrom([]int{0, 9, 10}).Draw(t, "reds"))
			}
			r.had(person, single, "blue", "", now, rapid.SampledFrom([]int{0, 10}).Draw(t, "others"))
			for _, source := range []string{"", "g1", "g2"} {
				r.had(person, surge, "red", source, now.Add(-30*time.Second), rapid.IntRange(0, 1).Draw(t, "surges"))
			}
			waits[person] = drawItems(t, int64(1000*(k+1)), now.UnixMilli())
			r.fill(person, waits[person])
		}
		r.formsAsPlanned(t, now)
		for range 12 { // more than any of them has to wait
			now = now.Add(time.Minute)
			if _, err := r.formAll(context.Background(), now); err != nil {
				t.Fatal(err)
			}
		}
		for person, items := range waits {
			r.toldInOrder(t, person, items)
		}
	})
}

// formsAsPlanned forms once, and compares with what was planned.
func (r *rig) formsAsPlanned(t *rapid.T, now time.Time) {
	plans := map[string]todo{}
	for _, person := range []string{"", "li", "wang"} {
		p, err := r.planFor(context.Background(), r.db.Read(), Channel{ID: "duty"}, person, now.UnixMilli())
		if err != nil {
			t.Fatal(err)
		}
		plans[person] = p
	}
	if _, err := r.formAll(context.Background(), now); err != nil {
		t.Fatal(err)
	}
	for person, p := range plans {
		got, of := r.deliveries(person), map[string]int{}
		for i, b := range p.batches {
			for _, k := range b.items {
				event := p.items[k].event
				if j, other := of[got[event]]; got[event] == "" || other && i != j {
					t.Fatalf("event %s of %v is in message %q", event, b, got[event])
				}
				of[got[event]] = i
				delete(got, event)
			}
		}
		if len(of) != len(p.batches) {
			t.Fatalf("%d messages of %d", len(of), len(p.batches))
		}
		for event, delivery := range got {
			if delivery != "" {
				t.Fatalf("event %s was not planned and is told", event)
			}
		}
	}
}

// toldInOrder says that all was told, and of each subject in the order in which it came.
func (r *rig) toldInOrder(t *rapid.T, person string, items []waiting) {
	got := r.deliveries(person)
	slices.SortFunc(items, func(a, b waiting) int { return cmp.Compare(a.n, b.n) })
	last := map[string]int{}
	for _, it := range items {
		if got[it.event] == "" {
			t.Fatalf("event %+v is told to nobody", it)
		}
		var seq int
		if err := r.db.Read().QueryRowContext(context.Background(), "select seq from notice_delivery where id = ?", got[it.event]).Scan(&seq); err != nil {
			t.Fatal(err)
		}
		if seq < last[it.subject] {
			t.Fatalf("event %+v is told before an earlier one of its subject", it)
		}
		last[it.subject] = seq
	}
}
