package command

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/board"
	"github.com/lamppost-city/lamppost/edge/config"
)

// What check says of this machine: files that are not there, and a journal that a
// power cut takes whole.
func TestMachine(t *testing.T) {
	b, err := Options{}.loadBuiltin(false)
	if err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "ca.pem")
	cfg := &config.Config{Uplink: &config.Uplink{TLS: config.TLS{CAFile: missing}}}
	cfg.Journal.Dir, cfg.Journal.Commit = "/dev/shm", 10*time.Second
	memory := b.host.Disk(cfg.Journal.Dir).Kind == board.Memory
	for lang, want := range map[string][2]string{
		"en_US.UTF-8": {"warning: uplink.tls.ca_file: no such file or directory: " + missing, "a power cut costs everything"},
		"zh_CN.UTF-8": {"警告：uplink.tls.ca_file", "断电会丢失其中的全部数据"},
	} {
		t.Setenv("LC_ALL", lang)
		var out bytes.Buffer
		if err := b.machine(&out, cfg); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want[0]) || memory != strings.Contains(out.String(), want[1]) {
			t.Errorf("%s: %s", lang, out.String())
		}
	}
}
