package e2e

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// pairStorm is how hard the pair has it.
type pairStorm struct {
	alerts, kills int
	calm          time.Duration // between kills, at most
	districts     []string      // a gateway in each
	settle        time.Duration // until all is acknowledged, due and told, at most
}

func pairScale() pairStorm {
	switch os.Getenv("LAMPPOST_PAIR") {
	case "city":
		return pairStorm{alerts: 100_000, kills: 60, calm: 10 * time.Second, districts: invented(110), settle: 20 * time.Minute}
	case "long":
		return pairStorm{alerts: 6000, kills: 30, calm: 6 * time.Second, districts: []string{"330102", "330105", "330106", "330108", "330109", "330110", "330111"}, settle: 2 * soon}
	}
	return pairStorm{alerts: 240, kills: 4, calm: 3 * time.Second, districts: []string{"330105", "330106", "330108"}, settle: 2 * soon}
}

// invented are so many codes of districts.
func invented(n int) (codes []string) {
	for i := range n {
		codes = append(codes, fmt.Sprintf("99%02d%02d", 1+i/50, 1+i%50))
	}
	return codes
}

// Two aggregators on one PostgreSQL, one Mosquitto and one InfluxDB are one: whatever is done
// at either is seen at both; while a storm comes, each is killed again and again at random;
// and in the end every alert is in one case, the cases and the notices are there once, each
// timer has fired once, and both say the same.
func TestTwoAggregatorsAreOne(t *testing.T) {
	p, scale := newPair(t), pairScale()
	var posts []*post
	for i, district := range scale.districts {
		posts = append(posts, newPost(t, p.broker.addr, fmt.Sprintf("post-%d", i), district))
	}
	for _, g := range posts {
		g.state()
	}
	p.both("the gateways", func(i int) bool {
		var l struct{ Gateways []gatewayRow }
		code, err := p.ask(i, "GET", "/gateways", nil, &l)
		return code == 200 && err == nil && len(l.Gateways) == len(posts)
	})
	p.eitherWillDo(posts[0])
	p.eventsReachBoth(posts)
	p.storm(posts, scale)
	p.settle(posts, scale.settle)
	p.judge(posts)
	p.sayTheSame()
}

// eitherWillDo asks, shows and stores through one what the other then has.
func (p *pair) eitherWillDo(g *post) {
	p.t.Helper()
	for n := range uint64(20) {
		g.reading(n+1, float64(n))
	}
	p.both("the newest reading", func(i int) bool {
		var l struct{ Values []struct{ V float64 } }
		code, err := p.ask(i, "GET", "/values?gateway="+g.id, nil, &l)
		return code == 200 && err == nil && len(l.Values) == 1 && l.Values[0].V == 19
	})
	var still bytes.Buffer
	if err := jpeg.Encode(&still, image.NewGray(image.Rect(0, 0, 2000, 2000)), nil); err != nil {
		p.t.Fatal(err)
	}
	const id = "01940000-0000-7000-8000-0000000000aa"
	g.picture(id, still.Bytes())
	p.both("the picture", func(i int) bool {
		var got []byte
		code, err := p.ask(i, "GET", "/images/"+id+".jpg", nil, &got)
		return code == 200 && err == nil && bytes.Equal(got, still.Bytes())
	})
	for i := range p.side {
		var c struct{ ID string }
		p.want(i, 202, "POST", "/gateways/"+g.id+"/commands", map[string]any{"kind": "read", "device": "river"}, &c)
		p.both("the answer", func(i int) bool {
			var got struct{ State string }
			code, err := p.ask(i, "GET", "/commands/"+c.ID, nil, &got)
			return code == 200 && err == nil && got.State == "done"
		})
		g.mu.Lock()
		if n := g.asked[c.ID]; n != 1 {
			p.t.Errorf("the gateway was asked %d times", n)
		}
		g.mu.Unlock()
	}
	p.want(0, 200, "PUT", "/departments/water", map[string]any{"name": map[string]string{"zh": "水务", "en": "water"}, "members": []string{"wang"}}, nil)
	p.both("the department", func(i int) bool {
		var l struct{ Departments []struct{ ID string } }
		code, err := p.ask(i, "GET", "/departments", nil, &l)
		return code == 200 && err == nil && len(l.Departments) == 1
	})
}

// eventsReachBoth measures how long an alert takes from the gateway to the live streams.
func (p *pair) eventsReachBoth(posts []*post) {
	p.t.Helper()
	type arrival struct {
		side int
		at   time.Time
	}
	came := make(chan arrival, 64)
	for i := range p.side {
		stop := p.stream(i, func(event string, data []byte) {
			if event == "alert" {
				came <- arrival{i, time.Now()}
			}
		})
		defer stop()
	}
	var took [2][]time.Duration
	for n := range 20 {
		began := time.Now()
		posts[0].raise(p.alert(100_000+n, wire.Blue), n)
		for range p.side {
			select {
			case a := <-came:
				took[a.side] = append(took[a.side], a.at.Sub(began))
			case <-time.After(soon):
				p.t.Fatalf("alert %d did not reach both streams", n)
			}
		}
	}
	for i, d := range took {
		if slices.Sort(d); len(d) != 20 {
			p.t.Fatalf("%d of 20 alerts reached the stream of %d", len(d), i)
		}
		p.t.Logf("from the gateway to the live stream of %d: median %s, longest %s", i, milliseconds(d[10]), milliseconds(d[19]))
	}
}

// alert is one of a rule of its own gauge: a few gauges have many.
func (p *pair) alert(n int, s wire.Severity) wire.Alert {
	return wire.Alert{ID: fmt.Sprintf("01940000-0000-7000-8000-%012d", n), Rev: 1, Rule: "river-high", Severity: s, Channel: "level",
		Category: "06026", Text: map[string]string{"zh": "河道水位 3.12 米"}}
}

// storm lets alerts come while the two are killed in turn, as chance has it.
func (p *pair) storm(posts []*post, scale pairStorm) {
	p.t.Helper()
	seed := uint64(time.Now().UnixNano())
	p.t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var sending sync.WaitGroup
	done := make(chan struct{})
	total := time.Duration(scale.kills) * scale.calm
	for i, g := range posts {
		sending.Go(func() {
			tick := time.NewTicker(total / time.Duration(scale.alerts/len(posts)))
			defer tick.Stop()
			for n := range scale.alerts / len(posts) {
				g.raise(p.alert(1+n*len(posts)+i, pairSeverity(n)), n%40)
				if n%20 == 19 {
					g.state()
					g.again()
				}
				<-tick.C
			}
		})
	}
	go func() { sending.Wait(); close(done) }()
	for n := 0; n < scale.kills; n++ {
		pause(p.t, time.Duration(r.Int64N(int64(scale.calm))))
		i := r.IntN(2)
		p.kill(i)
		if r.IntN(4) == 0 { // both at once
			p.kill(1 - i)
			p.again(1 - i)
		}
		p.again(i)
	}
	select {
	case <-done:
	case <-time.After(total + soon):
		p.t.Fatal("the storm does not end")
	}
}

// pairSeverity: one in eight is red.
func pairSeverity(n int) wire.Severity {
	return []wire.Severity{wire.Red, wire.Orange, wire.Yellow, wire.Blue, wire.Orange, wire.Yellow, wire.Blue, wire.Blue}[n%8]
}

// settle waits until everything is acknowledged, told and due no more.
func (p *pair) settle(posts []*post, within time.Duration) {
	p.t.Helper()
	for _, g := range posts {
		last := time.Now()
		eventually(p.t, within, "alerts of "+g.id+" to be acknowledged", func() bool {
			g.mu.Lock()
			n := len(g.open)
			g.mu.Unlock()
			if n > 0 && time.Since(last) > 2*time.Second {
				last = time.Now()
				g.again()
			}
			return n == 0
		})
		g.state()
	}
	eventually(p.t, within, "a timer of each storm to fire", func() bool {
		return p.count("select count(distinct e.id) from case_entry e join casefile c on c.id = e.id where c.storm = 1 and "+timerOf+" <> ''") == len(posts)
	})
	for what, query := range map[string]string{
		"deadlines that have passed":  "select count(*) from case_timer where due <= (extract(epoch from now()) * 1000)::bigint",
		"notices that are not sent":   "select count(*) from notice_delivery where state in ('queued', 'sending')",
		"notices that are not formed": "select count(*) from notice_item where delivery = ''",
	} {
		eventually(p.t, within, "no more "+what, func() bool { return p.count(query) == 0 })
	}
}

// timerOf is the timer that a line of a case's journal comes of.
const timerOf = "coalesce(convert_from(e.body, 'UTF8')::json->>'timer', '')"

// count asks PostgreSQL itself, through no code of ours.
func (p *pair) count(query string, args ...any) (n int) {
	p.t.Helper()
	db, err := sql.Open("pgx", p.pg.URL)
	if err != nil {
		p.t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(p.t.Context(), query, args...).Scan(&n); err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// judge looks at what stands in the database and at what the webhook got.
func (p *pair) judge(posts []*post) {
	p.t.Helper()
	sent, red := 0, 0
	for _, g := range posts {
		g.mu.Lock()
		sent += len(g.active)
		g.mu.Unlock()
	}
	red = p.count("select count(*) from alert where convert_from(body, 'UTF8')::json->>'severity' = 'red'")
	for what, want := range map[string][2]int{
		"alerts":                            {p.count("select count(*) from alert"), sent},
		"alerts in a case":                  {p.count("select count(*) from case_alert"), sent},
		"alerts raised more than once":      {p.count("select count(*) from (select alert from alert_change where what = 'raised' group by alert having count(*) <> 1) as x"), 0},
		"alerts said to have vanished":      {p.count("select count(*) from alert_change where what = 'vanished'"), 0},
		"storms":                            {p.count("select count(*) from casefile where storm = 1"), len(posts)},
		"districts with two storms":         {p.count("select count(*) from (select area from casefile where storm = 1 group by area having count(*) > 1) as x"), 0},
		"gauges with two open cases":        {p.count("select count(*) from (select k.name from case_key k join casefile c on c.id = k.id where k.name like 'same|%' and c.state <> 'closed' and c.storm = 0 group by k.name having count(*) > 1) as x"), 0},
		"cases without their first line":    {p.count("select count(*) from casefile where not exists (select 1 from case_entry e where e.id = casefile.id and e.n = 1)"), 0},
		"journals with a hole":              {p.count("select count(*) from (select id from case_entry group by id having max(n) <> count(*)) as x"), 0},
		"timers that fired more than once":  {p.count("select count(*) from (select e.id, " + timerOf + " as timer from case_entry e where " + timerOf + " <> '' group by 1, 2 having count(*) > 1) as x"), 0},
		"red alerts that the webhook has":   {p.desk.raised(), red},
		"notices that came unannounced":     {p.desk.unannounced(), 0},
		"notices beyond one for each kill":  {max(p.desk.extra()-p.side[0].kills-p.side[1].kills, 0), 0},
		"pictures of which there is no row": {p.count("select count(*) from image_body where id not in (select id from image)"), 0},
	} {
		if want[0] != want[1] {
			p.t.Errorf("%d %s, want %d", want[0], what, want[1])
		}
	}
	fired := p.count("select count(*) from case_entry e where " + timerOf + " <> ''")
	p.t.Logf("%d alerts (%d red) in %d cases; %d timers fired; %d kills; %d notices of alerts, %d of any kind twice",
		sent, red, p.count("select count(*) from casefile"), fired, p.side[0].kills+p.side[1].kills, red, p.desk.extra())
}

// raised is how many alerts the receiver was told of; it is told of cases as well.
func (r *receiver) raised() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.times {
		if strings.HasPrefix(id, "alert/") {
			n++
		}
	}
	return n
}

// extra is how often something came once more.
func (r *receiver) extra() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, times := range r.times {
		n += times - 1
	}
	return n
}

// unannounced is how many events came again and did not say so.
func (r *receiver) unannounced() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, times := range r.times {
		if times > 1 && !r.repeat[id] {
			n++
		}
	}
	return n
}

// sayTheSame demands that both APIs answer alike, but for when they last heard of a gateway.
func (p *pair) sayTheSame() {
	p.t.Helper()
	for _, path := range []string{"/alerts?limit=1000", "/cases?state=all&limit=500", "/gateways", "/values", "/cameras", "/departments", "/notifications", "/gaps?from=0"} {
		var last [2]string
		ok := func() bool {
			for i := range last {
				var raw []byte
				if code, err := p.ask(i, "GET", path, nil, &raw); err != nil || code != 200 {
					p.t.Fatalf("%s at %d: %d %v %s", path, i, code, err, raw)
				}
				last[i] = plain(p.t, raw)
			}
			return last[0] == last[1]
		}
		end := time.Now().Add(soon)
		for !ok() && time.Now().Before(end) {
			pause(p.t, 200*time.Millisecond)
		}
		if last[0] != last[1] {
			p.t.Errorf("%s: the one says\n%.3000s\nthe other\n%.3000s", path, last[0], last[1])
		}
	}
}

// plain is an answer without what depends on when it was asked and by which road it came.
func plain(t *testing.T, raw []byte) string {
	t.Helper()
	var doc any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	var clean func(any)
	clean = func(x any) {
		switch x := x.(type) {
		case map[string]any:
			for _, k := range []string{"now", "last_seen", "since"} {
				delete(x, k)
			}
			for _, v := range x {
				clean(v)
			}
		case []any:
			for _, v := range x {
				clean(v)
			}
		}
	}
	clean(doc)
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
