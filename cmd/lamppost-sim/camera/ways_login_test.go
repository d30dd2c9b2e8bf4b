package camera

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

// The gateway's driver logs in with what its password_file says, in each way over HTTP and
// each kind of login, and stays in while nonces are used up; with a wrong password, and with
// none, the camera refuses, which is told without the password.
func TestDriverLogsIn(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"right": Password + "\n", "wrong": "TOPSECRET\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range Logins() {
		l, err := NewLogin(kind)
		if err != nil {
			t.Fatal(err)
		}
		log := &ledger{added: make(chan struct{}, 1024)}
		s := httptest.NewServer(l.Wrap(&Camera{Device: "gauge", Scene: NewScene(), Source: &source{}, Record: log}))
		defer s.Close()
		at := strings.TrimPrefix(s.URL, "http://")
		for way, url := range map[string]string{"still": "http://" + at + Path, "stream": "http://" + at + StreamPath, "onvif": "onvif://" + at} {
			d := opened(t, "{url: '"+url+"', username: "+User+", password_file: "+filepath.Join(dir, "right")+"}")
			beside := opened(t, "{url: '"+url+"', username: "+User+", password_file: "+filepath.Join(dir, "right")+"}")
			samples := 2
			if way == "still" {
				samples = nonceUses + 3
			}
			for n := range samples {
				if _, err := d.Sample(t.Context()); err != nil {
					t.Fatalf("%s, %s, sample %d: %v", kind, way, n, err)
				}
				if _, err := beside.Sample(t.Context()); err != nil {
					t.Fatalf("%s, %s, sample %d of the second device: %v", kind, way, n, err)
				}
			}
			for more, text := range map[string]string{"": "401, it wants a login", ", username: " + User + ", password_file: " + filepath.Join(dir, "wrong"): "401, username or password is wrong"} {
				_, err := opened(t, "{url: '"+url+"'"+more+"}").Sample(t.Context())
				if drivers.FaultWord(err) != "exception" || way != "onvif" && !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "TOPSECRET") {
					t.Errorf("%s, %s%s: %v, want %s", kind, way, more, err, text)
				}
			}
		}
	}
}

// Over RTSP, too, the driver gets in with the right login, while nonces are used up. With a
// wrong one it answers once, and not again in the next samples, and says one thing. The password is in no error, and over Digest in nothing that is sent.
func TestDriverLogsInOverRTSP(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"right": Password, "wrong": "TOPSECRET"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range Logins() {
		l, err := NewLogin(kind)
		if err != nil {
			t.Fatal(err)
		}
		at := reached(t, &Camera{Device: "gauge", Scene: NewScene(), Source: &source{}, Record: &ledger{added: make(chan struct{}, 1024)}, Login: l})
		with := func(file string) string {
			return ", username: " + User + ", password_file: " + filepath.Join(dir, file)
		}
		var sent strings.Builder
		open := func(more string) drivers.Driver {
			sent.Reset()
			return openedOver(t, "{url: 'rtsp://"+at+RTSPPath+"'"+more+"}", func(b []byte) { sent.Write(b) })
		}
		d := open(with("right"))
		for n := range nonceUses/3 + 2 {
			if _, err := d.Sample(t.Context()); err != nil {
				t.Fatalf("%s, sample %d: %v", kind, n, err)
			}
		}
		if all := sent.String(); strings.Contains(all, Password) || kind != "basic" && strings.Contains(all, "Basic ") {
			t.Errorf("%s: what is sent gives the password away", kind)
		}
		for more, c := range map[string]struct {
			text            string
			asked, answered int
		}{
			"":            {"401, it wants a login; set username and password_file", 3, 0},
			with("wrong"): {"401, username or password is wrong", 4, 1},
		} {
			d := open(more)
			for range 3 { // again and again it says the same, and the wrong answer is not given again at once
				_, err := d.Sample(t.Context())
				if drivers.FaultWord(err) != "exception" || !strings.Contains(err.Error(), c.text) || strings.Contains(err.Error(), "TOPSECRET") {
					t.Errorf("%s%s: %v, want %s", kind, more, err, c.text)
				}
			}
			if asked, answered := strings.Count(sent.String(), "DESCRIBE "), strings.Count(sent.String(), "Authorization: "); asked != c.asked || answered != c.answered {
				t.Errorf("%s%s: it is asked %d times, %d with an answer; want %d, %d", kind, more, asked, answered, c.asked, c.answered)
			}
		}
	}
}
