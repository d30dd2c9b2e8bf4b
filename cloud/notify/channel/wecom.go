package channel

import (
	"context"
	"net/url"
	"regexp"
	"time"
)

// WeComHost is where WeCom's robots are.
const WeComHost = "qyapi.weixin.qq.com"

// WeCom is a robot of a WeCom (enterprise WeChat) group. It knows no signature: whoever
// has the key can write to the group.
type WeCom struct {
	Web
	Base string // https://qyapi.weixin.qq.com if empty
	Key  string
}

// What WeCom's codes mean: 45009 is too often, 40058 a field that is too long or empty,
// 93000 a key that does not exist.
var weComCodes = map[int]Error{
	45009: {Fate: Later, After: time.Minute},
	40058: {Fate: Never},
	93000: {Fate: Mistaken},
}

// Limits of WeCom's texts in bytes of UTF-8.
const (
	maxWeComText     = 2048
	maxWeComMarkdown = 4096
)

// Send implements Sender. People are called by name in a plain text, since WeCom mentions
// nobody by telephone number in Markdown; else the text has a title, colour and links.
func (w *WeCom) Send(ctx context.Context, m Message) error {
	code, says, err := w.ask(ctx, w.address(), weComBody(m))
	if err != nil {
		return err
	}
	return judged(code, says, weComCodes)
}

func (w *WeCom) address() string {
	base := w.Base
	if base == "" {
		base = "https://" + WeComHost
	}
	return base + "/cgi-bin/webhook/send?" + url.Values{"key": {w.Key}}.Encode()
}

type weComText struct {
	Content string   `json:"content"`
	Users   []string `json:"mentioned_list,omitempty"`
	Mobiles []string `json:"mentioned_mobile_list,omitempty"`
}

// userID is a WeCom user id; "@all", which calls everybody, is none.
var userID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)

func weComBody(m Message) any {
	text := weComText{}
	for _, p := range m.To {
		switch {
		case len(text.Users)+len(text.Mobiles) == maxMentions:
		case userID.MatchString(p.WeCom):
			text.Users = append(text.Users, p.WeCom)
		case number.MatchString(p.Mobile):
			text.Mobiles = append(text.Mobiles, p.Mobile)
		}
	}
	if len(text.Users)+len(text.Mobiles) > 0 {
		text.Content = plainText(m, maxWeComText)
		return struct {
			Type string    `json:"msgtype"`
			Text weComText `json:"text"`
		}{"text", text}
	}
	colour := map[string]string{"red": "warning", "orange": "warning", "blue": "info"}[m.Level]
	if colour == "" {
		colour = "comment"
	}
	head := "## " + mark(m.Level) + `<font color="` + colour + `">` + cut(markdown(m.Title), 400) + "</font>"
	lines := m.all()
	quoted := make([]string, len(lines))
	for i, l := range lines {
		quoted[i] = ">" + markdown(l)
	}
	return struct {
		Type     string    `json:"msgtype"`
		Markdown weComText `json:"markdown"`
	}{"markdown", weComText{Content: compose(head, quoted, linkLine(m.Links), maxWeComMarkdown)}}
}

// plainText is the message where nothing is markup.
func plainText(m Message, limit int) string {
	lines := m.all()
	clean := make([]string, len(lines))
	for i, l := range lines {
		clean[i] = line(l)
	}
	tail := ""
	for _, l := range m.Links {
		tail += "\n" + line(l.Text) + " " + l.URL
	}
	return compose(mark(m.Level)+cut(line(m.Title), 400), clean, tail, limit)
}
