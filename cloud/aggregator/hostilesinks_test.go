package aggregator_test

import (
	"bufio"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/mail"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/cloud/notify/channel/channeltest"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// follow keeps what the live stream says.
func (b *besieged) follow() *lines {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), "GET", b.admin.console+"/api/v1/stream", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.AddCookie(b.super.cookie)
	res, err := b.admin.client.Do(req)
	if err != nil || res.StatusCode != 200 {
		b.t.Fatal(res, err)
	}
	kept, done := &lines{}, make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(kept, res.Body) // until it is closed
	}()
	b.t.Cleanup(func() { _ = res.Body.Close(); <-done })
	return kept
}

// life is a case into which a text is written wherever a person can.
type life struct {
	*besieged
	id, text string
	taken    int // places where it was
}

// do does something to the case with the text, or, if that is refused, with a harmless one.
func (l *life) do(action string, command doc) {
	l.t.Helper()
	for _, words := range []string{l.text, "a quiet word"} {
		address := "/api/v1/cases"
		if l.id != "" {
			address += "/" + l.id + "/actions/" + action
		}
		status, answer := l.super.send(&right{method: "POST", target: path(address), header: []string{"If-Match", "*"},
			body: func(*asked) any { return string(asText(l.t, command, words)) }})
		if status < 300 {
			if words == l.text {
				l.taken++
			}
			var c struct{ ID string }
			if err := json.Unmarshal([]byte(answer), &c); err != nil {
				l.t.Fatal(err)
			}
			l.id = c.ID
			return
		}
		if status != 400 || words != l.text {
			l.t.Errorf("%s with %.60q = %d %.300s", action, words, status, answer)
		}
	}
}

// begin raises it; the reporter's number is another one each time.
func (l *life) begin(area string) {
	l.n++
	l.do("raise", doc{"kind": "06026", "area": area, "severity": "red", "text": "TEXT", "report": doc{"id": fmt.Sprint("12345-", l.n), "text": "TEXT"}})
}

// goOn is what people do to it.
func (l *life) goOn() {
	l.do("note", doc{"why": "TEXT"})
	l.do("acknowledge", doc{"why": "TEXT"})
	l.do("dispatch", doc{"why": "TEXT", "orders": []doc{{"department": "water", "instruction": "TEXT"}, {"person": "owner", "instruction": "TEXT"}}})
	l.do("return", doc{"task": 1, "why": "TEXT"})
	l.do("report", doc{"task": 2, "done": "TEXT", "result": "done"})
	l.do("verdict", doc{"false_alarm": true, "why": "TEXT"})
}

// filledAlert has something in each field of a document of the wire: the text stands wherever
// there is any text that is not checked against a list or a pattern.
func filledAlert(n int, category, area string) wire.Alert {
	now := time.Now().UnixMilli()
	m := wire.Moment{Boot: "01234567", BootMS: 5, Unix: now}
	v := 3.12
	return wire.Alert{V: 1, ID: alertID(n), Rev: 1, Epoch: wire.NewEpoch(1, [6]byte{1}), Seq: uint64(5000 + n), Rule: "river-high", Stage: "actual", Severity: wire.Red, Condition: "active",
		At: m, Since: m, Device: fmt.Sprint("river-", n), Channel: "level", Value: &v, Limit: &v, Unit: "m", Position: &wire.Position{Lat: 30, Lon: 120}, Area: area, Category: category,
		Text: map[string]string{"zh": "TEXT", "en": "TEXT"}, Worst: wire.Red, Peak: &v, Image: pictureID, Pictures: []wire.Picture{{Image: pictureID, Moment: "at"}},
		Evidence: []wire.Evidence{{Stream: "river/level", V: 3}}, Acknowledged: &wire.Acknowledged{At: m, By: "TEXT"}, Maintenance: &wire.Worked{Since: m, By: "TEXT"}}
}

func filledState() wire.State {
	m := wire.Moment{Boot: "01234567", BootMS: 5, Unix: time.Now().UnixMilli()}
	return wire.State{V: 1, Version: "TEXT", Boot: "01234567", Epoch: wire.NewEpoch(1, [6]byte{1}), Config: "0123456789ab", At: m, Started: m, Clock: "synced",
		Site:    wire.Site{Name: "TEXT", Area: "330105003001", Language: "zh", TimeZone: "+08:00"},
		Devices: []wire.DeviceState{{ID: "river", Driver: "TEXT", Profile: "TEXT", Bus: "TEXT", Address: "TEXT", EveryMS: 5000, Channels: []string{"level"}, State: "fault", Fault: "timeout", Note: "TEXT", Upkeep: &wire.Upkeep{By: "TEXT"}}},
		Health:  []wire.Health{{ID: "disk", Level: "warn", About: "TEXT", Text: map[string]string{"zh": "TEXT", "en": "TEXT"}}}, Alerts: []wire.Revised{{ID: alertID(1), Rev: 1}}}
}

// events are those in which somebody can write.
func filledEvents() (out []wire.Event) {
	m := wire.Moment{Boot: "01234567", BootMS: 5, Unix: time.Now().UnixMilli()}
	for _, e := range []wire.Event{
		{Kind: "gap", Gap: &wire.Gap{From: m, To: m, Why: "stopped", Detail: "TEXT"}},
		{Kind: "boot", Boot: &wire.Boot{Version: "TEXT", Epoch: wire.NewEpoch(1, [6]byte{1})}},
		{Kind: "anchor", Anchor: &wire.Anchor{Source: "TEXT"}},
		{Kind: "device", Device: &wire.DeviceEvent{Device: "river", Why: "TEXT"}},
		{Kind: "actuation", Actuation: &wire.Actuation{Output: "siren", Why: wire.WhyRule, By: "TEXT", Result: "done", Detail: "TEXT"}},
		{Kind: "maintenance", Maintenance: &wire.Maintenance{Device: "river", On: true, By: "TEXT", ForMS: 5}},
	} {
		e.V, e.Epoch, e.At = 1, wire.NewEpoch(1, [6]byte{1}), m
		out = append(out, e)
	}
	return out
}

// leaves are the paths of all texts in a document.
func leaves(v any, at []string) (out [][]string) {
	switch v := v.(type) {
	case doc:
		for k := range v {
			out = append(out, leaves(v[k], append(at[:len(at):len(at)], k))...)
		}
	case []any:
		for i := range v[:min(len(v), 1)] {
			out = append(out, leaves(v[i], append(at[:len(at):len(at)], "0"))...)
		}
	case string:
		out = append(out, at)
	}
	return out
}

// document is a value as it travels.
func document(t testing.TB, v any) (out any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// everyMessage sends what a gateway that has been taken over might: each text in each field
// of each document, one at a time, and then in all those that are there for people to write
// in. What is not taken must not keep anything back.
func (b *besieged) everyMessage(codes []string) {
	b.t.Helper()
	n, seq := 0, 100_000
	send := func(kind string, body []byte) { n++; b.send(kind, body) }
	for _, x := range append([]wireDocument{{"alert", filledAlert(900, "06026", "330105003001")}, {"state", filledState()}}, eventDocuments()...) {
		whole := document(b.t, x.v)
		for _, at := range leaves(whole, nil) {
			for _, text := range hostile() {
				one := put(quiet(document(b.t, x.v)), at, "TEXT")
				if seq++; x.kind == "event" {
					one = put(one, []string{"seq"}, seq)
				}
				send(x.kind, asText(b.t, one, text))
			}
		}
	}
	for i, text := range hostile() {
		b.sent[strings.ToValidUTF8(text, "\uFFFD")] = true
		send("alert", asText(b.t, filledAlert(i+1, fmt.Sprintf("070%02d", i), codes[i]), text))
	}
	send("state", asText(b.t, filledState(), hostile()[0]))
	b.t.Logf("%d messages of a gateway", n)
}

// wireDocument is one, and the topic that it goes to.
type wireDocument struct {
	kind string
	v    any
}

func eventDocuments() (out []wireDocument) {
	for _, e := range filledEvents() {
		out = append(out, wireDocument{"event", e})
	}
	return out
}

// quiet is a document with a harmless word for each text.
func quiet(v any) any {
	switch x := v.(type) {
	case doc:
		for k := range x {
			x[k] = quiet(x[k])
		}
	case []any:
		for i := range x {
			x[i] = quiet(x[i])
		}
	case string:
		if x == "TEXT" {
			return "quiet"
		}
	}
	return v
}

// textFields are the JSON names of all fields of a type that hold texts, by path.
func textFields(t reflect.Type, at string, seen []reflect.Type) (out []string) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return textFields(t.Elem(), at, seen)
	case reflect.String:
		return []string{at}
	case reflect.Struct:
		if slices.Contains(seen, t) {
			return nil
		}
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			out = append(out, textFields(t.Field(i).Type, at+"."+name, append(seen, t))...)
		}
	}
	return out
}

// The documents that are sent in the siege have every text that a gateway can send.
func TestHostileDocumentsAreWhole(t *testing.T) {
	events := map[string]bool{}
	named := func(v any) map[string]bool {
		got := map[string]bool{}
		for _, at := range leaves(document(t, v), nil) {
			name := ""
			for _, k := range at {
				if k != "0" && k != "zh" && k != "en" {
					name += "." + k
				}
			}
			got[name] = true
		}
		return got
	}
	for _, e := range filledEvents() {
		for name := range named(e) {
			events[name] = true
		}
	}
	for _, x := range []struct {
		v    any
		got  map[string]bool
		none []string // those that hold no text but a moment or an id, tried elsewhere
	}{
		{wire.Alert{}, named(filledAlert(1, "06026", "330105")), []string{".cleared.boot", ".chatter.since.boot", ".maintenance.until.boot"}},
		{wire.State{}, named(filledState()), nil},
		{wire.Event{}, events, []string{".gap.epoch", ".config.hash", ".unrest.rule", ".missing.images", ".missing.why"}},
	} {
		for _, name := range textFields(reflect.TypeOf(x.v), "", nil) {
			if !x.got[name] && !slices.Contains(x.none, name) {
				t.Errorf("%T: nothing is tried in %s", x.v, name)
			}
		}
	}
}

// texts calls f with every text of a document.
func eachText(v any, f func(string)) {
	switch v := v.(type) {
	case doc:
		for k, x := range v {
			f(k)
			eachText(x, f)
		}
	case []any:
		for _, x := range v {
			eachText(x, f)
		}
	case string:
		f(v)
	}
}

// pagesAreWhole reads everything that can be read: each answer is JSON, nothing that a person
// wrote hides anything, and what a gateway sent is as it was sent.
func (b *besieged) pagesAreWhole() {
	b.t.Helper()
	found := map[string]bool{}
	for i := range rights {
		r := &rights[i]
		if r.method != "GET" || strings.HasSuffix(r.path, ".jpg") || slices.Contains([]string{"/api/v1/stream", "/healthz"}, r.path) || strings.Contains(r.path, "oidc") || r.path == "/metrics" {
			continue
		}
		status, answer := b.super.send(r)
		v, err := whole(r, answer)
		if err != nil || !utf8.ValidString(answer) || status >= 500 {
			b.t.Errorf("%s = %d, %v in %.200q", r.path, status, err, answer)
		}
		eachText(v, func(s string) {
			for _, m := range marks() {
				if strings.Contains(s, m) {
					found[m] = true
				}
			}
			if unseen(s, "\n\t") && !b.sent[s] && !strings.HasPrefix(r.path, "/api/v1/gateways") {
				b.t.Errorf("%s has %.100q", r.path, s)
			}
		})
	}
	if len(found) != len(marks()) {
		b.t.Errorf("the API shows %d of %d texts", len(found), len(marks()))
	}
}

// whole reads an answer: JSON, or a table in which no cell is a formula.
func whole(r *right, answer string) (v any, err error) {
	if !strings.HasSuffix(r.path, ".csv") && r.path != "/api/v1/export" {
		err = json.Unmarshal([]byte(answer), &v)
		return v, err
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(answer, "\ufeff"))).ReadAll()
	var cells []any
	for _, cell := range slices.Concat(rows...) {
		if _, no := strconv.ParseFloat(cell, 64); no != nil && strings.IndexAny(cell, "=+-@\t\r") == 0 {
			err = errors.Join(err, fmt.Errorf("%.60q is a formula", cell))
		}
		cells = append(cells, cell)
	}
	return cells, err
}

// logIsLines: each record is one line of what can be seen.
func (b *besieged) logIsLines() {
	b.t.Helper()
	for _, l := range strings.Split(strings.TrimSuffix(b.log.text(), "\n"), "\n") {
		if !strings.HasPrefix(l, "time=") || unseen(l, "") {
			b.t.Errorf("the log has the line %.300q", l)
		}
	}
}

// streamIsLines: each event of the live stream is a name and one line of JSON.
func (b *besieged) streamIsLines() {
	b.t.Helper()
	n, cases := 0, 0
	all := b.live.text()
	for _, l := range strings.Split(all[:strings.LastIndex(all, "\n")+1], "\n") {
		name, value, _ := strings.Cut(l, ":")
		switch name {
		case "data":
			n++
			if !json.Valid([]byte(value)) {
				b.t.Errorf("the live stream says %.300q", l)
			}
		case "event":
			if !regexp.MustCompile(`^ [a-z]+$`).MatchString(value) {
				b.t.Errorf("the live stream has the event %.300q", l)
			}
			if value == " case" {
				cases++
			}
		case "", "id", "retry":
		default:
			b.t.Errorf("the live stream has the line %.300q", l)
		}
	}
	if n < 50 || cases < 10 {
		b.t.Errorf("the live stream had %d events, %d of cases", n, cases)
	}
}

// metricsAreLines: what is measured is read by programs, line by line.
func (b *besieged) metricsAreLines() {
	b.t.Helper()
	_, text := b.super.send(&right{method: "GET", path: "/metrics"})
	line := regexp.MustCompile(`^(#.*|[a-z_]+(\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\})? [0-9.eE+NaInf-]+)$`)
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		if !line.MatchString(s.Text()) || unseen(s.Text(), "") {
			b.t.Errorf("/metrics has the line %.300q", s.Text())
		}
	}
}

// arrived waits until every text has come by every channel, and judges each message.
func (b *besieged) arrived() {
	b.t.Helper()
	for _, channel := range channeltest.Kinds() {
		eventually(b.t, channel, func() bool {
			all := ""
			for _, m := range b.Arrivals(channel) {
				all += shownBy(b.t, channel, m.Body)
			}
			return !slices.ContainsFunc(marks(), func(m string) bool { return !strings.Contains(all, m) })
		})
		for _, m := range b.Arrivals(channel) {
			if text := shownBy(b.t, channel, m.Body); unseen(text, "\n") && channel != "webhook" && channel != "mqtt" {
				b.t.Errorf("%s: %.300q", channel, text)
			}
		}
	}
}

// merged waits for what is told of many things together, and judges it.
func (b *besieged) merged() {
	b.t.Helper()
	for _, channel := range peoples {
		eventually(b.t, channel, func() bool {
			return slices.ContainsFunc(b.Arrivals(channel), func(m channeltest.Arrival) bool { return strings.Contains(shownBy(b.t, channel, m.Body), "合并") })
		})
	}
}

// markup is what could be more than text for a robot that reads Markdown.
const markup = "[]()<>*`_#@!|~&\\"

// ourLinks is the line of links that a message ends with.
var ourLinks = regexp.MustCompile(`^(\[(打开|确认)( \d+)?\]\(https://console\.example\.org/[^() ]*\)( {2})?)+$`)

// shownBy judges a message of a channel and returns what it shows.
func shownBy(t testing.TB, channel string, body []byte) string {
	t.Helper()
	var m struct {
		Markdown struct{ Text, Content string }
		At       struct {
			IsAtAll   bool
			AtMobiles []string
		}
		Card struct {
			Header   struct{ Title struct{ Tag, Content string } }
			Elements []struct {
				Tag  string
				Text struct{ Tag, Content string }
			}
		}
		Subject string
		Data    json.RawMessage
	}
	if channel == "mail" {
		return mailShows(t, body)
	}
	if err := json.Unmarshal(body, &m); err != nil || !utf8.Valid(body) {
		t.Errorf("%s: %v in %.300q", channel, err, body)
	}
	if m.At.IsAtAll || len(m.At.AtMobiles) > 0 {
		t.Errorf("%s calls people: %.300q", channel, body)
	}
	text := m.Markdown.Text + m.Markdown.Content
	switch channel {
	case "feishu":
		text = m.Card.Header.Title.Content
		for _, e := range m.Card.Elements {
			if e.Tag == "div" && e.Text.Tag != "plain_text" {
				t.Errorf("feishu: %.300q", body)
			}
			text += "\n" + e.Text.Content
		}
		return text
	case "webhook", "mqtt":
		return string(m.Data)
	}
	text = regexp.MustCompile(`^(## .*?)<font color="(warning|info|comment)">(.*)</font>`).ReplaceAllString(text, "$1$3")
	for _, l := range strings.Split(text, "\n") {
		plain := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(l, "### "), "## "), "- "), ">")
		if strings.ContainsAny(plain, markup) && !ourLinks.MatchString(l) {
			t.Errorf("%s shows the line %.300q", channel, l)
		}
	}
	return text
}

// mailHeaders are those that a mail of ours may have.
var mailHeaders = []string{"Auto-Submitted", "Content-Type", "Date", "From", "In-Reply-To", "Message-Id", "Mime-Version", "References", "Subject", "To", "User-Agent", "X-Mailer"}

// mailShows judges a mail and returns its subject and text.
func mailShows(t testing.TB, body []byte) string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range m.Header {
		if !slices.Contains(mailHeaders, name) || len(values) != 1 {
			t.Errorf("a mail has the header %s %.200q", name, values)
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || unseen(subject, "") {
		t.Errorf("a mail has the subject %.300q, %v", subject, err)
	}
	_, p, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	text := subject
	for r := multipart.NewReader(m.Body, p["boundary"]); ; {
		part, err := r.NextPart()
		if err != nil {
			break
		}
		raw, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
		if err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			text += "\n" + strings.ReplaceAll(string(raw), "\r\n", "\n")
			continue
		}
		page := regexp.MustCompile(`<a href="https://console\.example\.org/[^"<>]*">`).ReplaceAllString(string(raw), "")
		page = strings.NewReplacer("<!doctype html>", "", "<html>", "", "<body>", "", "<h3>", "", "</h3>", "", "<p>", "", "</p>", "", "<br>", "", "</a>", "", "</body>", "", "</html>", "").Replace(page)
		if strings.ContainsAny(page, "<>\"") || unseen(page, "\n") {
			t.Errorf("a mail's page has %.300q", page)
		}
	}
	return text
}

// No text becomes more than text, whoever writes it, wherever it is shown: on the API, in the
// live stream, in messages of every channel, in the log, in what is measured. And nothing is
// kept back by it.
func TestHostileTexts(t *testing.T) { hostileTexts(besiege(t)) }

// The same on a PostgreSQL server, whose texts hold less than those of SQLite.
func TestHostileTextsOnPostgres(t *testing.T) {
	_, on := postgres(t)
	hostileTexts(besiege(t, on))
}

func hostileTexts(b *besieged) {
	if testing.Short() {
		b.t.Skip("it sends some thousand texts")
	}
	codes := b.everyName()
	b.everyField()
	b.super.want(200, "PUT", "/api/v1/departments/water", doc{"name": doc{"zh": hostile()[0], "en": hostile()[1]}, "members": []string{"owner"}})
	var lives []*life
	for i, text := range hostile() {
		l := &life{besieged: b, text: text}
		l.begin(codes[i])
		lives = append(lives, l)
	}
	b.everyMessage(codes)
	b.arrived()
	taken := 0
	for _, l := range lives {
		l.goOn()
		taken += l.taken
	}
	b.t.Logf("the lives of cases took %d texts", taken)
	b.merged()
	b.pagesAreWhole()
	b.streamIsLines()
	b.metricsAreLines()
	b.logIsLines()
	if v := b.admin.want(200, "GET", "/api/v1/auth/audit/check", nil); v["broken"] != nil {
		b.t.Errorf("the audit log is broken: %v", v)
	}
}
