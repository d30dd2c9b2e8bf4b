package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
	"github.com/lamppost-city/lamppost/cloud/notify/channel"
	"github.com/lamppost-city/lamppost/cloud/notify/channel/channeltest"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// outside sends from a bubble through a real connection, which has its own time: no second of
// the bubble passes meanwhile.
type outside struct {
	mu   sync.Mutex
	at   []time.Time // of the bubble, when an attempt began
	work chan channel.Message
	done chan error
}

// newOutside must be called outside the bubble.
func newOutside(t *testing.T, real channel.Sender) *outside {
	o := &outside{work: make(chan channel.Message), done: make(chan error)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for m := range o.work {
			o.done <- real.Send(context.WithoutCancel(t.Context()), m)
		}
	}()
	t.Cleanup(func() { close(o.work); <-ended })
	return o
}

func (o *outside) Send(_ context.Context, m channel.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.at = append(o.at, time.Now())
	o.work <- m
	return <-o.done
}

// inMinute is the most attempts that began in any minute.
func (o *outside) inMinute() (most int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.at {
		n := 0
		for _, at := range o.at[i:] {
			if at.Sub(o.at[i]) < time.Minute {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// toEach are senders to receivers, by their kinds.
func toEach(t *testing.T, r *channeltest.Receivers) map[string]*outside {
	t.Helper()
	g, err := channel.NewGuard([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(r.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	smtp, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	web := channel.Web{Guard: g}
	out := map[string]*outside{}
	for kind, s := range map[string]channel.Sender{
		"dingtalk": &channel.DingTalk{Web: web, Base: r.URL, Token: channeltest.Token, Secret: channeltest.Secret},
		"wecom":    &channel.WeCom{Web: web, Base: r.URL, Key: channeltest.Token},
		"feishu":   &channel.Feishu{Web: web, Base: r.URL, Hook: channeltest.Token, Secret: channeltest.Secret},
		"webhook":  &channel.Webhook{Web: web, URL: r.URL + channeltest.HookPath, Source: "/test", Secrets: []string{channeltest.HookSecret}},
		"mail":     &channel.Mail{Guard: g, Host: host, Port: smtp, Security: "none", From: "lamppost@example.org", To: []string{channeltest.Mailbox}},
		"mqtt":     &channel.MQTT{Guard: g, Broker: "mqtt://" + r.Broker, Topic: channeltest.Topic, Source: "/test"},
	} {
		out[kind] = newOutside(t, s)
	}
	return out
}

// machine says whether programs read what comes by a kind.
func machine(kind string) bool { return kind == "webhook" || kind == "mqtt" }

// limit is how many messages in a minute a channel of this test takes.
func limit(kind string) int {
	if machine(kind) {
		return 240
	}
	return 20
}

// Five hundred cases are opened within a minute, half of them red, in many places, while each
// receiver refuses some messages and the program is stopped and started again: people get few
// messages that name or count each case, machines each case; none is lost, none is counted
// twice, and no receiver has more in a minute than its limit.
func TestFiveHundredCasesToRealReceivers(t *testing.T) {
	if databasetest.OnPostgres() || testing.Short() {
		t.Skip("thousands of the same statements")
	}
	const cases = 500
	r := channeltest.New(t)
	r.Fail(func(_ string, n int) bool { return n == 1 || n == 4 || n == 5 || n == 40 })
	senders := toEach(t, r)
	synctest.Test(t, func(t *testing.T) {
		db := database1(t)
		open := func() *rig { return rigOn(t, db, func(o *Options) { everyKind(o, senders) }) }
		office := open()
		stop := office.run()
		for i := range cases {
			office.take(caseOpened(i))
			time.Sleep(100 * time.Millisecond)
			if i == cases/2 {
				stop()
				office = open()
				stop = office.run()
			}
		}
		time.Sleep(20 * time.Minute)
		stop()
		if n := office.count("select count(*) from notice_item where delivery = ''"); n != 0 {
			t.Errorf("%d cases wait still", n)
		}
		for _, d := range office.log(view.DeliveryQuery{}) {
			if d.State != sent {
				t.Errorf("%+v", d)
			}
		}
	})
	for kind, s := range senders {
		arrived(t, kind, r.Arrivals(kind), cases)
		if most := s.inMinute(); most > limit(kind) {
			t.Errorf("%s: %d attempts in a minute, its limit is %d", kind, most, limit(kind))
		}
	}
}

// everyKind has a channel of each kind, and a rule that tells all of them.
func everyKind(o *Options, senders map[string]*outside) {
	o.Channels, o.Rules[0].Channels = nil, channeltest.Kinds()
	for _, kind := range channeltest.Kinds() {
		o.Channels = append(o.Channels, Channel{ID: kind, Sender: senders[kind], Group: true, Machine: machine(kind), PerMinute: limit(kind)})
	}
}

// caseOpened is the i-th: every second one red; in 25 places, by one of five rules.
func caseOpened(i int) Event {
	level := wire.Yellow
	if i%2 == 0 {
		level = wire.Red
	}
	e := alert(fmt.Sprintf("case/k%03d", i), level)
	e.About, e.Kind, e.Rule, e.Source = "case", "opened", fmt.Sprint("rule-", i%5), fmt.Sprint("place-", i%25)
	return e
}

var (
	counted = regexp.MustCompile(`(?:合并|同类告警) (\d+) [条起]`)
	named   = regexp.MustCompile(`水位 case/(k\d{3})`)
)

// arrived judges what came by a channel: of what was taken and is no repetition, each case
// once.
func arrived(t *testing.T, kind string, all []channeltest.Arrival, cases int) {
	t.Helper()
	messages, told, refused, seen := 0, 0, 0, map[string]int{}
	for _, a := range all {
		text := shows(t, kind, a.Body)
		switch {
		case strings.Contains(text, "重发，可能已收到过"), strings.Contains(text, `"repeat":true`):
			t.Errorf("%s: repeated, although each refusal was plain: %.200q", kind, text)
		case !a.Taken:
			refused++
			continue
		}
		messages++
		n := 1
		if c := counted.FindStringSubmatch(text); c != nil {
			n, _ = strconv.Atoi(c[1]) // digits
		}
		told += n
		for _, k := range named.FindAllStringSubmatch(text, -1) {
			seen[k[1]]++
		}
	}
	t.Logf("%s: %d messages about %d cases, %d named, %d refused", kind, messages, told, len(seen), refused)
	if told != cases {
		t.Errorf("%s: %d cases are told, want %d", kind, told, cases)
	}
	if kind != "mqtt" && refused < 3 {
		t.Errorf("%s: only %d were refused", kind, refused)
	}
	if machine(kind) && len(seen) != cases || !machine(kind) && messages > 80 {
		t.Errorf("%s: %d messages name %d cases", kind, messages, len(seen))
	}
}

// shows is what a message shows: of a mail its subject, of others all.
func shows(t *testing.T, kind string, body []byte) string {
	t.Helper()
	if kind != "mail" {
		if !json.Valid(body) {
			t.Errorf("%s: %.200q is no JSON", kind, body)
		}
		return string(body)
	}
	m, err := mail.ReadMessage(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Error(err)
	}
	return subject
}
