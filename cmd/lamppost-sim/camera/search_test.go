package camera

import (
	"net"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/drivers/camera/onvif"
)

// The camera is found by the gateway's own search, unless it is silent.
func TestSearch(t *testing.T) {
	src := &source{}
	cam := &Camera{Source: src}
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); cam.ServeSearch(conn, "10.0.0.9:8080") }()
	defer func() { conn.Close(); <-ended }()
	asker, err := net.Dial("udp4", conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer asker.Close()
	ask := func(b []byte, within time.Duration) ([]byte, error) {
		t.Helper()
		if _, err := asker.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := asker.SetReadDeadline(time.Now().Add(within)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, onvif.MaxFound)
		n, err := asker.Read(buf)
		return buf[:n], err
	}
	const id = "4c2e0e9a-7d0f-4d5e-9e59-3a9a5f7f7d11"
	b, err := ask(onvif.Search(id), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	all, err := onvif.Answers(b, id)
	if err != nil || len(all) != 1 || all[0].Addresses[0].Host != "10.0.0.9:8080" || all[0].Addresses[0].Path != onvif.DevicePath || all[0].Name != "Simulated river" {
		t.Errorf("%+v, %v", all, err)
	}
	src.set(scenario.Mishap{Silent: true})
	if b, err := ask(onvif.Search(id), 200*time.Millisecond); err == nil {
		t.Errorf("a silent camera says %s", b)
	}
}
