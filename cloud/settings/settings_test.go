package settings_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/wire"
)

var update = flag.Bool("update", false, "write the .want files anew")

// Each *.bad.yaml gives exactly the message in its .want file.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.bad.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d bad files, %v", len(files), err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			s, err := settings.Parse(filepath.Base(f), src, false)
			var ps yamldoc.Problems
			if s != nil || !errors.As(err, &ps) {
				t.Fatalf("Parse = %+v, %v, want problems", s, err)
			}
			var b strings.Builder
			if err := ps.Render(&b); err != nil {
				t.Fatal(err)
			}
			want := strings.TrimSuffix(f, ".bad.yaml") + ".want"
			if *update {
				if err := os.WriteFile(want, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(golden) {
				t.Errorf("got\n%s\nwant\n%s", b.String(), golden)
			}
		})
	}
}

func TestGoodFiles(t *testing.T) {
	for name, check := range map[string]func(*settings.Settings) bool{
		"full": func(s *settings.Settings) bool {
			return s.MQTT.Embedded == nil && s.Store.Embedded == nil && s.Store.Influx.Token == "user:password" && s.MQTT.Share && s.Prefix == "city/lamppost"
		},
		"short": func(s *settings.Settings) bool {
			return s.Listen == "127.0.0.1:8080" && s.MQTT.Embedded.Listen == "127.0.0.1:1883" && s.Store.Embedded.Retention == 90*24*time.Hour
		},
		"accounts": func(s *settings.Settings) bool {
			n := s.Accounts.ProxyNetworks()
			return s.Protected() && s.Accounts.SecondFactor && s.Accounts.PasswordAge == 90*24*time.Hour && s.Accounts.OIDC.ClientSecret == "hush" && s.Accounts.OIDC.Groups["desk"][1].Area == "330106" && len(n) == 2 && n[0].String() == "10.0.0.5/32" && n[1].String() == "fd00::/8"
		},
		"cases": func(s *settings.Settings) bool {
			was := lifecycle.DefaultPolicy()
			return s.Cases.Limits[lifecycle.StepAcknowledge][wire.Red].String() == "3m" && s.Cases.Limits[lifecycle.StepSign][wire.Blue] == was.Limits[lifecycle.StepSign][wire.Blue] &&
				s.Cases.CloseAfter == 12*time.Hour && s.Cases.Join.Within == 45*time.Minute && s.Cases.Join.Storm == was.Join.Storm && s.Cases.Hold == was.Hold
		},
		"notify": func(s *settings.Settings) bool {
			n := s.Notify
			m, r := n.Channels["mail"].Mail, n.Rules["nights"]
			return n.Console == "https://console.example.org" && n.Place.String() == "Asia/Shanghai" && n.Channels["duty"].DingTalk.Token == "geheim" &&
				n.Channels["duty"].PerMinute == 15 && m.Host == "smtp.example.org" && m.Port == 587 && n.Channels["city"].Webhook.Secrets[0][:6] == "whsec_" &&
				r.Hours.Start == 18*60 && r.Hours.End == 8*60+30 && len(r.Hours.Weekdays) == 2 && r.Hours.Weekdays[1] == time.Sunday &&
				n.Words["zh"] != nil && n.Guard.Host("oapi.dingtalk.com") == nil && n.Guard.Host("10.1.2.9") == nil && n.Guard.Host("example.org") != nil
		},
		"map": func(s *settings.Settings) bool {
			return s.Map.Host() == "https://t0.tianditu.gov.cn" && s.Map.Coordinates == "cgcs2000" && s.Map.Approval == "审图号：GS(2026)1234号" && settings.Map{}.Host() == ""
		},
		"embedded": func(s *settings.Settings) bool {
			return s.MQTT.Embedded.Listen == "[::1]:1884" && s.Store.Embedded.Retention == 30*24*time.Hour && s.Store.Influx == nil
		},
	} {
		s, err := settings.Load("testdata/"+name+".good.yaml", false)
		if err != nil || !check(s) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

// Times in messages and the hours of rules are of the zone that is named, else of the one by
// which deadlines are counted: never of the machine's, and of Greenwich only if that is named.
func TestZoneOfMessages(t *testing.T) {
	const people = "accounts: {}\n"
	for _, c := range []struct{ yaml, zone string }{
		{"notify: {}\n", "Asia/Shanghai"},
		{"notify: {zone: \"+09:00\"}\n", "+09:00"},
		{"notify: {zone: UTC}\n", "UTC"},
		{people + "cases: {hold: 10m}\nnotify: {}\n", "Asia/Shanghai"},
		{people + "cases: {calendar: {zone: Asia/Urumqi}}\nnotify: {}\n", "Asia/Urumqi"},
		{people + "cases: {calendar: {zone: Asia/Urumqi}}\nnotify: {zone: Asia/Tokyo}\n", "Asia/Tokyo"},
	} {
		s, err := settings.Parse("f", []byte(c.yaml), false)
		if err != nil {
			t.Errorf("%s: %v", c.yaml, err)
		} else if got := s.Notify.Place.String(); got != c.zone {
			t.Errorf("%s: messages have the time of %s, want %s", c.yaml, got, c.zone)
		}
	}
	for _, zone := range []string{"Local", "Shanghai", "+8"} {
		if _, err := settings.Parse("f", []byte("notify: {zone: \""+zone+"\"}\n"), false); err == nil {
			t.Errorf("the zone %q was taken", zone)
		}
	}
}

// An open address needs a person who says so, in the file or on the command line.
func TestInsecureAllowsOpenAddresses(t *testing.T) {
	const open = "listen: 0.0.0.0:8080\n"
	if _, err := settings.Parse("f", []byte(open), false); err == nil {
		t.Error("an open address was taken")
	}
	if _, err := settings.Parse("f", []byte(open), true); err != nil {
		t.Errorf("--insecure: %v", err)
	}
	if _, err := settings.Parse("f", []byte(open+"insecure: true\n"), false); err != nil {
		t.Errorf("insecure: true: %v", err)
	}
}

func TestPasswordFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	if err := os.WriteFile(path, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := settings.Parse("f", []byte("mqtt: {broker: \"mqtt://h:1\", password_file: "+path+"}"), false)
	if err != nil || s.MQTT.Password != "geheim" {
		t.Errorf("password %q, %v", s.MQTT.Password, err)
	}
}

func TestPostgres(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	if err := os.WriteFile(path, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"postgres://lamppost@db.example.org:5432/lamppost?sslmode=verify-full": "",
		"postgresql://lamppost@a.example.org:5432,b.example.org:5433/lamppost": "",
		"postgres:///lamppost?host=/run/postgresql":                            "",
		"postgres://lamppost:hush@db.example.org/lamppost":                     "E5005",
		"postgres://db.example.org/lamppost?password=hush":                     "E5005",
		"mysql://lamppost:hush@db.example.org/lamppost":                        "E5004",
		"hush": "E5004",
	} {
		s, err := settings.Parse("f", []byte("database: {postgres: {url: \""+url+"\", password_file: "+path+"}}"), false)
		switch {
		case want == "":
			if err != nil || s.Database.Postgres.URL != url || s.Database.Postgres.Password != "geheim" {
				t.Errorf("%s: %+v, %v", url, s, err)
			}
		case err == nil || !strings.Contains(err.Error(), want):
			t.Errorf("%s: %v, want %s", url, err, want)
		case want == "E5005" && strings.Contains(err.Error(), "hush"):
			t.Errorf("%s: the password is told: %v", url, err)
		}
	}
	if _, err := settings.Parse("f", []byte("database: {postgres: {}}"), false); err == nil {
		t.Error("a server without a URL was taken")
	}
}

// Whatever the bytes are, the answer is settings or problems.
func FuzzParse(f *testing.F) {
	f.Add([]byte("listen: 127.0.0.1:8080\nmqtt: {broker: \"mqtt://h:1\"}\n"))
	f.Add([]byte("store: {influx: {}}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := settings.Parse("f", b, false)
		if (s == nil) == (err == nil) {
			t.Errorf("Parse = %+v, %v", s, err)
		}
	})
}
