package e2e

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A camera in H.264 is read through ffmpeg, in the gateway and in a process of its own; one
// whose decoder is not there says so, and one that claims 20 000 × 20 000 is refused.
func TestCameraFilm(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("LAMPPOST_REQUIRE_PARTS") != "" {
			t.Fatalf("%v; install ffmpeg", err)
		}
		t.Skip("no ffmpeg here")
	}
	still, err := url.Parse(playCamera(t))
	if err != nil {
		t.Fatal(err)
	}
	dir, addr := t.TempDir(), fmt.Sprintf("127.0.0.1:%d", port(t))
	cfg, film := filepath.Join(dir, "gateway.yaml"), "rtsp://"+still.Host+"/h264"
	text := fmt.Sprintf("gateway: {id: eyes, language: en}\njournal: {dir: %s, size: 64MB, commit: 1s}\nstatus: {listen: %q}\ndevices:\n", filepath.Join(dir, "journal"), addr) +
		fmt.Sprintf("  beside: {driver: camera, url: %q, every: 1s}\n  apart: {driver: camera, url: \"%s?sets=band\", every: 1s, apart: true}\n", film, film) +
		fmt.Sprintf("  missing: {driver: camera, url: %q, every: 1s, decoder: [/nowhere/decode]}\n  bomb: {driver: camera, url: \"%s?size=20000x20000\", every: 1s, apart: true}\n", film, film)
	if err := os.WriteFile(cfg, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	place("").start(t, filepath.Join(bin, "lamppost"), "run", "--config", cfg)
	eventually(t, soon, "the gateway's page", func() bool { return place("").listening(addr) })
	for id, want := range map[string]string{"beside": "", "apart": "", "missing": "protocol", "bomb": "protocol"} {
		eventually(t, soon, id+" to be as it should", func() bool {
			s, err := (&city{status: addr}).page()
			if err != nil {
				t.Fatal(err)
			}
			fresh := false
			for _, v := range s.Values {
				fresh = fresh || v.Device == id && v.AgeMS >= 0 && v.AgeMS < 5000 && !v.Stale
			}
			for _, d := range s.State.Devices {
				if d.ID == id {
					return d.Fault == want && fresh == (want == "")
				}
			}
			return false
		})
	}
}
