package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// mosquitto is a real broker with its persistence on disk, as a careful operator
// sets it up.
type mosquitto struct {
	*process
	t         *testing.T
	dir, addr string
	at        place
}

func startMosquitto(t *testing.T) *mosquitto {
	t.Helper()
	return place("").startMosquitto(t, fmt.Sprintf("127.0.0.1:%d", port(t)))
}

func (at place) startMosquitto(t *testing.T, addr string) *mosquitto {
	t.Helper()
	m := &mosquitto{t: t, dir: t.TempDir(), addr: addr, at: at}
	m.start()
	return m
}

func (m *mosquitto) start() {
	m.t.Helper()
	host, p, _ := cutPort(m.addr)
	conf := filepath.Join(m.dir, "mosquitto.conf")
	text := fmt.Sprintf("listener %s %s\nallow_anonymous true\npersistence true\npersistence_location %s/\n"+
		"autosave_interval 1\nmax_inflight_messages 1000\nmax_queued_messages 100000\n", p, host, m.dir)
	if os.Getuid() == 0 {
		text += "user root\n" // else it drops to a user that cannot write the test's folder
	}
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
	m.process = m.at.start(m.t, part(m.t, "mosquitto", "/usr/sbin/mosquitto"), "-c", conf)
	eventually(m.t, soon, "mosquitto to listen", func() bool { return m.at.listening(m.addr) })
}

// wipe kills the broker, takes its disk away and starts it again.
func (m *mosquitto) wipe(away time.Duration) {
	m.t.Helper()
	m.kill()
	files, _ := filepath.Glob(filepath.Join(m.dir, "*.db*"))
	for _, f := range files {
		os.Remove(f)
	}
	pause(m.t, away)
	m.start()
}

// influx is a real InfluxDB 1.8.3 with a database "city".
type influx struct {
	*process
	t         *testing.T
	dir, addr string
	at        place
}

func startInflux(t *testing.T) *influx {
	t.Helper()
	return place("").startInflux(t)
}

func (at place) startInflux(t *testing.T) *influx {
	t.Helper()
	i := &influx{t: t, at: at, dir: t.TempDir(), addr: fmt.Sprintf("127.0.0.1:%d", port(t))}
	i.start()
	i.query("CREATE DATABASE city WITH DURATION 90d NAME raw")
	return i
}

func (i *influx) start() {
	i.t.Helper()
	conf := filepath.Join(i.dir, "influxd.conf")
	text := fmt.Sprintf("reporting-disabled = true\nbind-address = \"127.0.0.1:%d\"\n[meta]\ndir = %q\n[data]\ndir = %q\nwal-dir = %q\n"+
		"[http]\nbind-address = %q\nflux-enabled = true\nlog-enabled = false\n",
		port(i.t), i.dir+"/meta", i.dir+"/data", i.dir+"/wal", i.addr)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
	i.process = i.at.start(i.t, part(i.t, "influxd", os.Getenv("LAMPPOST_INFLUXD"), "../../.tools/bin/influxd"), "-config", conf)
	eventually(i.t, soon, "influxd to answer", func() bool { return i.at.healthy("http://" + i.addr + "/ping") })
}

type influxAnswer struct {
	Results []struct {
		Series []struct {
			Name    string
			Tags    map[string]string
			Columns []string
			Values  [][]any
		}
		Error string
	}
	Error string
}

func (i *influx) query(q string) influxAnswer {
	i.t.Helper()
	r, err := i.at.client().PostForm("http://"+i.addr+"/query?db=city&epoch=ms", url.Values{"q": {q}})
	if err != nil {
		i.t.Fatal(err)
	}
	defer r.Body.Close()
	var a influxAnswer
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
		i.t.Fatalf("influx: %q: %v", q, err)
	}
	if a.Error != "" || len(a.Results) > 0 && a.Results[0].Error != "" {
		i.t.Fatalf("influx: %q: %+v", q, a)
	}
	return a
}

// points reads everything that has a value straight out of the database: not
// through any code of ours.
func (i *influx) points(gateway string) (out []truth.Point) {
	i.t.Helper()
	a := i.query(`SELECT v, qc FROM "city"."raw"./.*/ WHERE gateway = '` + gateway + `' AND device !~ /^backlog-/ GROUP BY device`)
	for _, res := range a.Results {
		for _, s := range res.Series {
			for _, row := range s.Values {
				v, ok := row[1].(float64)
				if !ok {
					continue // a placeholder: missing, with its reason
				}
				qc, _ := row[2].(float64)
				out = append(out, truth.Point{Device: s.Tags["device"], Channel: s.Name, T: int64(row[0].(float64)), V: v, QC: int(qc)})
			}
		}
	}
	return out
}

// faults reads when a device gave nothing.
func (i *influx) faults(gateway string) (out []truth.Point) {
	i.t.Helper()
	a := i.query(`SELECT why FROM "city"."raw"."fault" WHERE gateway = '` + gateway + `' GROUP BY device`)
	for _, res := range a.Results {
		for _, s := range res.Series {
			for _, row := range s.Values {
				out = append(out, truth.Point{Device: s.Tags["device"], Channel: "fault", T: int64(row[0].(float64))})
			}
		}
	}
	return out
}
