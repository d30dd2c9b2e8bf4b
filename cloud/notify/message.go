package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/lamppost-city/lamppost/cloud/notify/channel"
	"github.com/lamppost-city/lamppost/cloud/notify/link"
	"github.com/lamppost-city/lamppost/cloud/notify/words"
)

const (
	maxNamed = 20 // events that one message names
	maxAcks  = 3  // links to acknowledge by in one message
	linkLife = 24 * time.Hour
)

// message makes what a job sends. It is the same whenever it is sent, as long as the
// templates are.
func (o *Office) message(ctx context.Context, c Channel, j job) (channel.Message, error) {
	in, err := o.contents(ctx, j.id)
	if err != nil {
		return channel.Message{}, err
	}
	m := channel.Message{ID: j.id, Repeat: j.repeat, At: time.UnixMilli(in.formed), Level: j.level, Lang: c.Lang}
	o.address(&m, j.person, in.told)
	if in.kind == test {
		m.Title, m.Lines = o.testWords(m.Lang, c.ID)
		m.Event = channel.Event{ID: j.id, Type: eventType(Event{Kind: "test"}), At: m.At, Data: json.RawMessage(`{"test":true}`)}
		return m, nil
	}
	if len(in.events) == 0 {
		return m, &channel.Error{Fate: channel.Never, Err: fmt.Errorf("its events are gone from the database")}
	}
	e := in.events[0]
	if in.kind == single {
		m.Title, m.Lines = o.o.Words[m.Lang].Say(fields(e, m.Lang, o.o.Zone))
		m.Thread, m.First = e.Subject, in.first
	} else {
		o.many(&m, in)
	}
	if !c.Machine {
		untold(&m, in.causes)
	}
	o.links(ctx, &m, c, j.person, in)
	m.Event = channel.Event{ID: e.ID, Type: eventType(e), Subject: e.Subject, At: time.UnixMilli(e.At), Data: e.Data}
	if e.Data == nil {
		if m.Event.Data, err = json.Marshal(e); err != nil {
			return m, &channel.Error{Fate: channel.Never, Err: err}
		}
	}
	return m, nil
}

// eventType is what machines know an event by.
func eventType(e Event) string {
	return "city.lamppost." + cmp.Or(e.About, "alert") + "." + e.Kind + ".v1"
}

// address says whom a message is for, and so in which language.
func (o *Office) address(m *channel.Message, person string, told []string) {
	if person == "" {
		for _, id := range told {
			if p, ok := o.o.Person(id); ok {
				m.To = append(m.To, p)
			}
		}
		return
	}
	if p, ok := o.o.Person(person); ok {
		m.To = []channel.Person{p}
		if p.Lang == "zh" || p.Lang == "en" {
			m.Lang = p.Lang
		}
	}
}

// many words a message about several subjects.
func (o *Office) many(m *channel.Message, in contents) {
	en := m.Lang == "en"
	n := strconv.Itoa(in.subjects)
	f := fields(in.events[0], m.Lang, o.o.Zone)
	switch {
	case in.kind == group && en:
		m.Title = f.Severity + " " + n + " alerts of one kind: " + f.Text
	case in.kind == group:
		m.Title = f.Severity + " 同类告警 " + n + " 起：" + f.Text
	case in.kind == surge && en:
		m.Title = f.Severity + " " + n + " together: " + f.Text
	case in.kind == surge:
		m.Title = f.Severity + " 合并 " + n + " 条：" + f.Text
	case en:
		m.Title = n + " notices together: too many in a short time"
	default:
		m.Title = "短时间通知过多，合并 " + n + " 条"
	}
	sum := ""
	for _, level := range []string{"red", "orange", "yellow", "blue"} {
		if in.count[level] > 0 {
			sum += " " + words.Severity(m.Lang, level) + "×" + strconv.Itoa(in.count[level])
		}
	}
	m.Lines = []string{sum[1:]}
	for _, e := range in.events {
		f := fields(e, m.Lang, o.o.Zone)
		l := f.Severity + " " + f.Text
		for _, more := range []string{f.Place, f.State} {
			if more != "" {
				l += " · " + more
			}
		}
		m.Lines = append(m.Lines, l)
	}
	if more := strconv.Itoa(in.subjects - len(in.events)); more != "0" {
		m.Lines = append(m.Lines, map[bool]string{true: "… and " + more + " more, in the console", false: "……另有 " + more + " 条，见控制台"}[en])
	}
}

// untold says how many symptoms nobody was told of, and of what.
func untold(m *channel.Message, causes []cause) {
	for _, c := range causes {
		n, what := strconv.Itoa(c.symptoms), channel.Plain(in(c.name, m.Lang))
		if m.Lang == "en" {
			m.Lines = append(m.Lines, "Not told one by one: "+n+" that follow from "+what)
			continue
		}
		m.Lines = append(m.Lines, "未逐条通知："+what+" 引起的 "+n+" 起")
	}
}

// links adds the links of a message: to the console, and to acknowledge by.
func (o *Office) links(ctx context.Context, m *channel.Message, c Channel, person string, in contents) {
	if o.o.Base == "" || c.Machine {
		return
	}
	see, ack := "打开", "确认"
	if m.Lang == "en" {
		see, ack = "Open", "Acknowledge"
	}
	path := "/"
	if in.subjects == 1 && in.events[0].Path != "" {
		path = in.events[0].Path
	}
	m.Links = append(m.Links, channel.Link{Text: see, URL: o.o.Base + safe(path)})
	if in.subjects > maxAcks {
		return
	}
	for i, e := range in.events {
		if !e.Ack || person != "" && !o.o.May(ctx, person, e.Area) {
			continue
		}
		token, err := o.key.Make(link.Grant{Subject: e.Subject, Channel: c.ID, Person: person, Expires: time.UnixMilli(in.formed).Add(linkLife).Truncate(time.Second)})
		if err != nil {
			continue // an id that is too long for a link can be acknowledged in the console
		}
		label := ack
		if in.subjects > 1 {
			label += " " + strconv.Itoa(i+1)
		}
		m.Links = append(m.Links, channel.Link{Text: label, URL: o.o.Base + AckPath + "?t=" + token})
	}
}

// safe keeps a path from ending the link that it stands in.
func safe(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Host != "" || u.Scheme != "" || len(path) == 0 || path[0] != '/' {
		return "/"
	}
	out := ""
	for i := range len(path) {
		if b := path[i]; b <= ' ' || b > '~' || b == '"' || b == '\'' || b == '(' || b == ')' || b == '<' || b == '>' || b == '\\' || b == '`' || b == '[' || b == ']' {
			out += fmt.Sprintf("%%%02X", b)
		} else {
			out += string(rune(b))
		}
	}
	return out
}

func (o *Office) testWords(lang, id string) (string, []string) {
	if lang == "en" {
		return "Test of the notification channel " + id, []string{"Somebody pressed the test button. Nothing has happened."}
	}
	return "通知渠道 " + id + " 测试", []string{"有人按下了测试按钮，没有发生任何事件。"}
}

// fields is an event as a template sees it.
func fields(e Event, lang string, zone *time.Location) words.Fields {
	return words.Fields{
		Severity: words.Severity(lang, string(e.Severity)),
		Text:     channel.Plain(in(e.Text, lang)), Place: channel.Plain(in(e.Place, lang)), State: channel.Plain(in(e.State, lang)),
		Time: time.UnixMilli(e.At).In(zone).Format("2006-01-02 15:04"), Area: channel.Plain(e.Area), Category: channel.Plain(e.Category),
		Kind: e.Kind, Rule: channel.Plain(e.Rule), Subject: e.Subject,
	}
}
