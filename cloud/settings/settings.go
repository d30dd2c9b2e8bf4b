// Package settings reads the aggregator's configuration: one strict YAML file in
// which every mistake is reported at once, with its place. Without a file
// everything is embedded and listens on loopback.
//
// Problem ids beside those of yamldoc:
//
//	E5001  not an address (host:port)
//	E5002  not a loopback address, and neither is it protected nor insecure set
//	E5003  an embedded part and an external one at the same time
//	E5004  not a URL of a kind that is spoken here
//	E5005  a secret twice, or one that cannot be read
//	E5006  something that the store or broker needs is missing
//	E5007  not a topic prefix
//	E5008  out of range
//	E5009  a certificate or key that cannot be used
//	E5010  a name that no channel or person has
//	E5011  a host that is not listed under notify.allow
//	E5012  not one of the words that are known there
//	E5013  not an id, a time, a zone, an address or a code
//	E5014  not a template
//	E5015  a channel of no kind, or of several
//	E5101  something that no policy about cases can be
package settings

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/drivers/codec/address"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Settings is the aggregator's configuration, complete: what the file does not
// say has its default.
type Settings struct {
	Listen   string `yaml:"listen"` // console and API, host:port
	Data     string `yaml:"data"`   // directory for everything that is kept
	Prefix   string `yaml:"prefix"` // of all topics
	Insecure bool   `yaml:"insecure"`
	MQTT     MQTT   `yaml:"mqtt"`
	Store    Store  `yaml:"store"`
	TLS      *TLS   `yaml:"tls"` // nil: none
	// Accounts lets nobody in but people with an account. Nil: there are no accounts.
	Accounts *Accounts `yaml:"accounts"`
	Database Database  `yaml:"database"`
	// Notify says who is told of alerts; nil: nobody.
	Notify *Notify `yaml:"notify"`
	// Cases says what the city has decided about its cases, which there are with accounts;
	// nil: what lifecycle.DefaultPolicy says.
	Cases *lifecycle.Policy `yaml:"cases"`
	Map   Map               `yaml:"map"`
	// Advice is what people are to do about alerts, the first that fits.
	Advice []Advice `yaml:"advice"`
}

// Map says what lies below the areas and gateways on the console's map.
type Map struct {
	// Tiles is the URL of a picture of the ground, with {z}, {x} and {y} in it (web
	// Mercator); empty: there is none, and no browser asks anybody else for anything.
	Tiles string `yaml:"tiles"`
	// Coordinates are those of the tiles: wgs84, cgcs2000 or gcj02; empty: wgs84.
	Coordinates string `yaml:"coordinates"`
	Attribution string `yaml:"attribution"` // whose tiles they are
	// Approval is the number under which the map was approved, as the law asks for in China.
	Approval string `yaml:"approval"`
}

// Host is where the tiles come from, as a browser's policy names it; empty: nowhere.
func (m Map) Host() string {
	u, err := url.Parse(strings.NewReplacer("{z}", "0", "{x}", "0", "{y}", "0").Replace(m.Tiles))
	if m.Tiles == "" || err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// MQTT says which broker: the embedded one, or an external one if Broker is set.
type MQTT struct {
	Embedded     *EmbeddedBroker `yaml:"embedded"`
	Broker       string          `yaml:"broker"` // mqtt, mqtts, tcp, ssl, ws or wss URL
	Username     string          `yaml:"username"`
	PasswordFile string          `yaml:"password_file"`
	Share        bool            `yaml:"share"` // several aggregators work as one
	Password     string          `yaml:"-"`     // content of PasswordFile
}

// EmbeddedBroker is the broker inside the aggregator.
type EmbeddedBroker struct {
	Listen string `yaml:"listen"` // host:port
}

// Store says where readings are kept: the embedded engine, or InfluxDB if Influx
// is set.
type Store struct {
	Embedded *EmbeddedStore `yaml:"embedded"`
	Influx   *Influx        `yaml:"influx"`
}

// EmbeddedStore is the engine inside the aggregator.
type EmbeddedStore struct {
	Retention time.Duration `yaml:"retention"` // older readings are deleted; 1 day to 10 years
}

// Influx is an InfluxDB server, 1.8 or 2.x.
type Influx struct {
	URL       string `yaml:"url,required"`
	Org       string `yaml:"org"`             // empty for 1.8
	Bucket    string `yaml:"bucket,required"` // "database/retention-policy" for 1.8
	Token     string `yaml:"token"`           // "user:password" for 1.8
	TokenFile string `yaml:"token_file"`
}

// Database says where alerts, the fleet and what people did are kept: a SQLite file in the
// data directory, or PostgreSQL if Postgres is set.
type Database struct {
	Postgres *Postgres `yaml:"postgres"`
}

// Postgres is a PostgreSQL server. What is not said is taken from PGPASSWORD and its like.
type Postgres struct {
	URL          string `yaml:"url,required"` // postgres://user@host/database?sslmode=verify-full
	PasswordFile string `yaml:"password_file"`
	Password     string `yaml:"-"` // content of PasswordFile
}

// Default returns what holds without a file. Data is the service manager's state
// directory, else a folder where the program was started.
func Default() *Settings {
	data := os.Getenv("STATE_DIRECTORY")
	if data == "" {
		data = "lamppost-cloud-data"
	}
	return &Settings{Listen: "127.0.0.1:8080", Data: data, Prefix: wire.DefaultPrefix,
		MQTT: MQTT{Embedded: &EmbeddedBroker{Listen: "127.0.0.1:1883"}}, Store: Store{Embedded: &EmbeddedStore{Retention: 90 * 24 * time.Hour}}}
}

// Load reads the file at path. The error is yamldoc.Problems if the file is
// wrong. insecure allows other addresses than loopback, as the file's own key
// does.
func Load(path string, insecure bool) (*Settings, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return Parse(path, src, insecure)
}

// Parse is Load for bytes that are there already; file names them in errors.
func Parse(file string, src []byte, insecure bool) (*Settings, error) {
	doc, err := yamldoc.Parse(file, src)
	if doc == nil {
		return nil, err
	}
	s := Default()
	// Embedded parts are the default only where the file names no others.
	if doc.Node("mqtt", "broker") != nil && doc.Node("mqtt", "embedded") == nil {
		s.MQTT.Embedded = nil
	}
	if doc.Node("store", "influx") != nil && doc.Node("store", "embedded") == nil {
		s.Store.Embedded = nil
	}
	if doc.Node("cases") != nil {
		draft := lifecycle.Draft()
		s.Cases = &draft
	}
	c := checker{doc: doc, loopbackOnly: !insecure}
	c.take(err)
	c.take(doc.Decode(s))
	if s.Insecure {
		c.loopbackOnly = false
	}
	c.all(s)
	if err := c.problems.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// checker collects what only this package can judge.
type checker struct {
	doc          *yamldoc.Doc
	loopbackOnly bool
	problems     yamldoc.Problems
}

func (c *checker) take(err error) {
	var ps yamldoc.Problems
	if errors.As(err, &ps) {
		c.problems = append(c.problems, ps...)
	}
}

// say reports something about the value at path; what stands behind "; " is what
// would be valid.
func (c *checker) say(id, msg string, path ...string) {
	msg, hint, _ := strings.Cut(msg, "; ")
	c.problems = append(c.problems, c.doc.Problem(path, id, msg).WithHint(hint))
}

func (c *checker) all(s *Settings) {
	if !s.Protected() {
		c.address(s.Listen, "%q can be reached from outside, and there are no accounts with TLS; write 127.0.0.1:%s, or set accounts and tls, or set insecure: true if the network itself keeps strangers out", "listen")
	}
	c.accounts(s)
	if err := wire.CheckPrefix(s.Prefix); err != nil {
		c.say("E5007", err.Error(), "prefix")
	}
	if s.Data == "" {
		c.say("E5006", "data is empty; name a directory that the aggregator may write to", "data")
	}
	c.mqtt(&s.MQTT)
	c.store(&s.Store)
	if s.MQTT.Share && s.MQTT.Broker != "" && (s.Store.Influx == nil || s.Database.Postgres == nil) {
		c.say("E5006", "several aggregators need a store and a database that they share; set store.influx and database.postgres, or share: false", "mqtt", "share")
	}
	if p := s.Database.Postgres; p != nil && c.doc.Node("database", "postgres", "url") != nil {
		c.postgres(p)
	}
	c.notify(s.Notify, s.Cases)
	c.cases(s)
	c.ground(s.Map)
	for i, a := range s.Advice {
		c.advice(a, i)
	}
}

// longestLine is what fits below a map, in bytes.
const longestLine = 200

// ground judges what lies below the map.
func (c *checker) ground(m Map) {
	if m.Tiles != "" {
		c.url(m.Tiles, []string{"https", "http"}, "map", "tiles")
		for _, part := range []string{"{z}", "{x}", "{y}"} {
			if !strings.Contains(m.Tiles, part) {
				c.say("E5004", fmt.Sprintf("the URL of the tiles has no %s; write one like https://tiles.example.org/{z}/{x}/{y}.png", part), "map", "tiles")
				break
			}
		}
		if h := m.Host(); strings.ContainsAny(h, "{};, '\"*") {
			c.say("E5004", "the tiles come from one host; write it without a placeholder", "map", "tiles")
		}
	} else if m.Coordinates != "" {
		c.say("E5006", "coordinates are those of the tiles, and there are none; add tiles, or leave them out", "map", "coordinates")
	}
	if words := []string{"", "wgs84", "cgcs2000", "gcj02"}; !slices.Contains(words, m.Coordinates) {
		c.say("E5012", fmt.Sprintf("%q is not known here; write wgs84, cgcs2000 or gcj02", m.Coordinates), "map", "coordinates")
	}
	for key, text := range map[string]string{"attribution": m.Attribution, "approval": m.Approval} {
		if len(text) > longestLine || strings.ContainsFunc(text, unicode.IsControl) {
			c.say("E5008", fmt.Sprintf("this does not fit into a line; write at most %d bytes", longestLine), "map", key)
		}
	}
}

// address checks one. outside is what is said of one that is not on loopback.
func (c *checker) address(addr, outside string, path ...string) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "" {
		c.say("E5001", fmt.Sprintf("%q is not an address; write host:port, for example 127.0.0.1:8080", addr), path...)
		return
	}
	ip := net.ParseIP(host)
	if c.loopbackOnly && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		c.say("E5002", fmt.Sprintf(outside, addr, port), path...)
	}
}

func (c *checker) mqtt(m *MQTT) {
	if m.Broker == "" {
		if m.Embedded != nil {
			c.address(m.Embedded.Listen, "%q can be reached from outside, and there are no accounts for gateways yet; write 127.0.0.1:%s, or set insecure: true if the network itself keeps strangers out", "mqtt", "embedded", "listen")
		}
		if m.Share {
			c.say("E5003", "share needs an external broker: the embedded one serves exactly one aggregator", "mqtt", "share")
		}
		return
	}
	if m.Embedded != nil {
		c.say("E5003", "embedded and broker are both set; keep one", "mqtt", "broker")
	}
	c.url(m.Broker, []string{"mqtt", "mqtts", "tcp", "ssl", "ws", "wss"}, "mqtt", "broker")
	m.Password = c.secret(m.PasswordFile, "mqtt", "password_file")
}

func (c *checker) store(s *Store) {
	if s.Embedded != nil && s.Influx != nil {
		c.say("E5003", "embedded and influx are both set; keep one", "store", "influx")
	}
	if e := s.Embedded; e != nil && (e.Retention < 24*time.Hour || e.Retention > 3650*24*time.Hour) {
		c.say("E5008", "retention must be between 1d and 3650d", "store", "embedded", "retention")
	}
	if i := s.Influx; i != nil && c.doc.Node("store", "influx", "url") != nil {
		c.influx(i)
	}
}

// cases completes what the file says of cases.
func (c *checker) cases(s *Settings) {
	if s.Cases == nil {
		return
	}
	if s.Accounts == nil {
		c.say("E5006", "cases are worked on by persons, and there are no accounts; add accounts, or take cases out", "cases")
	}
	s.Cases.Settle(func(why string, path ...string) { c.say("E5101", why, append([]string{"cases"}, path...)...) })
}

func (c *checker) influx(i *Influx) {
	c.url(i.URL, []string{"http", "https"}, "store", "influx", "url")
	switch {
	case i.Token != "" && i.TokenFile != "":
		c.say("E5005", "token and token_file are both set; keep one", "store", "influx", "token_file")
	case i.TokenFile != "":
		i.Token = c.secret(i.TokenFile, "store", "influx", "token_file")
	}
}

// postgres judges no more than how the URL begins: it may name several hosts, or a socket.
func (c *checker) postgres(p *Postgres) {
	scheme, rest, _ := strings.Cut(p.URL, "://")
	authority, parameters, _ := strings.Cut(rest, "?")
	user, _, named := strings.Cut(authority, "@")
	switch {
	case scheme != "postgres" && scheme != "postgresql" || rest == "":
		c.say("E5004", fmt.Sprintf("%q is not an address that can be used here; write postgres://user@host:port/database", address.Show(p.URL)), "database", "postgres", "url")
	case named && strings.Contains(user, ":") || strings.Contains(parameters, "password="):
		c.say("E5005", "a URL with a password ends up in logs; write it into a file of its own and name that: password_file: /etc/lamppost/database.password", "database", "postgres", "url")
	}
	p.Password = c.secret(p.PasswordFile, "database", "postgres", "password_file")
}

func (c *checker) url(text string, schemes []string, path ...string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme):
		c.say("E5004", fmt.Sprintf("%q is not an address that can be used here; write %s://host:port", address.Show(text), strings.Join(schemes, ":// or ")), path...)
	case u.User != nil:
		c.say("E5005", "a URL with a password ends up in logs; write user and password under keys of their own", path...)
	}
}

// secret reads a one-line file.
func (c *checker) secret(file string, path ...string) string {
	if file == "" {
		return ""
	}
	b, err := os.ReadFile(file)
	if err != nil {
		c.say("E5005", "the secret cannot be read: "+err.Error(), path...)
		return ""
	}
	s := strings.TrimRight(string(b), "\r\n")
	if s == "" {
		c.say("E5005", "the file of the secret is empty; write the secret into it", path...)
	}
	return s
}
