package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
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

// A file that is there and no PEM is told before the gateway goes up a post.
func TestMachineFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	u := &config.Uplink{TLS: config.TLS{CAFile: file("ca.crt", "hello"), CertFile: file("gw.crt", "hello"), KeyFile: file("gw.key", "")}}
	for lang, want := range map[string][2]string{
		"en": {"warning: uplink.tls.ca_file " + u.TLS.CAFile, "warning: uplink.tls.key_file " + u.TLS.KeyFile},
		"zh": {"警告：uplink.tls.ca_file " + u.TLS.CAFile, "修正之前无法连接"},
	} {
		got := strings.Join(fileLines(u, diskWords[lang]), "\n")
		if !strings.Contains(got, want[0]) || !strings.Contains(got, want[1]) {
			t.Errorf("%s:\n%s\nwant %q", lang, got, want)
		}
	}
	if got := fileLines(&config.Uplink{}, diskWords["en"]); len(got) > 0 {
		t.Errorf("without files: %q", got)
	}
}

func TestRoomForTheJournal(t *testing.T) {
	const gb = 1_000_000_000
	for _, c := range []struct {
		size, total, left int64
		en, zh            string
	}{
		{gb, 30 * gb, 20 * gb, "", ""},
		{gb, gb, gb, "", ""},
		{gb, 0, 0, "", ""}, // nobody knows
		{64 * gb, 30 * gb, 20 * gb, "warning: journal.size is 64.0 GB, and the file system of /var/x has 30.0 GB; write 18.0 GB or less", "所在文件系统只有 30.0 GB"},
		{24 * gb, 30 * gb, 20 * gb, "on the file system of /var/x 20.0 GB are left for it; free some, or write 18.0 GB or less", "只剩 20.0 GB 可用"},
	} {
		for lang, want := range map[string]string{"en": c.en, "zh": c.zh} {
			got := roomWarning(config.Journal{Dir: "/var/x", Size: c.size}, c.total, c.left, lang)
			if want == "" && got != "" || !strings.Contains(got, want) {
				t.Errorf("%d of %d, %d left: %q, want %q", c.size, c.total, c.left, got, want)
			}
		}
	}
	b, err := Options{}.loadBuiltin(false)
	if err != nil {
		t.Fatal(err)
	}
	if total, free := b.host.Space(filepath.Join(t.TempDir(), "not", "there")); total <= 0 || free <= 0 || free > total {
		t.Errorf("here %d of %d bytes are free", free, total)
	}
}

// A password's file and a detector that are not on this machine are told with the key that
// names them; what is there is not.
func TestNeedsOfDevices(t *testing.T) {
	dir := t.TempDir()
	there, empty := filepath.Join(dir, "there"), filepath.Join(dir, "empty")
	for path, text := range map[string]string{there: "secret\n", empty: ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		need   drivers.Need
		en, zh string // empty: nothing is said
	}{
		"a password":               {need: drivers.Need{Key: "password_file", Path: there}},
		"no password":              {drivers.Need{Key: "password_file", Path: filepath.Join(dir, "none")}, "devices.gate.password_file: " + dir + "/none: no such file or directory; the device cannot be opened", "devices.gate.password_file：" + dir + "/none：没有该文件或目录；"},
		"an empty password":        {drivers.Need{Key: "password_file", Path: empty}, dir + "/empty: it is empty; the device", dir + "/empty：文件为空；"},
		"a folder":                 {drivers.Need{Key: "password_file", Path: dir}, ": it is no file;", "：不是文件；"},
		"a detector":               {need: drivers.Need{Key: "detector.program", Path: "sh", Program: true}},
		"no detector":              {drivers.Need{Key: "detector.program", Path: "/none/such", Program: true}, "warning: devices.gate.detector.program: /none/such: no such file or directory; it cannot be started", "警告：devices.gate.detector.program：/none/such："},
		"nobody to run a detector": {drivers.Need{Key: "detector.program", Path: "sh", Program: true, User: "lamppost-nobody"}, "warning: devices.gate.detector.user: there is no user lamppost-nobody", "警告：devices.gate.detector.user：本机没有用户 lamppost-nobody"},
	} {
		cfg := &config.Config{Devices: []config.Device{{ID: "gate", Plan: &drivers.Plan{Needs: []drivers.Need{c.need}}}, {ID: "none"}}}
		for lang, want := range map[string]string{"en": c.en, "zh": c.zh} {
			got := strings.Join(append(programLines(cfg, diskWords[lang]), passwordLines(cfg, lang)...), "\n")
			if (want == "") != (got == "") || !strings.Contains(got, want) || strings.Count(got, "\n") > 0 {
				t.Errorf("%s, %s: %q, want %q", name, lang, got, want)
			}
		}
	}
}

// A decoder that a camera may need and this machine does not have is told; one that is
// there is not, nor is a camera that needs none.
func TestDecoderLines(t *testing.T) {
	camera := func(id, decoder string) config.Device {
		return config.Device{ID: id, Plan: &drivers.Plan{Decoder: decoder}}
	}
	cfg := &config.Config{Devices: []config.Device{camera("gate", "lamppost-no-such-decoder"), camera("yard", "sh"), camera("still", ""), {ID: "none"}}}
	for lang, want := range map[string]string{
		"en": "warning: devices.gate: there is no lamppost-no-such-decoder on this machine",
		"zh": "警告：devices.gate：本机没有 lamppost-no-such-decoder",
	} {
		if got := decoderLines(cfg, lang); len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

// Rules that rest on what goes by the clock are told once, with what tells the time there;
// those on a time that slides are not.
func TestClockLines(t *testing.T) {
	derived := []config.Derived{{ID: "hour", ByClock: true}, {ID: "sliding"}}
	reads := func(ids ...string) (all []obs.Stream) {
		for _, id := range ids {
			all = append(all, obs.Stream{Device: id, Channel: "level"})
		}
		return all
	}
	rules := []config.Rule{{ID: "haze", Reads: reads("hour", "sliding", "hour")}, {ID: "high", Reads: reads("river", "sliding")}, {ID: "dust", Reads: reads("hour")}}
	up := &config.Uplink{}
	for name, c := range map[string]struct {
		cfg    config.Config
		en, zh string
	}{
		"with a cloud":    {config.Config{Derived: derived, Rules: rules, Uplink: up, Trust: []string{"kernel", "uplink"}}, "rules that go by the clock, haze, dust (they read hour), are not judged after a start until the time is known, from NTP, GPS or the cloud;", "按钟点计算的规则 haze, dust（读取 hour）"},
		"without one":     {config.Config{Derived: derived, Rules: rules, Trust: []string{"kernel", "uplink"}}, "warning: rules that go by the clock, haze, dust (they read hour), are not judged after a start until the time is known, and no cloud tells it here", "警告：按钟点计算的规则 haze, dust"},
		"not trusted":     {config.Config{Derived: derived, Rules: rules, Uplink: up, Trust: []string{"kernel"}}, "warning: ", "警告："},
		"none by a clock": {config.Config{Derived: derived, Rules: rules[1:2]}, "", ""},
	} {
		for lang, want := range map[string]string{"en": c.en, "zh": c.zh} {
			got := strings.Join(clockLines(&c.cfg, lang), "\n")
			if (want == "") != (got == "") || !strings.HasPrefix(got, want) || strings.Contains(got, "\n") || strings.Contains(got, "high") {
				t.Errorf("%s, %s: %q, want %q", name, lang, got, want)
			}
		}
	}
}
