package channel

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// DingTalkHost is where DingTalk's robots are.
const DingTalkHost = "oapi.dingtalk.com"

// DingTalk is a custom robot of a DingTalk group.
type DingTalk struct {
	Web
	Base   string // https://oapi.dingtalk.com if empty
	Token  string // access_token
	Secret string // SEC…; empty: the robot is secured by a keyword or by address
}

// What DingTalk's codes mean: 130101 is more than 20 messages a minute, after which the
// robot is closed for about ten; 310000 is a wrong signature, keyword or address.
var dingTalkCodes = map[int]Error{
	130101: {Fate: Later, After: 10 * time.Minute},
	310000: {Fate: Mistaken},
	300001: {Fate: Mistaken}, // the token does not exist
}

// maxDingTalk bounds a text, in bytes; DingTalk states no limit below 20 000.
const maxDingTalk = 8000

// Send implements Sender.
func (d *DingTalk) Send(ctx context.Context, m Message) error {
	type markdownText struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	}
	type at struct {
		Mobiles []string `json:"atMobiles"`
		All     bool     `json:"isAtAll"`
	}
	title, mobiles := mark(m.Level)+markdown(m.Title), m.mobiles()
	code, says, err := d.ask(ctx, d.address(time.Now()), struct {
		Type     string       `json:"msgtype"`
		Markdown markdownText `json:"markdown"`
		At       at           `json:"at"`
	}{"markdown", markdownText{cut(title, 200), compose("### "+cut(title, 400), bullets(m.all()), linkLine(m.Links)+mentions(mobiles), maxDingTalk)}, at{mobiles, false}})
	if err != nil {
		return err
	}
	return judged(code, says, dingTalkCodes)
}

// address is the robot's, signed for now: HMAC-SHA256 of "milliseconds\nsecret", keyed by
// the secret.
func (d *DingTalk) address(now time.Time) string {
	base := d.Base
	if base == "" {
		base = "https://" + DingTalkHost
	}
	q := url.Values{"access_token": {d.Token}}
	if d.Secret != "" {
		ms := strconv.FormatInt(now.UnixMilli(), 10)
		q.Set("timestamp", ms)
		q.Set("sign", sign(d.Secret, ms+"\n"+d.Secret))
	}
	return base + "/robot/send?" + q.Encode()
}

// sign is the base64 of an HMAC-SHA256.
func sign(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// mark is the shape of a severity: it says the same as the colour does elsewhere.
func mark(level string) string {
	return map[string]string{"red": "🛑 ", "orange": "▲ ", "yellow": "◆ ", "blue": "● "}[level]
}

func bullets(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = "- " + markdown(l)
	}
	return out
}

func linkLine(links []Link) string {
	var b strings.Builder
	for i, l := range links {
		if i == 0 {
			b.WriteString("\n\n")
		} else {
			b.WriteString("  ")
		}
		b.WriteString("[" + markdown(l.Text) + "](" + l.URL + ")")
	}
	return b.String()
}

// number is a telephone number as robots take it.
var number = regexp.MustCompile(`^\+?[0-9-]{5,20}$`)

func (m Message) mobiles() []string {
	out := []string{}
	for _, p := range m.To {
		if number.MatchString(p.Mobile) && len(out) < maxMentions {
			out = append(out, p.Mobile)
		}
	}
	return out
}

// maxMentions bounds whom one message calls by name.
const maxMentions = 20

// mentions is the line that makes the numbers count: DingTalk wants them in the text too.
func mentions(mobiles []string) string {
	if len(mobiles) == 0 {
		return ""
	}
	return "\n\n@" + strings.Join(mobiles, " @")
}
