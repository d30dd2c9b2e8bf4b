// Package channeltest has a real receiver for each kind of channel, for tests: HTTP servers
// that judge the signatures of webhooks and of DingTalk's, WeCom's and Feishu's robots as
// those who made them describe, an SMTP server, and an MQTT broker with somebody who listens.
// What comes unsigned, or to somebody else, fails the test.
package channeltest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// What senders have to know.
const (
	Token      = "geheim"                                 // of the robots: DingTalk's token, WeCom's key, Feishu's hook
	Secret     = "SECgeheim"                              // with which DingTalk's and Feishu's messages are signed
	HookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // with which webhooks are signed
	HookPath   = "/city"                                  // where the webhook is
	Topic      = "city/alerts"                            // where the city's programs listen
	Mailbox    = "duty@example.org"                       // to whom mails go, and to nobody else
)

// Kinds are the kinds of channels, by which Arrivals and Fail know them.
func Kinds() []string { return []string{"dingtalk", "wecom", "feishu", "webhook", "mail", "mqtt"} }

// Arrival is a message as its receiver has it.
type Arrival struct {
	At    time.Time
	Body  []byte // of a mail: all of it
	Taken bool
}

// Receivers are one of each kind.
type Receivers struct {
	URL    string // of the HTTP servers
	SMTP   string // host and port
	Broker string // host and port

	t    testing.TB
	mu   sync.Mutex
	got  map[string][]Arrival
	fail func(kind string, n int) bool
}

// New starts them; they end with the test.
func New(t testing.TB) *Receivers {
	t.Helper()
	r := &Receivers{t: t, got: map[string][]Arrival{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/robot/send", r.robot("dingtalk", `{"errcode":0}`, `{"errcode":-1,"errmsg":"busy"}`, dingTalkSigned))
	mux.HandleFunc("/cgi-bin/webhook/send", r.robot("wecom", `{"errcode":0}`, `{"errcode":-1,"errmsg":"busy"}`, weComSigned))
	mux.HandleFunc("/open-apis/bot/v2/hook/"+Token, r.robot("feishu", `{"code":0}`, `{"code":1,"msg":"busy"}`, feishuSigned))
	mux.HandleFunc(HookPath, r.robot("webhook", "", "", webhookSigned))
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	r.URL, r.SMTP, r.Broker = web.URL, r.postOffice(), r.broker()
	return r
}

// Fail lets the receivers not take the n-th message of a kind, from 0, if f says so; nil: they
// take all. The broker takes all in any case.
func (r *Receivers) Fail(f func(kind string, n int) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = f
}

// Arrivals are the messages of a kind that came, the first one first.
func (r *Receivers) Arrivals(kind string) []Arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got[kind])
}

// take keeps what came and says whether it is taken.
func (r *Receivers) take(kind string, body []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	ok := kind == "mqtt" || r.fail == nil || !r.fail(kind, len(r.got[kind]))
	r.got[kind] = append(r.got[kind], Arrival{time.Now(), bytes.Clone(body), ok})
	return ok
}

// robot takes posts, each of which must be signed. busy is its answer to what it does not
// take; empty: 503.
func (r *Receivers) robot(kind, good, busy string, signed func(*http.Request, []byte) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil || q.Method != http.MethodPost || !signed(q, body) {
			r.t.Errorf("%s: %s %s, %v: not signed as it must be", kind, q.Method, q.URL.Path, err)
		}
		switch {
		case r.take(kind, body):
			_, _ = io.WriteString(w, good) // the sender sees it if this fails
		case busy == "":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = io.WriteString(w, busy)
		}
	}
}

// mac is the base64 of an HMAC-SHA256.
func mac(key, text []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// dingTalkSigned judges as DingTalk says: milliseconds and secret, keyed by the secret.
func dingTalkSigned(r *http.Request, _ []byte) bool {
	q := r.URL.Query()
	return q.Get("access_token") == Token && q.Get("sign") == mac([]byte(Secret), []byte(q.Get("timestamp")+"\n"+Secret))
}

// weComSigned judges as WeCom does: it knows no signature, the key is all.
func weComSigned(r *http.Request, _ []byte) bool { return r.URL.Query().Get("key") == Token }

// feishuSigned judges as Feishu says: the key is seconds and secret, and nothing is signed.
func feishuSigned(_ *http.Request, body []byte) bool {
	var b struct{ Timestamp, Sign string }
	return json.Unmarshal(body, &b) == nil && b.Sign == mac([]byte(b.Timestamp+"\n"+Secret), nil)
}

// webhookSigned judges as Standard Webhooks says.
func webhookSigned(r *http.Request, body []byte) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(HookSecret, "whsec_"))
	h := r.Header
	return err == nil && h.Get("webhook-signature") == "v1,"+mac(key, []byte(h.Get("webhook-id")+"."+h.Get("webhook-timestamp")+"."+string(body)))
}

// postOffice is the SMTP server.
func (r *Receivers) postOffice() string {
	r.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &envelope{r: r}, nil }))
	s.Domain = "localhost"
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }() // it ends with Close
	r.t.Cleanup(func() { _ = s.Close(); <-done })
	return l.Addr().String()
}

// envelope is one mail on its way.
type envelope struct {
	r  *Receivers
	to []string
}

func (m *envelope) Mail(string, *smtp.MailOptions) error { m.to = nil; return nil }

func (m *envelope) Rcpt(to string, _ *smtp.RcptOptions) error {
	m.to = append(m.to, to)
	return nil
}

func (m *envelope) Reset()        {}
func (m *envelope) Logout() error { return nil }

func (m *envelope) Data(body io.Reader) error {
	b, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if len(m.to) != 1 || m.to[0] != Mailbox {
		m.r.t.Errorf("a mail goes to %q", m.to)
	}
	if !m.r.take("mail", b) {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again"}
	}
	return nil
}

// broker is the city's MQTT broker, with somebody who listens.
func (r *Receivers) broker() string {
	r.t.Helper()
	s := mqtt.New(&mqtt.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)})
	l := listeners.NewTCP(listeners.Config{ID: "tcp", Address: "127.0.0.1:0"})
	err := s.AddHook(new(auth.AllowHook), nil)
	if err == nil {
		err = s.AddListener(l)
	}
	if err == nil {
		err = s.Serve()
	}
	if err == nil {
		err = s.Subscribe(Topic, 1, func(_ *mqtt.Client, _ packets.Subscription, p packets.Packet) { r.take("mqtt", p.Payload) })
	}
	if err != nil {
		r.t.Fatal(fmt.Errorf("broker: %w", err))
	}
	r.t.Cleanup(func() { _ = s.Close() })
	return l.Address()
}
