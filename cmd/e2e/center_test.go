package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// `make run ARGS=-center` is a center at work: its people log in with what it prints, the
// storm's first alert becomes a case where the gateway stands, and the department that is
// responsible is known. Started again in the same directory it has the same people.
func TestStreetWithACenter(t *testing.T) {
	dir := t.TempDir()
	street, console, password := openCenter(t, dir)
	li := logIn(t, console, "li", password)
	var id string
	eventually(t, 3*time.Minute, "a case of the storm", func() bool {
		var list struct {
			Cases []struct{ ID, Area, State string }
		}
		li.get("/cases", &list)
		if len(list.Cases) == 0 {
			return false
		}
		c := list.Cases[len(list.Cases)-1]
		if id = c.ID; c.Area != "990101002002" || c.State != "raised" {
			t.Fatalf("the case is %+v, want one that was raised at Heron Islet", c)
		}
		return true
	})
	for who, name := range map[string]string{"wang": "王海", "chen": "陈水", "sun": "孙路", "wu": "吴工", "admin": "admin"} {
		var me struct{ Person, Name string }
		logIn(t, console, who, password).get("/auth/me", &me)
		if !strings.Contains(me.Name+me.Person, name) {
			t.Errorf("%s is %+v, want %s", who, me, name)
		}
	}
	eventually(t, 2*time.Minute, "the notice of the case", func() bool {
		b, err := os.ReadFile(filepath.Join(dir, "notices.jsonl"))
		return err == nil && bytes.Contains(b, []byte(id))
	})
	var c struct {
		ID      string
		Notices []struct {
			Channel, State string
			What           struct{ Zh, En string }
			Done           int64
		}
	}
	eventually(t, time.Minute, "the case to say who was told", func() bool {
		li.get("/cases/"+id, &c)
		return len(c.Notices) > 0 && c.Notices[0].State == "sent"
	})
	if n := c.Notices[0]; n.Channel != "city" || n.Done == 0 || n.What.Zh == "" || n.What.En == "" {
		t.Errorf("who was told is %+v", n)
	}
	street.stop()

	street, console, again := openCenter(t, dir)
	defer street.stop()
	if again != password {
		t.Errorf("the second start names another password")
	}
	c.ID = ""
	logIn(t, console, "wang", password).get("/cases/"+id, &c)
	if c.ID != id {
		t.Errorf("the case is %q after a second start, want %q", c.ID, id)
	}
}

func openCenter(t *testing.T, dir string) (street *process, console, password string) {
	t.Helper()
	street = start(t, filepath.Join(bin, "street"), "-center", "-dir", dir)
	console = street.await("    console 控制台     ")
	password, _, _ = strings.Cut(street.await("    password 密码      "), " ")
	return street, console, password
}

// visitor is a person with a session.
type visitor struct {
	t      *testing.T
	url    string
	client http.Client
}

func logIn(t *testing.T, console, person, password string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, url: console + "/api/v1", client: http.Client{Jar: jar, Timeout: soon}}
	t.Cleanup(v.client.CloseIdleConnections)
	body := fmt.Sprintf(`{"person":%q,"password":%q}`, person, password)
	r, err := v.client.Post(v.url+"/auth/login", "application/json", bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Fatalf("%s cannot log in: %s", person, r.Status)
	}
	return v
}

func (v *visitor) get(path string, into any) {
	v.t.Helper()
	r, err := v.client.Get(v.url + path)
	if err != nil {
		v.t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		v.t.Fatalf("GET %s: %s", path, r.Status)
	}
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		v.t.Fatalf("GET %s: %v", path, err)
	}
}
