package channel

import (
	"context"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// FeishuHost is where Feishu's bots are; Lark's are at open.larksuite.com.
const FeishuHost = "open.feishu.cn"

// Feishu is a custom bot of a Feishu or Lark group.
type Feishu struct {
	Web
	Base   string // https://open.feishu.cn if empty
	Hook   string // the id at the end of the bot's address
	Secret string // empty: the bot is secured by a keyword or by address
}

// What Feishu's codes mean: 9499 is a body that it cannot read, 19021 a wrong signature or
// time, 19022 a wrong address, 19024 a missing keyword, 11232 too often.
var feishuCodes = map[int]Error{
	9499:  {Fate: Never},
	19021: {Fate: Mistaken},
	19022: {Fate: Mistaken},
	19024: {Fate: Mistaken},
	19001: {Fate: Mistaken}, // the hook does not exist
	11232: {Fate: Later, After: time.Minute},
}

// maxFeishu bounds the text, so that the whole body stays below Feishu's 20 KB.
const maxFeishu = 8000

type (
	feishuText struct {
		Tag     string `json:"tag"`
		Content string `json:"content"`
	}
	feishuButton struct {
		Tag  string     `json:"tag"`
		Text feishuText `json:"text"`
		URL  string     `json:"url"`
		Type string     `json:"type"`
	}
	feishuElement struct {
		Tag     string         `json:"tag"`
		Text    *feishuText    `json:"text,omitempty"`
		Actions []feishuButton `json:"actions,omitempty"`
	}
	feishuCard struct {
		Config map[string]bool `json:"config"`
		Header struct {
			Template string     `json:"template"`
			Title    feishuText `json:"title"`
		} `json:"header"`
		Elements []feishuElement `json:"elements"`
	}
	feishuBody struct {
		Timestamp string     `json:"timestamp,omitempty"`
		Sign      string     `json:"sign,omitempty"`
		Type      string     `json:"msg_type"`
		Card      feishuCard `json:"card"`
	}
)

// Send implements Sender. All texts are cards' plain text, in which nothing is markup.
func (f *Feishu) Send(ctx context.Context, m Message) error {
	base := f.Base
	if base == "" {
		base = "https://" + FeishuHost
	}
	body := feishuBody{Type: "interactive", Card: card(m)}
	if f.Secret != "" {
		body.Timestamp = strconv.FormatInt(time.Now().Unix(), 10)
		body.Sign = feishuSign(f.Secret, body.Timestamp)
	}
	code, says, err := f.ask(ctx, base+"/open-apis/bot/v2/hook/"+url.PathEscape(f.Hook), body)
	if err != nil {
		return err
	}
	return judged(code, says, feishuCodes)
}

// feishuSign is Feishu's signature: the text is the key, and nothing is what is signed.
func feishuSign(secret, seconds string) string { return sign(seconds+"\n"+secret, "") }

// openID is a Feishu open id; "all", which calls everybody, is none.
var openID = regexp.MustCompile(`^ou_[A-Za-z0-9_-]{1,64}$`)

func card(m Message) (c feishuCard) {
	c.Config = map[string]bool{"wide_screen_mode": true}
	c.Header.Template = m.Level
	if mark(m.Level) == "" {
		c.Header.Template = "grey"
	}
	c.Header.Title = feishuText{"plain_text", mark(m.Level) + cut(line(m.Title), 400)}
	lines := m.all()
	clean := make([]string, len(lines))
	for i, l := range lines {
		clean[i] = line(l)
	}
	if text := strings.TrimPrefix(compose("", clean, "", maxFeishu), "\n"); text != "" {
		c.Elements = append(c.Elements, feishuElement{Tag: "div", Text: &feishuText{"plain_text", text}})
	}
	if called := feishuMentions(m.To); called != "" {
		c.Elements = append(c.Elements, feishuElement{Tag: "div", Text: &feishuText{"lark_md", called}})
	}
	var buttons []feishuButton
	for i, l := range m.Links {
		kind := "default"
		if i == 0 {
			kind = "primary"
		}
		buttons = append(buttons, feishuButton{"button", feishuText{"plain_text", line(l.Text)}, l.URL, kind})
	}
	if buttons != nil {
		c.Elements = append(c.Elements, feishuElement{Tag: "action", Actions: buttons})
	}
	return c
}

func feishuMentions(people []Person) string {
	var all []string
	for _, p := range people {
		if openID.MatchString(p.Feishu) && len(all) < maxMentions {
			all = append(all, "<at id="+p.Feishu+"></at>")
		}
	}
	return strings.Join(all, " ")
}
