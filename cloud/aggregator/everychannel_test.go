package aggregator_test

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
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/lamppost-city/lamppost/cloud/settings"
)

// channels are the kinds that there are.
var channels = []string{"dingtalk", "wecom", "feishu", "webhook", "mail", "mqtt"}

// people's channels, which are told of many things together; the others have each event.
var peoples = channels[:3:3]

// came is a message as its receiver has it.
type came struct {
	at   time.Time
	body []byte
	ok   bool // it was taken
}

// everyChannel is a real receiver of each kind of channel, which judges signatures as those
// who made them say.
type everyChannel struct {
	t    testing.TB
	mu   sync.Mutex
	got  map[string][]came
	fail func(channel string, n int) bool // the n-th message of a channel is not taken; nil: all are
	yaml string
}

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// newEveryChannel starts them. more is added to each channel's settings.
func newEveryChannel(t testing.TB, more string) *everyChannel {
	t.Helper()
	e := &everyChannel{t: t, got: map[string][]came{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/robot/send", e.robot("dingtalk", `{"errcode":0}`, `{"errcode":-1,"errmsg":"busy"}`, e.dingTalkSigned))
	mux.HandleFunc("/cgi-bin/webhook/send", e.robot("wecom", `{"errcode":0}`, `{"errcode":-1,"errmsg":"busy"}`, func(r *http.Request, _ []byte) bool { return r.URL.Query().Get("key") == "geheim" }))
	mux.HandleFunc("/open-apis/bot/v2/hook/geheim", e.robot("feishu", `{"code":0}`, `{"code":1,"msg":"busy"}`, e.feishuSigned))
	mux.HandleFunc("/city", e.robot("webhook", ``, "", webhookSigned))
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)

	dir := t.TempDir()
	for name, text := range map[string]string{"token": "geheim", "secret": "SECgeheim", "hook": hookSecret} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e.yaml = strings.NewReplacer("HOST", web.URL, "DIR", dir, "SMTP", e.postOffice(), "BROKER", e.broker(), "MORE", more).Replace(`
notify:
  console: https://console.example.org
  allow: [127.0.0.1]
  channels:
    dingtalk: {dingtalk: {url: "HOST", token_file: DIR/token, secret_file: DIR/secret} MORE}
    wecom: {wecom: {url: "HOST", key_file: DIR/token} MORE}
    feishu: {feishu: {url: "HOST", hook_file: DIR/token, secret_file: DIR/secret} MORE}
    webhook: {webhook: {url: "HOST/city", secret_files: [DIR/hook]} MORE}
    mail: {mail: {server: "SMTP", security: none, from: lamppost@example.org, to: [duty@example.org]} MORE}
    mqtt: {mqtt: {broker: "mqtt://BROKER", topic: city/alerts} MORE}
  rules:
    all: {channels: [` + strings.Join(channels, ", ") + `]}
`)
	return e
}

// settings has these receivers.
func (e *everyChannel) settings(s *settings.Settings) {
	e.t.Helper()
	set, err := settings.Parse("cloud.yaml", []byte(e.yaml), false)
	if err != nil {
		e.t.Fatal(err)
	}
	s.Notify = set.Notify
}

// take keeps what came and says whether it is taken.
func (e *everyChannel) take(channel string, body []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	ok := e.fail == nil || !e.fail(channel, len(e.got[channel]))
	e.got[channel] = append(e.got[channel], came{time.Now(), bytes.Clone(body), ok})
	return ok
}

// arrivals are the messages that came by a channel.
func (e *everyChannel) arrivals(channel string) []came {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]came(nil), e.got[channel]...)
}

// robot takes posts, each of which must be signed.
func (e *everyChannel) robot(channel, good, busy string, signed func(*http.Request, []byte) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || !signed(r, body) {
			e.t.Errorf("%s: %v, %v is not signed as it must be", channel, err, r.URL)
		}
		switch {
		case e.take(channel, body):
			fmt.Fprint(w, good)
		case busy == "":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			fmt.Fprint(w, busy)
		}
	}
}

// hmac256 is the base64 of an HMAC-SHA256.
func hmac256(key, text []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// dingTalkSigned judges as DingTalk says: milliseconds and secret, keyed by the secret.
func (e *everyChannel) dingTalkSigned(r *http.Request, _ []byte) bool {
	q := r.URL.Query()
	return q.Get("access_token") == "geheim" && q.Get("sign") == hmac256([]byte("SECgeheim"), []byte(q.Get("timestamp")+"\nSECgeheim"))
}

// feishuSigned judges as Feishu says: the key is seconds and secret, and nothing is signed.
func (e *everyChannel) feishuSigned(_ *http.Request, body []byte) bool {
	var b struct{ Timestamp, Sign string }
	return json.Unmarshal(body, &b) == nil && b.Sign == hmac256([]byte(b.Timestamp+"\nSECgeheim"), nil)
}

// webhookSigned judges as Standard Webhooks says.
func webhookSigned(r *http.Request, body []byte) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hookSecret, "whsec_"))
	h := r.Header
	return err == nil && h.Get("webhook-signature") == "v1,"+hmac256(key, []byte(h.Get("webhook-id")+"."+h.Get("webhook-timestamp")+"."+string(body)))
}

// postOffice is the SMTP server.
func (e *everyChannel) postOffice() string {
	e.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		e.t.Fatal(err)
	}
	s := smtp.NewServer(e)
	s.Domain = "localhost"
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	e.t.Cleanup(func() { _ = s.Close(); <-done })
	return l.Addr().String()
}

// NewSession takes mails.
func (e *everyChannel) NewSession(*smtp.Conn) (smtp.Session, error) { return &envelope{e: e}, nil }

// envelope is one mail on its way.
type envelope struct {
	e  *everyChannel
	to []string
}

func (m *envelope) Mail(string, *smtp.MailOptions) error { m.to = nil; return nil }
func (m *envelope) Rcpt(to string, _ *smtp.RcptOptions) error {
	m.to = append(m.to, to)
	return nil
}
func (m *envelope) Reset()        {}
func (m *envelope) Logout() error { return nil }
func (m *envelope) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if len(m.to) != 1 || m.to[0] != "duty@example.org" {
		m.e.t.Errorf("a mail goes to %q", m.to)
	}
	if !m.e.take("mail", b) {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again"}
	}
	return nil
}

// broker is the city's MQTT broker, with somebody who listens.
func (e *everyChannel) broker() string {
	e.t.Helper()
	s := mqtt.New(&mqtt.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)})
	l := listeners.NewTCP(listeners.Config{ID: "tcp", Address: "127.0.0.1:0"})
	if err := s.AddHook(new(auth.AllowHook), nil); err != nil {
		e.t.Fatal(err)
	}
	if err := s.AddListener(l); err != nil {
		e.t.Fatal(err)
	}
	if err := s.Serve(); err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { _ = s.Close() })
	if err := s.Subscribe("city/alerts", 1, func(_ *mqtt.Client, _ packets.Subscription, p packets.Packet) { e.take("mqtt", p.Payload) }); err != nil {
		e.t.Fatal(err)
	}
	return l.Address()
}
