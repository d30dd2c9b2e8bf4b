package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/address"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Uplink says where to report, and what that may cost. The files it names are read
// when they are needed, so that a renewed one needs no restart.
type Uplink struct {
	Brokers           []string // at least one, the first is preferred
	Prefix            string
	Username          string
	PasswordFile      string
	Stores            []string // pinned; none: the first one that acknowledges
	TLS               TLS
	Proxy             string // http://[user@]host:port, socks5://[user@]host:port, env; empty: none
	ProxyPasswordFile string
	Order             string // in which history is sent: oldest or newest first
	Rate              int    // readings of history per second at most
	PerDay            int64  // bytes per day; 0: no limit
	Compress          string // auto, on, off
	Linger            time.Duration
	Commands          []Grant // who may ask for what from afar
}

// TLS names the files of mqtts and wss connections. Empty: the system's roots, no
// client certificate, the broker's own name.
type TLS struct {
	CAFile, CertFile, KeyFile, ServerName string
}

type uplinkKeys struct {
	Broker            string               `yaml:"broker"`
	Brokers           []string             `yaml:"brokers"`
	Prefix            string               `yaml:"prefix"`
	Username          string               `yaml:"username"`
	PasswordFile      yamldoc.Path         `yaml:"password_file"`
	Password          *yamldoc.Node        `yaml:"password"` // only to say where it belongs
	Stores            []string             `yaml:"stores"`
	TLS               tlsKeys              `yaml:"tls"`
	Proxy             string               `yaml:"proxy"`
	ProxyPasswordFile yamldoc.Path         `yaml:"proxy_password_file"`
	Backfill          backfillKeys         `yaml:"backfill"`
	Budget            budgetKeys           `yaml:"budget"`
	Compress          string               `yaml:"compress"`
	Linger            *time.Duration       `yaml:"linger"`
	Commands          map[string]grantKeys `yaml:"commands"`
	RewindKeys        *yamldoc.Node        `yaml:"rewind_keys"` // only to say where it belongs
}

type tlsKeys struct {
	CAFile     yamldoc.Path `yaml:"ca_file"`
	CertFile   yamldoc.Path `yaml:"cert_file"`
	KeyFile    yamldoc.Path `yaml:"key_file"`
	ServerName string       `yaml:"server_name"`
}

type backfillKeys struct {
	Order string `yaml:"order"`
	Rate  *int   `yaml:"rate"`
}

type budgetKeys struct {
	PerDay *yamldoc.Size `yaml:"per_day"`
}

// Defaults and bounds of the uplink.
const (
	DefaultRate   = 20_000
	DefaultLinger = 500 * time.Millisecond
	maxBrokers    = 8
	maxRate       = 1_000_000
	minPerDay     = 1_000_000
	maxLinger     = time.Second
	maxKeys       = 16
)

func (l *loader) uplink() {
	k := l.raw.Uplink
	if k == nil {
		return
	}
	u := &Uplink{Brokers: k.Brokers, Prefix: or(k.Prefix, wire.DefaultPrefix), Username: k.Username, PasswordFile: string(k.PasswordFile), Stores: k.Stores,
		TLS: TLS{string(k.TLS.CAFile), string(k.TLS.CertFile), string(k.TLS.KeyFile), k.TLS.ServerName}, Proxy: k.Proxy, ProxyPasswordFile: string(k.ProxyPasswordFile), Order: or(k.Backfill.Order, "oldest"), Rate: DefaultRate,
		Compress: or(k.Compress, "auto"), Linger: DefaultLinger}
	l.config.Uplink = u
	if err := wire.CheckPrefix(u.Prefix); err != nil {
		l.say("E2204", err.Error(), "uplink", "prefix")
	}
	if l.has("uplink", "password") {
		l.sayKey("E2202", "a password does not belong into this file, which is copied and shown; write it into a file of its own and name that: password_file: /etc/lamppost/uplink.password", "uplink", "password")
	}
	if u.PasswordFile != "" && u.Username == "" {
		l.say("E2203", "a password needs a username; add username: … beside it", "uplink", "password_file")
	}
	for i, s := range u.Stores {
		if err := obs.CheckID(s); err != nil {
			l.say("E2205", err.Error(), "uplink", "stores", fmt.Sprint(i))
		}
	}
	l.brokers(u, k.Broker)
	l.tls(u)
	l.proxy(u)
	l.pace(u, k)
	l.grants(u, k.Commands)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// brokers judges the one broker, or the several.
func (l *loader) brokers(u *Uplink, one string) {
	list := l.doc.Node("uplink", "brokers").Len()
	switch single, several := l.has("uplink", "broker"), l.has("uplink", "brokers"); {
	case single && several:
		l.sayKey("E2206", "broker and brokers are both there; write one list, the preferred one first, and delete broker", "uplink", "broker")
	case single:
		u.Brokers = []string{one}
		l.broker(one, "uplink", "broker")
	case several && list == 0 && !l.wrong("uplink", "brokers") || !several && !l.wrong("uplink"):
		l.sayKey("E2206", "an uplink needs a broker; add broker: \"mqtts://host:8883\", or delete uplink to work without a cloud", "uplink")
	case list > maxBrokers:
		l.say("E2003", fmt.Sprintf("%d brokers are too many; at most %d", list, maxBrokers), "uplink", "brokers")
	}
	for i, b := range u.Brokers[:min(len(u.Brokers), maxBrokers)] {
		if l.has("uplink", "brokers") {
			l.broker(b, "uplink", "brokers", fmt.Sprint(i))
			if slices.Index(u.Brokers, b) < i {
				l.say("E2206", "this broker is in the list already; delete one of the two", "uplink", "brokers", fmt.Sprint(i))
			}
		}
	}
}

func (l *loader) broker(text string, path ...string) {
	const write = "; write mqtt://host:1883, mqtts://host:8883 or wss://host/path"
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "":
		l.say("E2201", fmt.Sprintf("%q is not the address of a broker", address.Show(text))+write, path...)
	case !slices.Contains([]string{"mqtt", "tcp", "mqtts", "ws", "wss"}, u.Scheme):
		l.say("E2201", fmt.Sprintf("%s:// is not spoken to a broker", u.Scheme)+write, path...)
	case u.User != nil:
		l.say("E2202", "a name and password in the address end up in logs; write username and password_file", path...)
	case u.Port() != "" && !validPort(u.Port(), false):
		l.say("E2201", "the port is out of range; write 1 to 65535", path...)
	case !encrypted(text) && !loopback(u.Hostname()):
		l.say("W2201", "readings and password travel to "+u.Hostname()+" unencrypted; write mqtts:// if the broker has a certificate", path...)
	}
}

func encrypted(broker string) bool {
	return strings.HasPrefix(broker, "mqtts:") || strings.HasPrefix(broker, "wss:")
}

// tls judges what is said of certificates.
func (l *loader) tls(u *Uplink) {
	cert, key := l.has("uplink", "tls", "cert_file"), l.has("uplink", "tls", "key_file")
	switch {
	case cert && !key:
		l.say("E2207", "a certificate needs its private key; add key_file: … beside it", "uplink", "tls", "cert_file")
	case key && !cert:
		l.say("E2207", "a private key needs its certificate; add cert_file: … beside it", "uplink", "tls", "key_file")
	case u.TLS != (TLS{}) && len(u.Brokers) > 0 && !slices.ContainsFunc(u.Brokers, encrypted):
		l.sayKey("W2202", "no broker is reached over TLS, so this has no effect; write mqtts:// or wss:// in the broker's address", "uplink", "tls")
	}
}

// proxy judges the way out of a fenced network.
func (l *loader) proxy(u *Uplink) {
	if u.ProxyPasswordFile != "" && !strings.Contains(u.Proxy, "@") {
		l.say("E2203", "a password needs a user; write it into the address: proxy: \"http://user@host:port\"", "uplink", "proxy_password_file")
	}
	if !l.has("uplink", "proxy") || u.Proxy == "env" {
		return // env: the one that the environment names
	}
	const write = "; write http://host:3128 or socks5://host:1080, or env"
	p, err := url.Parse(u.Proxy)
	switch {
	case err != nil || p.Hostname() == "":
		l.say("E2208", "this is not the address of a proxy"+write, "uplink", "proxy")
	case p.Scheme != "http" && p.Scheme != "socks5":
		l.say("E2208", fmt.Sprintf("%s:// is not spoken to a proxy", p.Scheme)+write, "uplink", "proxy")
	case !validPort(p.Port(), false):
		l.say("E2208", "a proxy's address needs its port"+write, "uplink", "proxy")
	case passworded(p):
		l.say("E2202", "a password in the address ends up in logs; write it into a file and name that: proxy_password_file: …", "uplink", "proxy")
	case p.Path != "" && p.Path != "/" || p.RawQuery != "" || p.Fragment != "":
		l.say("E2208", "a proxy's address ends with its port"+write, "uplink", "proxy")
	}
}

func passworded(u *url.URL) bool {
	_, has := u.User.Password()
	return has
}

// pace judges how much may be sent, and how fast.
func (l *loader) pace(u *Uplink, k *uplinkKeys) {
	l.oneOf("E2209", u.Order, []string{"oldest", "newest"}, "uplink", "backfill", "order")
	l.oneOf("E2209", u.Compress, []string{"auto", "on", "off"}, "uplink", "compress")
	if k.Backfill.Rate != nil && !l.wrong("uplink", "backfill", "rate") {
		if u.Rate = *k.Backfill.Rate; u.Rate < 1 || u.Rate > maxRate {
			l.say("E2210", fmt.Sprintf("history goes at 1 to %d readings per second; leave rate out for %d", maxRate, DefaultRate), "uplink", "backfill", "rate")
		}
	}
	if k.Budget.PerDay != nil && !l.wrong("uplink", "budget", "per_day") {
		if u.PerDay = int64(*k.Budget.PerDay); u.PerDay < minPerDay {
			l.say("E2210", "a day's budget is at least 1MB, which alerts and the connection itself need; write 1MB or more, or leave budget out for no limit", "uplink", "budget", "per_day")
		}
	}
	if k.Linger != nil && !l.wrong("uplink", "linger") {
		if u.Linger = *k.Linger; u.Linger < time.Millisecond || u.Linger > maxLinger {
			l.say("E2210", "a live reading waits at most 1s for company; write 1ms to 1s, longer saves bytes, shorter shows it earlier", "uplink", "linger")
		}
	}
}

// oneOf judges a word.
func (l *loader) oneOf(id, word string, known []string, path ...string) {
	if last := len(known) - 1; !slices.Contains(known, word) {
		l.say(id, fmt.Sprintf("%q is not possible here; write %s or %s", word, strings.Join(known[:last], ", "), known[last]), path...)
	}
}
