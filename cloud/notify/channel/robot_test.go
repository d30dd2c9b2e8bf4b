package channel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// receiver is a robot's or webhook's side: it keeps what came and answers as told.
type receiver struct {
	*httptest.Server
	t      *testing.T
	answer string
	path   string
	query  map[string][]string
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t, answer: `{"errcode":0,"errmsg":"ok"}`}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, err := io.ReadAll(q.Body)
		if err != nil || q.Method != http.MethodPost {
			t.Error(q.Method, err)
		}
		r.path, r.query, r.header, r.body = q.URL.Path, q.URL.Query(), q.Header, b
		fmt.Fprint(w, r.answer)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) into(v any) {
	r.t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		r.t.Fatalf("%v in %s", err, r.body)
	}
}

func (r *receiver) web() Web { return Web{Guard: guard(r.t, "127.0.0.1")} }

var now = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

func sample() Message {
	return Message{
		ID: "0193", At: now, Level: "orange", Lang: "zh", Title: "Ⅱ级(橙) 河道水位 3.12 米", Lines: []string{"地点：拱宸桥", "时间：2026-11-23 14:00"},
		Links: []Link{{"打开", "https://console.example.org/#/alerts/1"}, {"确认", "https://console.example.org/notify/acknowledge?t=AbC_-1"}},
		To:    []Person{{ID: "wang", Mobile: "13800000000", WeCom: "wangfang", Feishu: "ou_84aad35d", Mail: "wang@example.org"}},
		Event: Event{ID: "alert/1/1", Type: "city.lamppost.alert.raised.v1", Subject: "alert/1", At: now, Data: json.RawMessage(`{"a":1}`)},
	}
}

func TestDingTalk(t *testing.T) {
	r := newReceiver(t)
	d := &DingTalk{Web: r.web(), Base: r.URL, Token: "geheim", Secret: "SECabc"}
	if err := d.Send(t.Context(), sample()); err != nil {
		t.Fatal(err)
	}
	ms, err := strconv.ParseInt(r.query["timestamp"][0], 10, 64)
	if err != nil || r.path != "/robot/send" || r.query["access_token"][0] != "geheim" ||
		r.query["sign"][0] != sign("SECabc", fmt.Sprint(ms)+"\nSECabc") || time.Since(time.UnixMilli(ms)) > time.Minute {
		t.Errorf("%s %v", r.path, r.query)
	}
	var got struct {
		Msgtype  string
		Markdown struct{ Title, Text string }
		At       struct {
			AtMobiles []string
			IsAtAll   bool
		}
	}
	r.into(&got)
	want := "### ▲ Ⅱ级（橙） 河道水位 3.12 米\n- 地点：拱宸桥\n- 时间：2026-11-23 14:00\n\n[打开](https://console.example.org/#/alerts/1)" +
		"  [确认](https://console.example.org/notify/acknowledge?t=AbC_-1)\n\n@13800000000"
	if got.Msgtype != "markdown" || got.Markdown.Text != want || got.At.AtMobiles[0] != "13800000000" || got.At.IsAtAll {
		t.Errorf("got %+v\nwant %s", got, want)
	}
}

// What robots answer: only code 0 is a success.
func TestRobotCodes(t *testing.T) {
	r := newReceiver(t)
	senders := map[string]Sender{
		"dingtalk": &DingTalk{Web: r.web(), Base: r.URL, Token: "geheim"}, "wecom": &WeCom{Web: r.web(), Base: r.URL, Key: "geheim"},
		"feishu": &Feishu{Web: r.web(), Base: r.URL, Hook: "geheim"},
	}
	for _, c := range []struct {
		who, answer string
		want        Error
	}{
		{"dingtalk", `{"errcode":130101,"errmsg":"send too fast"}`, Error{Fate: Later, After: 10 * time.Minute}},
		{"dingtalk", `{"errcode":310000,"errmsg":"sign not match"}`, Error{Fate: Mistaken}},
		{"dingtalk", `{"errcode":-1,"errmsg":"busy"}`, Error{Fate: Later}},
		{"wecom", `{"errcode":45009,"errmsg":"freq"}`, Error{Fate: Later, After: time.Minute}},
		{"wecom", `{"errcode":40058,"errmsg":"too long"}`, Error{Fate: Never}},
		{"feishu", `{"code":19021,"msg":"sign match fail"}`, Error{Fate: Mistaken}},
		{"feishu", `{"code":9499,"msg":"Bad Request"}`, Error{Fate: Never}},
		{"feishu", `{"code":11232,"msg":"frequency"}`, Error{Fate: Later, After: time.Minute}},
		{"feishu", `{"StatusCode":0}`, Error{Fate: Later, Maybe: true}},
		{"wecom", `<html>`, Error{Fate: Later, Maybe: true}},
	} {
		r.answer = c.answer
		err := senders[c.who].Send(t.Context(), sample())
		var e *Error
		if !errors.As(err, &e) || e.Fate != c.want.Fate || e.After != c.want.After || e.Maybe != c.want.Maybe || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s %s: %+v", c.who, c.answer, err)
		}
	}
	r.answer = `{"code":0,"msg":"success"}`
	if err := senders["feishu"].Send(t.Context(), sample()); err != nil {
		t.Error(err)
	}
}

func TestWeCom(t *testing.T) {
	r := newReceiver(t)
	w := &WeCom{Web: r.web(), Base: r.URL, Key: "k"}
	type body struct {
		Msgtype        string
		Text, Markdown struct {
			Content string
			Users   []string `json:"mentioned_list"`
			Mobiles []string `json:"mentioned_mobile_list"`
		}
	}
	if err := w.Send(t.Context(), sample()); err != nil {
		t.Fatal(err)
	}
	var got body
	r.into(&got)
	if got.Msgtype != "text" || got.Text.Users[0] != "wangfang" || !strings.HasPrefix(got.Text.Content, "▲ Ⅱ级(橙) 河道水位 3.12 米\n地点：拱宸桥\n") ||
		!strings.HasSuffix(got.Text.Content, "确认 https://console.example.org/notify/acknowledge?t=AbC_-1") || r.query["key"][0] != "k" || r.path != "/cgi-bin/webhook/send" {
		t.Errorf("%+v %v", got, r.query)
	}
	m := sample()
	m.To = nil
	if err := w.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got = body{}
	r.into(&got)
	if got.Msgtype != "markdown" || !strings.HasPrefix(got.Markdown.Content, `## ▲ <font color="warning">Ⅱ级（橙） 河道水位 3.12 米</font>`+"\n>地点：拱宸桥\n") {
		t.Errorf("%+v", got)
	}
}

func TestFeishu(t *testing.T) {
	r := newReceiver(t)
	r.answer = `{"code":0}`
	f := &Feishu{Web: r.web(), Base: r.URL, Hook: "a/../b", Secret: "s"}
	if err := f.Send(t.Context(), sample()); err != nil {
		t.Fatal(err)
	}
	var got feishuBody
	r.into(&got)
	if got.Sign != feishuSign("s", got.Timestamp) || len(got.Timestamp) != 10 || got.Type != "interactive" || got.Card.Header.Template != "orange" ||
		got.Card.Header.Title.Tag != "plain_text" || got.Card.Elements[0].Text.Tag != "plain_text" ||
		got.Card.Elements[1].Text.Content != "<at id=ou_84aad35d></at>" || len(got.Card.Elements[2].Actions) != 2 {
		t.Errorf("%s", r.body)
	}
	if !strings.HasPrefix(r.path, "/open-apis/bot/v2/hook/a/../b") || strings.Contains(r.path, "//") {
		t.Errorf("path %q", r.path)
	}
}

func TestWebhook(t *testing.T) {
	r := newReceiver(t)
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	w := &Webhook{Web: r.web(), URL: r.URL + "/x", Source: "/aggregator/hz", Secrets: []string{secret}}
	m := sample()
	m.Repeat = true
	if err := w.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	want := `{"specversion":"1.0","id":"alert/1/1","source":"/aggregator/hz","type":"city.lamppost.alert.raised.v1","subject":"alert/1",` +
		`"time":"2026-11-23T06:00:00Z","datacontenttype":"application/json","repeat":true,"data":{"a":1}}`
	if string(r.body) != want || r.header.Get("Content-Type") != "application/cloudevents+json; charset=utf-8" {
		t.Errorf("got  %s\nwant %s", r.body, want)
	}
	// The receiver's side of the scheme: recompute over the bytes that came.
	signature, err := webhookSignature([]string{secret}, r.header.Get("webhook-id"), r.header.Get("webhook-timestamp"), r.body)
	if err != nil || r.header.Get("webhook-signature") != signature || r.header.Get("webhook-id") != "0193" {
		t.Errorf("%v", r.header)
	}
}

// hostile are texts that try to be more than text.
var hostile = []string{
	"[看这里](https://evil.example/)", "![x](https://evil.example/x.png)", "<at user_id=\"all\">所有人</at>", "<at id=all></at>", "<@all>", "@all @13800000000",
	"<font color=\"warning\">红</font>", "**粗** `code` ~~x~~ __y__", "a\n# b\n> c\n- d\r\nBcc: evil@example.org", "</font>\n## x", "&lt;script&gt;", "<script>alert(1)</script>",
	"\u202Egnp.exe", "a\x00b\x1b[31m", "\u200b\u2066x", strings.Repeat("长", 30000), "\xff\xfe", `","at":{"isAtAll":true},"x":"`, "| a | b |\n|---|---|", "---", "=====", "www.evil.example mailto:x@y",
}

// No text becomes markup, a mention or another field, whatever it holds.
func TestHostileTextsOfRobots(t *testing.T) {
	r := newReceiver(t)
	for _, h := range hostile {
		m := sample()
		m.To, m.Links, m.Title, m.Lines = nil, nil, h, []string{h, h}
		send := func(s Sender) {
			t.Helper()
			if err := s.Send(t.Context(), m); err != nil || len(r.body) > 20_000 || !utf8.Valid(r.body) {
				t.Errorf("%.40q: %v, %d bytes", h, err, len(r.body))
			}
		}
		send(&DingTalk{Web: r.web(), Base: r.URL})
		var d struct {
			Markdown struct{ Title, Text string }
			At       struct{ IsAtAll bool }
		}
		r.into(&d)
		text := strings.NewReplacer("### ", "", "\n- ", "").Replace(d.Markdown.Text)
		if strings.ContainsAny(text, "[]()<>*`_#@!|~&\\\n\u202e\u200b\x00") || strings.Contains(text, "://") || d.At.IsAtAll {
			t.Errorf("DingTalk: %.80q", text)
		}
		send(&WeCom{Web: r.web(), Base: r.URL})
		var w struct{ Markdown weComText }
		r.into(&w)
		text = strings.NewReplacer(`## ▲ <font color="warning">`, "", "</font>\n>", "", "</font>", "", "\n>", "").Replace(w.Markdown.Content)
		if strings.ContainsAny(text, "[]()<>*`_#@!|~&\\\n\u202e\u200b\x00") || len(w.Markdown.Content) > maxWeComMarkdown {
			t.Errorf("WeCom: %.80q, %d bytes", text, len(w.Markdown.Content))
		}
		r.answer = `{"code":0}`
		send(&Feishu{Web: r.web(), Base: r.URL})
		var f feishuBody
		r.into(&f)
		for _, e := range f.Card.Elements {
			if e.Text == nil || e.Text.Tag != "plain_text" {
				t.Errorf("Feishu: %s", r.body)
			}
		}
		r.answer = `{"errcode":0}`
	}
}

// Only configured numbers and ids are called; "all" is none of them.
func TestNobodyCallsEverybody(t *testing.T) {
	m := Message{To: []Person{{Mobile: "all", WeCom: "@all", Feishu: "all"}, {Mobile: "1\n@all", WeCom: "a b", Feishu: "ou_x></at><at id=all>"}}}
	if got := m.mobiles(); len(got) != 0 {
		t.Errorf("DingTalk calls %q", got)
	}
	b, err := json.Marshal(weComBody(m))
	if err != nil || strings.Contains(string(b), "mentioned") {
		t.Errorf("WeCom calls %s, %v", b, err)
	}
	if got := feishuMentions(m.To); got != "" {
		t.Errorf("Feishu calls %q", got)
	}
}

func FuzzText(f *testing.F) {
	for _, h := range hostile {
		f.Add(h, 64)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = min(max(limit, 0), 1<<16)
		if got := cut(strings.ToValidUTF8(s, "?"), limit); len(got) > limit || !utf8.ValidString(got) {
			t.Errorf("cut to %d gives %d bytes, %q", limit, len(got), got)
		}
		plain := Plain(s)
		if Plain(plain) != plain || strings.ContainsAny(plain, "\n\r\x00") || strings.Contains(plain, "://") || strings.Contains(strings.ToLower(plain), "www.") || strings.Contains(strings.ToLower(plain), "mailto:") || !utf8.ValidString(plain) {
			t.Errorf("Plain(%q) = %q", s, plain)
		}
		if m := markdown(s); strings.ContainsAny(m, "[]()<>*`_#@!|~&\\\n") {
			t.Errorf("markdown(%q) = %q", s, m)
		}
		if got := compose("head", []string{s, s}, "tail", limit); len(got) > limit {
			t.Errorf("compose to %d gives %d bytes", limit, len(got))
		}
	})
}
