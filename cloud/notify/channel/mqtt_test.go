package channel

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// mosquitto starts a real broker with a user and returns its address.
func mosquitto(t *testing.T) string {
	t.Helper()
	exe, err := exec.LookPath("mosquitto")
	if err != nil {
		if exe, err = exec.LookPath("/usr/sbin/mosquitto"); err != nil {
			if os.Getenv("LAMPPOST_REQUIRE_PARTS") != "" {
				t.Fatal("there is no mosquitto")
			}
			t.Skip("there is no mosquitto")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(dir, "users")
	if out, err := exec.Command("mosquitto_passwd", "-b", "-c", users, "hub", "geheim").CombinedOutput(); err != nil {
		t.Skipf("mosquitto_passwd: %v %s", err, out)
	}
	conf := filepath.Join(dir, "conf")
	if err := errors.Join(os.Chmod(users, 0o644), os.WriteFile(conf, []byte("user root\nlistener "+port+" 127.0.0.1\npassword_file "+users+"\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, exe, "-c", conf)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	return "127.0.0.1:" + port
}

func TestMQTT(t *testing.T) {
	addr := mosquitto(t)
	got := make(chan string, 4)
	reader := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + addr).SetClientID("reader").SetUsername("hub").SetPassword("geheim").
		SetConnectRetry(true).SetConnectRetryInterval(20 * time.Millisecond))
	if !reader.Connect().WaitTimeout(20*time.Second) || !reader.Subscribe("city/#", 1, func(_ mqtt.Client, m mqtt.Message) { got <- m.Topic() + " " + string(m.Payload()) }).WaitTimeout(20*time.Second) {
		t.Fatal("no connection to mosquitto")
	}
	defer reader.Disconnect(50)
	c := &MQTT{Guard: guard(t, "127.0.0.1"), Broker: "mqtt://" + addr, Topic: "city/alerts", Source: "/hz", Username: "hub", Password: "geheim"}
	send := func(c *MQTT) error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		return c.Send(ctx, sample())
	}
	if err := send(c); err != nil {
		t.Fatal(err)
	}
	want, err := document(sample(), "/hz")
	if err != nil {
		t.Fatal(err)
	}
	if said := <-got; said != "city/alerts "+string(want) {
		t.Errorf("published %s", said)
	}
	for what, change := range map[string]func(*MQTT) Fate{
		"wrong password": func(m *MQTT) Fate { m.Password = "falsch"; return Mistaken },
		"not listed":     func(m *MQTT) Fate { m.Guard = guard(t, "10.0.0.1"); return Mistaken },
		"nobody there":   func(m *MQTT) Fate { m.Broker = "mqtt://127.0.0.1:1"; return Later },
	} {
		bad := *c
		fate := change(&bad)
		var e *Error
		if err := send(&bad); !errors.As(err, &e) || e.Fate != fate {
			t.Errorf("%s: %v, want fate %d", what, err, fate)
		}
	}
}
