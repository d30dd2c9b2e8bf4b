package settings

import (
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones have their names also where the system has no list of them

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/notify/channel"
	"github.com/lamppost-city/lamppost/cloud/notify/words"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Notify says who is told of alerts, by which ways.
type Notify struct {
	// Console is the address at which people open the console; what links begin with.
	Console string   `yaml:"console"`
	Allow   []string `yaml:"allow"` // hosts, addresses and ranges that may be connected to
	// Zone is that of times in messages and of rules' hours; empty: the cases' calendar's.
	Zone      string               `yaml:"zone"`
	People    map[string]Person    `yaml:"people"`
	Channels  map[string]Channel   `yaml:"channels"`
	Rules     map[string]Rule      `yaml:"rules"`
	Templates map[string]Templates `yaml:"templates"` // by language

	Place *time.Location          `yaml:"-"` // Zone, or the calendar's
	Guard *channel.Guard          `yaml:"-"` // Allow
	Words map[string]*words.Words `yaml:"-"` // Templates
}

// Person is somebody, and where they are found.
type Person struct {
	Name     string `yaml:"name"`
	Mail     string `yaml:"mail"`
	Mobile   string `yaml:"mobile"`
	WeCom    string `yaml:"wecom"`
	Feishu   string `yaml:"feishu"`
	Language string `yaml:"language"`
}

// Channel is one way to tell: exactly one of the kinds, and its limits.
type Channel struct {
	DingTalk  *DingTalk     `yaml:"dingtalk"`
	WeCom     *WeCom        `yaml:"wecom"`
	Feishu    *Feishu       `yaml:"feishu"`
	Webhook   *Webhook      `yaml:"webhook"`
	Mail      *Mail         `yaml:"mail"`
	Topic     *Topic        `yaml:"mqtt"`
	Language  string        `yaml:"language"`
	PerMinute int           `yaml:"per_minute" range:"1..6000"`
	GiveUp    time.Duration `yaml:"give_up" range:"1m..24h"`
}

// DingTalk is a custom robot of a DingTalk group.
type DingTalk struct {
	URL        string `yaml:"url"` // of another server than DingTalk's own
	TokenFile  string `yaml:"token_file,required"`
	SecretFile string `yaml:"secret_file"`
	Token      string `yaml:"-"`
	Secret     string `yaml:"-"`
}

// WeCom is a robot of a WeCom group.
type WeCom struct {
	URL     string `yaml:"url"`
	KeyFile string `yaml:"key_file,required"`
	Key     string `yaml:"-"`
}

// Feishu is a custom bot of a Feishu or Lark group.
type Feishu struct {
	URL        string `yaml:"url"`
	HookFile   string `yaml:"hook_file,required"`
	SecretFile string `yaml:"secret_file"`
	Hook       string `yaml:"-"`
	Secret     string `yaml:"-"`
}

// Webhook posts CloudEvents.
type Webhook struct {
	URL         string   `yaml:"url,required"`
	SecretFiles []string `yaml:"secret_files"`
	Secrets     []string `yaml:"-"`
}

// Mail is an SMTP server.
type Mail struct {
	Server       string   `yaml:"server,required"` // host:port
	Security     string   `yaml:"security"`        // starttls, tls, none
	From         string   `yaml:"from,required"`
	To           []string `yaml:"to"` // beside the persons that rules name
	Username     string   `yaml:"username"`
	PasswordFile string   `yaml:"password_file"`
	Password     string   `yaml:"-"`
	Host         string   `yaml:"-"` // of Server
	Port         int      `yaml:"-"`
}

// Topic is one of an MQTT broker.
type Topic struct {
	Broker       string `yaml:"broker,required"`
	Topic        string `yaml:"topic,required"`
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"`
	Password     string `yaml:"-"`
}

// Rule says which alerts are told by which channels. Without a list, all.
type Rule struct {
	Severities []string `yaml:"severities"`
	Areas      []string `yaml:"areas"`
	Categories []string `yaml:"categories"`
	Kinds      []string `yaml:"kinds"`
	About      []string `yaml:"about"` // alert, case
	Hours      *Hours   `yaml:"hours"`
	Channels   []string `yaml:"channels,required"`
	People     []string `yaml:"people"`
}

// Hours is a span of the day, over midnight if To is before From.
type Hours struct {
	Days     []string       `yaml:"days"` // mon … sun
	From     string         `yaml:"from,required"`
	To       string         `yaml:"to,required"`
	Weekdays []time.Weekday `yaml:"-"`
	Start    int            `yaml:"-"` // minutes after midnight
	End      int            `yaml:"-"`
}

// Templates are the words of one language.
type Templates struct {
	Title string   `yaml:"title,required"`
	Lines []string `yaml:"lines"`
}

var (
	notifyID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	areaCode = regexp.MustCompile(`^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9A-Za-z]{15})$`)
	clock    = regexp.MustCompile(`^([01][0-9]|2[0-4]):([0-5][0-9])$`)
	// kindsTold are what alerts, cases and channels are told for.
	kindsTold = []string{"raised", "acknowledged", "cleared", "opened", "worse", "dispatched", "withdrawn", "returned", "rejected", "handled", "reminded", "overdue", "escalated", "reopened", "active", "detached", "unshelved", "closed"}
	weekdays  = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

func (c *checker) notify(n *Notify, cases *lifecycle.Policy) {
	if n == nil {
		return
	}
	c.zone(n, cases)
	if n.Console != "" {
		c.url(n.Console, []string{"http", "https"}, "notify", "console")
		n.Console = strings.TrimRight(n.Console, "/")
	}
	c.allow(n)
	for _, id := range slices.Sorted(maps.Keys(n.People)) {
		c.person(id, n.People[id])
	}
	for _, id := range slices.Sorted(maps.Keys(n.Channels)) {
		c.channel(n, id, n.Channels[id])
	}
	for _, id := range slices.Sorted(maps.Keys(n.Rules)) {
		c.rule(n, id, n.Rules[id])
	}
	n.Words = map[string]*words.Words{}
	for _, lang := range slices.Sorted(maps.Keys(n.Templates)) {
		c.words(n, lang, n.Templates[lang])
	}
}

// zone finds the zone of what people read: the one that is named, else the one by which the
// city's deadlines are counted.
func (c *checker) zone(n *Notify, cases *lifecycle.Policy) {
	calendar := lifecycle.DefaultCalendar()
	if cases != nil {
		calendar = cases.Calendar
	}
	place := calendar.Zone
	if n.Zone != "" {
		if err := place.UnmarshalText([]byte(n.Zone)); err != nil {
			c.say("E5013", fmt.Sprintf("%q is not a time zone of this machine; write one like Asia/Shanghai, or +08:00", n.Zone), "notify", "zone")
		}
	}
	n.Place = place.Location()
}

func (c *checker) allow(n *Notify) {
	// The makers of robots are known; what else is connected to has to be listed.
	all := []string{channel.DingTalkHost, channel.WeComHost, channel.FeishuHost}
	for i, a := range n.Allow {
		if _, err := channel.NewGuard([]string{a}); err != nil {
			c.say("E5013", fmt.Sprintf("%q is neither a host name nor an address; write hooks.example.org, 10.1.2.3 or 10.1.2.0/24", a), "notify", "allow", strconv.Itoa(i))
			continue
		}
		all = append(all, a)
	}
	n.Guard, _ = channel.NewGuard(all)
}

// listed reports a host that the guard will not let through.
func (c *checker) listed(n *Notify, host string, path ...string) {
	if err := n.Guard.Host(host); err != nil {
		c.say("E5011", fmt.Sprintf("%q is not among the hosts that may be connected to; list it under notify.allow", host), path...)
	}
}

func (c *checker) id(id string, path ...string) {
	if !notifyID.MatchString(id) {
		c.say("E5013", fmt.Sprintf("%q is not an id; write small letters, digits, . _ and -, at most 64", id), path...)
	}
}

// among reports a word that is not one of those known.
func (c *checker) among(word string, known []string, path ...string) {
	if word != "" && !slices.Contains(known, word) {
		c.say("E5012", fmt.Sprintf("%q is not known here; write %s", word, strings.Join(known, ", ")), path...)
	}
}

func (c *checker) person(id string, p Person) {
	at := []string{"notify", "people", id}
	c.id(id, at...)
	c.among(p.Language, []string{"zh", "en"}, append(at, "language")...)
	if p.Mail != "" {
		c.address5322(p.Mail, append(at, "mail")...)
	}
}

func (c *checker) address5322(a string, path ...string) {
	if parsed, err := mail.ParseAddress(a); err != nil || parsed.Address != a {
		c.say("E5013", fmt.Sprintf("%q is not a mail address; write name@example.org", a), path...)
	}
}

// channel judges one; only one kind is there, else nothing more is said about it.
func (c *checker) channel(n *Notify, id string, ch Channel) {
	at := []string{"notify", "channels", id}
	c.id(id, at...)
	c.among(ch.Language, []string{"zh", "en"}, append(at, "language")...)
	kinds := 0
	for _, is := range []bool{ch.DingTalk != nil, ch.WeCom != nil, ch.Feishu != nil, ch.Webhook != nil, ch.Mail != nil, ch.Topic != nil} {
		if is {
			kinds++
		}
	}
	if kinds != 1 {
		c.say("E5015", fmt.Sprintf("the channel has %d kinds; write exactly one of dingtalk, wecom, feishu, webhook, mail, mqtt", kinds), at...)
		return
	}
	switch {
	case ch.DingTalk != nil:
		c.base(n, ch.DingTalk.URL, append(at, "dingtalk")...)
		ch.DingTalk.Token = c.secret(ch.DingTalk.TokenFile, append(at, "dingtalk", "token_file")...)
		ch.DingTalk.Secret = c.secret(ch.DingTalk.SecretFile, append(at, "dingtalk", "secret_file")...)
	case ch.WeCom != nil:
		c.base(n, ch.WeCom.URL, append(at, "wecom")...)
		ch.WeCom.Key = c.secret(ch.WeCom.KeyFile, append(at, "wecom", "key_file")...)
	case ch.Feishu != nil:
		c.base(n, ch.Feishu.URL, append(at, "feishu")...)
		ch.Feishu.Hook = c.secret(ch.Feishu.HookFile, append(at, "feishu", "hook_file")...)
		ch.Feishu.Secret = c.secret(ch.Feishu.SecretFile, append(at, "feishu", "secret_file")...)
	case ch.Webhook != nil:
		c.webhook(n, ch.Webhook, append(at, "webhook")...)
	case ch.Mail != nil:
		c.mail(n, ch.Mail, append(at, "mail")...)
	case ch.Topic != nil:
		c.topic(n, ch.Topic, append(at, "mqtt")...)
	}
}

// base judges the address of a robot's server, if it is not the maker's own.
func (c *checker) base(n *Notify, text string, path ...string) {
	if text != "" {
		c.target(n, text, []string{"https", "http"}, append(path, "url")...)
	}
}

// target judges an address that will be connected to.
func (c *checker) target(n *Notify, text string, schemes []string, path ...string) {
	before := len(c.problems)
	c.url(text, schemes, path...)
	if u, err := url.Parse(text); err == nil && len(c.problems) == before {
		c.listed(n, u.Hostname(), path...)
	}
}

func (c *checker) webhook(n *Notify, w *Webhook, path ...string) {
	if w.URL != "" {
		c.target(n, w.URL, []string{"https", "http"}, append(path, "url")...)
	}
	for i, f := range w.SecretFiles {
		at := append(slices.Clone(path), "secret_files", strconv.Itoa(i))
		before := len(c.problems)
		s := c.secret(f, at...)
		if _, err := channel.WebhookKey(s); err != nil && len(c.problems) == before {
			c.say("E5005", "the webhook's secret is not whsec_ and the base64 of 24 to 64 bytes; make one with: echo whsec_$(openssl rand -base64 32)", at...)
		}
		w.Secrets = append(w.Secrets, s)
	}
}

func (c *checker) mail(n *Notify, m *Mail, path ...string) {
	at := func(key string) []string { return append(slices.Clone(path), key) }
	c.among(m.Security, []string{"starttls", "tls", "none"}, at("security")...)
	host, port, err := net.SplitHostPort(m.Server)
	m.Host = host
	if m.Port, _ = strconv.Atoi(port); m.Server != "" && (err != nil || m.Port < 1 || m.Port > 65535) {
		c.say("E5001", fmt.Sprintf("%q is not an address; write host:port, for example smtp.example.org:587", m.Server), at("server")...)
	} else if m.Server != "" {
		c.listed(n, host, at("server")...)
	}
	if m.From != "" {
		c.address5322(m.From, at("from")...)
	}
	for i, to := range m.To {
		c.address5322(to, append(at("to"), strconv.Itoa(i))...)
	}
	m.Password = c.secret(m.PasswordFile, at("password_file")...)
	if m.Security == "none" && m.Username != "" {
		c.say("E5005", "the password would cross the network in the clear; write security: starttls or tls, or leave username out", at("username")...)
	}
}

func (c *checker) topic(n *Notify, t *Topic, path ...string) {
	at := func(key string) []string { return append(slices.Clone(path), key) }
	if t.Broker != "" {
		c.target(n, t.Broker, []string{"mqtt", "mqtts"}, at("broker")...)
	}
	if t.Topic != "" && (strings.ContainsAny(t.Topic, "+#\x00") || len(t.Topic) > 200) {
		c.say("E5013", fmt.Sprintf("%q is not a topic to publish to; write one without + and #, at most 200 bytes", t.Topic), at("topic")...)
	}
	t.Password = c.secret(t.PasswordFile, at("password_file")...)
}

func (c *checker) rule(n *Notify, id string, r Rule) {
	at := func(key string, i int) []string { return []string{"notify", "rules", id, key, strconv.Itoa(i)} }
	c.id(id, "notify", "rules", id)
	for i, s := range r.Severities {
		c.among(s, []string{string(wire.Red), string(wire.Orange), string(wire.Yellow), string(wire.Blue)}, at("severities", i)...)
	}
	for i, a := range r.About {
		c.among(a, []string{"alert", "case"}, at("about", i)...)
	}
	for i, k := range r.Kinds {
		c.among(k, kindsTold, at("kinds", i)...)
	}
	for i, a := range r.Areas {
		if !areaCode.MatchString(a) {
			c.say("E5013", fmt.Sprintf("%q is not an area code; write 2, 4, 6, 9 or 12 digits, or 15 characters of a grid cell", a), at("areas", i)...)
		}
	}
	for i, name := range r.Channels {
		if _, ok := n.Channels[name]; !ok {
			c.say("E5010", fmt.Sprintf("no channel is called %q; write one of notify.channels", name), at("channels", i)...)
		}
	}
	for i, name := range r.People {
		if _, ok := n.People[name]; !ok {
			c.say("E5010", fmt.Sprintf("nobody is called %q; write one of notify.people", name), at("people", i)...)
		}
	}
	if r.Hours != nil {
		c.hours(r.Hours, id)
	}
}

func (c *checker) hours(h *Hours, rule string) {
	at := []string{"notify", "rules", rule, "hours"}
	for i, d := range h.Days {
		c.among(d, weekdays, append(slices.Clone(at), "days", strconv.Itoa(i))...)
		if day := slices.Index(weekdays, d); day >= 0 {
			h.Weekdays = append(h.Weekdays, time.Weekday(day))
		}
	}
	h.Start = c.minute(h.From, append(slices.Clone(at), "from")...)
	h.End = c.minute(h.To, append(slices.Clone(at), "to")...)
}

// minute reads 08:30; 24:00 is the end of the day.
func (c *checker) minute(s string, path ...string) int {
	if s == "" {
		return 0 // missing: that is said already
	}
	m := clock.FindStringSubmatch(s)
	if m == nil || m[1] == "24" && m[2] != "00" {
		c.say("E5013", fmt.Sprintf("%q is not a time of day; write \"08:30\", in quotes", s), path...)
		return 0
	}
	hour, _ := strconv.Atoi(m[1])
	minute, _ := strconv.Atoi(m[2])
	return hour*60 + minute
}

func (c *checker) words(n *Notify, lang string, t Templates) {
	at := []string{"notify", "templates", lang}
	c.among(lang, []string{"zh", "en"}, at...)
	w, err := words.Parse(t.Title, t.Lines)
	if err != nil {
		c.say("E5014", err.Error(), at...)
		return
	}
	n.Words[lang] = w
}
