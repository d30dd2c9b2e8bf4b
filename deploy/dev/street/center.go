package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// engineer is who looks after the gateways.
const engineer = "wu"

// everywhere is the area of a grant that holds in the whole city.
const everywhere = "*"

// person is one of those who work in the operations center of the street.
type person struct {
	id, name string
	roles    []string
}

// people are they who answer the street's alerts: two at the center, since nobody verifies
// their own work, and one in each of two departments.
func people() []person {
	return []person{
		{"li", "李岚 Li Lan", []string{"operator", "dispatcher"}},
		{"wang", "王海 Wang Hai", []string{"operator", "dispatcher"}},
		{"chen", "陈水 Chen Shui", []string{"viewer"}},
		{"sun", "孙路 Sun Lu", []string{"viewer"}},
		{engineer, "吴工 Wu Gong", []string{"engineer"}},
	}
}

// center is an operations center that is set up through the API, as a city would.
type center struct {
	url, csrf, cookie string
	client            http.Client
}

// document is a JSON object.
type document map[string]any

// furnish makes the invented city, its departments and people in an aggregator that was
// just started for the first time, and places the gateway in it. All people have the same
// password, which is made here, for this street only.
func furnish(ctx context.Context, url, first string) (password string, err error) {
	password = strings.ToLower(rand.Text()[:16])
	c := &center{url: url, client: http.Client{Timeout: 30 * time.Second}}
	if err := c.enter(ctx, "admin", first, password); err != nil {
		return "", err
	}
	for _, step := range []func(context.Context, string) error{c.city, c.hire, c.departments} {
		if err := step(ctx, password); err != nil {
			return "", err
		}
	}
	return password, nil
}

// enter logs a person in for the first time and changes the password.
func (c *center) enter(ctx context.Context, id, first, password string) error {
	if err := c.do(ctx, "POST", "/auth/login", document{"person": id, "password": first}, nil); err != nil {
		return err
	}
	return c.do(ctx, "POST", "/auth/password", document{"old": first, "new": password}, nil)
}

func (c *center) city(ctx context.Context, _ string) error {
	for _, f := range [...]struct{ name, to string }{
		{"demo-city.csv", "/areas"}, {"demo-city.geojson", "/areas"}, {"demo-city-ground.geojson", "/map/layers/ground"},
	} {
		b, err := fs.ReadFile(firmwareconfigs.Sites(), f.name)
		if err != nil {
			return err
		}
		if err := c.do(ctx, "PUT", f.to+"?name="+f.name, b, nil); err != nil {
			return err
		}
	}
	return nil
}

func (c *center) hire(ctx context.Context, password string) error {
	for _, p := range people() {
		var grants []document
		for _, r := range p.roles {
			grants = append(grants, document{"role": r, "area": everywhere})
		}
		var made struct{ Password string }
		if err := c.do(ctx, "POST", "/auth/accounts", document{"id": p.id, "name": p.name, "grants": grants}, &made); err != nil {
			return err
		}
		self := &center{url: c.url, client: http.Client{Timeout: c.client.Timeout}}
		if err := self.enter(ctx, p.id, made.Password, password); err != nil {
			return err
		}
		if p.id != engineer {
			continue
		}
		if err := self.place(ctx); err != nil {
			return err
		}
	}
	return nil
}

// place puts the gateway into the invented city, whatever its own configuration says.
func (c *center) place(ctx context.Context) error {
	return c.do(ctx, "PUT", "/gateways/"+gatewayID+"/place", document{"area": "990101002002", "position": document{"lat": 30.319, "lon": 120.142}}, nil)
}

// settle makes the invented city around a street that nobody works for: where there are no
// accounts, whoever is on the machine may.
func settle(ctx context.Context, url string) error {
	c := &center{url: url, client: http.Client{Timeout: 30 * time.Second}}
	if err := c.city(ctx, ""); err != nil {
		return err
	}
	return c.place(ctx)
}

func (c *center) departments(ctx context.Context, _ string) error {
	always := []document{{"person": "wang", "from": "00:00", "to": "00:00",
		"days": []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}}}
	for _, s := range []struct {
		path string
		body document
	}{
		{"/departments/water", document{"name": document{"zh": "水务局", "en": "Water bureau"}, "area": "990101", "members": []string{"chen"}}},
		{"/departments/works", document{"name": document{"zh": "市政所", "en": "Street works"}, "area": "990101", "members": []string{"sun"}}},
		{"/routes", document{"routes": []document{{"department": "water"}}}},
		{"/rosters/district", document{"name": document{"zh": "区值班", "en": "District duty"}, "role": "lead", "area": "990101", "zone": "Asia/Shanghai", "shifts": always}},
	} {
		if err := c.do(ctx, "PUT", s.path, s.body, nil); err != nil {
			return err
		}
	}
	return nil
}

// do asks the API for one thing. A body of bytes is sent as it is, anything else as JSON.
func (c *center) do(ctx context.Context, method, path string, body, into any) error {
	b, kind := []byte(nil), "application/octet-stream"
	switch v := body.(type) {
	case []byte:
		b = v
	default:
		var err error
		if b, err = json.Marshal(v); err != nil {
			return err
		}
		kind = "application/json"
	}
	r, err := http.NewRequestWithContext(ctx, method, c.url+"/api/v1"+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("X-CSRF-Token", c.csrf)
	r.Header.Set("Cookie", c.cookie)
	res, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	told, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, told)
	}
	return c.keep(res, told, into)
}

// keep takes what the session needs from an answer.
func (c *center) keep(res *http.Response, told []byte, into any) error {
	for _, k := range res.Cookies() {
		c.cookie = k.Name + "=" + k.Value
	}
	var s struct {
		CSRF string
		Me   struct{ CSRF string }
	}
	if len(told) == 0 {
		return nil
	}
	if err := json.Unmarshal(told, &s); err != nil {
		return nil // no session in it
	}
	if s.CSRF+s.Me.CSRF != "" {
		c.csrf = s.CSRF + s.Me.CSRF
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(told, into)
}

// centerConfig is what the aggregator's configuration has for the center: whoever else is
// to be told is, for want of a robot or a mail server, a webhook of the street's own.
func (s *street) centerConfig() string {
	return fmt.Sprintf("accounts: {}\nnotify:\n  allow: [127.0.0.1]\n  channels:\n    city: {webhook: {url: %q}}\n  rules:\n    everything: {channels: [city]}\n",
		"http://"+s.hook+"/") + procedures
}

// procedures is what the people of the center do about a flood, as an example.
const procedures = `advice:
  - rules: [underpass-flood, underpass-deep]
    severities: [red, orange]
    text:
      zh: |-
        1. 看告警时刻的照片，确认是否积水。
        2. 派单给水务局开泵，派单给市政所封闭下穿通道。
        3. 二十分钟内未回复的，电话催办。
      en: |-
        1. Look at the picture of the alert: is there water on the road?
        2. Have the Water bureau start the pumps and Street works close the underpass.
        3. Telephone whoever has not answered after twenty minutes.
`

// receive takes the notices at the webhook and writes each as a line into a file.
func (s *street) receive() (end func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(s.noticesFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s.hook = l.Addr().String()
	srv := &http.Server{ReadTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err == nil {
			_, err = f.Write(append(bytes.TrimSpace(b), '\n')) // whole lines, since the file appends
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})}
	go func() { _ = srv.Serve(l) }() // until it is closed
	return func() { _ = errors.Join(srv.Close(), f.Close()) }, nil
}

func (s *street) noticesFile() string { return filepath.Join(s.dir, "notices.jsonl") }

// remembered is the password that a street in a kept directory was given when it was made.
func (s *street) remembered() (string, error) {
	b, err := os.ReadFile(s.passwordFile())
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(b)), err
}

func (s *street) remember(password string) error {
	return os.WriteFile(s.passwordFile(), []byte(password+"\n"), 0o600)
}

func (s *street) passwordFile() string { return filepath.Join(s.dir, "password") }
